package temporal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/temporal/schedulestest"
	"github.com/rollcall-edu/rollcall/workflows"
)

// row is a school of the registry that has its token.
func row(id school.ID, s school.Schedule) store.SchoolRow {
	return store.SchoolRow{School: school.School{ID: id, District: "d"}, Schedule: s, TimeZone: "Europe/Moscow", TokenSet: true}
}

func every(d time.Duration) school.Schedule { return school.Schedule{Every: school.Interval(d)} }

func wantedIDs(w temporal.Wanted) []string {
	return lo.Map(w.Schedules, func(s temporal.Schedule, _ int) string { return s.ID })
}

func TestWhoGetsASchedule(t *testing.T) {
	t.Parallel()
	paused := every(time.Hour)
	paused.Paused = "exams"
	tokenless, noZone := row("tokenless", every(time.Hour)), row("no-zone", school.Schedule{Cron: "0 7 * * *"})
	tokenless.TokenSet = false
	noZone.TimeZone = "Moscow"
	w := temporal.WantedSchedules([]store.SchoolRow{
		row("interval", every(time.Hour)), row("cron", school.Schedule{Cron: "0 7 * * *"}), row("paused", paused),
		row("continuous", school.Schedule{Continuous: true}), row("off", school.Schedule{Off: true}), tokenless,
		row("later-version", school.Schedule{}), row("never", school.Schedule{Cron: "0 0 30 2 *"}), noZone,
	}, []school.District{
		{ID: "d", TimeZone: "Europe/Moscow", Nightly: "30 2 * * *"}, {ID: "never", TimeZone: "Europe/Moscow"}, {ID: "odd", TimeZone: "UTC", Nightly: "@daily"},
	})
	require.Equal(t, []string{"school/interval", "school/cron", "school/paused", "district/d"}, wantedIDs(w))
	require.Equal(t, "exams", w.Schedules[2].Paused)
	require.ElementsMatch(t, []string{"school/later-version", "school/never", "school/no-zone", "district/odd"}, lo.Keys(w.Unclear))
	require.ErrorContains(t, w.Unclear["school/no-zone"], "Europe/Moscow")
}

func TestIntervalsAreSpread(t *testing.T) {
	t.Parallel()
	var rows []store.SchoolRow
	for i := range 300 {
		rows = append(rows, row(school.ID(fmt.Sprintf("school-%d", i)), every(30*time.Minute)))
	}
	w := temporal.WantedSchedules(rows, nil)
	perMinute := map[time.Duration]int{}
	for _, s := range w.Schedules {
		interval := s.Times.Intervals[0]
		require.Equal(t, 30*time.Minute, interval.Every)
		require.Equal(t, 30*time.Minute, s.Catchup)
		require.Less(t, interval.Offset, interval.Every)
		require.Zero(t, interval.Offset%time.Second)
		perMinute[interval.Offset/time.Minute]++
	}
	require.Len(t, perMinute, 30, "every minute has schools")
	require.Less(t, lo.Max(lo.Values(perMinute)), 30)
	require.Equal(t, w, temporal.WantedSchedules(rows, nil), "a school keeps its moment")
}

// made is what a server has after one schedule was made.
func made(t *testing.T, w temporal.Wanted) *client.ScheduleDescription {
	t.Helper()
	server := schedulestest.New()
	s := temporal.NewSchedules(server)
	d, err := s.Difference(t.Context(), w)
	require.NoError(t, err)
	_, err = s.Apply(t.Context(), d)
	require.NoError(t, err)
	require.Len(t, server.IDs(), 1)
	return server.Get(server.IDs()[0])
}

func sweepOf(t *testing.T, d *client.ScheduleDescription) (*client.ScheduleWorkflowAction, workflows.SweepInput) {
	t.Helper()
	action := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	require.Len(t, action.Args, 1)
	var in workflows.SweepInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(action.Args[0].(*commonpb.Payload), &in))
	return action, in
}

func TestAScheduleOfASchool(t *testing.T) {
	t.Parallel()
	d := made(t, temporal.WantedSchedules([]store.SchoolRow{row("s", school.Schedule{Cron: "*/15 7-18 * * 1-5", Paused: "exams"})}, nil))
	action, in := sweepOf(t, d)
	require.Equal(t, workflows.SweepInput{School: "s", Trigger: workflows.TriggerSchedule, RequestedBy: "schedule"}, in)
	require.Equal(t, "sweep/school/s", action.ID)
	require.Equal(t, workflows.TypeSweep, action.Workflow)
	require.Equal(t, workflows.TaskQueue, action.TaskQueue)
	require.Equal(t, "school s by its schedule, */15 7-18 * * 1-5 (Europe/Moscow)", action.StaticSummary)
	require.Equal(t, workflows.SweepSearchAttributes(in), action.TypedSearchAttributes)
	require.Equal(t, workflows.SweepSearchAttributes(in), d.TypedSearchAttributes)
	require.Equal(t, client.SchedulePolicies{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: 15 * time.Minute}, *d.Schedule.Policy)
	require.Equal(t, client.ScheduleState{Paused: true, Note: "exams"}, *d.Schedule.State)

	spec := d.Schedule.Spec
	require.Equal(t, "Europe/Moscow", spec.TimeZoneName)
	require.Empty(t, spec.Intervals)
	require.Len(t, spec.Calendars, 1)
	c := spec.Calendars[0]
	require.Equal(t, "*/15 7-18 * * 1-5", c.Comment)
	require.Equal(t, []client.ScheduleRange{{Start: 0, End: 45, Step: 15}}, c.Minute)
	require.Equal(t, []client.ScheduleRange{{Start: 7, End: 18, Step: 1}}, c.Hour)
	require.Equal(t, []client.ScheduleRange{{Start: 1, End: 31, Step: 1}}, c.DayOfMonth)
	require.Equal(t, []client.ScheduleRange{{Start: 1, End: 12, Step: 1}}, c.Month)
	require.Equal(t, []client.ScheduleRange{{Start: 1, End: 5, Step: 1}}, c.DayOfWeek)
}

func TestAScheduleOfADistrict(t *testing.T) {
	t.Parallel()
	d := made(t, temporal.WantedSchedules(nil, []school.District{{ID: "d", TimeZone: "Asia/Yekaterinburg", Nightly: "30 2,4,5,11 * * *"}}))
	action, in := sweepOf(t, d)
	require.Equal(t, workflows.SweepInput{District: "d", Trigger: workflows.TriggerSchedule, RequestedBy: "schedule"}, in)
	require.Equal(t, "sweep/district/d", action.ID)
	require.Equal(t, workflows.SweepSearchAttributes(in), action.TypedSearchAttributes)
	require.Equal(t, "Asia/Yekaterinburg", d.Schedule.Spec.TimeZoneName)
	require.Equal(t, []client.ScheduleRange{{Start: 2, End: 2, Step: 1}, {Start: 4, End: 5, Step: 1}, {Start: 11, End: 11, Step: 1}},
		d.Schedule.Spec.Calendars[0].Hour)
	require.Equal(t, time.Hour, d.Schedule.Policy.CatchupWindow)
}

// TestASummaryFits: the server takes 200 bytes.
func TestASummaryFits(t *testing.T) {
	t.Parallel()
	long := school.ID("a12345678901234567890123456789012345678901234567890123456789012")
	require.NoError(t, school.CheckID("school", string(long)))
	x := row(long, school.Schedule{Cron: "0,5,10,15,20,25,30,35,40,45,50,55 7,8,9,10,11,12,13,14,15,16,17,18,19 * * 1-5"})
	require.NoError(t, x.Schedule.Validate())
	x.TimeZone = "America/Argentina/ComodRivadavia"
	action, _ := sweepOf(t, made(t, temporal.WantedSchedules([]store.SchoolRow{x}, nil)))
	require.LessOrEqual(t, len(action.StaticSummary), 200)
}
