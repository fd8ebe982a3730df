package max_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/max"
	"github.com/rollcall-edu/rollcall/internal/messenger/schematest"
	standin "github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	bot     = 900
	teacher = 1 // owns the chat
	pupil   = 2
)

type open struct{}

func (open) Pass(context.Context) error { return nil }

// bench is the adapter on the stand-in for MAX, in which a teacher has made a chat.
type bench struct {
	t      *testing.T
	world  *standin.World
	client *max.Client
	config max.Config
	chat   standin.Chat
}

func setup(t *testing.T) *bench {
	t.Helper()
	world, err := standin.Open(standin.Options{RequestsPerSecond: -1, Log: traffic.NewLog(), Faults: &traffic.Faults{}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = world.Close() })
	server := httptest.NewServer(schematest.Check(t).Handler(t, world))
	t.Cleanup(server.Close)
	_, err = world.RegisterBot(standin.Registration{ID: bot, Token: "token", Name: "School 5"})
	require.NoError(t, err)
	_, err = world.SetSwitches(standin.Switching{Bot: bot, Adding: new(standin.AddingFull)})
	require.NoError(t, err)
	chat, err := world.MakeChat(standin.Making{Owner: teacher, Title: "7A"})
	require.NoError(t, err)
	b := &bench{t: t, world: world, chat: chat, config: max.Config{
		BaseURL: server.URL, Token: "token", BotID: bot, Adding: true, Gate: open{},
	}}
	b.client, err = max.New(b.config)
	require.NoError(t, err)
	return b
}

// letIn lets the bot into the chat, as an admin with these permissions; nil is all.
func (b *bench) letIn(permissions ...standin.Permission) {
	b.t.Helper()
	_, err := b.world.AddBot(standin.BotRights{Chat: b.chat.ChatID, Bot: bot, Permissions: permissions})
	require.NoError(b.t, err)
}

func (b *bench) read() messenger.ChatState {
	b.t.Helper()
	states, err := b.client.Read(b.t.Context(), []messenger.ChatRef{max.ChatRef(b.chat.ChatID)})
	require.NoError(b.t, err)
	return states[0]
}

// do makes calls in the chat and gives their replies.
func (b *bench) do(calls ...messenger.Call) []messenger.Reply {
	b.t.Helper()
	var replies []messenger.Reply
	for i := range calls {
		calls[i].Chat = max.ChatRef(b.chat.ChatID)
	}
	err := b.client.Do(b.t.Context(), calls, func(_ int, more []messenger.Reply) error {
		replies = append(replies, more...)
		return nil
	})
	require.NoError(b.t, err)
	return replies
}

func of(kind messenger.CallKind, account school.AccountID) messenger.Call {
	return messenger.Call{Kind: kind, Account: account}
}

func codes(replies []messenger.Reply) []messenger.Code {
	return lo.Map(replies, func(r messenger.Reply, _ int) messenger.Code { return messenger.CodeOf(r.Err) })
}

func TestOnTheStandInAChatIsAdopted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	community, err := b.client.Community(t.Context())
	require.NoError(t, err)
	require.Equal(t, messenger.Community{ID: bot, Name: "School 5"}, community)
	require.Equal(t, messenger.CodeChatDenied, messenger.CodeOf(b.read().Err), "not let in yet")

	_, err = b.world.AddBot(standin.BotRights{Chat: b.chat.ChatID, Bot: bot, Plain: true})
	require.NoError(t, err)
	state := b.read()
	require.Equal(t, messenger.CodeChatDenied, messenger.CodeOf(state.Err))
	require.Equal(t, "7A", state.Title)
	require.Len(t, state.Lacks, 5)

	_, err = b.world.SetBotPermissions(standin.BotRights{
		Chat: b.chat.ChatID, Bot: bot, Permissions: []standin.Permission{standin.ReadAllMessages, standin.AddRemoveMembers},
	})
	require.NoError(t, err)
	state = b.read()
	require.NoError(t, state.Err)
	require.Equal(t, []messenger.Right{messenger.RightAdmins, messenger.RightTitle, messenger.RightWrite}, state.Lacks)
	require.Equal(t, []messenger.Member{{Account: teacher, Admin: true, Owner: true}}, state.Members)

	_, err = b.world.CloseChat(standin.ChatRef{Chat: b.chat.ChatID})
	require.NoError(t, err)
	require.Equal(t, messenger.CodeChatGone, messenger.CodeOf(b.read().Err))
}

func TestOnTheStandInAChatIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.letIn()
	_, err := b.world.Join(standin.Joining{Chat: b.chat.ChatID, User: 3})
	require.NoError(t, err)
	replies := b.do(
		messenger.Call{Kind: messenger.CallSetTitle, Title: "7B"}, messenger.Call{Kind: messenger.CallInviteLink},
		of(messenger.CallAddMember, pupil), of(messenger.CallAddMember, 4), of(messenger.CallPromote, 4), of(messenger.CallPromote, pupil),
		of(messenger.CallDemote, pupil),
		messenger.Call{Kind: messenger.CallRemoveMember, Account: 3, Block: true},
	)
	require.Equal(t, make([]messenger.Code, 8), codes(replies))
	require.Equal(t, b.chat.Link, replies[1].Link)
	state := b.read()
	require.Equal(t, "7B", state.Title)
	require.Empty(t, state.Lacks)
	require.Equal(t, []messenger.Member{
		{Account: teacher, Admin: true, Owner: true}, {Account: pupil}, {Account: 4, Admin: true},
	}, state.Members)
	_, err = b.world.Join(standin.Joining{Chat: b.chat.ChatID, User: 3})
	require.Error(t, err, "who is blocked does not come back")
}

func TestOnTheStandInWhatIsSoAlready(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.letIn()
	replies := b.do(
		of(messenger.CallRemoveMember, pupil), of(messenger.CallDemote, pupil), of(messenger.CallPromote, pupil),
		of(messenger.CallRemoveMember, teacher), of(messenger.CallDemote, teacher), of(messenger.CallAddMember, pupil),
		of(messenger.CallAddMember, 4), of(messenger.CallDemote, pupil), of(messenger.CallPromote, 4), of(messenger.CallPromote, teacher),
		of(messenger.CallPromote, pupil),
	)
	require.Equal(t, []messenger.Code{
		"", "", messenger.CodeMemberAbsent, messenger.CodeChatRights, messenger.CodeChatRights, "", "", "", "", messenger.CodeChatRights, "",
	}, codes(replies))
}

func TestOnTheStandInAddingIsRestricted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.letIn()
	for kind, want := range map[standin.Adding]messenger.Code{
		standin.AddingRemoved: messenger.CodeAddDenied, standin.AddingRestricted: messenger.CodeMemberRefused,
	} {
		_, err := b.world.SetSwitches(standin.Switching{Bot: bot, Adding: &kind})
		require.NoError(t, err)
		require.Equal(t, []messenger.Code{want, want}, codes(b.do(of(messenger.CallAddMember, pupil), of(messenger.CallAddMember, 4))))
	}
}

func TestOnTheStandInAMessageIsSentOnceAndDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.letIn()
	say := messenger.Call{Kind: messenger.CallSendMessage, Text: "At nine", RandomID: 1}
	replies := b.do(say, say)
	require.NotEmpty(t, replies[0].Message)
	require.Equal(t, replies[0], replies[1])
	unsay := messenger.Call{Kind: messenger.CallDeleteMessage, Message: replies[0].Message}
	require.Equal(t, []messenger.Code{"", ""}, codes(b.do(unsay, unsay)))
	require.NotEqual(t, replies[0], b.do(say)[0], "what was deleted is not there any more")
}

func TestOnTheStandInAPollTells(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := max.NewPoll(b.config)
	require.NoError(t, err)
	events, gap, err := p.Next(t.Context())
	require.NoError(t, err)
	require.True(t, gap)
	require.Empty(t, events)

	b.letIn()
	b.do(of(messenger.CallAddMember, pupil))
	_, err = b.world.Leave(standin.Seat{Chat: b.chat.ChatID, User: pupil})
	require.NoError(t, err)
	var kinds []messenger.EventKind
	for len(kinds) < 3 {
		events, gap, err = p.Next(t.Context())
		require.NoError(t, err)
		require.False(t, gap)
		for _, event := range events {
			require.Equal(t, max.ChatRef(b.chat.ChatID), event.Chat)
			require.Equal(t, event.Kind == messenger.EventAdded, event.Own)
			kinds = append(kinds, event.Kind)
		}
	}
	require.Equal(t, []messenger.EventKind{messenger.EventOwnAdded, messenger.EventAdded, messenger.EventLeft}, kinds)
}

func TestOnTheStandInASubscription(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const address = "https://127.0.0.1:1/max/5"
	require.NoError(t, b.client.Subscribe(t.Context(), address, "abc-DEF_123"))
	there, err := b.client.Subscriptions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{address}, there)
	for range 2 {
		require.NoError(t, b.client.Unsubscribe(t.Context(), address))
	}
	there, err = b.client.Subscriptions(t.Context())
	require.NoError(t, err)
	require.Empty(t, there)
}
