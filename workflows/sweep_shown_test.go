package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// What operators see of a sweep in the Temporal UI.
func TestSweepShowsHowFarItHasCome(t *testing.T) {
	t.Parallel()
	d := districtOf(3)
	d.reply = replyWithOneFailure
	_, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	status := d.status(t)
	require.Equal(t, SweepStatus{
		District: "d", Phase: "the sweep has ended: partial", Schools: 3, Ended: 3, Counts: SweepCounts{InStep: 2, Failed: 1},
	}, status)

	value, err := d.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(t, err)
	var shown sdkpb.WorkflowMetadata
	require.NoError(t, value.Get(&shown))
	require.Contains(t, shown.GetCurrentDetails(), "Sweep over district d: 3 of 3 schools\n\n2 in step, 1 failed, 0 in flight\n")
	require.Contains(t, shown.GetCurrentDetails(), "s0001: failed (TokenRefused)")
	described := map[string]string{}
	for _, s := range shown.GetDefinition().GetSignalDefinitions() {
		described[s.GetName()] = s.GetDescription()
	}
	require.Contains(t, described[PauseSweep], "until told to resume")
	require.Contains(t, described[ResumeSweep], "after a pause")
	require.Contains(t, described[CancelSweep], "not reached")
}

func replyWithOneFailure(_ *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error) {
	if id == "s0001" {
		return ResyncReply{Outcome: OutcomeFailed, Problem: &Problem{Code: ProblemTokenRefused}}, nil
	}
	return ResyncReply{Outcome: OutcomeInStep}, nil
}

func TestSweepIsFoundBySearchAttributes(t *testing.T) {
	t.Parallel()
	d := districtOf(3)
	d.reply = replyWithOneFailure
	d.prepare = func(env *testsuite.TestWorkflowEnvironment, _ int) {
		env.OnUpsertTypedSearchAttributes(temporal.NewSearchAttributes(
			districtAttribute().ValueSet("d"), triggerAttribute().ValueSet("district"))).Return(nil).Once()
		env.OnUpsertTypedSearchAttributes(temporal.NewSearchAttributes(outcomeAttribute().ValueSet("partial"))).Return(nil).Once()
	}
	_, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	d.env.AssertExpectations(t)

	env, f := setup(t)
	f.resyncSchool = func(ResyncSchoolInput) (ResyncReply, error) {
		return ResyncReply{Outcome: OutcomeFailed, Problem: &Problem{Code: ProblemKeyset}}, nil
	}
	env.OnUpsertTypedSearchAttributes(temporal.NewSearchAttributes(
		schoolAttribute().ValueSet("s"), triggerAttribute().ValueSet("schedule"))).Return(nil).Once()
	env.OnUpsertTypedSearchAttributes(temporal.NewSearchAttributes(outcomeAttribute().ValueSet("failed"))).Return(nil).Once()
	env.ExecuteWorkflow(Sweep, SweepInput{School: "s", Trigger: TriggerSchedule})
	requireProblem(t, env.GetWorkflowError(), ProblemKeyset, "")
	env.AssertExpectations(t)
}

// Every school is a fairness key of its own, gives way as the sweep's trigger says, and is given up
// in time also where nobody takes the activity up.
func TestAskingASchool(t *testing.T) {
	t.Parallel()
	o := askOptions("s7", TriggerDistrict, time.Minute)
	require.Equal(t, temporal.Priority{PriorityKey: 4, FairnessKey: "s7"}, o.Priority)
	require.Equal(t, 3, askOptions("s7", TriggerSchedule, time.Minute).Priority.PriorityKey)
	require.Equal(t, time.Minute+askGrace, o.ScheduleToCloseTimeout)
	require.Zero(t, o.RetryPolicy.MaximumAttempts, "the deadline is the bound")
	require.Contains(t, o.Summary, "s7")
}
