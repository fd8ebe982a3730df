package school

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/samber/lo"
)

// Schedule says when a school is gone through by itself. Exactly one of Every, Cron,
// Continuous and Off is set; the zero Schedule says nothing and is not valid.
type Schedule struct {
	// Every is the time from one pass to the next.
	Every Interval `json:"every,omitempty"`
	// Cron is an expression that ParseCron takes, in the time zone of the school's district.
	Cron string `json:"cron,omitempty"`
	// Continuous keeps the school's lane open: it asks itself, and no schedule does.
	Continuous bool `json:"continuous,omitempty"`
	// Off leaves it to people and events to ask.
	Off bool `json:"off,omitempty"`
	// Paused is why the schedule rests, "" where it does not.
	Paused string `json:"paused,omitempty"`
}

// DefaultSchedule is that of a newly registered school, as the schema has it.
func DefaultSchedule() Schedule { return Schedule{Every: Interval(30 * time.Minute)} }

// The bounds of an interval.
const (
	MinEvery = Interval(time.Minute)
	MaxEvery = Interval(7 * 24 * time.Hour)
)

// maxReason is how many characters a reason may have: it is shown in tables.
const maxReason = 200

// Validate tells what is wrong with a schedule, and what to write instead.
func (s Schedule) Validate() error {
	if lo.Count([]bool{s.Every != 0, s.Cron != "", s.Continuous, s.Off}, true) != 1 {
		return errors.New("a schedule is exactly one of: every so often (every), a cron expression (cron), continuous, off")
	}
	if len([]rune(s.Paused)) > maxReason {
		return fmt.Errorf("the reason of a pause has %d characters: use %d at most", len([]rune(s.Paused)), maxReason)
	}
	if s.Every != 0 {
		return s.Every.validate()
	}
	if s.Cron != "" {
		_, err := ParseCron(s.Cron)
		return err
	}
	return nil
}

// Timed tells whether the times are known beforehand, so that a clock can ask for the passes.
func (s Schedule) Timed() bool { return s.Every != 0 || s.Cron != "" }

// KeepsLaneOpen tells whether the school's lane goes on asking itself.
func (s Schedule) KeepsLaneOpen() bool { return s.Continuous && s.Paused == "" }

// String says when, without the pause.
func (s Schedule) String() string {
	switch {
	case s.Every != 0:
		return "every " + s.Every.String()
	case s.Cron != "":
		return s.Cron
	case s.Continuous:
		return "continuous"
	case s.Off:
		return "off"
	default:
		return "not set"
	}
}

// Interval is a time from one pass to the next, written "30m", "1h30m".
type Interval time.Duration

// ParseInterval reads an interval within the bounds.
func ParseInterval(text string) (Interval, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("interval %q cannot be read: write 90s, 30m, 2h or 1h30m", text)
	}
	return Interval(d), Interval(d).validate()
}

func (i Interval) validate() error {
	switch d := time.Duration(i); {
	case i < MinEvery:
		return fmt.Errorf("interval %s is too short: use %s or more, or --continuous", d, MinEvery)
	case i > MaxEvery:
		return fmt.Errorf("interval %s is too long: use %s (a week) at most", d, MaxEvery)
	case d%time.Second != 0:
		return fmt.Errorf("interval %s is not in whole seconds: round it", d)
	default:
		return nil
	}
}

// String leaves out what is zero at the end.
func (i Interval) String() string {
	text := time.Duration(i).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText and UnmarshalText make it a string in JSON.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what MarshalText wrote. Bounds are left to Schedule.Validate.
func (i *Interval) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*i = Interval(d)
	return err
}

// Cron is a cron expression that has been understood.
type Cron struct {
	text  string
	times *cron.SpecSchedule
}

// cronField is one of the five fields of an expression.
type cronField struct {
	name, want string
	place      cron.ParseOption
	min, max   int
}

func cronFields() []cronField {
	return []cronField{
		{"minute", "0-59", cron.Minute, 0, 59},
		{"hour", "0-23", cron.Hour, 0, 23},
		{"day of the month", "1-31", cron.Dom, 1, 31},
		{"month", "1-12 or JAN-DEC", cron.Month, 1, 12},
		{"day of the week", "0-6 (0 is Sunday) or SUN-SAT", cron.Dow, 0, 6},
	}
}

// cronItem is an item of a field's list. What other programs add to it (?, L, W, #) means
// different things to them, and nothing here.
var cronItem = regexp.MustCompile(`^(?:\*|(?:\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?)(?:/(\d{1,3}))?$`)

// maxCron is how long an expression may be: it is shown in tables and in the Temporal UI.
const maxCron = 80

// ParseCron understands a cron expression of five fields: minute, hour, day of the month,
// month, day of the week. It is strict: what two cron programs would read differently is
// refused, and so is what never comes.
func ParseCron(text string) (Cron, error) {
	text = strings.Join(strings.Fields(text), " ")
	refuse := func(format string, args ...any) (Cron, error) {
		return Cron{}, fmt.Errorf("cron expression %q: %s", text, fmt.Sprintf(format, args...))
	}
	parts, all := strings.Fields(text), cronFields()
	if len(parts) != len(all) || strings.ContainsAny(text, "@=") {
		return refuse("write five fields: minute, hour, day of the month, month, day of the week, as in '*/15 7-18 * * 1-5'; " +
			"there are no seconds, no @ words, and the time zone is the district's")
	}
	if len(text) > maxCron {
		return refuse("it has %d characters and may have %d: use ranges and steps", len(text), maxCron)
	}
	for i, field := range all {
		if err := field.check(parts[i]); err != nil {
			return refuse("%s", err)
		}
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(text)
	if err != nil {
		return refuse("it cannot be read: write five fields as in '*/15 7-18 * * 1-5'")
	}
	c := Cron{text: text, times: parsed.(*cron.SpecSchedule)}
	const star = 1 << 63 // set by the parser where a field has a plain *
	if (c.times.Dom|c.times.Dow)&star == 0 {
		return refuse("the day of the month and the day of the week are both given, which some programs read as 'and' and some as 'or': make one of them *")
	}
	if c.Next(reference(), time.UTC).IsZero() {
		return refuse("it never comes: there is no such day")
	}
	return c, nil
}

func (f cronField) check(part string) error {
	for item := range strings.SplitSeq(part, ",") {
		found := cronItem.FindStringSubmatch(item)
		if found == nil {
			return f.wrong(part)
		}
		if step, _ := strconv.Atoi(found[1]); found[1] != "" && (step < 1 || step > f.max-f.min) {
			return fmt.Errorf("a step of %s in the field of the %s is not possible: use 1 to %d", found[1], f.name, f.max-f.min)
		}
	}
	if _, err := cron.NewParser(f.place).Parse(part); err != nil {
		return f.wrong(part)
	}
	return nil
}

func (f cronField) wrong(part string) error {
	return fmt.Errorf("%q is no %s: write %s, *, a list 1,3, a range 1-3, or a step */2", part, f.name, f.want)
}

// String is the expression with single blanks.
func (c Cron) String() string { return c.text }

// Next is the first time after the given one, in the zone; zero if there is none in the five
// years that follow, which happens to 29 February around 2100 alone.
func (c Cron) Next(after time.Time, zone *time.Location) time.Time {
	return c.times.Next(after.In(zone))
}

// Calendar are the values of an expression's fields, ascending. A day counts when both its day
// of the month and its day of the week are in.
type Calendar struct{ Minutes, Hours, Days, Months, Weekdays []int }

// Calendar gives the values of the fields.
func (c Cron) Calendar() Calendar {
	values := func(bits uint64, field cronField) []int {
		return lo.Filter(lo.RangeFrom(field.min, field.max-field.min+1), func(v, _ int) bool { return bits&(1<<v) != 0 })
	}
	all := cronFields()
	return Calendar{
		Minutes: values(c.times.Minute, all[0]), Hours: values(c.times.Hour, all[1]), Days: values(c.times.Dom, all[2]),
		Months: values(c.times.Month, all[3]), Weekdays: values(c.times.Dow, all[4]),
	}
}

// reference is where times are counted from when the answer shall not depend on the day of asking.
func reference() time.Time { return time.Date(2025, time.January, 6, 0, 0, 0, 0, time.UTC) }

// Period is the shortest time between two of an expression's times. It is the same whenever it
// is asked for.
func (c Cron) Period(zone *time.Location) time.Duration {
	const looked = 100
	last := c.Next(reference(), zone)
	shortest := c.Next(last, zone).Sub(last)
	for range looked {
		next := c.Next(last, zone)
		if next.IsZero() {
			break
		}
		shortest = min(shortest, next.Sub(last))
		last = next
	}
	return shortest
}

// CheckTimeZone tells whether a time zone's name is known.
func CheckTimeZone(name string) error {
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return fmt.Errorf("time zone %q is unknown: use a name such as Europe/Moscow or Asia/Yekaterinburg", name)
	}
	return nil
}

// CheckNightly tells whether a district's nightly can be used; "" is never.
func CheckNightly(expression string) error {
	if expression == "" {
		return nil
	}
	_, err := ParseCron(expression)
	return err
}
