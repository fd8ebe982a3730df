package vk_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

const (
	person      = "secret-of-a-person"
	director    = 501
	unknownCall = "00000000-0000-0000-0000-000000000000"
)

type startedCall struct {
	ID   string `json:"call_id"`
	Link string `json:"join_link"`
	OK   string `json:"ok_join_link"`
}

// appoint makes the director a manager of the community.
func (b *bench) appoint() {
	b.t.Helper()
	m, err := b.RegisterUserToken(vk.UserToken{GroupID: group, Token: person, Account: director})
	require.NoError(b.t, err)
	require.Equal(b.t, vk.Manager{GroupID: group, Account: director, TokenGood: true}, m)
}

func (b *bench) start() startedCall {
	b.t.Helper()
	return good[startedCall](b, "calls.start", "access_token", person, "group_id", group)
}

func (b *bench) rooms() []vk.Room {
	b.t.Helper()
	state, err := b.State(vk.GroupRef{GroupID: group})
	require.NoError(b.t, err)
	return state.Rooms
}

func TestACallIsStartedAndFinished(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.appoint()
	call := b.start()
	require.Len(t, call.ID, 36)
	require.Regexp(t, `^https://vk\.com/call/join/\w+$`, call.Link)
	require.NotEmpty(t, call.OK)
	room := vk.Room{CallID: call.ID, JoinLink: call.Link, StartedAt: b.clock.Now().UTC(), StartedBy: director}
	require.Equal(t, []vk.Room{room}, b.rooms())
	other := b.start()
	require.NotEqual(t, call.Link, other.Link)

	require.Equal(t, 1, good[int](b, "calls.forceFinish", "access_token", person, "call_id", call.ID))
	room.Finished = true
	require.Equal(t, room, b.rooms()[0])
	require.False(t, b.rooms()[1].Finished)
	require.Equal(t, 104, b.code("calls.forceFinish", "access_token", person, "call_id", call.ID), "over")
	require.Equal(t, 104, b.code("calls.forceFinish", "access_token", person, "call_id", unknownCall))
}

func TestCallsAreForManagersAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(6, "other")
	b.appoint()
	call := b.start()
	for name, c := range map[string]struct {
		method string
		pairs  []any
		code   int
	}{
		"a community":          {"calls.start", []any{"group_id", group}, 27},
		"a community's finish": {"calls.forceFinish", []any{"call_id", call.ID}, 27},
		"another community":    {"calls.start", []any{"access_token", person, "group_id", 6}, 15},
		"no community":         {"calls.start", []any{"access_token", person}, 100},
		"no call":              {"calls.forceFinish", []any{"access_token", person}, 100},
		"no id of a call":      {"calls.forceFinish", []any{"access_token", person, "call_id", "7"}, 100},
		"a chat":               {"messages.createChat", []any{"access_token", person, "title", "x"}, 7},
		"an unknown method":    {"calls.end", []any{"access_token", person}, 3},
		"a stranger":           {"calls.start", []any{"access_token", "nobody's", "group_id", group}, 5},
	} {
		require.Equal(t, c.code, b.code(c.method, c.pairs...), name)
	}
	require.Len(t, b.rooms(), 1)
	require.False(t, b.rooms()[0].Finished)

	_, err := b.RegisterUserToken(vk.UserToken{GroupID: 6, Token: "of another", Account: director})
	require.NoError(t, err)
	require.Equal(t, 104, b.code("calls.forceFinish", "access_token", "of another", "call_id", call.ID), "the other community's")
}

func TestAUserTokenIsGoodUntilRevokedOrReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(6, "other")
	b.appoint()
	_, err := b.RevokeToken(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	b.start()

	m, err := b.RevokeUserToken(vk.UserRef{GroupID: group, Account: director})
	require.NoError(t, err)
	require.Equal(t, vk.Manager{GroupID: group, Account: director}, m)
	require.Equal(t, 5, b.code("calls.start", "access_token", person, "group_id", group))
	b.appoint()
	b.start()
	_, err = b.RegisterUserToken(vk.UserToken{GroupID: group, Token: "newer", Account: director})
	require.NoError(t, err)
	require.Equal(t, 5, b.code("calls.start", "access_token", person, "group_id", group))
	require.Zero(t, b.code("calls.start", "access_token", "newer", "group_id", group))

	for _, wrong := range []vk.UserToken{{GroupID: group, Account: 1}, {GroupID: group, Token: "x"}} {
		_, err = b.RegisterUserToken(wrong)
		require.ErrorIs(t, err, vk.ErrInvalid)
	}
	for _, taken := range []vk.UserToken{
		{GroupID: group, Token: "newer", Account: 502}, {GroupID: 6, Token: "newer", Account: director},
		{GroupID: 6, Token: "other", Account: director},
	} {
		_, err = b.RegisterUserToken(taken)
		require.ErrorIs(t, err, vk.ErrConflict)
	}
	_, err = b.RegisterCommunity(vk.Registration{GroupID: 6, Token: "newer", Name: "School"})
	require.ErrorIs(t, err, vk.ErrConflict)
	_, err = b.RegisterUserToken(vk.UserToken{GroupID: 9, Token: "x", Account: director})
	require.ErrorIs(t, err, vk.ErrUnknown)
	_, err = b.RevokeUserToken(vk.UserRef{GroupID: group, Account: 502})
	require.ErrorIs(t, err, vk.ErrUnknown)
}

func TestRoomsAndMessagesSurviveAKill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.appoint()
	_, err := b.RegisterUserToken(vk.UserToken{GroupID: group, Token: "revoked", Account: 502})
	require.NoError(t, err)
	_, err = b.RevokeUserToken(vk.UserRef{GroupID: group, Account: 502})
	require.NoError(t, err)
	b.start()
	require.Zero(t, b.code("calls.forceFinish", "access_token", person, "call_id", b.start().ID))
	b.unsay(1, b.say(base+1, "first", 1)[0].ID)
	b.say(base+1, "second", 2)
	before, err := b.State(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	require.Len(t, before.Managers, 2)

	for _, when := range []string{"from the changes", "from the compacted journal"} {
		b.open(-1)
		after, err := b.State(vk.GroupRef{GroupID: group})
		require.NoError(t, err)
		require.Equal(t, before.Managers, after.Managers, when)
		require.Equal(t, before.Rooms, after.Rooms, when)
		require.Equal(t, before.Chats[0].Messages, after.Chats[0].Messages, when)
		require.Equal(t, 1, after.Chats[0].DeletedMessages, when)
		require.Equal(t, 5, b.code("calls.start", "access_token", "revoked", "group_id", group), when)
		b.register(group, token)
		require.Len(t, b.rooms(), 2, "whatever becomes of the community's token")
	}
	require.Zero(t, b.code("calls.forceFinish", "access_token", person, "call_id", b.rooms()[0].CallID))
	kept, err := os.ReadFile(b.journal)
	require.NoError(t, err)
	require.NotContains(t, string(kept), person)
}

func TestTheLogTellsOfPeoplesRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.appoint()
	b.ask("execute", form("access_token", person, "code", `return API.calls.start({"group_id":5});`))
	entry := b.log.Entries(0, group)[0]
	require.Equal(t, "calls.start", entry.Calls[0].Method)
	require.Equal(t, map[string]string{"group_id": "5"}, entry.Calls[0].Params)
	encoded, err := json.Marshal(b.log.Entries(0, 0))
	require.NoError(t, err)
	require.NotContains(t, string(encoded), person)
}

func TestFaultsStrikeCalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.appoint()
	b.arm(traffic.Fault{GroupID: group, Method: "calls.start", Mode: traffic.ModeError, ErrorCode: 9})
	a := b.ask("execute", form("access_token", person, "code", `return [API.calls.start({"group_id":5}),API.calls.start({"group_id":5})];`))
	require.Equal(t, 9, a.Failures[0].Code)
	require.True(t, strings.HasPrefix(string(a.Response), "[false,{"))
	b.arm(traffic.Fault{Method: "calls.start", Mode: traffic.ModeLostReply})
	_, err := b.post(t.Context(), "calls.start", form("access_token", person, "group_id", group))
	require.Error(t, err)
	require.Len(t, b.rooms(), 2, "the room is there, and nobody knows of it")
}

func TestAPersonMayMake3RequestsInAnySecond(t *testing.T) {
	t.Parallel()
	b := setupLimited(t, 0)
	b.appoint()
	for range 3 {
		b.start()
	}
	require.Equal(t, 6, b.code("calls.start", "access_token", person, "group_id", group))
	require.Zero(t, b.code("groups.getById"), "each token by itself")
	b.clock.advance(time.Second)
	b.start()
}
