package store_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// Times of a week in Moscow that begins on Monday, 7 September 2026.
func moscow(t *testing.T, day int, clock string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Moscow")
	require.NoError(t, err)
	at, err := time.ParseInLocation("15:04", clock, zone)
	require.NoError(t, err)
	return time.Date(2026, time.September, 6+day, at.Hour(), at.Minute(), 0, 0, zone)
}

func TestASchoolIsStaleByItsOwnClock(t *testing.T) {
	t.Parallel()
	const (
		monday, tuesday, wednesday, friday, saturday, sunday = 1, 2, 3, 5, 6, 7
		nextMonday, nextTuesday, nextWednesday               = 8, 9, 10
		everyNight                                           = "30 2 * * *"
	)
	lessons, nights := school.Schedule{Cron: "*/15 7-18 * * 1-5"}, school.Schedule{Cron: "0 3 * * 1-5"}
	every := func(d time.Duration) school.Schedule { return school.Schedule{Every: school.Interval(d)} }
	for _, c := range []struct {
		name       string
		schedule   school.Schedule
		nightly    string
		good, now  time.Time
		hours, day bool
	}{
		{"half-hourly, four hours later", every(30 * time.Minute), everyNight, moscow(t, monday, "08:00"), moscow(t, monday, "12:00"), false, false},
		{"half-hourly, five hours later", every(30 * time.Minute), everyNight, moscow(t, monday, "08:00"), moscow(t, monday, "13:01"), true, false},
		{"half-hourly, a day later", every(30 * time.Minute), everyNight, moscow(t, monday, "08:00"), moscow(t, tuesday, "08:00"), true, true},
		{"weekly, after a week", every(7 * 24 * time.Hour), everyNight, moscow(t, monday, "08:00"), moscow(t, nextMonday, "20:00"), false, false},
		{"continuous, a long rest", school.Schedule{Continuous: true}, "", moscow(t, monday, "08:00"), moscow(t, monday, "10:00"), false, false},
		{"continuous, stopped", school.Schedule{Continuous: true}, "", moscow(t, monday, "08:00"), moscow(t, monday, "14:01"), true, false},
		{"lessons, on Sunday", lessons, everyNight, moscow(t, friday, "18:45"), moscow(t, sunday, "23:00"), false, false},
		{"lessons, the last pass of Friday failed", lessons, everyNight, moscow(t, friday, "18:30"), moscow(t, sunday, "23:00"), false, false},
		{"lessons, that pass failed and so did those of Monday", lessons, everyNight, moscow(t, friday, "18:30"), moscow(t, nextMonday, "08:01"), true, true},
		{"lessons, on Monday at noon", lessons, everyNight, moscow(t, friday, "18:45"), moscow(t, nextMonday, "11:16"), true, false},
		{"lessons, during the day", lessons, everyNight, moscow(t, monday, "09:00"), moscow(t, monday, "14:00"), true, false},
		{"lessons, over night", lessons, everyNight, moscow(t, monday, "18:45"), moscow(t, tuesday, "07:30"), false, false},
		{"nights, over the weekend", nights, "", moscow(t, friday, "03:05"), moscow(t, nextMonday, "04:30"), false, false},
		{"nights, that of Monday failed", nights, "", moscow(t, friday, "03:05"), moscow(t, nextMonday, "23:00"), false, false},
		{"nights, those of Monday and Tuesday failed", nights, "", moscow(t, friday, "03:05"), moscow(t, nextTuesday, "04:01"), true, true},
		{"off, with a nightly", school.Schedule{Off: true}, everyNight, moscow(t, monday, "02:40"), moscow(t, tuesday, "12:00"), false, false},
		{"off, two nightlies missed", school.Schedule{Off: true}, everyNight, moscow(t, monday, "02:40"), moscow(t, wednesday, "03:31"), true, true},
		{"off, without a nightly", school.Schedule{Off: true}, "", moscow(t, monday, "02:40"), moscow(t, nextWednesday, "12:00"), false, false},
		{"what cannot be read", school.Schedule{Cron: "often"}, "", moscow(t, monday, "02:40"), moscow(t, saturday, "12:00"), false, false},
	} {
		hours, day := store.Stale(c.schedule, c.nightly, c.good, c.now)
		require.Equal(t, []bool{c.hours, c.day}, []bool{hours, day}, c.name)
	}
}

// everythingWrong has a school's token refused, its passes fail, its links be unread and a hold wait, for months.
func everythingWrong(t *testing.T, st *store.Store) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, st.SetToken(ctx, "s", 5, "token"))
	_, err := st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	_, err = st.SaveReading(ctx, store.Reading{Feed: "f", Fingerprint: "cut", Problem: &store.Problem{Code: "FeedUnreadable", Message: "cut"}})
	require.NoError(t, err)
	require.NoError(t, st.SetRefused(ctx, "s", "token-refused"))
	require.NoError(t, st.SetLinksProblem(ctx, "s", store.Problem{Code: "unavailable"}))
	require.NoError(t, st.EndPass(ctx, "s", beginPass(t, st), "failed", nil, nil, nil))
	for table, column := range map[string]string{"schools": "created_at", "communities": "token_set_at", "feeds": "accepted_at"} {
		st.Age(t, table, column, 90*24*time.Hour)
	}
}

func TestOfAPausedSchoolNothingIsExpected(t *testing.T) {
	t.Parallel()
	st, ctx := setup(t), t.Context()
	everythingWrong(t, st)
	of := func() telemetry.Measures {
		found, err := st.Measures(ctx)
		require.NoError(t, err)
		require.Len(t, found, 1)
		found[0].Outbox, found[0].OutboxAge = 0, nil
		return found[0]
	}
	m := of()
	require.Equal(t, []int{1, 0, 0, 1, 1, 1, 1, 1}, []int{m.Schools, m.Paused, m.Unasked, m.StaleHours, m.StaleDay, m.Troubled, m.TokensRefused, m.FeedsTroubled})
	for _, age := range []*float64{m.FreshnessAge, m.LinksUnread, m.FeedAge} {
		require.InDelta(t, (90 * 24 * time.Hour).Seconds(), *age, 120)
	}

	require.NoError(t, st.SetSchedule(ctx, "s", school.Schedule{Cron: "0 3 * * *", Paused: "holidays"}))
	require.Equal(t, telemetry.Measures{District: "d", Schools: 1, Paused: 1, SweepOverdue: lo.ToPtr(0.0)}, of())

	require.NoError(t, st.SetSchedule(ctx, "s", school.Schedule{Off: true}))
	m = of()
	require.Equal(t, []int{0, 0, 1}, []int{m.Paused, m.Unasked, m.StaleDay}, "the nightly goes through it")
	require.NoError(t, st.SetDistrictTimes(ctx, "d", "Europe/Moscow", ""))
	m = of()
	require.Equal(t, []int{0, 1, 0, 0}, []int{m.Paused, m.Unasked, m.StaleHours, m.StaleDay}, "nobody goes through it")
	require.Equal(t, 1, m.Troubled)
	require.Nil(t, m.SweepOverdue)
}

func TestFeedsThatNoSchoolHasDoNotGetOld(t *testing.T) {
	t.Parallel()
	st, ctx := setup(t), t.Context()
	everythingWrong(t, st)
	require.NoError(t, st.AddFeed(ctx, "new", "d", "/srv/new"))
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "new", SourceID: "org-1", Name: "School"}))
	found, err := st.Measures(ctx)
	require.NoError(t, err)
	require.Nil(t, found[0].FeedAge)
	require.Zero(t, found[0].FeedsTroubled)
}

func TestNobodysMeasuresAreNotNil(t *testing.T) {
	t.Parallel()
	st := open(t, pgtest.Database(t))
	_, err := st.Migrate(t.Context())
	require.NoError(t, err)
	found, err := st.Measures(t.Context())
	require.NoError(t, err)
	require.NotNil(t, found, "nil is from who does not tell")
	require.Empty(t, found)
}

func TestANightlyIsOverdueFromItsTimeOn(t *testing.T) {
	t.Parallel()
	st, ctx := setup(t), t.Context()
	overdue := func() float64 {
		found, err := st.Measures(ctx)
		require.NoError(t, err)
		return *found[0].SweepOverdue
	}
	require.Zero(t, overdue(), "the district is new")
	st.Age(t, "districts", "created_at", 72*time.Hour)
	require.Greater(t, overdue(), (47 * time.Hour).Seconds(), "it was never swept")
	require.LessOrEqual(t, overdue(), (73 * time.Hour).Seconds())
	_, err := st.BeginSweep(ctx, store.SweepBegin{ID: "sweep", WorkflowID: "w", District: "d", Trigger: "manual"})
	require.NoError(t, err)
	require.Greater(t, overdue(), (47 * time.Hour).Seconds(), "it has not ended")
	require.NoError(t, st.EndSweep(ctx, "sweep", 1, struct{}{}))
	require.Zero(t, overdue())
}
