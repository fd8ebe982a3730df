package vk_test

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// told is an event as a listener gets it.
type told struct {
	Type    string `json:"type"`
	EventID string `json:"event_id"`
	V       string `json:"v"`
	GroupID int64  `json:"group_id"`
	Secret  string `json:"secret"`
	Object  struct {
		Message struct {
			PeerID int64  `json:"peer_id"`
			FromID int64  `json:"from_id"`
			Number int64  `json:"conversation_message_id"`
			Action action `json:"action"`
		} `json:"message"`
	} `json:"object"`
}

type action struct {
	Type   string `json:"type"`
	Member int64  `json:"member_id"`
	Text   string `json:"text"`
}

// seen is what an event says happened, and who did it.
type seen struct {
	Chat, From int64
	action
}

func sight(e told, _ int) seen {
	return seen{Chat: e.Object.Message.PeerID - base, From: e.Object.Message.FromID, action: e.Object.Message.Action}
}

func TestACommunityIsToldWhatHappensInItsChats(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.grantAdding()
	b.create("1A", "1,2")
	link := b.chat(1).Link
	must := func(_ vk.Chat, err error) { t.Helper(); require.NoError(t, err) }
	call := func(method string, pairs ...any) { t.Helper(); require.Zero(t, b.code(method, pairs...)) }
	byHand := vk.Restating{GroupID: group, ChatID: 1}

	for name, c := range map[string]struct {
		act  func()
		want seen
	}{
		"a new chat":           {func() { b.create("1B", "9") }, seen{2, -group, action{"chat_create", 0, "1B"}}},
		"joining by the link":  {func() { must(b.Join(vk.Joining{Link: link, Account: 10})) }, seen{1, 10, action{"chat_invite_user_by_link", 10, ""}}},
		"bringing along":       {func() { must(b.AddByHand(seat(1, 11))) }, seen{1, 11, action{"chat_invite_user", 11, ""}}},
		"adding":               {func() { call("messages.addChatUser", "chat_id", 1, "user_id", 12) }, seen{1, -group, action{"chat_invite_user", 12, ""}}},
		"leaving":              {func() { must(b.Leave(seat(1, 2))) }, seen{1, 2, action{"chat_kick_user", 2, ""}}},
		"turning out by hand":  {func() { must(b.KickByHand(seat(1, 2))) }, seen{1, 1, action{"chat_kick_user", 2, ""}}},
		"removing":             {func() { call("messages.removeChatUser", "chat_id", 1, "member_id", 2) }, seen{1, -group, action{"chat_kick_user", 2, ""}}},
		"a title by hand":      {func() { must(b.RenameByHand(vk.Renaming{GroupID: group, ChatID: 1, Title: "2A"})) }, seen{1, 1, action{"chat_title_update", 0, "2A"}}},
		"a title":              {func() { call("messages.editChat", "chat_id", 1, "title", "2A") }, seen{1, -group, action{"chat_title_update", 0, "2A"}}},
		"turned out itself":    {func() { byHand.State = vk.ChatKicked; must(b.SetChatState(byHand)) }, seen{1, 1, action{"chat_kick_user", -group, ""}}},
		"let in again":         {func() { byHand.State = vk.ChatIn; must(b.SetChatState(byHand)) }, seen{1, 1, action{"chat_invite_user", -group, ""}}},
		"going":                {func() { call("messages.removeChatUser", "chat_id", 1, "member_id", -group) }, seen{1, -group, action{"chat_kick_user", -group, ""}}},
		"turning out the last": {func() { must(b.KickByHand(seat(1, 1))) }, seen{1, -group, action{"chat_kick_user", 1, ""}}},
	} {
		t.Run(name, func(t *testing.T) { // one after the other, each on the chat as it was
			restore(b, name)
			l := b.listen()
			c.act()
			events := l.poll(0)
			require.Equal(t, []seen{c.want}, lo.Map(events, sight))
			require.Equal(t, "message_new", events[0].Type)
			require.Equal(t, "5.199", events[0].V)
			require.EqualValues(t, group, events[0].GroupID)
			require.Regexp(t, "^[0-9a-f]{40}$", events[0].EventID)
			require.Empty(t, events[0].Secret)
			require.Equal(t, b.lastMessage(c.want.Chat), events[0].Object.Message.Number)
		})
	}
}

// restore puts chat 1 back: the members 1 and 2 (1 alone, where it is about the last), the title
// 1A, the community in it (or out of it).
func restore(b *bench, name string) {
	b.t.Helper()
	state := lo.Ternary(name == "let in again", vk.ChatKicked, vk.ChatIn)
	_, err := b.SetChatState(vk.Restating{GroupID: group, ChatID: 1, State: state})
	require.NoError(b.t, err)
	_, err = b.RenameByHand(vk.Renaming{GroupID: group, ChatID: 1, Title: "1A"})
	require.NoError(b.t, err)
	wanted := lo.Ternary(name == "turning out the last", []int64{1}, []int64{1, 2})
	for _, account := range b.chat(1).Members {
		_, err := b.KickByHand(seat(1, account))
		require.NoError(b.t, err)
	}
	for _, account := range wanted {
		_, err := b.AddByHand(seat(1, account))
		require.NoError(b.t, err)
	}
}

func (b *bench) lastMessage(chat int64) int64 {
	b.t.Helper()
	type conversations struct {
		Items []struct {
			Last int64 `json:"last_conversation_message_id"`
		} `json:"items"`
	}
	return good[conversations](b, "messages.getConversationsById", "peer_ids", base+chat).Items[0].Last
}

func TestACommunityIsNotToldOfAllElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.grantAdding()
	b.create("1A", "1,2")
	l := b.listen()
	_, err := b.SetAdminByHand(vk.Rights{Seat: seat(1, 2), Admin: true})
	require.NoError(t, err)
	for _, quiet := range [][]any{
		{"messages.setMemberRole", "peer_id", base + 1, "member_id", 1, "role", "admin"},
		{"messages.getInviteLink", "peer_id", base + 1, "reset", 1},
		{"messages.editChat", "chat_id", 1, "title", "1A"},
		{"messages.send", "peer_id", base + 1, "message", "x", "random_id", 1},
	} {
		require.Zero(t, b.code(quiet[0].(string), quiet[1:]...), quiet)
	}
	require.Equal(t, 15, b.code("messages.addChatUser", "chat_id", 1, "user_id", 1))
	require.Equal(t, 935, b.code("messages.removeChatUser", "chat_id", 1, "member_id", 7))
	require.Empty(t, l.poll(0))
}

func TestACommunityHearsNothingFromWhereItIsNot(t *testing.T) {
	t.Parallel()
	for _, state := range []vk.ChatState{vk.ChatKicked, vk.ChatLeft, vk.ChatGone, vk.ChatDisabled} {
		b := setup(t)
		b.create("1A", "1,2")
		_, err := b.SetChatState(vk.Restating{GroupID: group, ChatID: 1, State: state})
		require.NoError(t, err)
		l := b.listen()
		_, err = b.Leave(seat(1, 2))
		require.NoError(t, err)
		_, err = b.RenameByHand(vk.Renaming{GroupID: group, ChatID: 1, Title: "2A"})
		require.NoError(t, err)
		require.Empty(t, l.poll(0), state)
	}
}
