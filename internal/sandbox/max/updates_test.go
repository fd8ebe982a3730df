package max_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
)

type updateList struct {
	Updates []update `json:"updates"`
	Marker  int64    `json:"marker"`
}

// poll gets what there is to tell from a marker on, at once.
func (b *bench) poll(marker int64) updateList {
	b.t.Helper()
	return good[updateList](b, "GET", fmt.Sprintf("/updates?timeout=0&limit=1000&marker=%d", marker), nil)
}

func userOf(u update) string { return string(u.User) }

func TestABotIsToldWhatHappens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	ctx := b.poll(1)
	require.Equal(t, []string{"bot_added"}, types(ctx.Updates))
	require.Contains(t, userOf(ctx.Updates[0]), `"user_id":1,`)
	require.Equal(t, chat.ChatID, ctx.Updates[0].Chat)

	do := func(act func() (max.Chat, error)) update {
		t.Helper()
		_, err := act()
		require.NoError(t, err)
		next := b.poll(ctx.Marker)
		require.Len(t, next.Updates, 1)
		require.Greater(t, next.Updates[0].At, ctx.Updates[0].At, "never twice the same")
		ctx = next
		return next.Updates[0]
	}
	joined := do(func() (max.Chat, error) { return b.Join(max.Joining{Link: chat.Link, User: 2}) })
	require.Equal(t, "user_added", joined.Type)
	require.Contains(t, userOf(joined), `"user_id":2,`)
	require.Equal(t, "null", string(joined.Inviter))
	added := do(func() (max.Chat, error) { return b.Add(seat(chat, 3)) })
	require.Equal(t, "1", string(added.Inviter))
	left := do(func() (max.Chat, error) { return b.Leave(seat(chat, 2)) })
	require.Equal(t, "user_removed", left.Type)
	require.Empty(t, left.Admin, "of their own will")
	kicked := do(func() (max.Chat, error) { return b.Kick(max.Kicking{Seat: seat(chat, 3)}) })
	require.Equal(t, "1", string(kicked.Admin))
	renamed := do(func() (max.Chat, error) { return b.Rename(max.Renaming{Chat: chat.ChatID, Title: "2A"}) })
	require.Equal(t, "chat_title_changed", renamed.Type)
	require.Equal(t, "2A", renamed.Title)
	other := do(func() (max.Chat, error) {
		return b.SetBotPermissions(max.BotRights{Chat: chat.ChatID, Bot: botID, Permissions: []max.Permission{max.CanCall}})
	})
	require.Equal(t, "bot_admin_permissions_changed", other.Type)
	require.Equal(t, []max.Permission{max.CanCall}, other.Permissions)
	require.True(t, other.IsAdmin)
	plain := do(func() (max.Chat, error) {
		return b.SetBotPermissions(max.BotRights{Chat: chat.ChatID, Bot: botID, Plain: true})
	})
	require.False(t, plain.IsAdmin)

	_, err := b.Join(max.Joining{Link: chat.Link, User: 4})
	require.NoError(t, err)
	require.Empty(t, b.poll(ctx.Marker).Updates, "it is no admin any more")
	require.Equal(t, "bot_removed", do(func() (max.Chat, error) {
		return b.RemoveBot(max.BotRights{Chat: chat.ChatID, Bot: botID})
	}).Type)
}

func TestABotIsToldOfItsOwnActs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, 2)
	marker := b.poll(1).Marker
	good[chatInfo](b, "PATCH", path(chat, ""), map[string]any{"title": "2A"})
	good[chatInfo](b, "PATCH", path(chat, ""), map[string]any{"title": "2A"})
	require.True(t, b.does("POST", path(chat, "/members/admins"), admins(2, max.CanCall)))
	require.True(t, b.does("DELETE", path(chat, "/members?user_id=2"), nil))
	told := b.poll(marker).Updates
	require.Equal(t, []string{"chat_title_changed", "user_removed"}, types(told))
	require.Contains(t, userOf(told[0]), `"user_id":900,`)
	require.Equal(t, "900", string(told[1].Admin))
}

func TestThePermissionToReadIsNeededToBeTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(allBut(max.ReadAllMessages))
	_, err := b.Join(max.Joining{Link: chat.Link, User: 2})
	require.NoError(t, err)
	_, err = b.CloseChat(max.ChatRef{Chat: chat.ChatID})
	require.NoError(t, err)
	require.Equal(t, []string{"bot_added", "bot_removed"}, types(b.poll(1).Updates))
}

func TestAMarkerIsTheNextEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, updateList{Updates: []update{}, Marker: 1}, good[updateList](b, "GET", "/updates?timeout=0", nil))
	chat := b.chat(nil)
	for id := range int64(4) {
		_, err := b.Join(max.Joining{Link: chat.Link, User: id + 2})
		require.NoError(t, err)
	}
	latest := good[updateList](b, "GET", "/updates?timeout=0", nil)
	require.Len(t, latest.Updates, 1, "only the latest without a marker")
	require.EqualValues(t, 6, latest.Marker)
	page := good[updateList](b, "GET", "/updates?timeout=0&marker=2&limit=3", nil)
	require.Len(t, page.Updates, 3)
	require.EqualValues(t, 5, page.Marker)
	picked := good[updateList](b, "GET", "/updates?timeout=0&marker=1&types=bot_added,bot_removed", nil)
	require.Equal(t, []string{"bot_added"}, types(picked.Updates))
	require.EqualValues(t, 6, picked.Marker, "what was not wanted is over")
	require.EqualValues(t, 6, b.poll(99).Marker, "from the future")
	require.EqualValues(t, 6, b.poll(-99).Marker, "from before")
	for _, wrong := range []string{"limit=0", "limit=1001", "timeout=91", "timeout=x", "marker=x"} {
		require.Equal(t, "400 proto.payload", b.wrong("GET", "/updates?"+wrong, nil), wrong)
	}
}

func TestALongPollWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	waited := make(chan []byte, 1)
	go func() {
		_, content := b.ask(b.url, "GET", "/updates?marker=1&timeout=60", nil)
		waited <- content
	}()
	b.chat(nil)
	var got updateList
	require.NoError(t, json.Unmarshal(<-waited, &got))
	require.Equal(t, []string{"bot_added"}, types(got.Updates))
}

func TestALongPollEndsWithTheWorld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ended := make(chan error, 1)
	go func() {
		response, err := b.request(b.raw, token, "GET", "/updates?marker=1&timeout=60", nil)
		if err == nil {
			_ = response.Body.Close()
		}
		ended <- err
	}()
	require.NoError(t, b.Close())
	require.Error(t, <-ended)
}
