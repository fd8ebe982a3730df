package workflows

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkactivity "go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
)

const round = 5 * time.Minute

// continuous sets a lane up whose school stays continuous for so many passes.
func continuous(t *testing.T, passes int) (*testsuite.TestWorkflowEnvironment, *fake) {
	t.Helper()
	env, f := setup(t)
	fetched := 0
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		fetched++
		out := Fetched{Epoch: int64(fetched)}
		if fetched < passes {
			out.Round = round
		}
		return out, nil
	}
	f.resyncSelf = func(in ResyncSelfInput) error {
		env.SignalWorkflow(Resync, in.Request)
		return nil
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	return env, f
}

func TestContinuousLaneSignalsItselfRoundAfterRound(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 4)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.recorded, 4)
	require.Len(t, f.resynced, 3)
	for _, asked := range f.resynced {
		require.Equal(t, TriggerContinuous, asked.Request.Trigger)
		require.True(t, asked.Request.Verify)
	}
	var report PassReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.EqualValues(t, 4, report.Epoch, "it ends when the school is no longer continuous")
}

func TestContinuousLaneServesARequestAtOnce(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 2)
	began := env.Now()
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("b")) }, time.Minute)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, "b", f.recorded[1].Requests[0].ID)
	require.Less(t, env.Now().Sub(began), round)
	require.Empty(t, f.resynced)
}

func TestContinuousLaneInTroubleReportsAndRestsLonger(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 9)
	fine := f.fetchRoster
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) {
		out, _ := fine(in)
		if n := out.Epoch; n > 1 && n < 8 {
			out.Problem = &Problem{Code: ProblemTokenRefused, Message: "refused"}
		}
		return out, nil
	}
	var rests []time.Duration
	last := env.Now()
	env.SetOnActivityStartedListener(func(info *sdkactivity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == "ResyncSelf" {
			rests = append(rests, env.Now().Sub(last).Round(time.Minute))
		}
		last = env.Now()
	})
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, minutes(5, 10, 20, 40, 60, 60, 60, 5), rests)
	require.Equal(t, ProblemTokenRefused, f.recorded[3].Problem.Code)
}

func minutes(m ...int) (d []time.Duration) {
	for _, x := range m {
		d = append(d, time.Duration(x)*time.Minute)
	}
	return d
}

func TestRoundTakesPlaceThoughTheLaneCannotBeSignalled(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 2)
	f.resyncSelf = func(ResyncSelfInput) error { return errPlain }
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.recorded, 2)
	require.Equal(t, TriggerContinuous, f.recorded[1].Requests[0].Trigger)
}

func TestLaneContinuesAsNewWithWhatIsPending(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 9)
	fine := f.fetchRoster
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) {
		env.SetContinueAsNewSuggested(true)
		for i := range 3 {
			env.SignalWorkflow(Resync, request(fmt.Sprint("late", i)))
		}
		return fine(in)
	}
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	carried := continuedWith(t, env.GetWorkflowError())
	require.Equal(t, []Request{request("late0"), request("late1"), request("late2")}, carried.Pending)
	require.Equal(t, round, carried.Round)
	require.Equal(t, 1, carried.Passes)
	require.Equal(t, 1, carried.Generation)

	env, f = continuous(t, 1)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1", Carried: &carried})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.recorded[0].Requests, 4, "the three that were carried and the one that came")
}

func TestWhoeverWaitsIsAnsweredBeforeTheLaneContinuesAsNew(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 9)
	var waiting answer
	fine := f.fetchRoster
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) {
		if !waiting.done && len(in.Requests) == 1 && in.Requests[0].ID == "a" {
			env.SetContinueAsNewSuggested(true)
			env.UpdateWorkflow(Resync, "u", &waiting, request("u"))
		}
		return fine(in)
	}
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	carried := continuedWith(t, env.GetWorkflowError())
	require.True(t, waiting.done)
	require.NoError(t, waiting.err)
	require.Empty(t, carried.Pending)
	require.Equal(t, 2, carried.Passes)
}

func TestIdleLaneEndsInsteadOfContinuingAsNew(t *testing.T) {
	t.Parallel()
	env, _ := continuous(t, 1)
	env.SetContinueAsNewSuggested(true)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
}

func continuedWith(t *testing.T, err error) Carried {
	t.Helper()
	var asNew *workflow.ContinueAsNewError
	require.ErrorAs(t, err, &asNew)
	var in SchoolSyncInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(asNew.Input, &in))
	require.NotNil(t, in.Carried)
	return *in.Carried
}

// A lane that cannot even begin its passes stays open and rests; one whose school is not continuous
// any more ends.
func TestContinuousLaneWhoseRosterCannotBeFetched(t *testing.T) {
	t.Parallel()
	env, f := continuous(t, 9)
	n := 0
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		if n++; n < 4 {
			return Fetched{Epoch: int64(n), Round: round, Problem: &Problem{Code: ProblemKeyset, Message: "sealed with another"}}, nil
		}
		return Fetched{}, temporal.NewNonRetryableApplicationError("sealed with another", ProblemKeyset, nil)
	}
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	requireProblem(t, env.GetWorkflowError(), ProblemKeyset, "sealed")
	require.Len(t, f.recorded, 4)
	require.Equal(t, ProblemKeyset, f.recorded[0].Problem.Code)
}
