package vk_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

func TestRequestsAreRefusedAsVKDoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		method string
		pairs  []any
		code   int
	}{
		"no token":          {"groups.getById", []any{"access_token", ""}, 5},
		"wrong token":       {"groups.getById", []any{"access_token", "other"}, 5},
		"no version":        {"groups.getById", []any{"v", ""}, 8},
		"another version":   {"groups.getById", []any{"v", "5.81"}, 8},
		"unknown method":    {"messages.unknown", nil, 3},
		"foreign community": {"messages.getConversations", []any{"group_id", 6}, 15},
	} {
		require.Equal(t, c.code, b.code(c.method, c.pairs...), name)
	}
}

func TestAnErrorEchoesTheParametersButNotTheToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.ask("messages.editChat", form("chat_id", "x", "title", "1A"))
	require.Equal(t, 100, a.Error.Code)
	require.Equal(t, "One of the parameters specified was missing or invalid: chat_id not integer", a.Error.Text)
	echo := map[string]string{}
	for _, p := range a.Error.Params {
		echo[p.Key] = p.Value
	}
	require.Equal(t, map[string]string{
		"chat_id": "x", "title": "1A", "v": "5.199", "method": "messages.editChat", "oauth": "1",
	}, echo)
}

func TestATokenIsGoodUntilRevokedOrReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Zero(t, b.code("groups.getById"))
	b.register(group, "another")
	require.Equal(t, 5, b.code("groups.getById"))
	require.Zero(t, b.code("groups.getById", "access_token", "another"))

	_, err := b.RevokeToken(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	require.Equal(t, 5, b.code("groups.getById", "access_token", "another"))

	b.register(6, "another")
	_, err = b.RegisterCommunity(vk.Registration{GroupID: group, Token: "another", Name: "School"})
	require.ErrorIs(t, err, vk.ErrConflict)
}

func TestATokenMayMake20RequestsInAnySecond(t *testing.T) {
	t.Parallel()
	b := setupLimited(t, 0)
	b.register(6, "other")
	for i := range 20 {
		if i == 10 {
			b.clock.advance(600 * time.Millisecond)
		}
		require.Zero(t, b.code("execute", "code", `return [API.groups.getById(), API.groups.getById()];`))
	}
	require.Equal(t, 6, b.code("execute", "code", "return 1;"))
	require.Zero(t, b.code("groups.getById", "access_token", "other"), "each token by itself")

	b.clock.advance(400 * time.Millisecond)
	for range 10 {
		require.Zero(t, b.code("groups.getById"))
	}
	require.Equal(t, 6, b.code("groups.getById"), "the second ten are within the last second")
}

func TestTheTokenTellsItsCommunityAndRights(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(6, "other")
	type reply struct {
		Groups []struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"groups"`
	}
	own := good[reply](b, "groups.getById")
	require.Len(t, own.Groups, 1)
	require.EqualValues(t, group, own.Groups[0].ID)
	require.Equal(t, "School", own.Groups[0].Name)
	require.Len(t, good[reply](b, "groups.getById", "group_ids", "5,6,7").Groups, 2)
	require.EqualValues(t, 6, good[reply](b, "groups.getById", "group_id", 6).Groups[0].ID)

	rights := good[map[string]any](b, "groups.getTokenPermissions")
	require.EqualValues(t, 4096+262144, rights["mask"])
	require.Contains(t, rights["permissions"], map[string]any{"name": "messages", "setting": 4096.0})
}

func TestNoTokenIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.ask("execute", form("code", `return API.messages.getConversations({"access_token":"`+token+`"});`))
	b.ask("messages.editChat", form("chat_id", "x"))

	entries, err := json.Marshal(b.log.Entries(0, 0))
	require.NoError(t, err)
	require.NotContains(t, string(entries), token)
	kept, err := os.ReadFile(b.journal)
	require.NoError(t, err)
	require.NotContains(t, string(kept), token)
}

func TestTheTokenMayTravelInTheHeader(t *testing.T) {
	t.Parallel()
	b := setup(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/method/groups.getById?v=5.199", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var a answer
	require.NoError(t, json.NewDecoder(response.Body).Decode(&a))
	require.Nil(t, a.Error)
	require.Equal(t, "groups.getById", b.log.Entries(0, 0)[0].Method)
}

func TestTheLogTellsEveryCall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1,2")
	b.ask("execute", form("code", `return [API.messages.editChat({"chat_id":1,"title":"1B"}),API.messages.editChat({"chat_id":9,"title":"x"})];`))
	b.ask("groups.getById", form("access_token", "bad"))

	entries := b.log.Entries(0, 0)
	require.Len(t, entries, 3)
	first, second, third := entries[0], entries[1], entries[2]
	require.EqualValues(t, group, first.GroupID)
	require.Equal(t, b.clock.Now(), first.At)
	require.True(t, strings.HasPrefix(first.RemoteAddr, "127.0.0.1:"))
	require.Equal(t, map[string]string{"title": "1A", "user_ids": "1,2", "group_id": "5", "v": "5.199"}, first.Calls[0].Params)

	require.Equal(t, "execute", second.Method)
	require.Zero(t, second.ErrorCode)
	require.Len(t, second.Calls, 2)
	require.Equal(t, map[string]string{"chat_id": "1", "title": "1B"}, second.Calls[0].Params)
	require.Equal(t, 927, second.Calls[1].ErrorCode)

	require.Equal(t, 5, third.ErrorCode)
	require.Zero(t, third.GroupID)
	require.Empty(t, third.Calls)
}

func TestAnEndlessBodyIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	response, err := b.post(t.Context(), "execute", form("code", strings.Repeat("x", 2<<20)))
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, 400, response.StatusCode)
}
