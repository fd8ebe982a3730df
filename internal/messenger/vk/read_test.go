package vk

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// chatFake is a chat of the fake VK.
type chatFake struct {
	title   string
	state   string
	members []map[string]any
	err     vkError
}

// chatsFake answers the two reading methods for chats by chat_id. One closed chat spoils
// getConversationsById for all it is asked for together with, if spoils is set.
type chatsFake struct {
	chats  map[int64]chatFake
	spoils bool
}

func (f chatsFake) answer(c madeCall) any {
	if c.method == methodMembers {
		return f.members(c)
	}
	var items []any
	for id := range strings.SplitSeq(c.args["peer_ids"].(string), ",") {
		peer, _ := strconv.ParseInt(id, 10, 64)
		chat, known := f.chats[peer-peerBase]
		if !known {
			continue
		}
		if chat.err != 0 {
			if f.spoils {
				return chat.err
			}
			continue
		}
		items = append(items, map[string]any{
			"peer":          map[string]any{"id": peer, "type": "chat"},
			"chat_settings": map[string]any{"title": chat.title, "state": chat.state},
		})
	}
	return map[string]any{"count": len(items), "items": items}
}

func (f chatsFake) members(c madeCall) any {
	chat, known := f.chats[c.args["peer_id"].(int64)-peerBase]
	if !known {
		return vkError(927)
	}
	if chat.err != 0 {
		return chat.err
	}
	from := min(int(c.args["offset"].(int64)), len(chat.members))
	to := min(from+int(c.args["count"].(int64)), len(chat.members))
	return map[string]any{"count": len(chat.members), "items": chat.members[from:to]}
}

func person(id int64) map[string]any { return map[string]any{"member_id": id, "join_date": 1} }

func people(n int) []map[string]any {
	return lo.Times(n, func(i int) map[string]any { return person(int64(i + 1)) })
}

func chatsTo(n, members int) map[int64]chatFake {
	return lo.SliceToMap(lo.RangeFrom(1, n), func(i int) (int64, chatFake) {
		return int64(i), chatFake{title: fmt.Sprintf("chat %d", i), state: "in", members: people(members)}
	})
}

func refsTo(n int) []messenger.ChatRef {
	return lo.Times(n, func(i int) messenger.ChatRef { return ChatRef(int64(i + 1)) })
}

func TestReadCosts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		chats, members int
		requests       []int
	}{
		"none":                {0, 0, nil},
		"one":                 {1, 3, []int{2}},
		"24 fill a request":   {24, 3, []int{25}},
		"60 take three":       {60, 30, []int{25, 25, 11}},
		"300 take thirteen":   {300, 1, append(lo.Times(12, func(int) int { return 25 }), 3)},
		"1000 members, full":  {1, 1000, []int{2}},
		"1001 members, paged": {1, 1001, []int{2, 1}},
		"pages share too":     {5, 3500, []int{6, 15}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake := setup(t, chatsFake{chats: chatsTo(tt.chats, tt.members)}.answer)
			states, err := client.Read(t.Context(), refsTo(tt.chats))
			require.NoError(t, err)
			require.Len(t, states, tt.chats)
			require.Equal(t, tt.requests, sizes(fake))
			for i, state := range states {
				require.NoError(t, state.Err)
				require.Equal(t, ChatRef(int64(i+1)), state.Ref)
				require.Equal(t, fmt.Sprintf("chat %d", i+1), state.Title)
				require.Len(t, state.Members, tt.members)
			}
		})
	}
}

func TestReadMembers(t *testing.T) {
	t.Parallel()
	owner, admin := person(3), person(2)
	owner["is_owner"], admin["is_admin"] = true, true
	client, _ := setup(t, chatsFake{chats: map[int64]chatFake{7: {
		title: "x", state: "in",
		members: []map[string]any{owner, person(-testGroup), person(1), admin, person(-55), person(0), person(1)},
	}}}.answer)
	states, err := client.Read(t.Context(), []messenger.ChatRef{"7", "7"})
	require.NoError(t, err)
	want := messenger.ChatState{Ref: "7", Title: "x", Members: []messenger.Member{
		{Account: -55}, {Account: 1}, {Account: 2, Admin: true}, {Account: 3, Admin: true},
	}}
	require.Equal(t, []messenger.ChatState{want, want}, states)
}

func TestReadKeepsTroubleInItsChat(t *testing.T) {
	t.Parallel()
	for _, spoils := range []bool{false, true} {
		t.Run(fmt.Sprintf("spoils=%v", spoils), func(t *testing.T) {
			t.Parallel()
			chats := chatsTo(6, 2)
			chats[2] = chatFake{err: 917}
			chats[3] = chatFake{err: 100}
			chats[5] = chatFake{title: "kicked out", state: "kicked", members: people(2)}
			client, fake := setup(t, chatsFake{chats: chats, spoils: spoils}.answer)
			states, err := client.Read(t.Context(), refsTo(7))
			require.NoError(t, err)
			got := lo.Map(states, func(s messenger.ChatState, _ int) messenger.Code { return messenger.CodeOf(s.Err) })
			require.Equal(t, []messenger.Code{ok, denied, bad, ok, denied, ok, gone}, got)
			for i, state := range states {
				require.Equal(t, ChatRef(int64(i+1)), state.Ref)
				require.Equal(t, state.Err == nil, state.Title != "")
				require.Equal(t, state.Err == nil, len(state.Members) == 2)
			}
			require.Len(t, fake.seen(), lo.Ternary(spoils, 2, 1))
		})
	}
}

func TestReadEndsWithTroubleOfTheToken(t *testing.T) {
	t.Parallel()
	for vendor, want := range map[vkError]messenger.Code{5: refused, 27: rights, 6: rate, 10: away} {
		chats := chatsTo(30, 1)
		chats[4] = chatFake{err: vendor}
		client, fake := setup(t, chatsFake{chats: chats}.answer)
		states, err := client.Read(t.Context(), refsTo(30))
		require.Equal(t, want, messenger.CodeOf(err))
		requireHidden(t, err)
		require.Nil(t, states)
		require.Len(t, fake.seen(), 1)
	}
}

func TestReadDoesNotTakeAnUnreadablePageForAnEmptyChat(t *testing.T) {
	t.Parallel()
	good := chatsFake{chats: chatsTo(1, 1500)}.answer
	for _, unreadable := range []func(madeCall) bool{
		func(c madeCall) bool { return c.method == methodMembers && c.args["offset"] == int64(0) },
		func(c madeCall) bool { return c.method == methodMembers && c.args["offset"] == int64(1000) },
		func(c madeCall) bool { return c.method == methodConversationByID },
	} {
		client, _ := setup(t, func(c madeCall) any {
			if unreadable(c) {
				return "sorry"
			}
			return good(c)
		})
		states, err := client.Read(t.Context(), refsTo(1))
		require.Equal(t, away, messenger.CodeOf(err))
		require.Nil(t, states)
	}
}

func TestReadLosesAChatWhosePageIsClosed(t *testing.T) {
	t.Parallel()
	good := chatsFake{chats: chatsTo(1, 2500)}.answer
	client, _ := setup(t, func(c madeCall) any {
		if c.args["offset"] == int64(1000) {
			return vkError(917)
		}
		return good(c)
	})
	states, err := client.Read(t.Context(), refsTo(1))
	require.NoError(t, err)
	require.Equal(t, denied, messenger.CodeOf(states[0].Err))
	require.Empty(t, states[0].Members)
}

func TestReadRefusesForeignRefs(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, town())
	for _, ref := range []messenger.ChatRef{"", "x", "0", "-1", "+1", "01", "1.0", "9223372036854775807"} {
		_, err := client.Read(t.Context(), []messenger.ChatRef{"1", ref})
		require.Equal(t, bad, messenger.CodeOf(err))
	}
	require.Empty(t, fake.seen())
}

func TestRefs(t *testing.T) {
	t.Parallel()
	id, err := ParseRef(ChatRef(123))
	require.NoError(t, err)
	require.EqualValues(t, 123, id)
	require.Equal(t, messenger.ChatRef("123"), ChatRef(123))
}
