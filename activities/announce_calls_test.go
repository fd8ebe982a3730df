package activities_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

// messages are those in the chat in which lessons are announced.
func (b *bench) messages() []vk.Message { return b.chats()["00А · Ученики"].Messages }

// takenBack counts the messages that were deleted there.
func (b *bench) takenBack() int { return b.chats()["00А · Ученики"].DeletedMessages }

func TestACallIsAnnouncedOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]traffic.Fault{
		"as it should be":       {Method: "portal.unknown", Mode: traffic.ModeDrop}, // which strikes nothing
		"after a lost reply":    {Method: "messages.send", Mode: traffic.ModeLostReply},
		"after it did not go":   {Method: "messages.send", Mode: traffic.ModeDrop},
		"after lost replies":    {Method: "messages.send", Mode: traffic.ModeLostReply, Times: 3},
		"after VK's own errors": {Method: "messages.send", Mode: traffic.ModeError, ErrorCode: 10, Times: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupPortal(t)
			b.inStep(big(1, 2))
			b.told(lesson("a"))
			b.disturb(fault)
			report := b.callsPass(workflows.OutcomeChanged)
			require.Equal(t, 1, report.Operations[workflows.ServedAnnouncements])
			require.Len(t, b.messages(), 1)
			require.Contains(t, b.messages()[0].Text, "Урок a")
			require.Equal(t, fmt.Sprint(b.messages()[0].ConversationMessageID), string(b.call("a").Posted.Message))
			require.Zero(t, b.takenBack())
			require.Zero(t, b.requests(func() { b.callsPass(workflows.OutcomeInStep) }))
		})
	}
}

func TestAnAnnouncementThatIsNoLongerTrueIsReplaced(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"))
	b.callsPass(workflows.OutcomeChanged)
	moved := lesson("a")
	moved.Link = "https://room.example/elsewhere"
	b.told(moved)
	b.disturb(traffic.Fault{Method: "messages.delete", Mode: traffic.ModeLostReply})
	report := b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, 1, report.Operations[workflows.ServedTakenBack])
	require.Equal(t, 1, report.Operations[workflows.ServedAnnouncements])
	require.Len(t, b.messages(), 1)
	require.Contains(t, b.messages()[0].Text, "https://room.example/elsewhere")
	require.Equal(t, 1, b.takenBack())

	moved.Chat = "parents" // the text is the same, the chat another
	b.told(moved)
	b.callsPass(workflows.OutcomeChanged)
	require.Empty(t, b.messages())
	require.Len(t, b.chats()["00А · Родители"].Messages, 1)
}

// TestAnUnconfirmedAnnouncementIsFoundAndReplaced: what it said was changed before anybody knew
// whether it was in the chat.
func TestAnUnconfirmedAnnouncementIsFoundAndReplaced(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"))
	b.disturb(traffic.Fault{Method: "messages.send", Mode: traffic.ModeLostReply})
	_, err := b.step("AnnounceCalls", b.begin())
	b.requireFailed(err, workflows.ProblemUnavailable, false)
	require.Zero(t, b.call("a").Posted.Message)
	changed := lesson("a")
	changed.Title = "Урок второй"
	b.told(changed)
	b.callsPass(workflows.OutcomeChanged)
	require.Len(t, b.messages(), 1)
	require.Contains(t, b.messages()[0].Text, "Урок второй")
	require.Equal(t, 1, b.takenBack())
}

func TestACallThatIsCancelledWhileItsAnnouncementIsUnconfirmed(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]traffic.Mode{"it is in the chat": traffic.ModeLostReply, "it is not": traffic.ModeDrop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupPortal(t)
			b.inStep(big(1, 2))
			b.told(lesson("a"))
			b.disturb(traffic.Fault{Method: "messages.send", Mode: mode})
			_, err := b.step("AnnounceCalls", b.begin())
			b.requireFailed(err, workflows.ProblemUnavailable, false)
			b.told(cancelled(lesson("a")))
			report := b.callsPass(workflows.OutcomeChanged)
			require.Equal(t, 1, report.Operations[workflows.ServedTakenBack])
			require.Empty(t, b.messages())
			require.Equal(t, 1, b.takenBack())
			require.Nil(t, b.call("a").Posted)
			require.NotNil(t, b.call("a").DoneAt)
		})
	}
}

func TestAChatThatIsGoneKeepsNoOtherCallFromBeingAnnounced(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(2, 2))
	there := lesson("b")
	there.Class = "c01"
	b.told(lesson("a"), there)
	b.restate("00А · Ученики", vk.ChatKicked)
	report := b.callsPass(workflows.OutcomePartial)
	require.Equal(t, map[string]int{"call-chat-denied": 1}, report.Failed)
	require.Equal(t, map[string]int{workflows.ServedAnnouncements: 1, workflows.ServedCalls: 2}, report.Operations)
	require.Len(t, b.chats()["01А · Ученики"].Messages, 1)
	b.restate("00А · Ученики", vk.ChatIn)
	b.callsPass(workflows.OutcomeChanged)
	require.Len(t, b.messages(), 1)

	b.restate("00А · Ученики", vk.ChatKicked)
	b.told(cancelled(lesson("a")), cancelled(there))
	report = b.callsPass(workflows.OutcomePartial)
	require.Equal(t, map[string]int{"call-chat-denied": 1}, report.Failed)
	require.Equal(t, 1, report.Operations[workflows.ServedTakenBack])
	require.NotNil(t, b.call("a").DoneAt, "nothing more can be done about it")
	require.NotNil(t, b.call("b").DoneAt)
}

func (b *bench) restate(title string, state vk.ChatState) {
	b.t.Helper()
	_, err := b.sandbox.SetChatState(vk.Restating{GroupID: group, ChatID: b.chats()[title].ChatID, State: state})
	require.NoError(b.t, err)
}

// TestAMessageThatCannotBeDeletedIsCorrected by one that says that the call is cancelled.
func TestAMessageThatCannotBeDeletedIsCorrected(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"), lesson("b"))
	b.callsPass(workflows.OutcomeChanged)
	b.told(cancelled(lesson("a")), cancelled(lesson("b")))
	b.disturb(traffic.Fault{Method: "messages.delete", Mode: traffic.ModeError, ErrorCode: 924})
	report := b.callsPass(workflows.OutcomePartial)
	require.Equal(t, map[string]int{"call-chat-rights": 1}, report.Failed)
	require.Equal(t, 1, report.Operations[workflows.ServedTakenBack])
	require.Equal(t, 1, report.Operations[workflows.ServedAnnouncements])
	require.Len(t, b.messages(), 2)
	require.Contains(t, b.messages()[1].Text, "отменён")
	require.NotContains(t, b.messages()[1].Text, "https://")
	for _, id := range []school.CallID{"a", "b"} {
		require.NotNil(t, b.call(id).DoneAt)
	}
	require.Zero(t, b.requests(func() { b.callsPass(workflows.OutcomeInStep) }))
}

func TestARefusedTokenKeepsNoCallFromThePortal(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"))
	_, err := b.sandbox.RevokeToken(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	_, err = b.run(workflows.Request{Trigger: workflows.TriggerEvent, Scope: workflows.Scope{Calls: true}})
	requireProblem(t, err, workflows.ProblemTokenRefused, "school s")
	b.discreet(err.Error())
	require.Len(t, b.portal().Calls, 1)
	require.NotNil(t, b.call("a").Posted, "it may have been sent: whoever sends it again finds out")
}

func TestAnOvertakenPassAnnouncesNothing(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"))
	epoch := b.begin()
	b.begin()
	require.Empty(t, b.calls(func() {
		_, err := b.step("AnnounceCalls", epoch)
		b.requireFailed(err, workflows.ProblemFenced, true)
	}))
	b.callsPass(workflows.OutcomeChanged)
	require.Len(t, b.messages(), 1)
}
