package workflows

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
)

func callsInput() VideoCallSyncInput {
	return VideoCallSyncInput{School: "s1", Epoch: 3, Roster: "digest", Trigger: TriggerEvent, Portal: true}
}

func done(kind string) func(PublishInput) (Served, error) {
	return func(PublishInput) (Served, error) { return Served{Done: map[string]int{kind: 1}}, nil }
}

func refuse(code string) error { return temporal.NewNonRetryableApplicationError("refused", code, nil) }

func TestVideoCallsAreServedStepByStep(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	var got []PublishInput
	f.makeRooms = func(in PublishInput) (Served, error) {
		got = append(got, in)
		return Served{Done: map[string]int{ServedRooms: 2}, Failed: map[string]int{"user-token-refused": 1}}, nil
	}
	f.announceCalls, f.publishCalls = done(ServedAnnouncements), done(ServedCalls)
	f.closeCalls = func(PublishInput) (Served, error) { return Served{Waiting: 3}, nil }
	env.ExecuteWorkflow(VideoCallSync, callsInput())
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, f.calls, 4)
	require.Equal(t, "MakeRooms", f.calls[0])
	require.ElementsMatch(t, []string{"AnnounceCalls", "PublishCalls"}, f.calls[1:3])
	require.Equal(t, "CloseCalls", f.calls[3])
	require.Equal(t, []PublishInput{{School: "s1", Epoch: 3, Roster: "digest"}}, got)
	var report VideoCallReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Equal(t, VideoCallReport{Served: Served{
		Done: map[string]int{ServedRooms: 2, ServedAnnouncements: 1, ServedCalls: 1}, Failed: map[string]int{"user-token-refused": 1}, Waiting: 3,
	}}, report)
}

// TestChatsAndPortalAreServedSideBySide: each of the two steps ends only once the other has begun.
func TestChatsAndPortalAreServedSideBySide(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	var both sync.WaitGroup
	both.Add(2)
	meet := func(PublishInput) (Served, error) {
		both.Done()
		both.Wait()
		return Served{}, nil
	}
	f.announceCalls, f.publishCalls = meet, meet
	env.ExecuteWorkflow(VideoCallSync, callsInput())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 1, f.made("CloseCalls"))
}

func TestWithoutAPortalNoCallIsPublishedThere(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	in := callsInput()
	in.Portal = false
	env.ExecuteWorkflow(VideoCallSync, in)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"MakeRooms", "AnnounceCalls", "CloseCalls"}, f.calls)
}

func TestAStepThatFailsKeepsNoOtherFromBeingDone(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(f *fake, with func(PublishInput) (Served, error)){
		"rooms":    func(f *fake, with func(PublishInput) (Served, error)) { f.makeRooms = with },
		"chats":    func(f *fake, with func(PublishInput) (Served, error)) { f.announceCalls = with },
		"Portal":   func(f *fake, with func(PublishInput) (Served, error)) { f.publishCalls = with },
		"put away": func(f *fake, with func(PublishInput) (Served, error)) { f.closeCalls = with },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, f := setup(t)
			f.makeRooms, f.announceCalls, f.publishCalls, f.closeCalls = done("rooms"), done("chats"), done("Portal"), done("put away")
			fails(f, func(PublishInput) (Served, error) { return Served{}, refuse(ProblemPortalTrouble) })
			env.ExecuteWorkflow(VideoCallSync, callsInput())
			require.NoError(t, env.GetWorkflowError())
			calls := slices.Sorted(slices.Values(f.calls))
			require.Equal(t, []string{"AnnounceCalls", "CloseCalls", "MakeRooms", "PublishCalls"}, calls)
			var report VideoCallReport
			require.NoError(t, env.GetWorkflowResult(&report))
			problem := &Problem{Code: ProblemPortalTrouble, Message: "refused"}
			if name == "Portal" {
				require.Equal(t, problem, report.Portal)
				require.Nil(t, report.Problem)
			} else {
				require.Equal(t, problem, report.Problem)
				require.Nil(t, report.Portal)
			}
			require.Len(t, report.Done, 3)
			require.NotContains(t, report.Done, name)
		})
	}
}

func TestTheFirstProblemOfVideoCallsIsTold(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.makeRooms = func(PublishInput) (Served, error) { return Served{}, refuse(ProblemProxyTrouble) }
	f.announceCalls = func(PublishInput) (Served, error) { return Served{}, refuse(ProblemTokenRefused) }
	f.publishCalls = func(PublishInput) (Served, error) { return Served{}, refuse(ProblemPortalTrouble) }
	env.ExecuteWorkflow(VideoCallSync, callsInput())
	var report VideoCallReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Equal(t, ProblemProxyTrouble, report.Problem.Code)
	require.Equal(t, ProblemPortalTrouble, report.Portal.Code)
}

func TestAPortalThatDoesNotAnswerIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.publishCalls = func(PublishInput) (Served, error) { return Served{}, errPlain }
	began := env.Now()
	env.ExecuteWorkflow(VideoCallSync, callsInput())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, f.made("PublishCalls"))
	require.Equal(t, 1, f.made("CloseCalls"))
	require.LessOrEqual(t, env.Now().Sub(began), time.Minute)
}

// TestWhatNeedsNoNewRoomDoesNotWaitForRoomsLong: what does need one, is shown once it is there.
func TestWhatNeedsNoNewRoomDoesNotWaitForRoomsLong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		made  Served
		shown int
	}{
		"rooms were made": {Served{Done: map[string]int{ServedRooms: 1}}, 2},
		"none was":        {Served{Done: map[string]int{ServedFinished: 1}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, f := setup(t)
			f.makeRooms = func(PublishInput) (Served, error) {
				if f.made("MakeRooms") < 4 {
					return Served{}, errPlain
				}
				require.Equal(t, 1, f.made("AnnounceCalls"))
				require.Equal(t, 1, f.made("PublishCalls"))
				require.Zero(t, f.made("CloseCalls"))
				return c.made, nil
			}
			env.ExecuteWorkflow(VideoCallSync, callsInput())
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, c.shown, f.made("AnnounceCalls"))
			require.Equal(t, c.shown, f.made("PublishCalls"))
			require.Equal(t, 1, f.made("CloseCalls"))
		})
	}
}

func TestCancelledVideoCallsBeginNoOtherStep(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.makeRooms = func(PublishInput) (Served, error) { return Served{}, errPlain } // tried again for minutes
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
	env.ExecuteWorkflow(VideoCallSync, callsInput())
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Zero(t, f.made("AnnounceCalls")+f.made("PublishCalls")+f.made("CloseCalls"))
}
