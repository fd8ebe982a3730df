package max_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
)

// hook is where webhooks go. It answers what it is told to, by default 200.
type hook struct {
	b      *bench
	url    string
	answer func(n int) int

	mu      sync.Mutex
	got     []update
	secrets []string
}

func (b *bench) hook(answer func(n int) int) *hook {
	b.t.Helper()
	h := &hook{b: b, answer: answer}
	h.url = b.serve(h)
	return h
}

func (h *hook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.b.schema.Update(h.b.t, body)
	var u update
	if json.Unmarshal(body, &u) != nil || r.Method != http.MethodPost {
		http.Error(rw, "not an update", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.got = append(h.got, u)
	h.secrets = append(h.secrets, r.Header.Get(max.SecretHeader))
	n := len(h.got)
	h.mu.Unlock()
	if h.answer != nil {
		rw.WriteHeader(h.answer(n))
	}
}

func (h *hook) updates() []update {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

// subscribe subscribes an address. The vendor's schema says nothing of plain HTTP.
func (b *bench) subscribe(h *hook, types ...string) {
	b.t.Helper()
	body := map[string]any{"url": h.url, "secret": "the-secret"}
	if len(types) > 0 {
		body["update_types"] = types
	}
	require.True(b.t, b.does("POST", "/subscriptions", body))
}

// delivered waits until nothing has to be sent any more.
func (b *bench) delivered() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.State().Bots[0].Waiting == 0 }, time.Minute, time.Millisecond)
}

func (b *bench) rename(chat max.Chat, title string) {
	b.t.Helper()
	_, err := b.Rename(max.Renaming{Chat: chat.ChatID, Title: title})
	require.NoError(b.t, err)
}

func titles(updates []update) []string {
	return lo.Map(updates, func(u update, _ int) string { return u.Title })
}

func TestAWebhookIsSentEveryEventInItsOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	h := b.hook(nil)
	b.subscribe(h)
	b.rename(chat, "2A")
	b.rename(chat, "3A")
	b.delivered()
	require.Equal(t, []string{"2A", "3A"}, titles(h.updates()), "and not what was before")
	require.Equal(t, []string{"the-secret", "the-secret"}, h.secrets)
	require.Equal(t, []string{"", "2A", "3A"}, titles(b.poll(1).Updates), "and to the long poll, too")
}

func TestASubscriptionIsListedChangedAndEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	h := b.hook(nil)
	b.subscribe(h, "user_added")
	list := good[struct {
		Subscriptions []struct {
			URL   string   `json:"url"`
			Types []string `json:"update_types"`
		} `json:"subscriptions"`
	}](b, "GET", "/subscriptions", nil)
	require.Len(t, list.Subscriptions, 1)
	require.Equal(t, h.url, list.Subscriptions[0].URL)
	require.Equal(t, []string{"user_added"}, list.Subscriptions[0].Types)
	b.rename(chat, "2A")
	_, err := b.Join(max.Joining{Link: chat.Link, User: 2})
	require.NoError(t, err)
	b.delivered()
	require.Equal(t, []string{"user_added"}, types(h.updates()))
	b.subscribe(h)
	b.rename(chat, "3A")
	b.delivered()
	require.Equal(t, []string{"user_added", "chat_title_changed"}, types(h.updates()))

	at := "/subscriptions?url=" + url.QueryEscape(h.url)
	require.True(t, b.does("DELETE", at, nil))
	require.False(t, b.does("DELETE", at, nil))
	require.Equal(t, "400 proto.payload", b.wrong("DELETE", "/subscriptions", nil))
	b.rename(chat, "4A")
	require.Empty(t, b.State().Bots[0].Webhooks)
	require.Len(t, h.updates(), 2)
}

func TestWrongSubscriptionsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, wrong := range []map[string]any{
		{}, {"url": "abc"}, {"url": "http://example.org/hook"}, {"url": "ftp://127.0.0.1/"}, {"url": "https://"},
		{"url": "https://example.org/", "secret": "four"}, {"url": "https://example.org/", "secret": "a b c d e"},
		{"url": "https://example.org/", "update_types": []string{""}},
	} {
		require.Equal(t, "400 proto.payload", b.wrong("POST", "/subscriptions", wrong), wrong)
	}
	require.Empty(t, b.State().Bots[0].Webhooks)
}

func TestAnEventIsSentAgainUntilItIsTakenOrGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	h := b.hook(func(n int) int { return lo.Ternary(n == 3 || n > 14, http.StatusOK, http.StatusAccepted) })
	b.subscribe(h)
	b.rename(chat, "2A")
	b.rename(chat, "3A")
	b.rename(chat, "4A")
	b.delivered()
	times := lo.CountValues(titles(h.updates()))
	require.Equal(t, map[string]int{"2A": 3, "3A": 11, "4A": 1}, times, "once and ten times again; only 200 is taken")
}

func TestWebhooksComeTwiceAndLate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	h := b.hook(nil)
	b.subscribe(h)
	_, err := b.SetSwitches(max.Switching{Bot: botID, Duplicate: new(true), Late: new(true)})
	require.NoError(t, err)
	b.rename(chat, "2A")
	b.rename(chat, "3A")
	state := b.State().Bots[0]
	require.Equal(t, 2, state.Waiting)
	require.Empty(t, h.updates())
	_, err = b.SetSwitches(max.Switching{Bot: botID, Late: new(false)})
	require.NoError(t, err)
	b.delivered()
	require.Equal(t, []string{"2A", "2A", "3A", "3A"}, titles(h.updates()))
}

func TestAWebhookSurvivesAKill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	asked, release := make(chan struct{}, 10), make(chan struct{})
	var once sync.Once
	t.Cleanup(func() { once.Do(func() { close(release) }) })
	h := b.hook(func(n int) int {
		asked <- struct{}{}
		if n > 1 {
			<-release
		}
		return http.StatusOK
	})
	b.subscribe(h)
	b.rename(chat, "2A")
	b.delivered()
	b.rename(chat, "3A")
	<-asked
	<-asked
	require.NoError(t, b.Close(), "it ends although an event is on its way")
	once.Do(func() { close(release) })
	b.open(-1)
	b.delivered()
	b.open(-1)
	b.rename(chat, "4A")
	b.delivered()
	require.Equal(t, []string{"2A", "3A", "3A", "4A"}, titles(h.updates()))
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	elsewhere := b.hook(nil)
	asked := make(chan struct{}, 20)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		http.Redirect(rw, r, elsewhere.url, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	require.True(t, b.does("POST", "/subscriptions", map[string]any{"url": server.URL}))
	b.rename(chat, "2A")
	b.delivered()
	require.Len(t, asked, 11)
	require.Empty(t, elsewhere.updates())
}
