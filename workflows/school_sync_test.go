package workflows

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/chats"
)

func request(id string) Request { return Request{ID: id, Trigger: TriggerManual} }

func TestPassWithNothingToDoIsTwoActivities(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) { return Fetched{Epoch: 7, Roster: "digest"}, nil }
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"FetchRoster", "RecordPass"}, f.calls)
	var report PassReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Equal(t, PassReport{School: "s1", Epoch: 7, Outcome: OutcomeInStep, Requests: 1}, report)
}

func TestVerifyReadsTheChatsAndItsWorkCounts(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) { return Fetched{Epoch: 1}, nil }
	f.readChats = func(ReadChatsInput) (Work, error) {
		return Work{Types: []chats.Type{chats.Students}, Chats: 3, Unreadable: 1}, nil
	}
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(Resync, Request{ID: "a", Trigger: TriggerManual, Verify: true})
	}, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"FetchRoster", "ReadChats", "Diff", "RecordPass"}, f.calls)
	require.Equal(t, []chats.Type{chats.Students}, f.diffed)
	require.Equal(t, 1, f.recorded[0].Unreadable)
}

func TestOnlyTypesWithWorkAndInScopeGetAChild(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		return Fetched{Epoch: 4, Work: Work{Types: []chats.Type{chats.Teachers, chats.Parents, chats.Subject}}}, nil
	}
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(Resync, Request{ID: "a", Trigger: TriggerManual, Scope: Scope{Types: []chats.Type{chats.Parents, chats.Students}}})
	}, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []chats.Type{chats.Parents}, f.diffed)
	require.EqualValues(t, 4, f.epochSeen)
}

func TestSliceOrder(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.diff = func(DiffInput) (StoredPlan, error) {
		return StoredPlan{ID: 5, Operations: 9, Slices: []Slice{
			{From: 0, To: 4, Chats: 2, Membership: true, Roles: true}, {From: 5, To: 6, Chats: 1, Roles: true}, {From: 7, To: 8, Chats: 1, Membership: true},
		}}, nil
	}
	f.apply = func(in ApplyInput) (Applied, error) { return Applied{Done: in.Slice.To - in.Slice.From + 1}, nil }
	f.promote = func(ApplyInput) (Applied, error) { return Applied{Failed: 1}, nil }
	env.ExecuteWorkflow(ChatTypeSync, ChatTypeSyncInput{School: "s1", Epoch: 1, Type: chats.Parents})

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"Diff", "ApplyMembership", "PromoteAdmins", "PromoteAdmins", "ApplyMembership"}, f.calls)
	var report ChatTypeReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Equal(t, Applied{Done: 7, Failed: 2}, report.Applied)
}

func TestWholeSchoolTroubleAnswersEverybodyAndFailsTheLane(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		return Fetched{}, temporal.NewNonRetryableApplicationError("no token: set one", ProblemTokenMissing, nil)
	}
	var waiting answer
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(Resync, "a", &waiting, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})

	requireProblem(t, env.GetWorkflowError(), ProblemTokenMissing, "no token: set one")
	require.True(t, waiting.done)
	requireProblem(t, waiting.err, ProblemTokenMissing, "no token: set one")
	require.Equal(t, &Problem{Code: ProblemTokenMissing, Message: "no token: set one"}, f.recorded[0].Problem)
}

func TestOneTypesTroubleDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		return Fetched{Epoch: 1, Work: Work{Types: []chats.Type{chats.Parents, chats.Students}}}, nil
	}
	f.diff = func(in DiffInput) (StoredPlan, error) {
		if in.Type == chats.Parents {
			return StoredPlan{}, temporal.NewNonRetryableApplicationError("refused", ProblemTokenRefused, nil)
		}
		return StoredPlan{ID: 1, Slices: []Slice{{Membership: true}}}, nil
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})

	requireProblem(t, env.GetWorkflowError(), ProblemTokenRefused, "refused")
	require.Contains(t, f.calls, "ApplyMembership")
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	var tries atomic.Int32
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) { tries.Add(1); return Fetched{}, errPlain }
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.Error(t, env.GetWorkflowError())
	require.EqualValues(t, 6, tries.Load())
}

func TestRequestsDuringAPassMakeUpTheNext(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	var waiting answer
	passes := 0
	f.fetchRoster = func(in FetchRosterInput) (Fetched, error) {
		if passes++; passes == 1 {
			env.SignalWorkflow(Resync, request("b"))
			env.UpdateWorkflow(Resync, "c", &waiting, request("c"))
		}
		return Fetched{Epoch: int64(passes)}, nil
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})

	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.recorded, 2)
	require.Len(t, f.recorded[0].Requests, 1)
	require.Len(t, f.recorded[1].Requests, 2)
	require.NoError(t, waiting.err)
	require.EqualValues(t, 2, waiting.report.(PassReport).Epoch)
}

func TestUpdateThatNoPassCouldServeIsRefused(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	var refused answer
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(Resync, "a", &refused, Request{ID: "a", Scope: Scope{Types: []chats.Type{"nonsense"}}})
		env.SignalWorkflow(Resync, request("b"))
	}, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.ErrorContains(t, refused.refused, "nonsense")
	require.Len(t, f.recorded, 1)
	require.Len(t, f.recorded[0].Requests, 1)
}

func TestSignalsByHandMayBeBareOrWrong(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(Resync, map[string]any{})
		env.SignalWorkflow(Resync, map[string]any{"scope": map[string]any{"types": []string{"nonsense"}}})
		env.SignalWorkflow(Resync, "not even an object")
	}, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.recorded, 1)
	require.Len(t, f.recorded[0].Requests, 1)
	require.NotEmpty(t, f.recorded[0].Requests[0].ID)
}

func TestRunThatGetsNothingButWrongSignalsFails(t *testing.T) {
	t.Parallel()
	for want, signal := range map[string]any{
		`trigger "whim" is unknown`:              map[string]any{"trigger": "whim"},
		"the signal's argument is not a request": "not even an object",
	} {
		env, f := setup(t)
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, signal) }, 0)
		env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
		requireProblem(t, env.GetWorkflowError(), ProblemBadRequest, want)
		require.Empty(t, f.calls)
	}
}

func TestBareUpdateIsAManualPassUnderItsOwnID(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	var waiting answer
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(Resync, "u1", &waiting, map[string]any{}) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, waiting.err)
	require.Equal(t, []Request{{ID: "u1", Trigger: TriggerManual}}, f.recorded[0].Requests)
}

func TestChildOfAnEarlierRunIsWaitedFor(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		return Fetched{Epoch: 1, Work: Work{Types: []chats.Type{chats.Parents}}}, nil
	}
	f.diff = func(DiffInput) (StoredPlan, error) { return StoredPlan{ID: 1}, nil }
	env.OnWorkflow(TypeChatTypeSync, mock.Anything, mock.Anything).Return(ChatTypeReport{}, serviceerror.NewWorkflowExecutionAlreadyStarted("", "", "")).Twice()
	env.OnWorkflow(TypeChatTypeSync, mock.Anything, mock.Anything).Return(ChatTypeReport{}, nil)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	env.AssertWorkflowNumberOfCalls(t, TypeChatTypeSync, 3)
}

func TestRunStartedByHandIsAPass(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.recorded, 1)
	require.Equal(t, "started by hand", f.recorded[0].Requests[0].RequestedBy)
}

func TestCancelledPassIsRecordedAndAnswered(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) {
		return Fetched{Epoch: 3, Work: Work{Types: []chats.Type{chats.Parents}}}, nil
	}
	f.diff = func(DiffInput) (StoredPlan, error) { return StoredPlan{}, errPlain } // tried again for seconds
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Len(t, f.recorded, 1)
	require.Equal(t, ProblemCancelled, f.recorded[0].Problem.Code)
}

func TestStatusQuery(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.fetchRoster = func(FetchRosterInput) (Fetched, error) { return Fetched{Epoch: 9}, nil }
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Resync, request("a")) }, 0)
	env.ExecuteWorkflow(SchoolSync, SchoolSyncInput{School: "s1"})
	value, err := env.QueryWorkflow(StatusQuery)
	require.NoError(t, err)
	var status LaneStatus
	require.NoError(t, value.Get(&status))
	require.Equal(t, 1, status.Passes)
	require.Equal(t, "pass 9 ended: in-step", status.Phase)
	require.EqualValues(t, 9, status.Last.Epoch)
}

func requireProblem(t *testing.T, err error, code, message string) {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, code, application.Type())
	require.Contains(t, application.Message(), message)
	require.True(t, application.NonRetryable())
}
