package school_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stored, words string
		wrong         string
	}{
		{stored: `{"every":"30m"}`, words: "every 30m"},
		{stored: `{"every":"1m"}`, words: "every 1m"},
		{stored: `{"every":"90s"}`, words: "every 1m30s"},
		{stored: `{"every":"2h"}`, words: "every 2h"},
		{stored: `{"every":"1h30m"}`, words: "every 1h30m"},
		{stored: `{"every":"168h"}`, words: "every 168h"},
		{stored: `{"every":"30m","paused":"exams"}`, words: "every 30m"},
		{stored: `{"cron":"*/15 7-18 * * 1-5"}`, words: "*/15 7-18 * * 1-5"},
		{stored: `{"continuous":true}`, words: "continuous"},
		{stored: `{"off":true}`, words: "off"},

		{stored: `{}`, wrong: "exactly one of"},
		{stored: `{"paused":"exams"}`, wrong: "exactly one of"},
		{stored: `{"every":"30m","cron":"0 7 * * *"}`, wrong: "exactly one of"},
		{stored: `{"continuous":true,"off":true}`, wrong: "exactly one of"},
		{stored: `{"every":"59s"}`, wrong: "use 1m or more"},
		{stored: `{"every":"-30m"}`, wrong: "use 1m or more"},
		{stored: `{"every":"168h1s"}`, wrong: "use 168h (a week) at most"},
		{stored: `{"every":"1m0.5s"}`, wrong: "whole seconds"},
		{stored: `{"cron":"0 7 * *"}`, wrong: "write five fields"},
		{stored: `{"off":true,"paused":"` + strings.Repeat("ы", 201) + `"}`, wrong: "use 200 at most"},
	} {
		t.Run(c.stored, func(t *testing.T) {
			t.Parallel()
			var s school.Schedule
			require.NoError(t, json.Unmarshal([]byte(c.stored), &s))
			if c.wrong != "" {
				require.ErrorContains(t, s.Validate(), c.wrong)
				return
			}
			require.NoError(t, s.Validate())
			require.Equal(t, c.words, s.String())
			again, err := json.Marshal(s)
			require.NoError(t, err)
			var same school.Schedule
			require.NoError(t, json.Unmarshal(again, &same))
			require.Equal(t, s, same)
		})
	}
	require.Equal(t, "every 30m", school.DefaultSchedule().String())
	require.Error(t, json.Unmarshal([]byte(`{"every":"often"}`), &school.Schedule{}))
}

func TestWhichScheduleDoesWhat(t *testing.T) {
	t.Parallel()
	every, continuous := school.DefaultSchedule(), school.Schedule{Continuous: true}
	require.True(t, every.Timed())
	require.True(t, school.Schedule{Cron: "0 7 * * *"}.Timed())
	require.False(t, continuous.Timed())
	require.False(t, school.Schedule{Off: true}.Timed())
	require.True(t, continuous.KeepsLaneOpen())
	continuous.Paused = "exams"
	require.False(t, continuous.KeepsLaneOpen())
	require.False(t, every.KeepsLaneOpen())
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	i, err := school.ParseInterval("2h")
	require.NoError(t, err)
	require.Equal(t, school.Interval(2*time.Hour), i)
	for text, want := range map[string]string{
		"": "write 90s, 30m", "half an hour": "write 90s, 30m", "30": "write 90s, 30m", "1d": "write 90s, 30m",
		"0": "too short", "30s": "--continuous", "169h": "too long",
	} {
		_, err := school.ParseInterval(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestCronExpressions(t *testing.T) {
	t.Parallel()
	for expression, wrong := range map[string]string{
		"* * * * *":             "",
		"*/15 7-18 * * 1-5":     "",
		"30 2 * * *":            "",
		"0 8,12,16 * * mon-FRI": "",
		"0 0 1 JAN,jul *":       "",
		"5/20 * * * *":          "",
		"0 7 */2 * *":           "",
		"0 7 * * */2":           "",
		"0 7 */1 * 1":           "",
		"0 0 29 2 *":            "",
		"0 0 31 1-3 *":          "",
		"  0   7  *\t* * ":      "",
		"":                      "write five fields",
		"0 7 * *":               "write five fields",
		"0 0 7 * * *":           "there are no seconds",
		"0 7 * * * 2027":        "write five fields",
		"@daily":                "no @ words",
		"@every 5m":             "no @ words",
		"@ 7 * * *":             "no @ words",
		"TZ=UTC 0 7 * * *":      "the time zone is the district's",
		"CRON_TZ=UTC 0 7 * *":   "the time zone is the district's",
		"0 7 ? * *":             `"?" is no day of the month`,
		"0 7 L * *":             `"L" is no day of the month`,
		"0 7 15W * *":           `"15W" is no day of the month`,
		"0 7 * * 1#2":           `"1#2" is no day of the week`,
		"0 7 * * * # early":     "write five fields",
		"60 7 * * *":            `"60" is no minute: write 0-59`,
		"0 24 * * *":            `"24" is no hour: write 0-23`,
		"0 7 0 * *":             `"0" is no day of the month: write 1-31`,
		"0 7 32 * *":            `"32" is no day of the month`,
		"0 7 * 13 *":            `"13" is no month: write 1-12 or JAN-DEC`,
		"0 7 * * 7":             `"7" is no day of the week: write 0-6 (0 is Sunday)`,
		"0 7 * * monday":        `"monday" is no day of the week`,
		"0 7 * mon *":           `"mon" is no month`,
		"jan 7 * * *":           `"jan" is no minute`,
		"0 18-7 * * *":          `"18-7" is no hour`,
		"0 7 * * FRI-MON":       `"FRI-MON" is no day of the week`,
		"0 7, * * *":            `"7," is no hour`,
		", 7 * * *":             `"," is no minute`,
		"0 *-5 * * *":           `"*-5" is no hour`,
		"0 1-2-3 * * *":         `"1-2-3" is no hour`,
		"+5 7 * * *":            `"+5" is no minute`,
		"-5 7 * * *":            `"-5" is no minute`,
		"*/0 * * * *":           "a step of 0 in the field of the minute is not possible: use 1 to 59",
		"*/90 * * * *":          "a step of 90 in the field of the minute is not possible: use 1 to 59",
		"0 */24 * * *":          "use 1 to 23",
		"*/2/3 * * * *":         `"*/2/3" is no minute`,
		"0 0 30 2 *":            "it never comes",
		"0 0 31 4,6,9,11 *":     "it never comes",
		"0 7 13 * 5":            "make one of them *",
		"0 7 1-31 * 1-5":        "make one of them *",
		"0 7 */2 * */2":         "make one of them *",
		"0" + strings.Repeat(",0", 60) + " 7 * * *": "use ranges and steps",
		"every day at seven sharp":                  `"every" is no minute`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			c, err := school.ParseCron(expression)
			if wrong == "" {
				require.NoError(t, err)
				require.Equal(t, strings.Join(strings.Fields(expression), " "), c.String())
				require.NoError(t, school.CheckNightly(expression))
				return
			}
			require.ErrorContains(t, err, wrong)
			require.NotContains(t, err.Error(), "strconv")
		})
	}
	require.NoError(t, school.CheckNightly(""), "never")
	require.Error(t, school.CheckNightly("off"))
}

func TestCronTimesAreThoseOfTheZone(t *testing.T) {
	t.Parallel()
	moscow, err := time.LoadLocation("Europe/Moscow")
	require.NoError(t, err)
	c, err := school.ParseCron("*/15 7-18 * * 1-5")
	require.NoError(t, err)
	friday := time.Date(2026, 10, 16, 15, 44, 0, 0, time.UTC) // 18:44 in Moscow
	last := c.Next(friday, moscow)
	require.Equal(t, "2026-10-16T18:45:00+03:00", last.Format(time.RFC3339))
	require.Equal(t, "2026-10-19T07:00:00+03:00", c.Next(last, moscow).Format(time.RFC3339))
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	moscow, err := time.LoadLocation("Europe/Moscow")
	require.NoError(t, err)
	for expression, want := range map[string]time.Duration{
		"* * * * *":         time.Minute,
		"*/15 7-18 * * 1-5": 15 * time.Minute,
		"0 7,20 * * *":      11 * time.Hour,
		"30 2 * * *":        24 * time.Hour,
		"0 7 * * 1":         7 * 24 * time.Hour,
		"0 0 1 * *":         28 * 24 * time.Hour,
		"0 0 29 2 *":        (4*365 + 1) * 24 * time.Hour,
	} {
		c, err := school.ParseCron(expression)
		require.NoError(t, err)
		require.Equal(t, want, c.Period(moscow), expression)
	}
}

// TestACalendarHasTheTimesThatComeNext holds the fields against the walk through time.
func TestACalendarHasTheTimesThatComeNext(t *testing.T) {
	t.Parallel()
	field := func(t *rapid.T, name string, low, high int) string {
		from := rapid.IntRange(low, high).Draw(t, name+" from")
		to := rapid.IntRange(from, high).Draw(t, name+" to")
		step := rapid.IntRange(1, high-low).Draw(t, name+" step")
		return rapid.SampledFrom([]string{
			"*", fmt.Sprint(from), fmt.Sprintf("%d-%d", from, to), fmt.Sprintf("%d-%d/%d", from, to, step), fmt.Sprintf("%d,%d", from, to),
			fmt.Sprintf("*/%d", step), fmt.Sprintf("%d/%d", from, step),
		}).Draw(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		days, weekdays := "*", field(t, "weekday", 0, 6)
		if rapid.Bool().Draw(t, "by day of the month") {
			days, weekdays = field(t, "day", 1, 28), "*"
		}
		expression := strings.Join([]string{field(t, "minute", 0, 59), field(t, "hour", 0, 23), days, field(t, "month", 1, 12), weekdays}, " ")
		c, err := school.ParseCron(expression)
		if err != nil {
			t.Fatal(err)
		}
		calendar := c.Calendar()
		at := time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)
		for range 20 {
			next := c.Next(at, time.UTC)
			if !next.After(at) || !slices.Contains(calendar.Minutes, next.Minute()) || !slices.Contains(calendar.Hours, next.Hour()) ||
				!slices.Contains(calendar.Days, next.Day()) || !slices.Contains(calendar.Months, int(next.Month())) ||
				!slices.Contains(calendar.Weekdays, int(next.Weekday())) {
				t.Fatalf("%s: %s is not in %+v", expression, next, calendar)
			}
			at = next
		}
		if p := c.Period(time.UTC); p < time.Minute {
			t.Fatalf("%s: a period of %s", expression, p)
		}
	})
}

func TestTimeZones(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Moscow", "Asia/Yekaterinburg", "UTC"} {
		require.NoError(t, school.CheckTimeZone(name))
	}
	for _, name := range []string{"", "Local", "Moscow", "MSK+3", "../etc/passwd"} {
		require.ErrorContains(t, school.CheckTimeZone(name), "Asia/Yekaterinburg", name)
	}
}
