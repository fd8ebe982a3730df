package max_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
)

type memberList struct {
	Members []struct {
		ID          int64            `json:"user_id"`
		Name        string           `json:"first_name"`
		IsBot       bool             `json:"is_bot"`
		Owner       bool             `json:"is_owner"`
		Admin       bool             `json:"is_admin"`
		Permissions []max.Permission `json:"permissions"`
	} `json:"members"`
	Marker *int64 `json:"marker"`
}

func (l memberList) ids() []int64 {
	ids := []int64{}
	for _, m := range l.Members {
		ids = append(ids, m.ID)
	}
	return ids
}

func admins(user int64, permissions ...max.Permission) any {
	return map[string]any{"admins": []any{map[string]any{"user_id": user, "permissions": append([]max.Permission{}, permissions...)}}}
}

func upTo(n int64) []int64 { return lo.RangeFrom(int64(2), int(n)-1) }

func TestMembersAreReadPageByPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, upTo(250)...)
	var seen []int64
	marker, pages := "", 0
	for ; ; pages++ {
		page := good[memberList](b, "GET", path(chat, "/members?count=100"+marker), nil)
		seen = append(seen, page.ids()...)
		if page.Marker == nil {
			break
		}
		// Somebody of the first page goes, and somebody comes: nobody else is read twice, or not at all.
		_, err := b.Leave(seat(chat, int64(pages+2)))
		require.NoError(t, err)
		marker = "&marker=" + strconv.FormatInt(*page.Marker, 10)
	}
	require.Equal(t, 2, pages)
	require.Equal(t, slices.Concat([]int64{owner}, upTo(250), []int64{botID}), seen)
	require.Len(t, good[memberList](b, "GET", path(chat, "/members"), nil).Members, 20)
	require.Equal(t, []int64{owner, 30}, good[memberList](b, "GET", path(chat, "/members?user_ids=30,1,999&count=1"), nil).ids())
	for _, wrong := range []string{"count=0", "count=101", "count=x", "marker=x", "user_ids=1,x", "user_ids=" + strings.Repeat("1,", 100) + "1"} {
		require.Equal(t, "400 proto.payload", b.wrong("GET", path(chat, "/members?"+wrong), nil), wrong)
	}
}

func TestMembersSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.SetPerson(max.Person{User: 2, Name: "Anna"})
	require.NoError(t, err)
	chat := b.chat([]max.Permission{max.AddAdmins}, 2)
	members := good[memberList](b, "GET", path(chat, "/members"), nil).Members
	require.Len(t, members, 3)
	require.True(t, members[0].Owner && members[0].Admin)
	require.Equal(t, "User 1", members[0].Name)
	require.Equal(t, "Anna", members[1].Name)
	require.False(t, members[1].Admin)
	require.Nil(t, members[1].Permissions)
	require.True(t, members[2].IsBot && members[2].Admin && !members[2].Owner)
	require.Equal(t, []int64{owner, botID}, good[memberList](b, "GET", path(chat, "/members/admins"), nil).ids())

	_, err = b.SetBotPermissions(max.BotRights{Chat: chat.ChatID, Bot: botID, Plain: true})
	require.NoError(t, err)
	me := good[struct {
		Admin bool `json:"is_admin"`
	}](b, "GET", path(chat, "/members/me"), nil)
	require.False(t, me.Admin)
}

func TestAddingIsRefusedUnlessTheSwitchLetsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, 2)
	require.Equal(t, "403 access.denied", b.refused("POST", path(chat, "/members"), users(3)), "the default")

	b.adding(max.AddingRestricted)
	result := good[outcome](b, "POST", path(chat, "/members"), users(3, 4))
	require.False(t, result.Success)
	require.Equal(t, []int64{3, 4}, result.Failed)
	require.Equal(t, "add.participant.privacy", result.Details[0].Code)
	require.Equal(t, []int64{1, 2}, b.now(chat.ChatID).Members)

	b.adding(max.AddingFull)
	for id, adding := range map[int64]max.PersonAdding{5: max.PersonRefuses, 6: max.PersonMissing} {
		_, err := b.SetPerson(max.Person{User: id, Adding: adding})
		require.NoError(t, err)
	}
	result = good[outcome](b, "POST", path(chat, "/members"), users(6, 3, 5, 2))
	require.False(t, result.Success)
	require.Equal(t, []int64{5, 6}, result.Failed)
	require.Equal(t, "add.participant.not.found", result.Details[1].Code)
	require.Equal(t, []int64{1, 2, 3}, b.now(chat.ChatID).Members)
	require.True(t, b.does("POST", path(chat, "/members"), users(4)))

	for _, wrong := range []any{users(), users(1, 1), users(lo.RangeFrom(int64(10), 101)...), map[string]any{"user_ids": "7"}, map[string]any{}} {
		require.Equal(t, "400 proto.payload", b.wrong("POST", path(chat, "/members"), wrong))
	}
}

func (b *bench) adding(adding max.Adding) {
	b.t.Helper()
	_, err := b.SetSwitches(max.Switching{Bot: botID, Adding: &adding})
	require.NoError(b.t, err)
}

func TestMembersAreRemoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adding(max.AddingFull)
	chat := b.chat(nil, 2, 3)
	require.True(t, b.does("DELETE", path(chat, "/members?user_id=2"), nil))
	require.False(t, b.does("DELETE", path(chat, "/members?user_id=2"), nil), "not in")
	_, err := b.Join(max.Joining{Link: chat.Link, User: 2})
	require.NoError(t, err)

	require.True(t, b.does("DELETE", path(chat, "/members?user_id=3&block=true"), nil))
	require.Equal(t, []int64{3}, b.now(chat.ChatID).Blocked)
	_, err = b.Join(max.Joining{Chat: chat.ChatID, User: 3})
	require.ErrorIs(t, err, max.ErrConflict, "blocked")
	require.Equal(t, []int64{3}, good[outcome](b, "POST", path(chat, "/members"), users(3)).Failed)
	_, err = b.Add(seat(chat, 3))
	require.NoError(t, err)
	require.Empty(t, b.now(chat.ChatID).Blocked)
	require.Equal(t, []int64{1, 2, 3}, b.now(chat.ChatID).Members)

	for _, wrong := range []string{"", "?user_id=x", "?user_id=2&block=2"} {
		require.Equal(t, "400 proto.payload", b.wrong("DELETE", path(chat, "/members"+wrong), nil), wrong)
	}
}

func TestNobodyTouchesTheOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	require.Equal(t, "403 access.denied", b.refused("DELETE", path(chat, "/members?user_id=1"), nil))
	require.Equal(t, "403 access.denied", b.refused("DELETE", path(chat, "/members/admins/1"), nil))
	require.Equal(t, "403 access.denied", b.refused("POST", path(chat, "/members/admins"), admins(owner, max.CanCall)))
	_, err := b.Leave(seat(chat, owner))
	require.ErrorIs(t, err, max.ErrConflict)
	_, err = b.SetAdmin(max.Rights{Seat: seat(chat, owner)})
	require.ErrorIs(t, err, max.ErrConflict)
	require.Equal(t, []int64{owner}, b.now(chat.ChatID).Admins)
}

func TestRightsReplaceTheFormerOnes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, 2)
	to := path(chat, "/members/admins")
	require.True(t, b.does("POST", to, admins(2, max.CanCall, max.EditLink)))
	require.True(t, b.does("POST", to, admins(2, max.ReadAllMessages, max.Write)))
	require.Equal(t, []max.Permission{max.ReadAllMessages, max.Write}, b.now(chat.ChatID).Permissions[2])
	require.True(t, b.does("POST", to, admins(2)), "an admin without any")
	require.Equal(t, []int64{1, 2}, b.now(chat.ChatID).Admins)
	require.False(t, b.does("POST", to, admins(9)), "not in the chat")
	require.Equal(t, "400 proto.payload", b.refused("POST", to, admins(2, max.Write)), "without read_all_messages")
	require.Equal(t, "400 proto.payload", b.wrong("POST", to, admins(2, "everything")))
	require.Equal(t, "400 proto.payload", b.wrong("POST", to, map[string]any{"admins": []any{}}))
	require.Equal(t, "400 proto.payload", b.wrong("POST", to, map[string]any{"admins": []any{map[string]any{"user_id": 2}}}))
	require.Equal(t, "400 proto.payload", b.wrong("DELETE", to+"/x", nil))
	require.True(t, b.does("DELETE", to+"/2", nil))
	require.False(t, b.does("DELETE", to+"/2", nil))
	require.Equal(t, []int64{1}, b.now(chat.ChatID).Admins)
	require.Equal(t, []int64{1, 2}, b.now(chat.ChatID).Members, "they stay in the chat")
}

func TestThereAreFiftyAdminsAtTheMost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, upTo(60)...)
	to := path(chat, "/members/admins")
	for id := int64(2); id <= 49; id++ {
		require.True(t, b.does("POST", to, admins(id)), fmt.Sprint(id))
	}
	require.False(t, b.does("POST", to, admins(50)), "the owner, the bot and 48 are 50")
	require.Len(t, b.now(chat.ChatID).Admins, 49)
}

func TestWhoActsByHandMustBeAllowedTo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, 2, 3)
	by := func(user, by int64) max.Seat { return max.Seat{Chat: chat.ChatID, User: user, By: by} }
	_, err := b.Kick(max.Kicking{Seat: by(3, 2)})
	require.ErrorIs(t, err, max.ErrConflict)
	_, err = b.SetAdmin(max.Rights{Seat: seat(chat, 2), Admin: true, Permissions: []max.Permission{max.AddRemoveMembers}})
	require.NoError(t, err)
	_, err = b.Kick(max.Kicking{Seat: by(3, 2), Block: true})
	require.NoError(t, err)
	_, err = b.Rename(max.Renaming{Chat: chat.ChatID, Title: "x", By: 2})
	require.ErrorIs(t, err, max.ErrConflict)
	for name, err := range map[string]error{
		"no chat":        lo.T2(b.Add(max.Seat{Chat: 5, User: 2})).B,
		"no member":      lo.T2(b.Leave(seat(chat, 77))).B,
		"no link":        lo.T2(b.Join(max.Joining{Link: "https://max.ru/join/x", User: 2})).B,
		"no bot":         lo.T2(b.AddBot(max.BotRights{Chat: chat.ChatID, Bot: 5})).B,
		"no bot removed": lo.T2(b.RemoveBot(max.BotRights{Chat: chat.ChatID, Bot: 2})).B,
		"no bot ranked":  lo.T2(b.SetBotPermissions(max.BotRights{Chat: chat.ChatID, Bot: 2})).B,
	} {
		require.ErrorIs(t, err, max.ErrUnknown, name)
	}
	for name, err := range map[string]error{
		"a bot by the link": lo.T2(b.Join(max.Joining{Link: chat.Link, User: botID})).B,
		"a wrong right":     lo.T2(b.SetAdmin(max.Rights{Seat: seat(chat, 2), Permissions: []max.Permission{"all"}})).B,
		"no title":          lo.T2(b.Rename(max.Renaming{Chat: chat.ChatID})).B,
		"no adding":         lo.T2(b.SetSwitches(max.Switching{Bot: botID, Adding: new(max.Adding("x"))})).B,
		"no person":         lo.T2(b.SetPerson(max.Person{})).B,
		"no token":          lo.T2(b.RegisterBot(max.Registration{ID: 1, Name: "x"})).B,
	} {
		require.ErrorIs(t, err, max.ErrInvalid, name)
	}
}
