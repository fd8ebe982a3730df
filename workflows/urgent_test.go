package workflows

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// longPass sets up a pass with two chat types of three slices each, during whose first slice
// urgent requests are sent.
func longPass(t *testing.T, send func(env *testsuite.TestWorkflowEnvironment)) (*testsuite.TestWorkflowEnvironment, *fake) {
	t.Helper()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		return Fetched{Epoch: 5, Work: Work{Types: []chats.Type{chats.Parents, chats.Students}}}, nil
	}
	f.diff = func(in DiffInput) (StoredPlan, error) {
		if in.Part > 0 {
			slices := []Slice{{Membership: true}}
			if in.Type != chats.Parents {
				slices = nil
			}
			return StoredPlan{ID: 100, Slices: slices}, nil
		}
		return StoredPlan{ID: 1, Slices: []Slice{{From: 0, Membership: true}, {From: 1, Membership: true}, {From: 2, Membership: true}}}, nil
	}
	sent := false
	f.apply = func(in ApplyInput) (Applied, error) {
		if !sent {
			sent = true
			send(env)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.applied = append(f.applied, in)
		return Applied{Done: 1}, nil
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, Request{ID: "big", Trigger: TriggerSchedule}) }, 0)
	return env, f
}

func TestUrgentPartGoesBetweenTwoSlices(t *testing.T) {
	t.Parallel()
	var waiting answer
	urgent := Request{ID: "urgent", Trigger: TriggerManual, Scope: Scope{People: []school.PersonID{"p"}}}
	env, f := longPass(t, func(env *testsuite.TestWorkflowEnvironment) { env.UpdateWorkflow(Resync, "urgent", &waiting, urgent) })
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())

	at := slices.IndexFunc(f.applied, func(in ApplyInput) bool { return in.Plan == 100 })
	require.Positive(t, at, "%v", f.applied)
	require.LessOrEqual(t, at, 2, "each of the two children has done one slice at the most")
	require.Len(t, f.applied, 7, "and does the others afterwards")
	require.EqualValues(t, 5, f.applied[at].Epoch, "under the pass's own epoch")
	require.True(t, waiting.done)
	require.NoError(t, waiting.err)

	require.Len(t, f.recorded, 2)
	require.Equal(t, 1, f.recorded[0].Part)
	require.Equal(t, []Request{urgent}, f.recorded[0].Requests)
	require.Zero(t, f.recorded[1].Part)
	require.Equal(t, "big", f.recorded[1].Requests[0].ID)
}

func TestWhatIsNotUrgentWaitsForTheNextPass(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]Request{
		"a whole school":  {ID: "later", Trigger: TriggerManual},
		"a chat type":     {ID: "later", Trigger: TriggerManual, Scope: Scope{Types: []chats.Type{chats.Parents}}},
		"not asked by us": {ID: "later", Trigger: TriggerSchedule, Scope: Scope{People: []school.PersonID{"p"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, f := longPass(t, func(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow(Resync, later) })
			env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
			require.NoError(t, env.GetWorkflowError())
			require.Len(t, f.recorded, 2)
			require.Equal(t, "big", f.recorded[0].Requests[0].ID)
			require.Equal(t, "later", f.recorded[1].Requests[0].ID)
			require.Zero(t, f.recorded[1].Part)
		})
	}
}

func TestUrgentPartReadsItsChatsFirst(t *testing.T) {
	t.Parallel()
	event := Request{ID: "event", Trigger: TriggerEvent, Verify: true, Scope: Scope{Chats: []chats.Key{"parents:cohort:a"}}}
	env, f := longPass(t, func(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow(Resync, event) })
	var read ReadChatsInput
	f.readChats = func(in ReadChatsInput) (Work, error) { read = in; return Work{}, nil }
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, event.Scope, read.Scope)
	require.EqualValues(t, 5, read.Epoch)
}

// Urgent requests may be there before the children have begun.
func TestUrgentRequestThatIsThereBeforeTheChildrenBegin(t *testing.T) {
	t.Parallel()
	env, f := longPass(t, func(*testsuite.TestWorkflowEnvironment) {})
	fine := f.fetchRoster
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) {
		if in.Pass.ID == "big" {
			env.SignalWorkflow(Resync, Request{ID: "urgent", Trigger: TriggerEvent, Scope: Scope{Chats: []chats.Key{"parents:cohort:a"}}})
		}
		return fine(in)
	}
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.recorded, 2)
	require.Equal(t, "urgent", f.recorded[0].Requests[0].ID)
}

func TestUrgentPartThatFailsIsThePassesTroubleToo(t *testing.T) {
	t.Parallel()
	env, f := longPass(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.SignalWorkflow(Resync, Request{ID: "urgent", Trigger: TriggerManual, Scope: Scope{People: []school.PersonID{"p"}}})
	})
	fine := f.diff
	f.diff = func(in DiffInput) (StoredPlan, error) {
		if in.Part > 0 {
			return StoredPlan{}, temporal.NewNonRetryableApplicationError("refused", ProblemTokenRefused, nil)
		}
		return fine(in)
	}
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	requireProblem(t, env.GetWorkflowError(), ProblemTokenRefused, "refused")
	require.Len(t, f.recorded, 2)
	require.Equal(t, ProblemTokenRefused, f.recorded[1].Problem.Code)
}
