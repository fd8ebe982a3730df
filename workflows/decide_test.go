package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/reconcile"
)

var decision = Decision{Holds: []int64{7}, Digest: "seen", Approve: true, DecidedBy: "op"}

func TestDecisionIsRecordedAndAPassFollows(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	var recorded DecideHoldsInput
	f.decideHolds = func(in DecideHoldsInput) error { recorded = in; return nil }
	var waiting answer
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(Decide, "u1", &waiting, decision) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, waiting.err)
	require.Equal(t, DecideHoldsInput{School: "s1", Decision: decision, Outcome: reconcile.DecisionApproved}, recorded)
	require.Equal(t, []string{"DecideHolds", "FetchRoster", "RecordPass"}, f.calls)
	require.Equal(t, []Request{{ID: "decision-u1", Trigger: TriggerManual, RequestedBy: "op"}}, f.recorded[0].Requests)
}

func TestStaleDecisionIsRefusedWhenItIsRecorded(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.decideHolds = func(DecideHoldsInput) error {
		return temporal.NewNonRetryableApplicationError("what is held has changed", ProblemStale, nil)
	}
	var waiting answer
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(Decide, "u1", &waiting, decision) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	requireProblem(t, waiting.err, ProblemStale, "has changed")
	require.Len(t, f.recorded, 1, "the run was started for the decision: a pass does no harm")
}

func TestDecisionThatTheLaneKnowsToBeStaleIsNotEvenAccepted(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 3)
	f.digest = "now"
	var incomplete, during, stale, fresh answer
	fine := f.fetchRoster
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) {
		if in.Pass.ID == "a" {
			env.UpdateWorkflow(Decide, "during", &during, decision) // a pass runs: only the record knows
		}
		return fine(in)
	}
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(Decide, "incomplete", &incomplete, Decision{Digest: "now", DecidedBy: "op"})
		env.UpdateWorkflow(Decide, "stale", &stale, decision)
		d := decision
		d.Digest = "now"
		env.UpdateWorkflow(Decide, "fresh", &fresh, d)
	}, time.Minute)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.ErrorContains(t, incomplete.refused, "names no holds")
	require.ErrorContains(t, stale.refused, "has changed")
	require.NoError(t, during.refused)
	require.NoError(t, fresh.refused)
	require.NoError(t, fresh.err)
}
