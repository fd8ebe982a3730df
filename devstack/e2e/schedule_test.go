package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

func (s *site) schedule() client.ScheduleHandle {
	return world.client.ScheduleClient().GetHandle(s.t.Context(), temporal.SchoolScheduleID(s.id))
}

// trigger has the schedule start its sweep now, and waits for how that ends.
func (s *site) trigger() (workflows.SweepReport, error) {
	s.t.Helper()
	ctx := s.t.Context()
	started := func() []client.ScheduleActionResult {
		d, err := s.schedule().Describe(ctx)
		require.NoError(s.t, err)
		return d.Info.RecentActions
	}
	before := len(started())
	require.NoError(s.t, s.schedule().Trigger(ctx, client.ScheduleTriggerOptions{}))
	var run *client.ScheduleWorkflowExecution
	require.Eventually(s.t, func() bool {
		actions := started()
		if len(actions) <= before {
			return false
		}
		run = actions[len(actions)-1].StartWorkflowResult
		return run != nil
	}, workTime, pollEvery)
	var report workflows.SweepReport
	err := world.client.GetWorkflow(ctx, run.WorkflowID, run.FirstExecutionRunID).Get(ctx, &report)
	return report, err
}

// A school's schedule on the server is what the registry wants, and its runs end as the passes did.
func TestScheduleOfASchool(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	ctx := t.Context()
	s.cli("", "schedule", "set", string(s.id), "--every", "45m")
	d, err := s.schedule().Describe(ctx)
	require.NoError(t, err)
	require.Len(t, d.Schedule.Spec.Intervals, 1)
	require.Equal(t, 45*time.Minute, d.Schedule.Spec.Intervals[0].Every)
	require.Less(t, d.Schedule.Spec.Intervals[0].Offset, 45*time.Minute)
	require.Equal(t, 45*time.Minute, d.Schedule.Policy.CatchupWindow, "one period")

	report, err := s.trigger()
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeInStep, report.Outcome)
	passes, err := world.store.Passes(ctx, s.id, 1)
	require.NoError(t, err)
	require.Equal(t, string(workflows.TriggerSchedule), passes[0].Trigger)
	require.True(t, passes[0].Verify)

	_, err = world.stack.Sandbox().RevokeToken(vk.GroupRef{GroupID: s.group})
	require.NoError(t, err)
	_, err = s.trigger()
	var problem *sdktemporal.ApplicationError
	require.ErrorAs(t, err, &problem, "the Schedules page tells that it failed")
	require.Equal(t, workflows.ProblemTokenRefused, problem.Type())
	require.Contains(t, s.cli("", "schedule", "list"), string(s.id))

	s.cli("", "schedule", "pause", string(s.id), "--reason", "holidays")
	d, err = s.schedule().Describe(ctx)
	require.NoError(t, err)
	require.True(t, d.Schedule.State.Paused)
	require.Contains(t, d.Schedule.State.Note, "holidays")
	require.Contains(t, s.cli("", "schedule", "list"), "holidays")
	s.cli("", "schedule", "resume", string(s.id))
	d, err = s.schedule().Describe(ctx)
	require.NoError(t, err)
	require.False(t, d.Schedule.State.Paused)

	s.cli("", "schedule", "set", string(s.id), "--off")
	_, err = s.schedule().Describe(ctx)
	var gone *serviceerror.NotFound
	require.ErrorAs(t, err, &gone)
}

func TestScheduleThatNeverFiresIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for args, want := range map[string]string{
		"--cron|0 0 30 2 *": "never", "--every|30s": "too short", "--cron|every day": "", "--every|1h|--continuous": "",
	} {
		_, err := rollcall(t.Context(), "", append([]string{"schedule", "set", string(s.id)}, strings.Split(args, "|")...)...)
		require.ErrorContains(t, err, want, args)
		require.ErrorContains(t, err, "exit status 3", args)
	}
}

// What the registry says and nobody has applied, a worker applies by itself; and what a person
// changed is shown before it is done.
func TestRegistryIsAppliedByItself(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	require.NoError(t, world.store.SetSchedule(t.Context(), s.id, school.Schedule{Cron: "*/20 7-18 * * 1-5"}))
	require.Eventually(t, func() bool {
		d, err := s.schedule().Describe(t.Context())
		return err == nil && len(d.Schedule.Spec.Calendars) > 0 && d.Schedule.Spec.TimeZoneName == "Europe/Moscow"
	}, workTime, pollEvery)

	require.NoError(t, world.store.SetSchedule(t.Context(), s.id, school.Schedule{Every: school.Interval(time.Hour)}))
	require.NotEmpty(t, s.cli("", "schedule", "apply", "--dry-run"))
	s.cli("", "schedule", "apply")
	d, err := s.schedule().Describe(t.Context())
	require.NoError(t, err)
	require.Len(t, d.Schedule.Spec.Intervals, 1)
	require.NoError(t, world.store.SetSchedule(t.Context(), s.id, school.Schedule{Off: true}))
}
