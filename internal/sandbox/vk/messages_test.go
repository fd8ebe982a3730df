package vk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

func TestAMessageIsSentOncePerRandomID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	send := func(random int) int64 {
		return good[int64](b, "messages.send", "peer_id", base+1, "message", "hello", "random_id", random)
	}
	first := send(7)
	require.Equal(t, first, send(7))
	require.Greater(t, send(8), first)
	require.NotEqual(t, send(0), send(0), "0 is no random_id")
	require.Equal(t, first, send(7))

	long := strings.Repeat("ы", 9001)
	require.Equal(t, 914, b.code("messages.send", "peer_id", base+1, "message", long, "random_id", 1))
	require.Zero(t, b.code("messages.send", "peer_id", base+1, "message", strings.TrimSuffix(long, "ы"), "random_id", 1))
	require.Equal(t, 901, b.code("messages.send", "peer_id", 1, "message", "x", "random_id", 1))
}

// part is a peer's or a message's part of an answer.
type part struct {
	PeerID    int64 `json:"peer_id"`
	MessageID int64 `json:"message_id"`
	ID        int64 `json:"conversation_message_id"`
	Response  int   `json:"response"`
	Error     *struct {
		Code        int    `json:"code"`
		Description string `json:"description"`
	} `json:"error"`
}

func (b *bench) say(peers any, text string, random int) []part {
	b.t.Helper()
	return good[[]part](b, "messages.send", "peer_ids", peers, "message", text, "random_id", random, "group_id", group)
}

func (b *bench) unsay(chat int, messages any) []part {
	b.t.Helper()
	return good[[]part](b, "messages.delete",
		"peer_id", base+chat, "cmids", messages, "delete_for_all", 1, "group_id", group)
}

func texts(c vk.Chat) []string {
	return lo.Map(c.Messages, func(m vk.Message, _ int) string { return m.Text })
}

func TestMessagesAreKeptPerChat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.create("1B", "2")
	sent := b.say(fmt.Sprintf("%d,%d", base+1, base+2), "hello", 7)
	require.Len(t, sent, 2)
	require.Equal(t, part{PeerID: base + 1, ID: sent[0].ID}, sent[0], "no message_id in chats")
	require.NotZero(t, sent[0].ID)
	require.Equal(t, []vk.Message{{
		ConversationMessageID: sent[0].ID, RandomID: 7, Text: "hello", At: b.clock.Now().UTC(),
	}}, b.chat(1).Messages)

	require.Equal(t, sent[:1], b.say(base+1, "something else", 7), "known by its random_id")
	b.say(base+2, "bye", 8)
	require.Equal(t, []string{"hello"}, texts(b.chat(1)))
	require.Equal(t, []string{"hello", "bye"}, texts(b.chat(2)))
}

func TestWhatCannotBeSaidToOnePeerIsSaidToTheOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.create("1B", "2")
	_, err := b.SetChatState(vk.Restating{GroupID: group, ChatID: 2, State: vk.ChatKicked})
	require.NoError(t, err)
	parts := b.say(fmt.Sprintf("%d,%d,%d,77", base+1, base+2, base+3), "hello", 7)
	codes := lo.Map(parts, func(p part, _ int) int {
		if p.Error == nil {
			return 0
		}
		require.NotEmpty(t, p.Error.Description)
		require.Zero(t, p.ID)
		return p.Error.Code
	})
	require.Equal(t, []int{0, 917, 927, 901}, codes)
	require.Equal(t, []string{"hello"}, texts(b.chat(1)))
}

func TestMessagesAreDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.create("1B", "2")
	first, second := b.say(base+1, "first", 1)[0].ID, b.say(base+1, "second", 2)[0].ID
	require.Equal(t, part{PeerID: base + 1, ID: first, Response: 0}, b.unsay(2, first)[0].at(1), "of another chat")
	require.Equal(t, 1, good[[]part](b, "messages.delete", "peer_id", base+1, "cmids", first)[0].Response)
	require.Len(t, b.chat(1).Messages, 2, "not for everybody")

	answers := b.unsay(1, fmt.Sprintf("%d,99", first))
	require.Equal(t, []part{{PeerID: base + 1, ID: first, Response: 1}, {PeerID: base + 1, ID: 99}}, answers)
	require.Zero(t, b.unsay(1, first)[0].Response, "it is no longer there")
	require.Equal(t, []string{"second"}, texts(b.chat(1)))
	require.Equal(t, 1, b.chat(1).DeletedMessages)
	require.Equal(t, first, b.say(base+1, "first", 1)[0].ID, "it is still known")
	require.Equal(t, []string{"second"}, texts(b.chat(1)))

	b.clock.advance(24*time.Hour + time.Second)
	old := b.unsay(1, second)[0]
	require.Equal(t, 924, old.Error.Code)
	require.Zero(t, old.Response)
	require.Equal(t, []string{"second"}, texts(b.chat(1)))
}

// at gives the part as it would be in another chat.
func (p part) at(chat int64) part {
	p.PeerID = base + chat
	return p
}

func TestWhereNothingCanBeSaidNothingIsDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	id := b.say(base+1, "hello", 1)[0].ID
	for state, code := range map[vk.ChatState]int{vk.ChatKicked: 917, vk.ChatGone: 927, vk.ChatDisabled: 945} {
		_, err := b.SetChatState(vk.Restating{GroupID: group, ChatID: 1, State: state})
		require.NoError(t, err)
		require.Equal(t, code, b.code("messages.delete", "peer_id", base+1, "cmids", id, "delete_for_all", 1))
	}
	require.Equal(t, []string{"hello"}, texts(b.chat(1)))
}

func TestAMessageWhoseReplyWasLostIsThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.arm(traffic.Fault{Method: "messages.send", Mode: traffic.ModeLostReply})
	_, err := b.post(t.Context(), "messages.send", form("peer_ids", base+1, "message", "hello", "random_id", 1))
	require.Error(t, err)
	b.say(base+1, "hello", 1)
	require.Equal(t, []string{"hello"}, texts(b.chat(1)))
}

func TestAChatKnowsItsLatestMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	script := `var i=0;while(i<20){API.messages.send({"peer_ids":"2000000001","message":"x","random_id":%d+i});i=i+1;}`
	for i := range 51 {
		a := b.ask("execute", form("code", fmt.Sprintf(script, 1+20*i)))
		require.Nil(t, a.Error)
	}
	messages := b.chat(1).Messages
	require.Len(t, messages, 1000)
	require.EqualValues(t, 21, messages[0].RandomID)
}
