package vk_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

func TestAScriptCreatesAChatAndReadsItsLink(t *testing.T) {
	t.Parallel()
	b := setup(t)
	type pair struct {
		Chat created `json:"c"`
		Link struct {
			Link string `json:"link"`
		} `json:"l"`
	}
	reply := good[[]pair](b, "execute", "code",
		`var c0=API.messages.createChat({"user_ids":"1,2","title":"x","group_id":5});`+
			`var l0=API.messages.getInviteLink({"peer_id":2000000000+c0.chat_id,"group_id":5});return [{"c":c0,"l":l0}];`)
	require.Len(t, reply, 1)
	require.Equal(t, created{ChatID: 1, PeerIDs: []int64{1, 2}}, reply[0].Chat)
	require.Equal(t, b.chat(1).Link, reply[0].Link.Link)
}

func TestAScriptReadsSeveralThings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.create("1B", "2")
	reply := good[[]json.RawMessage](b, "execute", "code",
		`return [API.messages.getConversationMembers({"peer_id":2000000001,"count":1000}),`+
			`API.messages.getConversationsById({"peer_ids":"2000000001,2000000002"})];`)
	require.Len(t, reply, 2)
	var m members
	require.NoError(t, json.Unmarshal(reply[0], &m))
	require.Equal(t, 2, m.Count)
	var c conversations
	require.NoError(t, json.Unmarshal(reply[1], &c))
	require.Equal(t, []string{"1A", "1B"}, lo.Map(c.Items, func(i conversation, _ int) string { return i.Settings.Title }))
}

func TestFailedCallsGiveFalseAndTheirErrorsInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	a := b.ask("execute", form("code", `var a=API.messages.addChatUser({"chat_id":1,"user_id":2});
var b=API.messages.removeChatUser({"chat_id":1,"member_id":1});
var c=API.messages.removeChatUser({"chat_id":1,"member_id":1});
var d=API.nothing.atAll({});
return [a,b,c,d];`))
	require.Nil(t, a.Error)
	require.JSONEq(t, `[false,1,false,false]`, string(a.Response))
	codes := lo.Map(a.Failures, func(f struct {
		Method string `json:"method"`
		Code   int    `json:"error_code"`
		Text   string `json:"error_msg"`
	}, _ int) string {
		return fmt.Sprint(f.Method, " ", f.Code, " ", f.Text)
	})
	require.Equal(t, []string{
		"messages.addChatUser 27 Group authorization failed: method is unavailable with group auth.",
		"messages.removeChatUser 935 User not found in chat",
		"nothing.atAll 3 Unknown method passed",
	}, codes)
}

func TestAMemberOfAFailedCallIsNull(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.ask("execute", form("code",
		`var c=API.messages.createChat({"user_ids":"x"});var l=API.messages.getInviteLink({"peer_id":2000000000+c.chat_id});return {"c":c,"l":l,"n":c.chat_id};`))
	require.JSONEq(t, `{"c":false,"l":false,"n":null}`, string(a.Response))
	require.Len(t, a.Failures, 2)
	require.Contains(t, a.Failures[1].Text, "peer_id should be greater")
}

func TestAScriptHasItsBounds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	rename := `API.messages.editChat({"chat_id":1,"title":"%d"});`
	script := func(n int) string {
		return strings.Join(lo.Times(n, func(i int) string { return fmt.Sprintf(rename, i+1) }), "") + "return 1;"
	}
	require.Zero(t, b.code("execute", "code", script(25)))
	a := b.ask("execute", form("code", script(26)))
	require.Equal(t, 13, a.Error.Code)
	require.Equal(t, "Runtime error occurred during code invocation: Too many API calls", a.Error.Text)
	require.Equal(t, "25", b.chat(1).Title, "what came before is done")

	require.Equal(t, 12, b.code("execute", "code", "return (;"))
	require.Equal(t, 13, b.code("execute", "code", "var a = null; a.push(1);"))
	require.Equal(t, 13, b.code("execute", "code", "return 0 / 0;"))
}

func TestAReplyIsNotEndless(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.ask("execute", form("code", `var s = "0123456789"; var i = 0; while (i < 20) { s = s + s; i = i + 1; } return s;`))
	require.Equal(t, "Runtime error occurred during code invocation: response size is too big", a.Error.Text)
}

func TestArgumentsTravelAsOnTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, 1, good[int](b, "execute", "code",
		`var c=API.messages.createChat({"user_ids":[1,2],"title":"x","group_id":null});`+
			`API.messages.getInviteLink({"peer_id":2000000001,"reset":true});return c.chat_id;`))
	require.Equal(t, []int64{1, 2}, b.chat(1).Members)
	calls := b.log.Entries(0, 0)[0].Calls
	require.Equal(t, map[string]string{"user_ids": "1,2", "title": "x"}, calls[0].Params)
	require.Equal(t, map[string]string{"peer_id": "2000000001", "reset": "1"}, calls[1].Params)
}

func TestScriptsOfManyCommunitiesRunAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const communities, chats = 8, 10
	finished := make(chan error, communities)
	for i := range communities {
		id := int64(100 + i)
		b.register(id, fmt.Sprint("token-", id))
		go func() {
			for n := range chats {
				code := fmt.Sprintf(`var c=API.messages.createChat({"user_ids":"1,2,3","title":"%d"});
API.messages.removeChatUser({"chat_id":c.chat_id,"member_id":2});return API.messages.getConversations({"count":200});`, n)
				response, err := b.post(b.t.Context(), "execute", form("access_token", fmt.Sprint("token-", id), "code", code))
				if err != nil {
					finished <- err
					return
				}
				_ = response.Body.Close()
			}
			finished <- nil
		}()
	}
	for range communities {
		require.NoError(t, <-finished)
	}
	require.Equal(t, vk.Totals{Communities: communities + 1, Chats: communities * chats, Memberships: communities * chats * 2}, b.Totals())
}
