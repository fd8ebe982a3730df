package vk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// town is a VK in which every call goes well; chats are numbered from 1.
func town() func(madeCall) any {
	made := 0
	return func(c madeCall) any {
		switch c.method {
		case methodCreateChat:
			made++
			peers := []any{-testGroup}
			for id := range strings.SplitSeq(fmt.Sprint(c.args["user_ids"]), ",") {
				if strings.HasSuffix(id, "0") {
					peers = append(peers, 10)
				}
			}
			return map[string]any{"chat_id": made, "peer_ids": peers}
		case methodInviteLink:
			return map[string]any{"link": fmt.Sprintf("https://vk.me/join/%v-%v", c.args["peer_id"], c.args["reset"])}
		case methodSend:
			return []any{map[string]any{"peer_id": 2000000007, "message_id": 0, "conversation_message_id": 118}}
		case methodDelete:
			return []any{map[string]any{"peer_id": 2000000007, "conversation_message_id": 118, "response": 1}}
		default:
			return 1
		}
	}
}

func create(title string, accounts ...school.AccountID) messenger.Call {
	return messenger.Call{Kind: messenger.CallCreateChat, Title: title, Accounts: accounts}
}

func remove(chat int64, account school.AccountID) messenger.Call {
	return messenger.Call{Kind: messenger.CallRemoveMember, Chat: ChatRef(chat), Account: account}
}

func TestEveryCallIsVKsCall(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, town())
	replies, err := do(t, client,
		create("nonce-1", 10, 11),
		create("empty"),
		messenger.Call{Kind: messenger.CallSetTitle, Chat: "7", Title: "1А · Родители"},
		messenger.Call{Kind: messenger.CallInviteLink, Chat: "7"},
		messenger.Call{Kind: messenger.CallResetLink, Chat: "7"},
		messenger.Call{Kind: messenger.CallAddMember, Chat: "7", Account: 12},
		remove(7, 13), remove(7, -14),
		messenger.Call{Kind: messenger.CallPromote, Chat: "7", Account: 15},
		messenger.Call{Kind: messenger.CallDemote, Chat: "7", Account: 16},
		messenger.Call{Kind: messenger.CallSendMessage, Chat: "7", Text: "Урок в 9:00\n\"Биология\" <https://x>", RandomID: 2147483647},
		messenger.Call{Kind: messenger.CallDeleteMessage, Chat: "7", Message: "118"},
	)
	require.NoError(t, err)
	require.Equal(t, [][]madeCall{{
		{methodCreateChat, map[string]any{"title": "nonce-1", "group_id": int64(testGroup), "user_ids": "10,11"}},
		{methodInviteLink, map[string]any{"peer_id": int64(2000000001), "group_id": int64(testGroup)}},
		{methodCreateChat, map[string]any{"title": "empty", "group_id": int64(testGroup)}},
		{methodInviteLink, map[string]any{"peer_id": int64(2000000002), "group_id": int64(testGroup)}},
		{methodEditChat, map[string]any{"chat_id": int64(7), "title": "1А · Родители"}},
		{methodInviteLink, map[string]any{"peer_id": int64(2000000007), "group_id": int64(testGroup)}},
		{methodInviteLink, map[string]any{"peer_id": int64(2000000007), "reset": int64(1), "group_id": int64(testGroup)}},
		{methodAddUser, map[string]any{"chat_id": int64(7), "user_id": int64(12)}},
		{methodRemoveUser, map[string]any{"chat_id": int64(7), "member_id": int64(13)}},
		{methodRemoveUser, map[string]any{"chat_id": int64(7), "member_id": int64(-14)}},
		{methodSetRole, map[string]any{"peer_id": int64(2000000007), "member_id": int64(15), "role": "admin"}},
		{methodSetRole, map[string]any{"peer_id": int64(2000000007), "member_id": int64(16), "role": "member"}},
		{methodSend, map[string]any{
			"peer_ids": "2000000007", "message": "Урок в 9:00\n\"Биология\" <https://x>", "random_id": int64(2147483647), "group_id": int64(testGroup),
		}},
		{methodDelete, map[string]any{
			"peer_id": int64(2000000007), "cmids": "118", "delete_for_all": int64(1), "group_id": int64(testGroup),
		}},
	}}, fake.seen())
	require.Equal(t, []messenger.Reply{
		{Chat: "1", Added: []school.AccountID{10}, Link: "https://vk.me/join/2000000001-<nil>"},
		{Chat: "2", Added: []school.AccountID{}, Link: "https://vk.me/join/2000000002-<nil>"},
		{Chat: "7"},
		{Chat: "7", Link: "https://vk.me/join/2000000007-<nil>"},
		{Chat: "7", Link: "https://vk.me/join/2000000007-1"},
		{Chat: "7"}, {Chat: "7"}, {Chat: "7"}, {Chat: "7"}, {Chat: "7"},
		{Chat: "7", Message: "118"}, {Chat: "7"},
	}, replies)

	form := fake.form(0)
	require.Equal(t, testToken, form.Get("access_token"))
	require.Equal(t, "5.199", form.Get("v"))
}

func TestBatching(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		calls    []messenger.Call
		requests []int
	}{
		"none":          {nil, nil},
		"25 removals":   {lo.Times(25, func(i int) messenger.Call { return remove(int64(i+1), 5) }), []int{25}},
		"26 removals":   {lo.Times(26, func(i int) messenger.Call { return remove(int64(i+1), 5) }), []int{25, 1}},
		"60 creations":  {lo.Times(60, func(int) messenger.Call { return create("x") }), []int{24, 24, 24, 24, 24}},
		"mixed":         {append(lo.Times(24, func(int) messenger.Call { return remove(1, 5) }), create("x")), []int{24, 2}},
		"3 big chats":   {lo.Times(3, func(int) messenger.Call { return create("x", accountsTo(2900)...) }), []int{4, 2}},
		"2 giant chats": {lo.Times(2, func(int) messenger.Call { return create("x", accountsTo(9000)...) }), []int{2, 2}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake := setup(t, town())
			replies, err := do(t, client, tt.calls...)
			require.NoError(t, err)
			require.Len(t, replies, len(tt.calls))
			require.Equal(t, tt.requests, sizes(fake))
		})
	}
}

func sizes(fake *fakeVK) []int {
	var n []int
	for _, calls := range fake.seen() {
		n = append(n, len(calls))
	}
	return n
}

func TestRecordedBeforeTheNextRequest(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, town())
	var log []string
	client.gate = gateFunc(func(context.Context) error {
		log = append(log, fmt.Sprintf("gate before request %d", len(fake.seen())))
		return nil
	})
	calls := lo.Times(60, func(i int) messenger.Call { return remove(int64(i+1), 5) })
	err := client.Do(t.Context(), calls, func(first int, replies []messenger.Reply) error {
		log = append(log, fmt.Sprintf("%d from %d after request %d", len(replies), first, len(fake.seen())))
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{
		"gate before request 0", "25 from 0 after request 1",
		"gate before request 1", "25 from 25 after request 2",
		"gate before request 2", "10 from 50 after request 3",
	}, log)
}

func TestRecordEndsDo(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, town())
	broken := errors.New("the store is away")
	calls := lo.Times(60, func(i int) messenger.Call { return remove(int64(i+1), 5) })
	err := client.Do(t.Context(), calls, func(int, []messenger.Reply) error { return broken })
	require.ErrorIs(t, err, broken)
	require.Len(t, fake.seen(), 1)
}

func TestGateEndsEverything(t *testing.T) {
	t.Parallel()
	fenced := &messenger.Error{Code: messenger.CodeFenced}
	client, fake := setup(t, town())
	passes := 0
	client.gate = gateFunc(func(context.Context) error {
		if passes++; passes > 1 {
			return fenced
		}
		return nil
	})
	calls := lo.Times(60, func(i int) messenger.Call { return remove(int64(i+1), 5) })
	replies, err := do(t, client, calls...)
	require.ErrorIs(t, err, fenced)
	require.Len(t, replies, 25)
	require.Len(t, fake.seen(), 1)

	_, err = client.Read(t.Context(), []messenger.ChatRef{"1"})
	require.ErrorIs(t, err, fenced)
	_, err = client.FindByTitle(t.Context(), []string{"x"})
	require.ErrorIs(t, err, fenced)
	_, err = client.Community(t.Context())
	require.ErrorIs(t, err, fenced)
	require.Len(t, fake.seen(), 1, "nothing is sent past a closed gate")
}

func TestTroubleOfTheTokenEndsDoAfterRecording(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, func(c madeCall) any {
		switch c.args["chat_id"] {
		case int64(3):
			return vkError(925)
		case int64(5):
			return vkError(6)
		case int64(9):
			return vkError(5)
		}
		return 1
	})
	calls := lo.Times(60, func(i int) messenger.Call { return remove(int64(i+1), 5) })
	replies, err := do(t, client, calls...)
	require.Equal(t, rate, messenger.CodeOf(err), "the first of them")
	require.Len(t, fake.seen(), 1)
	require.Len(t, replies, 25)
	want := make([]messenger.Code, 25)
	want[2], want[4], want[8] = mayNot, rate, refused
	require.Equal(t, want, codesOf(replies))
}

func codesOf(replies []messenger.Reply) []messenger.Code {
	return lo.Map(replies, func(r messenger.Reply, _ int) messenger.Code { return messenger.CodeOf(r.Err) })
}

func TestFailedCreationsKeepErrorsApart(t *testing.T) {
	t.Parallel()
	good := town()
	client, _ := setup(t, func(c madeCall) any {
		switch {
		case c.args["title"] == "refused":
			return vkError(936)
		case c.args["chat_id"] == int64(9):
			return vkError(945)
		}
		return good(c)
	})
	replies, err := do(t, client, create("refused"), remove(9, 5), create("good"), create("refused"), remove(8, 5))
	require.NoError(t, err)
	require.Equal(t, []messenger.Code{member, denied, ok, member, ok}, codesOf(replies))
	require.Equal(t, messenger.ChatRef("1"), replies[2].Chat)
	require.Empty(t, replies[0].Chat)
}

func TestAMadeChatIsRepliedEvenWithoutItsLink(t *testing.T) {
	t.Parallel()
	for vendor, end := range map[vkError]messenger.Code{919: ok, 6: rate, 7: rights} {
		good := town()
		client, _ := setup(t, func(c madeCall) any {
			if c.method == methodInviteLink {
				return vendor
			}
			return good(c)
		})
		replies, err := do(t, client, create("nonce", 10))
		require.Equal(t, end, messenger.CodeOf(err))
		require.Equal(t, []messenger.Reply{{Chat: "1", Added: []school.AccountID{10}}}, replies)
	}
}

// TestErrorsThatDoNotAdd sends replies whose list of errors is not what VK promises.
func TestErrorsThatDoNotAdd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want []messenger.Code
		end  messenger.Code
	}{
		"no entry": {`{"response":[1,false]}`, []messenger.Code{ok, away}, away},
		"one entry for two": {
			`{"response":[false,false],"execute_errors":[{"method":"messages.removeChatUser","error_code":925}]}`,
			[]messenger.Code{mayNot, away}, away,
		},
		"of another method": {
			`{"response":[false,1],"execute_errors":[{"method":"messages.editChat","error_code":925}]}`,
			[]messenger.Code{away, ok}, away,
		},
		"without methods": {
			`{"response":[false,false],"execute_errors":[{"error_code":925},{"error_code":935}]}`, []messenger.Code{mayNot, ok}, ok,
		},
		"a remark on the script": {
			`{"response":[false,1],"execute_errors":[
				{"method":"execute","error_code":13},{"method":"messages.removeChatUser","error_code":925}]}`,
			[]messenger.Code{mayNot, ok}, ok,
		},
		"null":    {`{"response":[null,1]}`, []messenger.Code{away, ok}, away},
		"0":       {`{"response":[0,1]}`, []messenger.Code{away, ok}, away},
		"a shape": {`{"response":[{"x":1},1]}`, []messenger.Code{away, ok}, away},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientOf(t, text200(tt.body))
			replies, err := do(t, client, remove(1, 5), remove(2, 5))
			require.Equal(t, tt.end, messenger.CodeOf(err))
			require.Equal(t, tt.want, codesOf(replies))
		})
	}
}

func TestRepliesWithoutTheirContentAreNoReplies(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"response":[{"peer_ids":[10]},{"link":"https://vk.me/join/x"}]}`, `{"response":[7,{"link":"https://vk.me/join/x"}]}`,
	} {
		client := clientOf(t, text200(body))
		replies, err := do(t, client, create("nonce", 10))
		require.Equal(t, away, messenger.CodeOf(err))
		require.Equal(t, away, messenger.CodeOf(replies[0].Err))
		require.Empty(t, replies[0].Chat)
	}
	client := clientOf(t, text200(`{"response":[{"link":""}]}`))
	_, err := do(t, client, messenger.Call{Kind: messenger.CallInviteLink, Chat: "1"})
	require.Equal(t, away, messenger.CodeOf(err))
}

func text200(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

func TestCallsThatCannotBeRightSendNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]messenger.Call{
		"no title":               create(""),
		"a community in a chat":  create("x", 5, -6),
		"no new title":           {Kind: messenger.CallSetTitle, Chat: "1"},
		"no chat":                {Kind: messenger.CallInviteLink},
		"another protocol's ref": {Kind: messenger.CallInviteLink, Chat: "-70000000000000"},
		"a padded ref":           {Kind: messenger.CallInviteLink, Chat: "007"},
		"a peer for a ref":       {Kind: messenger.CallInviteLink, Chat: "99999999999"},
		"nobody added":           {Kind: messenger.CallAddMember, Chat: "1"},
		"nobody removed":         {Kind: messenger.CallRemoveMember, Chat: "1"},
		"itself removed":         remove(1, -testGroup),
		"itself demoted":         {Kind: messenger.CallDemote, Chat: "1", Account: -testGroup},
		"nobody promoted":        {Kind: messenger.CallPromote, Chat: "1"},
		"an unknown call":        {Kind: "sing", Chat: "1"},
		"no text":                {Kind: messenger.CallSendMessage, Chat: "1", Text: " \n", RandomID: 1},
		"a text without end":     {Kind: messenger.CallSendMessage, Chat: "1", Text: strings.Repeat("7", messenger.MaxText+1), RandomID: 1},
		"no random id":           {Kind: messenger.CallSendMessage, Chat: "1", Text: "777"},
		"a bad random id":        {Kind: messenger.CallSendMessage, Chat: "1", Text: "777", RandomID: -1},
		"a message to nobody":    {Kind: messenger.CallSendMessage, Text: "777", RandomID: 1},
		"no message deleted":     {Kind: messenger.CallDeleteMessage, Chat: "1"},
	}
	for name, call := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake := setup(t, town())
			replies, err := do(t, client, remove(1, 5), call)
			require.Equal(t, bad, messenger.CodeOf(err))
			requireHidden(t, err, "777")
			require.Empty(t, replies)
			require.Empty(t, fake.seen())
		})
	}
}
