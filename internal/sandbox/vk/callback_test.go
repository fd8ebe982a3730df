package vk_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// address is where a callback goes. It confirms itself with "abc123" and answers events as it is
// told to: nil is ok.
type address struct {
	url    string
	answer func(n int, e told) string

	mu  sync.Mutex
	got []told
}

func (a *address) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var e told
	body, _ := io.ReadAll(r.Body)
	if json.Unmarshal(body, &e) != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		http.Error(rw, "not an event", http.StatusBadRequest)
		return
	}
	if e.Type == "confirmation" {
		_, _ = io.WriteString(rw, "abc123\n")
		return
	}
	a.mu.Lock()
	a.got = append(a.got, e)
	n := len(a.got)
	a.mu.Unlock()
	answer := "ok"
	if a.answer != nil {
		answer = a.answer(n, e)
	}
	if answer == "" {
		http.Error(rw, "ok", http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(rw, answer)
}

func (a *address) events() []told {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]told{}, a.got...)
}

// callback makes an address.
func (b *bench) callback(answer func(int, told) string) *address {
	b.t.Helper()
	a := &address{answer: answer}
	server := httptest.NewServer(a)
	b.t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (b *bench) setCallback(a *address) vk.Community {
	b.t.Helper()
	c, err := b.SetCallback(vk.Callback{GroupID: group, URL: a.url, Secret: "the-secret", Confirmation: "abc123"})
	require.NoError(b.t, err)
	return c
}

// delivered waits until nothing has to be sent any more.
func (b *bench) delivered() {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		state, err := b.State(vk.GroupRef{GroupID: group})
		return err == nil && state.Community.Waiting == 0
	}, time.Minute, time.Millisecond)
}

func TestACallbackIsSentEveryEventInItsOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	a := b.callback(nil)
	require.Equal(t, a.url, b.setCallback(a).Callback)
	l := b.listen()
	b.rename("2A")
	b.rename("3A")
	b.rename("4A")
	b.delivered()
	events := a.events()
	require.Equal(t, []string{"2A", "3A", "4A"}, titles(events), "and not what was before")
	for i, e := range l.poll(0) {
		require.Equal(t, "the-secret", events[i].Secret)
		events[i].Secret = ""
		require.Equal(t, e, events[i], "the same as by the long poll")
	}
}

func TestAnAddressMustConfirm(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	a := b.callback(nil)
	for name, c := range map[string]struct {
		callback vk.Callback
		err      error
	}{
		"another string":    {vk.Callback{GroupID: group, URL: a.url, Confirmation: "other"}, vk.ErrConflict},
		"nobody there":      {vk.Callback{GroupID: group, URL: "http://127.0.0.1:1/", Confirmation: "abc123"}, vk.ErrConflict},
		"no confirmation":   {vk.Callback{GroupID: group, URL: a.url}, vk.ErrInvalid},
		"no address":        {vk.Callback{GroupID: group, URL: "abc", Confirmation: "abc123"}, vk.ErrInvalid},
		"unknown community": {vk.Callback{GroupID: 6, URL: a.url, Confirmation: "abc123"}, vk.ErrUnknown},
	} {
		_, err := b.SetCallback(c.callback)
		require.ErrorIs(t, err, c.err, name)
	}
	b.rename("2A")
	require.Empty(t, a.events())
}

func TestAnEventIsSentAgainUntilItIsTaken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	a := b.callback(func(n int, _ told) string {
		return map[int]string{1: "no", 2: "", 3: "okay"}[n] + lo.Ternary(n > 3, "ok", "")
	})
	b.setCallback(a)
	b.rename("2A")
	b.rename("3A")
	b.delivered()
	require.Equal(t, []string{"2A", "2A", "2A", "2A", "3A"}, titles(a.events()))
	ids := lo.Uniq(lo.Map(a.events()[:4], func(e told, _ int) string { return e.EventID }))
	require.Len(t, ids, 1, "under the same id")
}

func TestAnEventIsGivenUpAfterTenAttempts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	a := b.callback(func(_ int, e told) string { return lo.Ternary(e.Object.Message.Action.Text == "2A", "no", "ok") })
	b.setCallback(a)
	b.rename("2A")
	b.rename("3A")
	b.delivered()
	require.Equal(t, append(lo.Times(10, func(int) string { return "2A" }), "3A"), titles(a.events()))
}

func TestAnAddressThatHangsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	asked, release := make(chan struct{}, 10), make(chan struct{})
	a := b.callback(func(int, told) string {
		asked <- struct{}{}
		<-release
		return "ok"
	})
	b.setCallback(a)
	b.rename("2A")
	<-asked
	require.Zero(t, b.code("messages.editChat", "chat_id", 1, "title", "3A"))
	require.Len(t, b.listen().b.chat(1).Members, 1)
	state, err := b.State(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	require.Equal(t, 2, state.Community.Waiting)
	close(release)
	b.delivered()
	require.Equal(t, []string{"2A", "3A"}, titles(a.events()))
}

func TestACallbackSurvivesAKill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	asked, release := make(chan struct{}, 10), make(chan struct{})
	a := b.callback(func(n int, _ told) string {
		asked <- struct{}{}
		if n > 1 {
			<-release
		}
		return "ok"
	})
	b.setCallback(a)
	b.rename("2A")
	b.delivered()
	b.rename("3A")
	<-asked
	<-asked
	require.NoError(t, b.Close(), "it ends although an event is on its way")
	close(release)
	b.open(-1)
	b.delivered()
	b.open(-1)
	b.rename("4A")
	b.delivered()
	require.Equal(t, []string{"2A", "3A", "3A", "4A"}, titles(a.events()))
}

func TestACallbackIsMovedAndEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	first, second := b.callback(nil), b.callback(nil)
	b.setCallback(first)
	b.rename("2A")
	b.delivered()
	b.setCallback(second)
	b.register(group, "another") // all else stays
	b.rename("3A")
	b.delivered()
	c, err := b.SetCallback(vk.Callback{GroupID: group})
	require.NoError(t, err)
	require.Empty(t, c.Callback)
	b.rename("4A")
	b.open(-1)
	require.Equal(t, []string{"2A"}, titles(first.events()))
	require.Equal(t, []string{"3A"}, titles(second.events()))
}
