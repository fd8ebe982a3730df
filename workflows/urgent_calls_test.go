package workflows

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func pushedCalls() Request {
	return Request{ID: "calls", Trigger: TriggerEvent, Scope: Scope{Calls: true}, RequestedBy: "pushed calls"}
}

// TestCallsAreServedWhileTheChildrenGoOn: the calls are served only once the children have done all their
// slices, which they would never do if they rested.
func TestCallsAreServedWhileTheChildrenGoOn(t *testing.T) {
	t.Parallel()
	var waiting answer
	env, f := longPass(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.UpdateWorkflow(Resync, "calls", &waiting, pushedCalls())
	})
	var slices sync.WaitGroup
	slices.Add(6)
	apply := f.apply
	f.apply = func(in ApplyInput) (Applied, error) {
		defer slices.Done()
		return apply(in)
	}
	f.makeRooms = func(in PublishInput) (Served, error) {
		slices.Wait()
		require.EqualValues(t, 5, in.Epoch, "under the pass's own epoch")
		return Served{Done: map[string]int{ServedRooms: 1}}, nil
	}
	f.publishCalls = func(PublishInput) (Served, error) { return Served{}, refuse(ProblemPortalTrouble) }
	fetch := f.fetchRoster
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) {
		fetched, err := fetch(in)
		fetched.Publishes = true
		return fetched, err
	}
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.True(t, waiting.done)
	require.NoError(t, waiting.err)
	require.Len(t, f.recorded, 2)
	part := f.recorded[0]
	require.Equal(t, 1, part.Part)
	require.Equal(t, []Request{pushedCalls()}, part.Requests)
	require.Equal(t, map[string]int{ServedRooms: 1}, part.Served.Done)
	require.Equal(t, ProblemPortalTrouble, part.Portal.Code)
	require.Empty(t, f.recorded[1].Served.Done)
	require.ElementsMatch(t, []chats.Type{chats.Parents, chats.Students}, f.diffed, "nothing is planned for them")
}

// TestUrgentCallsWaitForTheCallsOfThePass: one child serves them at a time.
func TestUrgentCallsWaitForTheCallsOfThePass(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) { return Fetched{Epoch: 1, Work: Work{Calls: true}}, nil }
	f.makeRooms = func(PublishInput) (Served, error) {
		if f.made("MakeRooms") == 1 {
			env.SignalWorkflow(Resync, pushedCalls())
		}
		return Served{Done: map[string]int{ServedRooms: 1}}, nil
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, Request{ID: "big", Trigger: TriggerSchedule}) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"FetchRoster", "MakeRooms", "AnnounceCalls", "CloseCalls", "MakeRooms", "AnnounceCalls", "CloseCalls", "RecordPass", "RecordPass"}, f.calls)
	require.Equal(t, 1, f.recorded[0].Part)
	require.Equal(t, map[string]int{ServedRooms: 1}, f.recorded[0].Served.Done)
	require.Equal(t, map[string]int{ServedRooms: 1}, f.recorded[1].Served.Done)
}

// TestAPersonIsLetThroughWhileOnlyCallsAreServed: what keeps the calls waiting, keeps nobody else.
func TestAPersonIsLetThroughWhileOnlyCallsAreServed(t *testing.T) {
	t.Parallel()
	for name, big := range map[string]Request{
		"of a pass over the school":   {ID: "big", Trigger: TriggerSchedule},
		"of a pass over nothing else": {ID: "big", Trigger: TriggerEvent, Scope: Scope{Calls: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, f := setup(t)
			f.fetchRoster = func(FetchRosterInput) (Fetched, error) { return Fetched{Epoch: 1, Work: Work{Calls: true}}, nil }
			planned := make(chan struct{})
			var once sync.Once
			f.diff = func(in DiffInput) (StoredPlan, error) {
				require.Equal(t, 1, in.Part)
				once.Do(func() { close(planned) })
				return StoredPlan{}, nil
			}
			person := Request{ID: "urgent", Trigger: TriggerManual, Scope: Scope{People: []school.PersonID{"p"}}}
			f.makeRooms = func(PublishInput) (Served, error) {
				env.SignalWorkflow(Resync, person)
				<-planned
				return Served{}, nil
			}
			env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, big) }, 0)
			env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
			require.NoError(t, env.GetWorkflowError())
			require.Len(t, f.recorded, 2)
			require.Equal(t, []Request{person}, f.recorded[0].Requests)
			require.Equal(t, 1, f.made("MakeRooms"))
		})
	}
}

func TestAnUrgentPartMayBeAboutCallsAndPeople(t *testing.T) {
	t.Parallel()
	both := Request{ID: "both", Trigger: TriggerManual, Scope: Scope{Calls: true, People: []school.PersonID{"p"}}}
	env, f := longPass(t, func(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow(Resync, both) })
	f.announceCalls = done(ServedAnnouncements)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.applied, 7, "the part's own, and the children's")
	require.Equal(t, map[string]int{ServedAnnouncements: 1}, f.recorded[0].Served.Done)
	require.Equal(t, []Request{both}, f.recorded[0].Requests)
}

func TestUrgentCallsThatCannotBeServedAreTheirRequestsTrouble(t *testing.T) {
	t.Parallel()
	var waiting answer
	env, f := longPass(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.UpdateWorkflow(Resync, "calls", &waiting, pushedCalls())
	})
	f.makeRooms = func(PublishInput) (Served, error) { return Served{}, refuse(ProblemProxyTrouble) }
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, ProblemProxyTrouble, f.recorded[0].Problem.Code)
	require.Nil(t, f.recorded[1].Problem, "not the pass's")
	require.True(t, waiting.done)
	requireProblem(t, waiting.err, ProblemProxyTrouble, "refused")
}
