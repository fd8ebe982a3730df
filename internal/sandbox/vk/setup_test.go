package vk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

const (
	group = 5
	token = "secret-of-five"
	base  = 2_000_000_000
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a world that serves over HTTP, with community 5 in it.
type bench struct {
	*vk.World
	t       *testing.T
	url     string
	clock   *clock
	log     *traffic.Log
	faults  *traffic.Faults
	journal string
}

func setup(t *testing.T) *bench {
	t.Helper()
	return setupLimited(t, -1)
}

func setupLimited(t *testing.T, requestsPerSecond int) *bench {
	t.Helper()
	b := &bench{
		t: t, clock: &clock{now: time.Unix(1_700_000_000, 0)}, log: traffic.NewLog(), faults: &traffic.Faults{},
		journal: filepath.Join(t.TempDir(), "vk.jsonl"),
	}
	b.open(requestsPerSecond)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { b.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	b.url = server.URL
	b.register(group, token)
	return b
}

// open replaces the world with what its journal says, as after a SIGKILL.
func (b *bench) open(requestsPerSecond int) {
	b.t.Helper()
	world, err := vk.Open(vk.Options{
		Journal: b.journal, Now: b.clock.Now, RequestsPerSecond: requestsPerSecond, CallbackPause: time.Millisecond, Log: b.log, Faults: b.faults,
	})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = world.Close() })
	b.World = world
}

func (b *bench) register(group int64, token string) {
	b.t.Helper()
	_, err := b.RegisterCommunity(vk.Registration{GroupID: group, Token: token, Name: "School"})
	require.NoError(b.t, err)
}

func (b *bench) grantAdding() {
	b.t.Helper()
	_, err := b.SetSwitches(vk.Switches{GroupID: group, Adding: new(true)})
	require.NoError(b.t, err)
}

// answer is any of VK's replies.
type answer struct {
	Response json.RawMessage `json:"response"`
	Error    *struct {
		Code   int    `json:"error_code"`
		Text   string `json:"error_msg"`
		Params []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"request_params"`
	} `json:"error"`
	Failures []struct {
		Method string `json:"method"`
		Code   int    `json:"error_code"`
		Text   string `json:"error_msg"`
	} `json:"execute_errors"`
}

// form gives name, value, name, value ... as a form of a good request.
func form(pairs ...any) url.Values {
	values := url.Values{"access_token": {token}, "v": {"5.199"}}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(fmt.Sprint(pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return values
}

// post sends a request, and gives the error of the connection if there was one.
func (b *bench) post(ctx context.Context, method string, values url.Values) (*http.Response, error) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/method/"+method, strings.NewReader(values.Encode()))
	require.NoError(b.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return http.DefaultClient.Do(request)
}

func (b *bench) ask(method string, values url.Values) answer {
	b.t.Helper()
	response, err := b.post(b.t.Context(), method, values)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(b.t, http.StatusOK, response.StatusCode)
	var a answer
	require.NoError(b.t, json.NewDecoder(response.Body).Decode(&a))
	return a
}

// code makes a call and gives the code of its error, 0 for success.
func (b *bench) code(method string, pairs ...any) int {
	b.t.Helper()
	a := b.ask(method, form(pairs...))
	if a.Error == nil {
		return 0
	}
	return a.Error.Code
}

// good makes a call that must succeed and decodes its response.
func good[T any](b *bench, method string, pairs ...any) T {
	b.t.Helper()
	a := b.ask(method, form(pairs...))
	require.Nil(b.t, a.Error, "%+v", a.Error)
	var result T
	require.NoError(b.t, json.Unmarshal(a.Response, &result))
	return result
}

type created struct {
	ChatID  int64   `json:"chat_id"`
	PeerIDs []int64 `json:"peer_ids"`
}

// create makes a chat with members.
func (b *bench) create(title, accounts string) created {
	b.t.Helper()
	return good[created](b, "messages.createChat", "title", title, "user_ids", accounts, "group_id", group)
}

func (b *bench) chat(id int64) vk.Chat {
	b.t.Helper()
	state, err := b.State(vk.GroupRef{GroupID: group})
	require.NoError(b.t, err)
	return state.Chats[id-1]
}

func seat(chat, account int64) vk.Seat {
	return vk.Seat{GroupID: group, ChatID: chat, Account: account}
}
