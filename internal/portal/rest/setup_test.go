package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
)

const (
	testKey    = "key-1"
	testSecret = "SECRET-of-the-key"
)

// testNow is what our clock shows.
var testNow = time.Date(2026, 9, 1, 7, 30, 0, 0, time.UTC)

// seen is a request as the Portal got it.
type seen struct {
	method, uri string
	header      http.Header
	body        []byte
}

// fakePortal remembers requests, and refuses those whose signature is not good.
type fakePortal struct {
	reply http.HandlerFunc

	mu       sync.Mutex
	requests []seen
}

func (f *fakePortal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.mu.Lock()
	f.requests = append(f.requests, seen{method: r.Method, uri: r.RequestURI, header: r.Header.Clone(), body: body})
	f.mu.Unlock()
	want := rest.Sign(testSecret, r.Header.Get(rest.HeaderTimestamp), r.Method, r.RequestURI, body)
	if r.Header.Get(rest.HeaderKey) != testKey || r.Header.Get(rest.HeaderSignature) != want {
		problem(w, http.StatusUnauthorized, "bad-signature")
		return
	}
	f.reply(w, r)
}

func (f *fakePortal) seen() []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// setup gives a client of a Portal that replies so.
func setup(t *testing.T, reply http.HandlerFunc) (*rest.Client, *fakePortal) {
	t.Helper()
	fake := &fakePortal{reply: reply}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return clientOf(t, rest.Config{BaseURL: server.URL}), fake
}

// clientOf gives a client with the test's key and clock, where the settings have none.
func clientOf(t *testing.T, c rest.Config) *rest.Client {
	t.Helper()
	c.KeyID, c.Secret = testKey, testSecret
	if c.Now == nil {
		c.Now = func() time.Time { return testNow }
	}
	client, err := rest.New(c)
	require.NoError(t, err)
	return client
}

func problem(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "status": status, "code": code, "title": "No", "detail": "PRIVATE p-10077",
	})
}

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func done(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

func testCall() portal.Call {
	return portal.Call{
		ID: "call/1", Title: "Алгебра", Class: "c-1", Teacher: "p-20011", Starts: testNow, Ends: testNow.Add(45 * time.Minute),
		Link: "https://vk.com/call/join/PRIVATE", Audience: []string{"p-10077"},
	}
}

func testChat(key string) portal.Chat {
	return portal.Chat{
		Key: key, Type: "parents", Class: "c-1", Title: "1А · Родители", Link: "https://vk.me/join/PRIVATE", Audience: []string{"p-10077", "p-10078"},
	}
}

// acts are all that a client does.
func acts(client *rest.Client) map[string]func(*testing.T) error {
	return map[string]func(*testing.T) error{
		"check": func(t *testing.T) error { _, err := client.Check(t.Context(), "sch-1"); return err },
		"page": func(t *testing.T) error {
			_, err := client.Page(t.Context(), "sch-1", portal.Query{Cursor: "PRIVATE"})
			return err
		},
		"put chats": func(t *testing.T) error {
			return client.PutChats(t.Context(), "sch-1", []portal.Chat{testChat("k")})
		},
		"remove chat": func(t *testing.T) error { return client.RemoveChat(t.Context(), "sch-1", "k") },
		"put call":    func(t *testing.T) error { return client.PutCall(t.Context(), "sch-1", testCall()) },
		"remove call": func(t *testing.T) error { return client.RemoveCall(t.Context(), "sch-1", "c") },
	}
}

// requireHidden sees to it that an error tells nothing that is nobody's business.
func requireHidden(t *testing.T, err error, also ...string) {
	t.Helper()
	require.Error(t, err)
	for _, hidden := range append(also, "SECRET", "PRIVATE", "p-10077", "sha256=", "vk.me", "127.0.0.1") {
		require.NotContains(t, fmt.Sprintf("%v %+v", err, err), hidden)
	}
}
