package activities_test

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/activities"
	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/workflows"
)

func TestRoomsAreMadeWithAPersonsToken(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(roomless("a"))
	require.Empty(t, b.callsPass(workflows.OutcomeInStep).Operations)
	require.Equal(t, calls.ProblemNoRoom, b.call("a").Problem)
	require.Empty(t, b.portal().Calls)

	b.user()
	report := b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, map[string]int{workflows.ServedRooms: 1, workflows.ServedAnnouncements: 1, workflows.ServedCalls: 1}, report.Operations)
	rooms := b.rooms()
	require.Len(t, rooms, 1)
	require.EqualValues(t, manager, rooms[0].StartedBy)
	require.Equal(t, rooms[0].JoinLink, b.portal().Calls[0].Link)
	require.Contains(t, b.chats()["00А · Ученики"].Messages[0].Text, rooms[0].JoinLink)
	require.Empty(t, b.call("a").Problem)
	require.Zero(t, b.requests(func() { b.callsPass(workflows.OutcomeInStep) }))

	b.told(cancelled(roomless("a")))
	report = b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, map[string]int{workflows.ServedFinished: 1, workflows.ServedTakenBack: 1, workflows.ServedRemoved: 1}, report.Operations)
	require.True(t, b.rooms()[0].Finished)
	require.NotNil(t, b.call("a").DoneAt)

	b.told(roomless("a")) // it takes place after all
	b.callsPass(workflows.OutcomeChanged)
	require.Len(t, b.rooms(), 2)
	require.Equal(t, b.rooms()[1].JoinLink, b.portal().Calls[0].Link)
	require.Contains(t, b.messages()[0].Text, b.rooms()[1].JoinLink)
}

func TestARoomIsClosedOnceThereIsATokenThatMay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose    func(*bench) error
		outcome workflows.Outcome
		failed  map[string]int
		problem string
	}{
		"there is none": {func(b *bench) error { return b.store.SetUserToken(b.t.Context(), "s", "") },
			workflows.OutcomeChanged, nil, calls.ProblemRoomOpen},
		"it is revoked": {func(b *bench) error {
			_, err := b.sandbox.RevokeUserToken(vk.UserRef{GroupID: group, Account: manager})
			return err
		}, workflows.OutcomePartial, map[string]int{"room-token-refused": 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupPortal(t)
			b.inStep(big(1, 2))
			b.user()
			b.told(roomless("a"))
			b.callsPass(workflows.OutcomeChanged)
			require.NoError(t, c.lose(b))
			b.told(cancelled(roomless("a")))
			report := b.callsPass(c.outcome)
			require.Equal(t, c.failed, report.Failed)
			require.Empty(t, b.messages())
			require.Empty(t, b.portal().Calls)
			require.False(t, b.rooms()[0].Finished)
			require.Nil(t, b.call("a").DoneAt)
			require.Equal(t, c.problem, b.call("a").Problem)
			b.user()
			b.callsPass(workflows.OutcomeChanged)
			require.True(t, b.rooms()[0].Finished)
			require.NotNil(t, b.call("a").DoneAt)
		})
	}
}

func TestACallThatHasItsLinkNoMoreIsNotSeenUntilItHasARoom(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"))
	b.callsPass(workflows.OutcomeChanged)
	b.told(roomless("a"))
	b.callsPass(workflows.OutcomeChanged)
	require.Empty(t, b.messages())
	require.Empty(t, b.portal().Calls)
	require.Equal(t, calls.ProblemNoRoom, b.call("a").Problem)
	b.user()
	b.callsPass(workflows.OutcomeChanged)
	require.Len(t, b.messages(), 1)
	require.Equal(t, b.rooms()[0].JoinLink, b.portal().Calls[0].Link)
}

func TestARoomIsClosedOnceThoughTheReplyWasLost(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.user()
	b.told(roomless("a"))
	b.callsPass(workflows.OutcomeChanged)
	b.told(cancelled(roomless("a")))
	b.disturb(traffic.Fault{Method: "calls.forceFinish", Mode: traffic.ModeLostReply})
	report := b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, 1, report.Operations[workflows.ServedFinished])
	require.True(t, b.rooms()[0].Finished)
	require.NotNil(t, b.call("a").DoneAt)
}

func TestARefusedUserTokenKeepsNothingElseFromBeingDone(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.user()
	_, err := b.sandbox.RevokeUserToken(vk.UserRef{GroupID: group, Account: manager})
	require.NoError(t, err)
	b.told(roomless("a"), lesson("b"))
	report := b.callsPass(workflows.OutcomePartial)
	require.Equal(t, map[string]int{"user-token-refused": 1}, report.Failed)
	require.Nil(t, report.Portal)
	require.Equal(t, map[string]int{workflows.ServedAnnouncements: 1, workflows.ServedCalls: 1}, report.Operations)
	require.Equal(t, calls.ProblemNoRoom, b.call("a").Problem)
	require.Equal(t, []string{"b"}, lo.Map(b.portal().Calls, callID))
	row, err := b.store.School(t.Context(), "s")
	require.NoError(t, err)
	require.Empty(t, row.Refused, "the school's own token is good")
	_, refused, err := b.store.UserToken(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, messenger.CodeTokenRefused, refused)
	require.Zero(t, b.requests(func() { b.callsPass(workflows.OutcomeInStep) }), "it is not tried again")

	b.user()
	report = b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, 1, report.Operations[workflows.ServedRooms])
	require.Equal(t, []string{"a", "b"}, lo.Map(b.portal().Calls, callID))
}

// TestTwoAttemptsMakeOneRoom: while one attempt waits for its answer, another has made the room.
func TestTwoAttemptsMakeOneRoom(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.user()
	b.told(roomless("a"))
	epoch := b.begin()
	other := *b
	other.acts = &activities.Activities{Store: b.store, Messengers: b.acts.Messengers, Portal: b.acts.Portal, Now: b.acts.Now}
	b.meanwhile("calls.start", func() error { _, err := other.step("MakeRooms", epoch); return err })
	served, err := b.step("MakeRooms", epoch)
	require.NoError(t, err)
	require.Equal(t, map[string]int{workflows.ServedRooms: 1}, served.Done)
	rooms := b.rooms()
	require.Len(t, rooms, 2)
	open := lo.Filter(rooms, func(r vk.Room, _ int) bool { return !r.Finished })
	require.Len(t, open, 1)
	require.Equal(t, open[0].CallID, b.call("a").Room.ID, "the room that was recorded first stays")
	require.Equal(t, open[0].CallID, rooms[1].CallID)
}

func TestAnOvertakenAttemptMakesNoRoom(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.user()
	b.told(roomless("a"), roomless("b"))
	epoch := b.begin()
	b.meanwhile("calls.start", func() error { _, err := b.begun(); return err })
	_, err := b.step("MakeRooms", epoch)
	b.requireFailed(err, workflows.ProblemFenced, true)
	require.Len(t, b.rooms(), 1)
	require.NotNil(t, b.call("a").Room, "what was made is on record")
}
