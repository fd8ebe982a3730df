package temporal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/samber/lo"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// The ids of schedules: permanent names, like workflow ids.
const (
	schoolSchedulePrefix   = "school/"
	districtSchedulePrefix = "district/"
)

// SchoolScheduleID is the id of a school's schedule.
func SchoolScheduleID(id school.ID) string { return schoolSchedulePrefix + string(id) }

// DistrictScheduleID is the id of the schedule that goes through a district's schools.
func DistrictScheduleID(id school.DistrictID) string { return districtSchedulePrefix + string(id) }

// Schedule is a schedule as the registry wants it.
type Schedule struct {
	ID string
	// Words say when, for people.
	Words string
	Times client.ScheduleSpec
	// Sweep is what it starts.
	Sweep workflows.SweepInput
	// Catchup is how late a start that was missed may still be made: one period, so that the
	// next regular one is never overtaken.
	Catchup time.Duration
	// Paused is the registry's reason for a pause, "" for none.
	Paused string
	// Insist has the registry's word on the pause carried out although it is the same as before:
	// somebody has just given it.
	Insist bool
}

// Wanted is what the registry wants the server to have.
type Wanted struct {
	Schedules []Schedule
	// Unclear are entries of the registry that cannot be read, by the id of their schedule. What
	// the server has for them is left alone.
	Unclear map[string]error
}

// WantedByRegistry reads what the registry wants.
func WantedByRegistry(ctx context.Context, st *store.Store) (Wanted, error) {
	schools, err := st.Schools(ctx, "")
	if err != nil {
		return Wanted{}, err
	}
	districts, err := st.Districts(ctx)
	if err != nil {
		return Wanted{}, err
	}
	return WantedSchedules(schools, districts), nil
}

// WantedSchedules are the schedules that a registry wants: one for each school that has a token
// and times of its own, and one for each district with a nightly.
func WantedSchedules(schools []store.SchoolRow, districts []school.District) Wanted {
	w := Wanted{Unclear: map[string]error{}}
	add := func(s Schedule, err error) {
		if err != nil {
			w.Unclear[s.ID] = err
			return
		}
		w.Schedules = append(w.Schedules, s)
	}
	for _, row := range schools {
		// What cannot be read is not "off": nothing must be deleted for it.
		if err := row.Schedule.Validate(); err != nil {
			w.Unclear[SchoolScheduleID(row.ID)] = err
		} else if row.TokenSet && row.Schedule.Timed() {
			add(schoolSchedule(row))
		}
	}
	for _, d := range districts {
		if d.Nightly != "" {
			add(districtSchedule(d))
		}
	}
	return w
}

func schoolSchedule(row store.SchoolRow) (Schedule, error) {
	s := Schedule{
		ID: SchoolScheduleID(row.ID), Words: row.Schedule.String(), Paused: row.Schedule.Paused,
		Sweep: workflows.SweepInput{School: row.ID, Trigger: workflows.TriggerSchedule, RequestedBy: "schedule"},
	}
	if every := time.Duration(row.Schedule.Every); every != 0 {
		s.Times = client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every, Offset: offset(row.ID, every)}}}
		s.Catchup = every
		return s, nil
	}
	err := s.setCron(row.Schedule.Cron, row.TimeZone)
	return s, err
}

func districtSchedule(d school.District) (Schedule, error) {
	s := Schedule{
		ID: DistrictScheduleID(d.ID), Words: d.Nightly,
		Sweep: workflows.SweepInput{District: d.ID, Trigger: workflows.TriggerSchedule, RequestedBy: "schedule"},
	}
	err := s.setCron(d.Nightly, d.TimeZone)
	return s, err
}

// offset spreads the schools over the interval: each has its own moment, and always the same.
func offset(id school.ID, every time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // it takes everything
	return time.Duration(h.Sum64()%uint64(every/time.Second)) * time.Second
}

// setCron gives the times of a cron expression. They are written as a calendar, value by value,
// so that the server has no expression to understand in its own way.
func (s *Schedule) setCron(expression, timeZone string) error {
	c, err := school.ParseCron(expression)
	if err != nil {
		return err
	}
	if err := school.CheckTimeZone(timeZone); err != nil {
		return err
	}
	zone, err := time.LoadLocation(timeZone)
	if err != nil {
		return err
	}
	calendar := c.Calendar()
	s.Times = client.ScheduleSpec{TimeZoneName: timeZone, Calendars: []client.ScheduleCalendarSpec{{
		Minute: ranges(calendar.Minutes), Hour: ranges(calendar.Hours), DayOfMonth: ranges(calendar.Days),
		Month: ranges(calendar.Months), DayOfWeek: ranges(calendar.Weekdays), Comment: c.String(),
	}}}
	s.Catchup = c.Period(zone)
	s.Words = fmt.Sprintf("%s (%s)", c, timeZone)
	return nil
}

// ranges writes ascending values as the server's ranges: as one, where the steps are even.
func ranges(values []int) []client.ScheduleRange {
	last := len(values) - 1
	if last > 0 {
		step := values[1] - values[0]
		if lo.EveryBy(lo.Range(last), func(i int) bool { return values[i+1]-values[i] == step }) {
			return []client.ScheduleRange{{Start: values[0], End: values[last], Step: step}}
		}
	}
	var all []client.ScheduleRange
	for _, v := range values {
		if n := len(all); n > 0 && all[n-1].End == v-1 {
			all[n-1].End = v
			continue
		}
		all = append(all, client.ScheduleRange{Start: v, End: v, Step: 1})
	}
	return all
}

// The memos. That of the schedule tells whose it is, and cannot be changed after it was made; so
// what was applied last is in the memo of its action, which every change replaces.
const (
	ownerMemo  = "rollcall"
	ownerWords = "kept equal to Rollcall's registry: change it with rollcall schedule set, pause and resume"
	markMemo   = "rollcallSchedule"
)

// mark is what was applied last: digests of the registry's word on the times and on the pause.
type mark struct {
	Times string `json:"times"`
	Pause string `json:"pause"`
}

// shape is raised when what a schedule does changes in a way that its digest does not see.
const shape = 1

func (s Schedule) mark() mark {
	return mark{Times: digest([]any{shape, s.Times, s.Sweep, s.Catchup}), Pause: lo.Ternary(s.Paused == "", "", digest(s.Paused))}
}

func digest(v any) string {
	written, err := json.Marshal(v)
	if err != nil {
		panic("temporal: a schedule that cannot be written: " + err.Error()) // plain values only
	}
	sum := sha256.Sum256(written)
	return hex.EncodeToString(sum[:6])
}

// note is the reason of the registry's pause, or says what was applied. The latter is how a
// schedule that needs no closer look is known in the listing, which shows notes and no actions.
func (s Schedule) note() string {
	if s.Paused != "" {
		return s.Paused
	}
	return fmt.Sprintf("%s, as Rollcall's registry has it (%s)", s.Words, s.mark().Times)
}

// options are those by which the schedule is made.
func (s Schedule) options() client.ScheduleOptions {
	return client.ScheduleOptions{
		ID: s.ID, Spec: s.Times, Action: s.action(),
		Overlap: overlap, CatchupWindow: s.Catchup,
		Paused: s.Paused != "", Note: s.note(),
		Memo:                  map[string]any{ownerMemo: ownerWords},
		TypedSearchAttributes: workflows.SweepSearchAttributes(s.Sweep),
	}
}

// overlap: a pass that runs is not joined by another, and none waits behind it.
const overlap = enumspb.SCHEDULE_OVERLAP_POLICY_SKIP

func (s Schedule) policies() *client.SchedulePolicies {
	return &client.SchedulePolicies{Overlap: overlap, CatchupWindow: s.Catchup}
}

func (s Schedule) action() *client.ScheduleWorkflowAction {
	a := &client.ScheduleWorkflowAction{
		ID: workflows.SchoolSweepID(s.Sweep.School), Workflow: workflows.TypeSweep, TaskQueue: workflows.TaskQueue,
		Args: []any{s.Sweep}, Memo: map[string]any{markMemo: s.mark()},
		StaticSummary:         fmt.Sprintf("school %s by its schedule, %s", s.Sweep.School, s.Words),
		TypedSearchAttributes: workflows.SweepSearchAttributes(s.Sweep),
	}
	if s.Sweep.District != "" {
		a.ID = workflows.SweepID(s.Sweep.District)
		a.StaticSummary = fmt.Sprintf("all schools of district %s by its schedule, %s", s.Sweep.District, s.Words)
	}
	return a
}
