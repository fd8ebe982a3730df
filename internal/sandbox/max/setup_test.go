package max_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger/schematest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

const (
	botID = 900
	token = "secret-of-the-bot"
	owner = 1
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

// bench is a world that serves over HTTP, with bot 900 in it.
type bench struct {
	*max.World
	t *testing.T
	// url is where requests and replies are held to the vendor's schema; raw is where they are not, for what is wrong
	// on purpose.
	url, raw string
	schema   *schematest.Schema
	clock    *clock
	log      *traffic.Log
	faults   *traffic.Faults
	journal  string
}

func setup(t *testing.T) *bench {
	t.Helper()
	return setupLimited(t, -1)
}

func setupLimited(t *testing.T, requestsPerSecond int) *bench {
	t.Helper()
	b := &bench{
		t: t, clock: &clock{now: time.Unix(1_700_000_000, 0)}, log: traffic.NewLog(), faults: &traffic.Faults{},
		journal: filepath.Join(t.TempDir(), "max.jsonl"), schema: schematest.Check(t),
	}
	b.open(requestsPerSecond)
	world := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { b.ServeHTTP(rw, r) })
	b.url, b.raw = b.serve(b.schema.Handler(t, world)), b.serve(world)
	b.register(botID, token)
	return b
}

func (b *bench) serve(h http.Handler) string {
	b.t.Helper()
	server := httptest.NewServer(h)
	b.t.Cleanup(server.Close)
	return server.URL
}

// open replaces the world with what its journal says, as after a SIGKILL.
func (b *bench) open(requestsPerSecond int) {
	b.t.Helper()
	world, err := max.Open(max.Options{
		Journal: b.journal, Now: b.clock.Now, RequestsPerSecond: requestsPerSecond, WebhookPause: time.Millisecond, Log: b.log, Faults: b.faults,
	})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = world.Close() })
	b.World = world
}

func (b *bench) register(id int64, token string) {
	b.t.Helper()
	_, err := b.RegisterBot(max.Registration{ID: id, Token: token, Name: "Rollcall"})
	require.NoError(b.t, err)
}

// request sends a request to base with a token, and gives the error of the connection if there was one.
func (b *bench) request(base, token, verb, path string, body any) (*http.Response, error) {
	b.t.Helper()
	var content io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(b.t, err)
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(b.t.Context(), verb, base+path, content)
	require.NoError(b.t, err)
	request.Header.Set("Authorization", token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultClient.Do(request)
}

// ask sends a request as the bot and gives the answer.
func (b *bench) ask(base, verb, path string, body any) (int, []byte) {
	b.t.Helper()
	return b.askAs(base, token, verb, path, body)
}

func (b *bench) askAs(base, token, verb, path string, body any) (int, []byte) {
	b.t.Helper()
	response, err := b.request(base, token, verb, path, body)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.StatusCode, content
}

// good makes a call that must be answered with HTTP 200.
func good[T any](b *bench, verb, path string, body any) T {
	b.t.Helper()
	status, content := b.ask(b.url, verb, path, body)
	require.Equal(b.t, http.StatusOK, status, "%s", content)
	var result T
	require.NoError(b.t, json.Unmarshal(content, &result))
	return result
}

type outcome struct {
	Success bool    `json:"success"`
	Message string  `json:"message"`
	Failed  []int64 `json:"failed_user_ids"`
	Details []struct {
		Code  string  `json:"error_code"`
		Users []int64 `json:"user_ids"`
	} `json:"failed_user_details"`
}

// does makes an act, and tells whether MAX says that it was done.
func (b *bench) does(verb, path string, body any) bool {
	b.t.Helper()
	result := good[outcome](b, verb, path, body)
	require.Equal(b.t, result.Success, result.Message == "")
	return result.Success
}

// refused makes a call and gives its refusal: the status and the code; "200" is none.
func (b *bench) refused(verb, path string, body any) string {
	b.t.Helper()
	return b.refusedAt(b.url, verb, path, body)
}

// wrong makes a call that is wrong on purpose.
func (b *bench) wrong(verb, path string, body any) string {
	b.t.Helper()
	return b.refusedAt(b.raw, verb, path, body)
}

func (b *bench) refusedAt(base, verb, path string, body any) string {
	b.t.Helper()
	status, content := b.ask(base, verb, path, body)
	if status == http.StatusOK {
		return "200"
	}
	var failure struct{ Code, Message string }
	require.NoError(b.t, json.Unmarshal(content, &failure), "%s", content)
	require.NotEmpty(b.t, failure.Message)
	return fmt.Sprint(status, " ", failure.Code)
}

// chat has the owner make a chat with people in it, and the bot as an admin with permissions, by default all.
func (b *bench) chat(permissions []max.Permission, people ...int64) max.Chat {
	b.t.Helper()
	chat, err := b.MakeChat(max.Making{Owner: owner, Title: "1A"})
	require.NoError(b.t, err)
	for _, id := range people {
		_, err := b.Join(max.Joining{Link: chat.Link, User: id})
		require.NoError(b.t, err)
	}
	chat, err = b.AddBot(max.BotRights{Chat: chat.ChatID, Bot: botID, Permissions: permissions})
	require.NoError(b.t, err)
	return chat
}

// now gives a chat as it is.
func (b *bench) now(id int64) max.Chat {
	b.t.Helper()
	chat, ok := b.State().Chat(id)
	require.True(b.t, ok)
	return chat
}

func path(chat max.Chat, rest string) string { return fmt.Sprintf("/chats/%d%s", chat.ChatID, rest) }

func seat(chat max.Chat, user int64) max.Seat { return max.Seat{Chat: chat.ChatID, User: user} }

func users(ids ...int64) any { return map[string]any{"user_ids": ids} }

// allBut gives all permissions but some.
func allBut(some ...max.Permission) []max.Permission { return lo.Without(max.Permissions(), some...) }

// update is any update.
type update struct {
	Type string `json:"update_type"`
	At   int64  `json:"timestamp"`
	Chat int64  `json:"chat_id"`
	User json.RawMessage
	// Inviter is as it was sent: "null" is not the same as nothing.
	Inviter     json.RawMessage  `json:"inviter_id"`
	Admin       json.RawMessage  `json:"admin_id"`
	Title       string           `json:"title"`
	IsAdmin     bool             `json:"is_admin"`
	Permissions []max.Permission `json:"permissions"`
}

func types(updates []update) []string {
	return lo.Map(updates, func(u update, _ int) string { return u.Type })
}
