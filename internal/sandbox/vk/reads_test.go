package vk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

type members struct {
	Count int          `json:"count"`
	Items []memberItem `json:"items"`
}

type memberItem struct {
	ID        int64 `json:"member_id"`
	InvitedBy int64 `json:"invited_by"`
	JoinDate  int64 `json:"join_date"`
	Admin     bool  `json:"is_admin"`
	Owner     bool  `json:"is_owner"`
	CanKick   bool  `json:"can_kick"`
}

type conversations struct {
	Count int            `json:"count"`
	Items []conversation `json:"items"`
}

type conversation struct {
	Peer struct {
		ID      int64  `json:"id"`
		Type    string `json:"type"`
		LocalID int64  `json:"local_id"`
	} `json:"peer"`
	Settings struct {
		Title   string  `json:"title"`
		State   string  `json:"state"`
		Owner   int64   `json:"owner_id"`
		Members int     `json:"members_count"`
		Admins  []int64 `json:"admin_ids"`
	} `json:"chat_settings"`
}

type dialogs struct {
	Count int `json:"count"`
	Items []struct {
		Conversation conversation `json:"conversation"`
	} `json:"items"`
}

func (d dialogs) titles() []string {
	return lo.Map(d.Items, func(i struct {
		Conversation conversation `json:"conversation"`
	}, _ int) string {
		return i.Conversation.Settings.Title
	})
}

func TestMembersTellHowTheyCame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.clock.advance(time.Minute)
	_, err := b.Join(vk.Joining{Link: b.chat(1).Link, Account: 2})
	require.NoError(t, err)
	_, err = b.SetAdminByHand(vk.Rights{Seat: seat(1, 1), Admin: true})
	require.NoError(t, err)
	_, err = b.AddByHand(seat(1, 3))
	require.NoError(t, err)

	start := int64(1_700_000_000)
	require.Equal(t, members{Count: 4, Items: []memberItem{
		{ID: -group, InvitedBy: -group, JoinDate: start, Admin: true, Owner: true},
		{ID: 1, InvitedBy: -group, JoinDate: start, Admin: true, CanKick: true},
		{ID: 2, InvitedBy: 2, JoinDate: start + 60, CanKick: true},
		{ID: 3, InvitedBy: 1, JoinDate: start + 60, CanKick: true},
	}}, good[members](b, "messages.getConversationMembers", "peer_id", base+1))
}

func TestMembersComeInPages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	all := strings.Join(lo.Times(1100, func(i int) string { return fmt.Sprint(i + 1) }), ",")
	b.create("big", all)
	require.Len(t, good[members](b, "messages.getConversationMembers", "peer_id", base+1).Items, 20)
	first := good[members](b, "messages.getConversationMembers", "peer_id", base+1, "count", 1000)
	rest := good[members](b, "messages.getConversationMembers", "peer_id", base+1, "count", 1000, "offset", 1000)
	require.Equal(t, 1101, first.Count)
	require.Len(t, first.Items, 1000)
	require.Len(t, rest.Items, 101)
	ids := lo.Map(append(first.Items, rest.Items...), func(m memberItem, _ int) int64 { return m.ID })
	require.Len(t, lo.Uniq(ids), 1101)
	require.Empty(t, good[members](b, "messages.getConversationMembers", "peer_id", base+1, "offset", 5000).Items)
}

func TestConversationsAreFoundByPeer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1,2")
	b.create("1B", "")
	_, err := b.SetAdminByHand(vk.Rights{Seat: seat(1, 2), Admin: true})
	require.NoError(t, err)
	found := good[conversations](b, "messages.getConversationsById", "peer_ids", fmt.Sprintf("%d,%d,%d", base+2, base+1, base+77))
	require.Equal(t, 2, found.Count)
	require.Equal(t, "1B", found.Items[0].Settings.Title)
	first := found.Items[1]
	require.EqualValues(t, base+1, first.Peer.ID)
	require.EqualValues(t, 1, first.Peer.LocalID)
	require.Equal(t, "chat", first.Peer.Type)
	require.EqualValues(t, -group, first.Settings.Owner)
	require.Equal(t, "in", first.Settings.State)
	require.Equal(t, 3, first.Settings.Members)
	require.Equal(t, []int64{2}, first.Settings.Admins)
}

func TestConversationsComeNewestFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, title := range []string{"a", "b", "c", "d"} {
		b.create(title, "1")
	}
	all := good[dialogs](b, "messages.getConversations", "count", 200, "group_id", group)
	require.Equal(t, 4, all.Count)
	require.Equal(t, []string{"d", "c", "b", "a"}, all.titles())

	_, err := b.Leave(seat(2, 1))
	require.NoError(t, err)
	require.Zero(t, b.code("messages.send", "peer_id", base+1, "message", "x", "random_id", 0))
	page := good[dialogs](b, "messages.getConversations", "count", 2, "offset", 1)
	require.Equal(t, 4, page.Count)
	require.Equal(t, []string{"b", "d"}, page.titles(), "after a, who spoke last")

	_, err = b.SetChatState(vk.Restating{GroupID: group, ChatID: 4, State: vk.ChatGone})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, good[dialogs](b, "messages.getConversations").titles())
}
