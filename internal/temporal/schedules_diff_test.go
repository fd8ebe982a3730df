package temporal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/temporal/schedulestest"
)

// desk holds a registry against a server.
type desk struct {
	t         *testing.T
	server    *schedulestest.Server
	schedules *temporal.Schedules
	schools   []store.SchoolRow
	districts []school.District
}

func newDesk(t *testing.T, schools ...store.SchoolRow) *desk {
	server := schedulestest.New()
	return &desk{t: t, server: server, schedules: temporal.NewSchedules(server), schools: schools}
}

func (d *desk) wanted() temporal.Wanted { return temporal.WantedSchedules(d.schools, d.districts) }

// difference is what there is to do, as "id: kind: why".
func (d *desk) difference() []string {
	d.t.Helper()
	found, err := d.schedules.Difference(d.t.Context(), d.wanted())
	require.NoError(d.t, err)
	return said(found)
}

func said(d temporal.Difference) []string {
	return lo.Map(d.Work(), func(c temporal.Change, _ int) string { return fmt.Sprintf("%s: %s: %s", c.ID, c.Kind, c.Why) })
}

// apply carries out what there is to do, and says what it was.
func (d *desk) apply() []string {
	d.t.Helper()
	found, err := d.schedules.Difference(d.t.Context(), d.wanted())
	require.NoError(d.t, err)
	done, err := d.schedules.Apply(d.t.Context(), found)
	require.NoError(d.t, err)
	return said(done)
}

// settled: a second time there is nothing to do, for this comparer and for one that knows nothing.
func (d *desk) settled() {
	d.t.Helper()
	require.Empty(d.t, d.difference())
	afresh, err := temporal.NewSchedules(d.server).Difference(d.t.Context(), d.wanted())
	require.NoError(d.t, err)
	require.Empty(d.t, afresh.Work())
}

func TestSchedulesFollowTheRegistry(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("a", every(time.Hour)), row("b", school.Schedule{Cron: "0 7 * * 1-5"}))
	d.districts = []school.District{{ID: "d", TimeZone: "Europe/Moscow", Nightly: "30 2 * * *"}}
	require.Equal(t, []string{
		"district/d: create: 30 2 * * * (Europe/Moscow)", "school/a: create: every 1h", "school/b: create: 0 7 * * 1-5 (Europe/Moscow)",
	}, d.apply())
	d.settled()

	d.schools[0].Schedule = every(2 * time.Hour)
	require.Equal(t, []string{"school/a: update: now every 2h"}, d.apply())
	require.Equal(t, 2*time.Hour, d.server.Get("school/a").Schedule.Spec.Intervals[0].Every)
	require.Equal(t, 2*time.Hour, d.server.Get("school/a").Schedule.Policy.CatchupWindow)
	d.settled()

	d.districts[0].TimeZone, d.schools[1].TimeZone = "Asia/Omsk", "Asia/Omsk"
	require.Equal(t, []string{"district/d: update: now 30 2 * * * (Asia/Omsk)", "school/b: update: now 0 7 * * 1-5 (Asia/Omsk)"}, d.apply())
	d.settled()

	d.schools[0].Schedule, d.schools[1].Schedule = school.Schedule{Continuous: true}, school.Schedule{Off: true}
	d.districts[0].Nightly = ""
	require.Len(t, d.apply(), 3)
	require.Empty(t, d.server.IDs())
	d.settled()
}

func TestAPauseOfTheRegistry(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("s", every(time.Hour)))
	d.apply()
	d.schools[0].Schedule.Paused = "exams"
	require.Equal(t, []string{"school/s: update: paused: exams"}, d.apply())
	require.Equal(t, client.ScheduleState{Paused: true, Note: "exams"}, *d.server.Get("school/s").Schedule.State)
	d.settled()
	d.schools[0].Schedule.Paused = "holidays"
	require.Equal(t, []string{"school/s: update: paused: holidays"}, d.apply())
	require.Equal(t, "holidays", d.server.Get("school/s").Schedule.State.Note)
	d.schools[0].Schedule = every(2 * time.Hour)
	require.Equal(t, []string{"school/s: update: now every 2h; resumed"}, d.apply())
	state := d.server.Get("school/s").Schedule.State
	require.False(t, state.Paused)
	require.Regexp(t, `^every 2h, as Rollcall's registry has it \([0-9a-f]{12}\)$`, state.Note)
	d.settled()
}

func pauseByHand(note string) func(*client.ScheduleDescription) {
	return func(d *client.ScheduleDescription) { d.Schedule.State.Paused, d.Schedule.State.Note = true, note }
}

func resumeByHand(d *client.ScheduleDescription) {
	d.Schedule.State.Paused, d.Schedule.State.Note = false, "resumed in the UI"
}

func TestAPauseMadeByHandStands(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("s", every(time.Hour)))
	d.apply()
	d.server.Edit("school/s", pauseByHand("a look at something"))
	d.settled()

	d.schools[0].Schedule = every(2 * time.Hour)
	require.Equal(t, []string{"school/s: update: now every 2h"}, d.apply())
	require.Equal(t, client.ScheduleState{Paused: true, Note: "a look at something"}, *d.server.Get("school/s").Schedule.State)
	d.settled()

	d.schools[0].Schedule.Paused = "exams"
	require.Equal(t, []string{"school/s: update: paused: exams"}, d.apply())
	d.server.Edit("school/s", resumeByHand)
	d.settled()
	require.False(t, d.server.Get("school/s").Schedule.State.Paused, "the registry's pause is not put back either")

	d.schools[0].Schedule.Paused = ""
	require.Equal(t, []string{"school/s: update: resumed"}, d.apply())
	d.settled()
}

func TestAWordJustGivenIsInsistedOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("s", every(time.Hour)))
	d.apply()
	insist := func() []string {
		w := d.wanted()
		w.Schedules[0].Insist = true
		found, err := d.schedules.DifferenceOf(t.Context(), w, "school/s")
		require.NoError(t, err)
		done, err := d.schedules.Apply(t.Context(), found)
		require.NoError(t, err)
		return said(done)
	}
	require.Empty(t, insist())
	d.server.Edit("school/s", pauseByHand("by hand"))
	require.Equal(t, []string{"school/s: update: resumed"}, insist())
	require.False(t, d.server.Get("school/s").Schedule.State.Paused)
	d.schools[0].Schedule.Paused = "exams"
	require.Equal(t, []string{"school/s: update: paused: exams"}, insist())
	d.server.Edit("school/s", resumeByHand)
	require.Equal(t, []string{"school/s: update: paused: exams"}, insist())
	d.server.Edit("school/s", pauseByHand("by hand"))
	require.Equal(t, []string{"school/s: update: paused: exams"}, insist(), "the reason is the registry's")
	require.Empty(t, insist())
	d.settled()
}

func TestWhatIsChangedByHandIsPutBack(t *testing.T) {
	t.Parallel()
	edited := func(t *testing.T, edit func(*client.Schedule)) (*desk, client.Schedule) {
		d := newDesk(t, row("s", every(time.Hour)))
		d.apply()
		before := d.server.Get("school/s").Schedule
		d.server.Edit("school/s", func(x *client.ScheduleDescription) { edit(&x.Schedule) })
		return d, before
	}
	for name, edit := range map[string]func(*client.Schedule){
		"another interval": func(s *client.Schedule) { s.Spec.Intervals = []client.ScheduleIntervalSpec{{Every: time.Minute}} },
		"a calendar more": func(s *client.Schedule) {
			s.Spec.Calendars = []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: 3}}}}
		},
		"days left out": func(s *client.Schedule) {
			s.Spec.Skip = []client.ScheduleCalendarSpec{{DayOfWeek: []client.ScheduleRange{{Start: 0}}}}
		},
		"an end": func(s *client.Schedule) { s.Spec.EndAt = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) },
		"jitter": func(s *client.Schedule) { s.Spec.Jitter = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, before := edited(t, edit)
			require.Equal(t, []string{"school/s: update: changed by hand: back to every 1h"}, d.apply())
			require.Equal(t, before, d.server.Get("school/s").Schedule)
			d.settled()
		})
	}
	for name, edit := range map[string]func(*client.Schedule){
		"the catch-up":     func(s *client.Schedule) { s.Policy.CatchupWindow = 365 * 24 * time.Hour },
		"pause on failure": func(s *client.Schedule) { s.Policy.PauseOnFailure = true },
		"another task queue": func(s *client.Schedule) {
			s.Action.(*client.ScheduleWorkflowAction).TaskQueue = "elsewhere"
		},
		"without our mark": func(s *client.Schedule) { s.Action.(*client.ScheduleWorkflowAction).Memo = nil },
	} {
		t.Run(name+", at a close look", func(t *testing.T) {
			t.Parallel()
			d, before := edited(t, edit)
			found, err := d.schedules.DifferenceOf(t.Context(), d.wanted(), "school/s")
			require.NoError(t, err)
			require.Len(t, found.Of(temporal.ScheduleUpdate), 1)
			_, err = d.schedules.Apply(t.Context(), found)
			require.NoError(t, err)
			require.Equal(t, before, d.server.Get("school/s").Schedule)
			d.settled()
		})
	}
}

func TestWhatNeedsNoCloserLook(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("plain", every(time.Hour)), row("paused", every(time.Hour)), row("by-hand", every(time.Hour)))
	d.schools[1].Schedule.Paused = "exams"
	d.apply()
	d.server.Edit("school/by-hand", pauseByHand("a look at something"))
	d.schedules = temporal.NewSchedules(d.server)
	d.server.Calls()
	require.Empty(t, d.difference())
	require.Equal(t, map[string]int{"page": 1, "describe": 2}, d.server.Calls(), "the plain one is known by its note")
	require.Empty(t, d.difference())
	require.Equal(t, map[string]int{"page": 1}, d.server.Calls(), "the others are remembered")
	d.server.Edit("school/by-hand", resumeByHand)
	require.Empty(t, d.difference())
	require.Equal(t, map[string]int{"page": 1, "describe": 1}, d.server.Calls())
}

func TestOneThatGivesNoAnswerDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("a", every(time.Hour)), row("b", every(time.Hour)))
	d.server.Refuse = func(call, id string) error {
		if call == "describe" && id == "school/a" {
			return errors.New("too busy")
		}
		return nil
	}
	require.Equal(t, []string{"school/a: unasked: ask for schedule school/a: too busy", "school/b: create: every 1h"}, d.difference())
	require.Equal(t, []string{"school/b: create: every 1h"}, d.apply())
	_, err := d.schedules.DifferenceOf(t.Context(), d.wanted(), "school/a")
	require.ErrorContains(t, err, "too busy")
	d.server.Refuse = nil
	require.Equal(t, []string{"school/a: create: every 1h"}, d.apply())
	d.settled()
}

func TestCalendarsChangedByHandArePutBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("s", school.Schedule{Cron: "*/15 7-18 * * 1-5"}))
	d.apply()
	calendar := func(edit func(*client.ScheduleSpec)) func(*client.ScheduleDescription) {
		return func(x *client.ScheduleDescription) {
			spec := *x.Schedule.Spec
			spec.Calendars = append([]client.ScheduleCalendarSpec{}, spec.Calendars...)
			edit(&spec)
			x.Schedule.Spec = &spec
		}
	}
	d.server.Edit("school/s", calendar(func(s *client.ScheduleSpec) {
		s.Calendars[0].Minute = []client.ScheduleRange{{Start: 0}, {Start: 30, End: 45, Step: 15}, {Start: 15}}
		s.Calendars[0].Comment = "the same, written otherwise"
	}))
	require.Empty(t, d.difference(), "what means the same is the same")
	d.server.Edit("school/s", calendar(func(s *client.ScheduleSpec) { s.Calendars[0].Hour[0].End = 19 }))
	require.Equal(t, []string{"school/s: update: changed by hand: back to */15 7-18 * * 1-5 (Europe/Moscow)"}, d.apply())
	d.server.Edit("school/s", calendar(func(s *client.ScheduleSpec) { s.TimeZoneName = "UTC" }))
	require.Len(t, d.apply(), 1)
	d.settled()
}

func TestForeignSchedulesAreLeftAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("taken", every(time.Hour)))
	foreign := func(id string, memo map[string]any) {
		_, err := d.server.Create(t.Context(), client.ScheduleOptions{
			ID: id, Memo: memo, Action: &client.ScheduleWorkflowAction{Workflow: "Other"},
			Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		})
		require.NoError(t, err)
	}
	foreign("school/taken", nil)
	foreign("school/other", nil)
	foreign("backup", map[string]any{"rollcall": "no prefix of ours"})
	require.Equal(t, []string{"school/taken: foreign: somebody else made a schedule with this id: delete it in the Temporal UI"}, d.difference())
	require.Empty(t, d.apply())
	d.schools = nil
	require.Empty(t, d.apply())
	require.Equal(t, []string{"backup", "school/other", "school/taken"}, d.server.IDs())
	states, err := d.schedules.States(t.Context())
	require.NoError(t, err)
	require.Empty(t, states)
}

func TestWhatCannotBeReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("s", every(time.Hour)))
	d.apply()
	before := d.server.Get("school/s")
	d.schools[0].Schedule = school.Schedule{} // as a later version may have written it
	require.Contains(t, strings.Join(d.difference(), "\n"), "school/s: unclear: a schedule is exactly one of")
	require.Empty(t, d.apply())
	require.Equal(t, before, d.server.Get("school/s"))
}
