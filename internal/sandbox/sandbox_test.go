package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

const (
	group = 5
	token = "secret-of-five"
)

type bench struct {
	*sandbox.Client
	t      *testing.T
	server *sandbox.Server
	url    string
	logged *bytes.Buffer
}

func setup(t *testing.T) *bench { return setupIn(t, "") }

// setupIn serves a sandbox that is kept in a folder, with community 5 in it.
func setupIn(t *testing.T, dir string) *bench {
	t.Helper()
	b := &bench{t: t, logged: &bytes.Buffer{}}
	server, err := sandbox.Open(sandbox.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(b.logged, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	b.server, b.url, b.Client = server, listener.URL, sandbox.NewClient(listener.URL)
	_, err = b.RegisterCommunity(t.Context(), vk.Registration{GroupID: group, Token: token, Name: "School"})
	require.NoError(t, err)
	return b
}

// vk makes a request to the stand-in for VK.
func (b *bench) vk(method string, pairs ...string) string {
	b.t.Helper()
	values := url.Values{"access_token": {token}, "v": {vk.Version}}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return b.post(vk.Path+method, "application/x-www-form-urlencoded", values.Encode(), http.StatusOK)
}

func (b *bench) post(path, kind, body string, status int) string {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", kind)
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(b.t, status, response.StatusCode)
	var content bytes.Buffer
	_, err = content.ReadFrom(response.Body)
	require.NoError(b.t, err)
	return content.String()
}

func requireStatus(t *testing.T, status int, err error) {
	t.Helper()
	refused, ok := errors.AsType[*sandbox.StatusError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, status, refused.Status, refused.Text)
	require.NotEmpty(t, refused.Text)
}

func TestPeopleActOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.vk("messages.createChat", "title", "1A", "user_ids", "1,2")
	seat := func(account int64) vk.Seat { return vk.Seat{GroupID: group, ChatID: 1, Account: account} }

	state, err := b.State(ctx, vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	require.Len(t, state.Chats, 1)
	chat, err := b.Join(ctx, vk.Joining{Link: state.Chats[0].Link, Account: 3})
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 3}, chat.Members)
	_, err = b.AddByHand(ctx, seat(4))
	require.NoError(t, err)
	_, err = b.Leave(ctx, seat(1))
	require.NoError(t, err)
	_, err = b.KickByHand(ctx, seat(2))
	require.NoError(t, err)
	_, err = b.SetAdminByHand(ctx, vk.Rights{Seat: seat(4), Admin: true})
	require.NoError(t, err)
	_, err = b.RenameByHand(ctx, vk.Renaming{GroupID: group, ChatID: 1, Title: "2A"})
	require.NoError(t, err)
	chat, err = b.SetChatState(ctx, vk.Restating{GroupID: group, ChatID: 1, State: vk.ChatDisabled})
	require.NoError(t, err)
	require.Equal(t, vk.Chat{
		GroupID: group, ChatID: 1, PeerID: 2_000_000_001, Title: "2A", Link: state.Chats[0].Link, State: vk.ChatDisabled,
		Created: chat.Created, Members: []int64{3, 4}, Admins: []int64{4}, Left: []int64{1},
	}, chat)

	inProcess, err := b.server.State(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	require.Equal(t, chat.Members, inProcess.Chats[0].Members)
	totals, err := b.Totals(ctx)
	require.NoError(t, err)
	require.Equal(t, vk.Totals{Communities: 1, Chats: 1, Memberships: 2, Admins: 1}, totals)
}

func TestSwitchesAndTokensAreSetOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.vk("messages.createChat", "title", "1A")
	require.Contains(t, b.vk("messages.addChatUser", "chat_id", "1", "user_id", "1"), `"error_code":27`)
	community, err := b.SetSwitches(ctx, vk.Switches{GroupID: group, Adding: new(true)})
	require.NoError(t, err)
	require.Equal(t, vk.Community{
		GroupID: group, Name: "School", TokenGood: true, Adding: true, AddingAtCreation: true, Chats: 1,
	}, community)
	_, err = b.SetAccount(ctx, vk.Account{Account: 2, Adding: vk.AddingRefused})
	require.NoError(t, err)
	require.JSONEq(t, `{"response":1}`, b.vk("messages.addChatUser", "chat_id", "1", "user_id", "1"))
	require.Contains(t, b.vk("messages.addChatUser", "chat_id", "1", "user_id", "2"), `"error_code":15`)

	_, err = b.RevokeToken(ctx, vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	require.Contains(t, b.vk("groups.getById"), `"error_code":5`)
	all, err := b.Communities(ctx)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.False(t, all[0].TokenGood)
}

func TestEventsAreListenedToOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.vk("messages.createChat", "title", "1A", "user_ids", "1")
	events := make(chan string, 9)
	address := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		if strings.Contains(body.String(), "confirmation") {
			_, _ = rw.Write([]byte("yes"))
			return
		}
		events <- body.String()
		_, _ = rw.Write([]byte("ok"))
	}))
	t.Cleanup(address.Close)
	community, err := b.SetCallback(ctx, vk.Callback{GroupID: group, URL: address.URL, Secret: "hush", Confirmation: "yes"})
	require.NoError(t, err)
	require.Equal(t, address.URL, community.Callback)
	_, err = b.SetCallback(ctx, vk.Callback{GroupID: group, URL: address.URL, Confirmation: "no"})
	requireStatus(t, http.StatusConflict, err)

	var reply struct {
		Response struct{ Key, Server, TS string } `json:"response"`
	}
	require.NoError(t, json.Unmarshal([]byte(b.vk("groups.getLongPollServer", "group_id", "5")), &reply))
	poll := strings.TrimPrefix(reply.Response.Server, b.url) + "?act=a_check&wait=90&ts=" + reply.Response.TS + "&key=" + reply.Response.Key
	_, err = b.Leave(ctx, vk.Seat{GroupID: group, ChatID: 1, Account: 1})
	require.NoError(t, err)
	require.Contains(t, <-events, `"secret":"hush"`)
	require.Contains(t, b.post(poll, "text/plain", "", http.StatusOK), `"action":{"type":"chat_kick_user","member_id":1}`)

	_, err = b.TroubleStream(ctx, vk.StreamTrouble{GroupID: group, Trouble: vk.TroubleForget})
	require.NoError(t, err)
	require.JSONEq(t, `{"failed":3}`, b.post(poll, "text/plain", "", http.StatusOK))
	_, err = b.TroubleStream(ctx, vk.StreamTrouble{GroupID: group, Trouble: "flood"})
	requireStatus(t, http.StatusBadRequest, err)
	counts, err := b.RequestCounts(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, counts.All.Requests[vk.PollMethod])
}

func TestFaultsAreSetOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	fault := traffic.Fault{Method: "groups.getById", Mode: traffic.ModeError, ErrorCode: 10, Times: 2}
	require.NoError(t, b.AddFault(ctx, fault))
	require.Contains(t, b.vk("groups.getById"), `"error_code":10`)
	armed, err := b.Faults(ctx)
	require.NoError(t, err)
	fault.Times = 1
	require.Equal(t, []traffic.Fault{fault}, armed)
	require.NoError(t, b.ClearFaults(ctx))
	require.NotContains(t, b.vk("groups.getById"), "error_code")
	requireStatus(t, http.StatusBadRequest, b.AddFault(ctx, traffic.Fault{Method: "x", Mode: "explode"}))
}

func TestRequestsAreToldOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.vk("groups.getById")
	b.vk("execute", "code", `return API.messages.getConversations({"count":"x"});`)
	b.vk("groups.getById", "access_token", "bad")

	entries, err := b.Requests(ctx, 1, 0)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Equal(t, "messages.getConversations", entries[0].Calls[0].Method)
	entries, err = b.Requests(ctx, 0, group)
	require.NoError(t, err)
	require.Len(t, entries, 2)

	counts, err := b.RequestCounts(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"groups.getById": 2, "execute": 1}, counts.All.Requests)
	require.Equal(t, map[int]int{100: 1, 5: 1}, counts.All.Errors)
	require.Equal(t, map[string]int{"groups.getById": 1, "messages.getConversations": 1}, counts.Communities[group].Calls)

	require.NoError(t, b.ResetRequests(ctx))
	entries, err = b.Requests(ctx, 0, 0)
	require.NoError(t, err)
	require.Empty(t, entries)
	require.EqualValues(t, 3, b.server.LastRequest())
}

func TestWaitingForRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	reached, err := b.WaitForRequests(t.Context(), 1, time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, sandbox.Reached{Seq: 0}, reached)

	waited := make(chan sandbox.Reached, 1)
	go func() {
		reached, err := b.WaitForRequests(context.WithoutCancel(t.Context()), 2, time.Minute)
		if err == nil {
			waited <- reached
		}
		close(waited)
	}()
	b.vk("groups.getById")
	b.vk("groups.getById")
	require.Equal(t, sandbox.Reached{Seq: 2, Reached: true}, <-waited)
}

func TestActsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.vk("messages.createChat", "title", "1A", "user_ids", "1")
	for _, unknown := range []vk.Seat{
		{GroupID: 6, ChatID: 1, Account: 1}, {GroupID: group, ChatID: 2, Account: 1}, {GroupID: group, ChatID: 1, Account: 2},
	} {
		_, err := b.Leave(ctx, unknown)
		requireStatus(t, http.StatusNotFound, err)
	}
	_, err := b.Join(ctx, vk.Joining{Link: "https://vk.me/join/none", Account: 1})
	requireStatus(t, http.StatusNotFound, err)
	_, err = b.State(ctx, vk.GroupRef{GroupID: 7})
	requireStatus(t, http.StatusNotFound, err)

	_, err = b.AddByHand(ctx, vk.Seat{GroupID: group, ChatID: 1})
	requireStatus(t, http.StatusBadRequest, err)
	_, err = b.RenameByHand(ctx, vk.Renaming{GroupID: group, ChatID: 1})
	requireStatus(t, http.StatusBadRequest, err)
	_, err = b.SetChatState(ctx, vk.Restating{GroupID: group, ChatID: 1, State: "asleep"})
	requireStatus(t, http.StatusBadRequest, err)
	_, err = b.SetAccount(ctx, vk.Account{Account: 1, Adding: "maybe"})
	requireStatus(t, http.StatusBadRequest, err)
	_, err = b.RegisterCommunity(ctx, vk.Registration{GroupID: 6, Name: "School"})
	requireStatus(t, http.StatusBadRequest, err)
	_, err = b.RegisterCommunity(ctx, vk.Registration{GroupID: 6, Name: "School", Token: token})
	requireStatus(t, http.StatusConflict, err)
}

func TestBodiesAreRefusedUnlessTheyAreWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, body := range []string{
		``, `[]`, `{"group_id":5,"nonsense":1}`, `{"group_id":5}{}`, `{"group_id":"5"}`,
		`{"group_id":5` + strings.Repeat(" ", 1<<20) + `}`,
	} {
		reply := b.post("/_sandbox/communities/revoke", "application/json", body, http.StatusBadRequest)
		require.Contains(t, reply, "send one JSON object")
	}
	require.NotContains(t, b.vk("groups.getById"), "error_code", "the token is still good")

	response, err := http.Get(b.url + "/_sandbox/requests?since=x")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
	b.post("/_sandbox/totals", "application/json", "", http.StatusMethodNotAllowed)
	b.post("/elsewhere", "application/json", "", http.StatusNotFound)
}

func TestTheDataFolderKeepsTheState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := setupIn(t, dir)
	b.vk("messages.createChat", "title", "1A", "user_ids", "1,2")

	again, err := sandbox.Open(sandbox.Options{Dir: dir})
	require.NoError(t, err)
	defer func() { _ = again.Close() }()
	require.Equal(t, vk.Totals{Communities: 1, Chats: 1, Memberships: 2}, again.Totals())
}

func TestTheLogOfTheSandboxHoldsNoToken(t *testing.T) {
	t.Parallel()
	b := setupIn(t, t.TempDir())
	require.NoError(t, b.server.Close())
	require.Contains(t, b.vk("messages.createChat", "title", "1A"), `"error_code":10`)
	require.Contains(t, b.logged.String(), "journal")
	require.NotContains(t, b.logged.String(), token)
}

func TestTheAddressItselfSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	server, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_sandbox/", nil))
	require.Equal(t, http.StatusOK, answer.Code)
	require.Contains(t, answer.Body.String(), "chats/kick")
	answer = httptest.NewRecorder()
	server.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_sandbox/nonsense", nil))
	require.Equal(t, http.StatusNotFound, answer.Code)
}
