package vk_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	standin "github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

const (
	schoolGroup = 5
	director    = 501
)

type open struct{}

func (open) Pass(context.Context) error { return nil }

// bench is the adapter on the stand-in for VK, in which there is a community with one chat.
type bench struct {
	t      *testing.T
	world  *standin.World
	faults *traffic.Faults
	client *vk.Client
	rooms  *vk.Rooms
	url    string
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, faults: &traffic.Faults{}}
	world, err := standin.Open(standin.Options{RequestsPerSecond: -1, Log: traffic.NewLog(), Faults: b.faults})
	require.NoError(t, err)
	t.Cleanup(func() { _ = world.Close() })
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	b.world, b.url = world, server.URL

	_, err = world.RegisterCommunity(standin.Registration{GroupID: schoolGroup, Token: "community", Name: "School"})
	require.NoError(t, err)
	_, err = world.RegisterUserToken(standin.UserToken{GroupID: schoolGroup, Token: "person", Account: director})
	require.NoError(t, err)
	b.client, err = vk.New(b.config("community"))
	require.NoError(t, err)
	b.rooms, err = vk.NewRooms(b.config("person"))
	require.NoError(t, err)
	b.must(messenger.Call{Kind: messenger.CallCreateChat, Title: "1A"})
	return b
}

func (b *bench) config(token string) vk.Config {
	return vk.Config{BaseURL: b.url, Token: token, GroupID: schoolGroup, Gate: open{}}
}

func (b *bench) do(calls ...messenger.Call) ([]messenger.Reply, error) {
	b.t.Helper()
	var replies []messenger.Reply
	err := b.client.Do(b.t.Context(), calls, func(_ int, more []messenger.Reply) error {
		replies = append(replies, more...)
		return nil
	})
	return replies, err
}

// must makes calls that all go well.
func (b *bench) must(calls ...messenger.Call) []messenger.Reply {
	b.t.Helper()
	replies, err := b.do(calls...)
	require.NoError(b.t, err)
	for _, reply := range replies {
		require.NoError(b.t, reply.Err)
	}
	return replies
}

func (b *bench) state() standin.State {
	b.t.Helper()
	state, err := b.world.State(standin.GroupRef{GroupID: schoolGroup})
	require.NoError(b.t, err)
	return state
}

// texts gives the texts of the messages in a chat.
func (b *bench) texts(chat int) []string {
	b.t.Helper()
	return lo.Map(b.state().Chats[chat-1].Messages, func(m standin.Message, _ int) string { return m.Text })
}

func say(text string, random int32) messenger.Call {
	return messenger.Call{Kind: messenger.CallSendMessage, Chat: "1", Text: text, RandomID: random}
}

func unsay(message messenger.MessageRef) messenger.Call {
	return messenger.Call{Kind: messenger.CallDeleteMessage, Chat: "1", Message: message}
}

func TestAMessageIsThereOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := "Урок в 9:00\n\"Биология\" https://vk.com/call/join/x \u2028"
	first := b.must(say(text, 7), messenger.Call{Kind: messenger.CallSetTitle, Chat: "1", Title: "2A"}, say("second", 8))
	require.NotEmpty(t, first[0].Message)
	require.NotEqual(t, first[0].Message, first[2].Message)
	require.Equal(t, first[0], b.must(say(text, 7))[0])
	require.Equal(t, []string{text, "second"}, b.texts(1))
}

func TestAMessageWhoseReplyIsLostIsSentAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.faults.Add(traffic.Fault{Method: "messages.send", Mode: traffic.ModeLostReply}))
	replies, err := b.do(say("hello", 7))
	require.Equal(t, messenger.CodeUnavailable, messenger.CodeOf(err))
	require.Empty(t, replies)
	require.NotEmpty(t, b.must(say("hello", 7))[0].Message)
	require.Equal(t, []string{"hello"}, b.texts(1))
}

func TestAMessageIsDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sent := b.must(say("first", 7), say("second", 8))
	b.must(unsay(sent[0].Message))
	require.Equal(t, []string{"second"}, b.texts(1))
	b.must(unsay(sent[0].Message), unsay("999"))
	require.Equal(t, []string{"second"}, b.texts(1))
	require.Equal(t, 1, b.state().Chats[0].DeletedMessages)
}

func TestChatsWhereNothingCanBeSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sent := b.must(say("hello", 7), messenger.Call{Kind: messenger.CallCreateChat, Title: "1B"})
	for state, want := range map[standin.ChatState]messenger.Code{
		standin.ChatKicked: messenger.CodeChatDenied, standin.ChatDisabled: messenger.CodeChatDenied, standin.ChatGone: messenger.CodeChatGone,
	} {
		_, err := b.world.SetChatState(standin.Restating{GroupID: schoolGroup, ChatID: 1, State: state})
		require.NoError(t, err)
		other := say("bye", 9)
		other.Chat = "2"
		replies, err := b.do(say("bye", 8), unsay(sent[0].Message), other)
		require.NoError(t, err)
		require.Equal(t, want, messenger.CodeOf(replies[0].Err), state)
		require.Equal(t, want, messenger.CodeOf(replies[1].Err), state)
		require.NoError(t, replies[2].Err)
	}
	require.Equal(t, []string{"hello"}, b.texts(1))
	require.Equal(t, []string{"bye"}, b.texts(2))
}

func TestARoomIsOpenedAndClosed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	room, err := b.rooms.StartCall(t.Context())
	require.NoError(t, err)
	kept := b.state().Rooms
	require.Len(t, kept, 1)
	require.Equal(t, messenger.Room{ID: kept[0].CallID, Link: kept[0].JoinLink}, room)
	require.False(t, kept[0].Finished)
	for range 2 {
		require.NoError(t, b.rooms.FinishCall(t.Context(), room.ID))
	}
	require.True(t, b.state().Rooms[0].Finished)
	require.NoError(t, b.rooms.FinishCall(t.Context(), "nobody knows it"))
}

func TestARoomWhoseReplyIsLostIsOpenedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.faults.Add(traffic.Fault{Method: "calls.start", Mode: traffic.ModeLostReply}))
	_, err := b.rooms.StartCall(t.Context())
	require.Equal(t, messenger.CodeUnavailable, messenger.CodeOf(err))
	room, err := b.rooms.StartCall(t.Context())
	require.NoError(t, err)
	require.Len(t, b.state().Rooms, 2)
	require.Equal(t, room.ID, b.state().Rooms[1].CallID)
}

func TestTokensThatOpenNoRoom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	room, err := b.rooms.StartCall(t.Context())
	require.NoError(t, err)
	requireCode := func(want messenger.Code, config vk.Config) {
		t.Helper()
		rooms, err := vk.NewRooms(config)
		require.NoError(t, err)
		_, err = rooms.StartCall(t.Context())
		require.Equal(t, want, messenger.CodeOf(err))
		require.NotContains(t, err.Error(), config.Token)
		if config.GroupID == schoolGroup {
			require.Equal(t, want, messenger.CodeOf(rooms.FinishCall(t.Context(), room.ID)))
		}
	}
	requireCode(messenger.CodeTokenRights, b.config("community"))
	requireCode(messenger.CodeTokenRefused, b.config("nobody"))
	elsewhere := b.config("person")
	elsewhere.GroupID = 6
	requireCode(messenger.CodeTokenRights, elsewhere)

	_, err = b.world.RevokeUserToken(standin.UserRef{GroupID: schoolGroup, Account: director})
	require.NoError(t, err)
	requireCode(messenger.CodeTokenRefused, b.config("person"))
	require.Len(t, b.state().Rooms, 1)
	require.False(t, b.state().Rooms[0].Finished)
}
