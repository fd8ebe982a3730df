package max_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
)

type chatInfo struct {
	ID      int64  `json:"chat_id"`
	Status  string `json:"status"`
	Title   string `json:"title"`
	Owner   int64  `json:"owner_id"`
	Link    string `json:"link"`
	Members int    `json:"participants_count"`
	Pinned  *struct {
		Body struct {
			Text string `json:"text"`
		} `json:"body"`
	} `json:"pinned_message"`
}

func TestTheTokenIsTheWholeHeader(t *testing.T) {
	t.Parallel()
	b := setup(t)
	me := good[struct {
		ID    int64  `json:"user_id"`
		Name  string `json:"first_name"`
		IsBot bool   `json:"is_bot"`
	}](b, "GET", "/me", nil)
	require.EqualValues(t, botID, me.ID)
	require.Equal(t, "Rollcall", me.Name)
	require.True(t, me.IsBot)
	for _, bad := range []string{"", "Bearer " + token, "other"} {
		status, content := b.askAs(b.raw, bad, "GET", "/me", nil)
		require.Equal(t, http.StatusUnauthorized, status)
		require.Contains(t, string(content), `"code":"verify.token"`)
	}
	b.register(botID, "another")
	require.Equal(t, "401 verify.token", b.refused("GET", "/me", nil), "the former token is bad")
	_, err := b.RegisterBot(max.Registration{ID: 901, Token: "another", Name: "x"})
	require.ErrorIs(t, err, max.ErrConflict)
}

func TestABotMakesNoChatsAndListsNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, code := range map[string]string{
		"GET /chats": "404 not.found", "POST /chats": "404 not.found", "GET /nowhere": "404 not.found",
		"DELETE /me": "405 method.not.allowed", "POST /chats/-5": "405 method.not.allowed",
		"GET /chats/-5": "404 chat.not.found", "GET /chats/friends": "404 chat.not.found",
	} {
		verb, path, _ := strings.Cut(path, " ")
		require.Equal(t, code, b.wrong(verb, path, nil), path)
	}
	_, err := b.MakeChat(max.Making{Owner: botID, Title: "1A"})
	require.ErrorIs(t, err, max.ErrConflict)
	for _, wrong := range []max.Making{{Title: "1A"}, {Owner: 1}, {Owner: 1, Title: strings.Repeat("ы", 201)}} {
		_, err := b.MakeChat(wrong)
		require.ErrorIs(t, err, max.ErrInvalid)
	}
}

func TestAChatIsThereForABotThatWasLetIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made, err := b.MakeChat(max.Making{Owner: owner, Title: "1A code"})
	require.NoError(t, err)
	require.Less(t, made.ChatID, int64(0))
	require.Regexp(t, `^https://max\.ru/join/\w+$`, made.Link)
	require.Equal(t, "403 chat.denied", b.refused("GET", path(made, ""), nil))

	_, err = b.AddBot(max.BotRights{Chat: made.ChatID, Bot: botID, Plain: true})
	require.NoError(t, err)
	info := good[chatInfo](b, "GET", path(made, ""), nil)
	require.Equal(t, chatInfo{ID: made.ChatID, Status: "active", Title: "1A code", Owner: owner, Members: 2}, info, "no link: it is no admin")
	_, err = b.SetBotPermissions(max.BotRights{Chat: made.ChatID, Bot: botID})
	require.NoError(t, err)
	require.Equal(t, made.Link, good[chatInfo](b, "GET", path(made, ""), nil).Link)

	_, err = b.RemoveBot(max.BotRights{Chat: made.ChatID, Bot: botID})
	require.NoError(t, err)
	require.Equal(t, "removed", good[chatInfo](b, "GET", path(made, ""), nil).Status)
	require.Equal(t, "403 chat.denied", b.refused("GET", path(made, "/members/me"), nil))
	_, err = b.AddBot(max.BotRights{Chat: made.ChatID, Bot: botID})
	require.NoError(t, err)
	require.True(t, b.does("DELETE", path(made, "/members/me"), nil))
	require.Equal(t, "left", good[chatInfo](b, "GET", path(made, ""), nil).Status)
	require.Equal(t, "403 chat.denied", b.refused("DELETE", path(made, "/members/me"), nil))
}

func TestAClosedChatRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, 2)
	_, err := b.CloseChat(max.ChatRef{Chat: chat.ChatID})
	require.NoError(t, err)
	require.Equal(t, "closed", good[chatInfo](b, "GET", path(chat, ""), nil).Status)
	require.Equal(t, "403 chat.denied", b.refused("GET", path(chat, "/members"), nil))
	require.Equal(t, "403 chat.denied", b.refused("GET", path(chat, "/members/me"), nil))
	_, err = b.Join(max.Joining{Link: chat.Link, User: 3})
	require.ErrorIs(t, err, max.ErrConflict)
}

func TestEachActNeedsItsPermission(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acts := []struct {
		verb, path string
		body       any
		needs      []max.Permission
	}{
		{"GET", "/members", nil, nil},
		{"GET", "/members/admins", nil, nil},
		{"GET", "/pin", nil, nil},
		{"PATCH", "", map[string]any{"title": "2A"}, []max.Permission{max.ChangeChatInfo}},
		{"PATCH", "", map[string]any{"pin": "x"}, []max.Permission{max.PinMessage, max.ReadAllMessages}},
		{"PUT", "/pin", map[string]any{"message_id": "x"}, []max.Permission{max.PinMessage, max.ReadAllMessages}},
		{"DELETE", "/pin", nil, []max.Permission{max.PinMessage, max.ReadAllMessages}},
		{"POST", "/members", users(5), []max.Permission{max.AddRemoveMembers}},
		{"DELETE", "/members?user_id=2", nil, []max.Permission{max.AddRemoveMembers}},
		{"POST", "/members/admins", admins(2, max.CanCall), []max.Permission{max.AddAdmins}},
		{"DELETE", "/members/admins/2", nil, []max.Permission{max.AddAdmins}},
		{"POST", "?", map[string]any{"text": "x", "attachments": nil, "link": nil}, []max.Permission{max.Write, max.ReadAllMessages}},
		{"GET", "?", nil, []max.Permission{max.Write, max.ReadAllMessages}},
	}
	for _, act := range acts {
		where := func(chat max.Chat) string {
			if act.path == "?" {
				return fmt.Sprintf("/messages?chat_id=%d", chat.ChatID)
			}
			return path(chat, act.path)
		}
		name := act.verb + " " + act.path
		for _, missing := range act.needs {
			chat := b.chat(allBut(missing), 2)
			require.Equal(t, "403 chat.denied", b.refused(act.verb, where(chat), act.body), "%s without %s", name, missing)
		}
		chat := b.chat(nil, 2)
		require.NotEqual(t, "403 chat.denied", b.refused(act.verb, where(chat), act.body), "%s with all", name)
		_, err := b.SetBotPermissions(max.BotRights{Chat: chat.ChatID, Bot: botID, Plain: true})
		require.NoError(t, err)
		require.Equal(t, "403 chat.denied", b.refused(act.verb, where(chat), act.body), "%s as a plain member", name)
	}
}

func TestAChatIsRenamedAndItsMessagePinned(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	said := b.say(chat, "hello")
	info := good[chatInfo](b, "PATCH", path(chat, ""), map[string]any{"title": "2A", "pin": said})
	require.Equal(t, "2A", info.Title)
	require.Equal(t, "hello", info.Pinned.Body.Text)
	require.Equal(t, "2A", b.now(chat.ChatID).Title)
	require.True(t, b.does("DELETE", path(chat, "/pin"), nil))
	require.JSONEq(t, `{"message":null}`, string(good[json.RawMessage](b, "GET", path(chat, "/pin"), nil)))
	require.True(t, b.does("PUT", path(chat, "/pin"), map[string]any{"message_id": said}))
	require.Contains(t, string(good[json.RawMessage](b, "GET", path(chat, "/pin"), nil)), said)
	require.False(t, b.does("PUT", path(chat, "/pin"), map[string]any{"message_id": "mid.other"}))
	for _, wrong := range []string{"", strings.Repeat("ы", 201)} {
		require.Equal(t, "400 proto.payload", b.wrong("PATCH", path(chat, ""), map[string]any{"title": wrong}))
	}
	require.Equal(t, "400 proto.payload", b.wrong("PATCH", path(chat, ""), "no object"))
	require.Equal(t, "400 proto.payload", b.wrong("PATCH", path(chat, ""), map[string]any{"pin": "mid.other"}))
}
