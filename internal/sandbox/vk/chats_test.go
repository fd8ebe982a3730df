package vk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

func TestChatsAreNumberedPerCommunity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(6, "other")
	require.EqualValues(t, 1, b.create("1A", "1").ChatID)
	require.EqualValues(t, 2, b.create("1B", "").ChatID)
	other := good[created](b, "messages.createChat", "title", "x", "access_token", "other")
	require.EqualValues(t, 1, other.ChatID)
	require.Equal(t, []int64{}, other.PeerIDs)
}

func TestOnlyThoseWhoMayBeAddedAreInANewChat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for account, adding := range map[int64]vk.Adding{2: vk.AddingRefused, 3: vk.AddingMissing} {
		_, err := b.SetAccount(vk.Account{Account: account, Adding: adding})
		require.NoError(t, err)
	}
	require.Equal(t, []int64{1, 4}, b.create("1A", "1,2,3,4,1").PeerIDs)
	require.Equal(t, []int64{1, 4}, b.chat(1).Members)

	_, err := b.SetSwitches(vk.Switches{GroupID: group, AddingAtCreation: new(false)})
	require.NoError(t, err)
	require.Empty(t, b.create("1B", "1,4").PeerIDs)
	require.Empty(t, b.chat(2).Members)
}

func TestWrongParametersAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	for method, wrong := range map[string][][]any{
		"messages.createChat":    {{}, {"user_ids", "1,x"}, {"user_ids", "-1"}},
		"messages.editChat":      {{"chat_id", 1}, {"title", "x"}, {"chat_id", 0, "title", "x"}},
		"messages.getInviteLink": {{}, {"peer_id", 1}, {"peer_id", base}},
		"messages.getConversationMembers": {
			{}, {"peer_id", base + 1, "count", 1001}, {"peer_id", base + 1, "count", 0}, {"peer_id", base + 1, "offset", -1},
		},
		"messages.getConversationsById": {{}, {"peer_ids", "a"}, {"peer_ids", manyPeers(101)}},
		"messages.getConversations":     {{"count", 201}, {"offset", "x"}},
		"messages.removeChatUser":       {{"chat_id", 1}, {"member_id", 1}},
		"messages.setMemberRole":        {{"peer_id", base + 1, "member_id", 1}, {"peer_id", base + 1, "member_id", 1, "role", "king"}},
		"messages.send": {
			{"peer_id", base + 1, "random_id", 1}, {"peer_id", base + 1, "message", "x"}, {"random_id", 1, "message", "x"},
			{"peer_ids", "a", "random_id", 1, "message", "x"}, {"peer_ids", manyPeers(101), "random_id", 1, "message", "x"},
		},
		"messages.delete": {
			{"peer_id", base + 1}, {"cmids", 1}, {"peer_id", base + 1, "cmids", "a"}, {"peer_id", base + 1, "cmids", manyPeers(101)},
		},
		"execute": {{}},
	} {
		for _, pairs := range wrong {
			require.Equal(t, 100, b.code(method, pairs...), "%s %v", method, pairs)
		}
	}
	require.Equal(t, []int64{1}, b.chat(1).Members)
}

func manyPeers(n int) string {
	return strings.Join(lo.Times(n, func(i int) string { return fmt.Sprint(base + 1 + i) }), ",")
}

func TestAChatIsRenamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	require.Equal(t, 1, good[int](b, "messages.editChat", "chat_id", 1, "title", "2A"))
	require.Equal(t, "2A", b.chat(1).Title)
	require.Equal(t, 927, b.code("messages.editChat", "chat_id", 2, "title", "2A"))
}

func TestALinkIsTheSameUntilReset(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	type link struct {
		Link string `json:"link"`
	}
	first := good[link](b, "messages.getInviteLink", "peer_id", base+1, "group_id", group)
	require.Regexp(t, `^https://vk\.me/join/\w+$`, first.Link)
	require.Equal(t, first, good[link](b, "messages.getInviteLink", "peer_id", base+1, "reset", 0))
	second := good[link](b, "messages.getInviteLink", "peer_id", base+1, "reset", 1)
	require.NotEqual(t, first, second)

	_, err := b.Join(vk.Joining{Link: first.Link, Account: 2})
	require.ErrorIs(t, err, vk.ErrUnknown)
	_, err = b.Join(vk.Joining{Link: second.Link, Account: 2})
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2}, b.chat(1).Members)
}

func TestAddingNeedsTheSwitch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	require.Equal(t, 27, b.code("messages.addChatUser", "chat_id", 1, "user_id", 2))
	b.grantAdding()
	require.Zero(t, b.code("messages.addChatUser", "chat_id", 1, "user_id", 2))
	require.Equal(t, []int64{1, 2}, b.chat(1).Members)
	require.Equal(t, 15, b.code("messages.addChatUser", "chat_id", 1, "user_id", 2), "in already")
	require.Equal(t, 100, b.code("messages.addChatUser", "chat_id", 1))
	require.Equal(t, 927, b.code("messages.addChatUser", "chat_id", 9, "user_id", 2))
}

func TestWhoCannotBeAdded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.grantAdding()
	b.create("1A", "1,2")
	for account, adding := range map[int64]vk.Adding{3: vk.AddingRefused, 4: vk.AddingMissing} {
		_, err := b.SetAccount(vk.Account{Account: account, Adding: adding})
		require.NoError(t, err)
	}
	_, err := b.Leave(seat(1, 1))
	require.NoError(t, err)
	for account, code := range map[int64]int{1: 15, 3: 15, 4: 936} {
		require.Equal(t, code, b.code("messages.addChatUser", "chat_id", 1, "user_id", account), account)
	}
	require.Equal(t, []int64{2}, b.chat(1).Members)
	require.Equal(t, []int64{1}, b.chat(1).Left)

	_, err = b.SetAccount(vk.Account{Account: 3, Adding: vk.AddingAllowed})
	require.NoError(t, err)
	require.Zero(t, b.code("messages.addChatUser", "chat_id", 1, "user_id", 3))
	_, err = b.Join(vk.Joining{Link: b.chat(1).Link, Account: 1})
	require.NoError(t, err)
	require.Equal(t, []int64{2, 3, 1}, b.chat(1).Members)
	require.Empty(t, b.chat(1).Left)
}

func TestMembersAreRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.grantAdding()
	b.create("1A", "1,2")
	require.Equal(t, 1, good[int](b, "messages.removeChatUser", "chat_id", 1, "member_id", 1))
	require.Equal(t, 1, good[int](b, "messages.removeChatUser", "chat_id", 1, "user_id", 2))
	require.Empty(t, b.chat(1).Members)
	require.Equal(t, 935, b.code("messages.removeChatUser", "chat_id", 1, "member_id", 1))
	require.Equal(t, 927, b.code("messages.removeChatUser", "chat_id", 2, "member_id", 1))
	require.Zero(t, b.code("messages.addChatUser", "chat_id", 1, "user_id", 1), "removed is not left")

	require.Zero(t, b.code("messages.removeChatUser", "chat_id", 1, "member_id", -group))
	require.Equal(t, vk.ChatLeft, b.chat(1).State)
	require.Equal(t, 925, b.code("messages.removeChatUser", "chat_id", 1, "member_id", 1))
}

func TestRolesAreSet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1,2")
	require.Zero(t, b.code("messages.setMemberRole", "peer_id", base+1, "member_id", 1, "role", "admin"))
	require.Equal(t, []int64{1}, b.chat(1).Admins)
	require.Zero(t, b.code("messages.setMemberRole", "peer_id", base+1, "member_id", 1, "role", "member"))
	require.Empty(t, b.chat(1).Admins)
	require.Equal(t, 935, b.code("messages.setMemberRole", "peer_id", base+1, "member_id", 3, "role", "admin"))
	require.Equal(t, 15, b.code("messages.setMemberRole", "peer_id", base+1, "member_id", -group, "role", "member"))
}

func TestWhatEachStateOfAChatRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	calls := [][]any{
		{"messages.getConversationMembers", "peer_id", base + 1},
		{"messages.send", "peer_id", base + 1, "message", "x", "random_id", 0},
		{"messages.getInviteLink", "peer_id", base + 1},
		{"messages.getInviteLink", "peer_id", base + 1, "reset", 1},
		{"messages.editChat", "chat_id", 1, "title", "x"},
	}
	for _, c := range []struct {
		state vk.ChatState
		codes []int
		shown string
	}{
		{vk.ChatDemoted, []int{917, 0, 919, 931, 925}, "in"},
		{vk.ChatKicked, []int{917, 917, 919, 931, 925}, "kicked"},
		{vk.ChatLeft, []int{917, 917, 919, 931, 925}, "left"},
		{vk.ChatGone, []int{927, 927, 927, 927, 927}, ""},
		{vk.ChatDisabled, []int{0, 945, 919, 931, 945}, "in"},
		{vk.ChatUnsupported, []int{0, 946, 919, 931, 946}, "in"},
		{vk.ChatIn, []int{0, 0, 0, 0, 0}, "in"},
	} {
		_, err := b.SetChatState(vk.Restating{GroupID: group, ChatID: 1, State: c.state})
		require.NoError(t, err)
		codes := lo.Map(calls, func(call []any, _ int) int { return b.code(call[0].(string), call[1:]...) })
		require.Equal(t, c.codes, codes, c.state)

		items := good[conversations](b, "messages.getConversationsById", "peer_ids", base+1).Items
		shown := lo.Map(items, func(i conversation, _ int) string { return i.Settings.State })
		require.Equal(t, lo.Compact([]string{c.shown}), shown, c.state)
	}
}
