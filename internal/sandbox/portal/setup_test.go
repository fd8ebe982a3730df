package portal_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	port "github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/portaltest"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

const (
	key    = "rollcall"
	secret = "secret-of-rollcall"
	school = "sch/17"
	at     = "/portal/v1/organisations/sch%2F17"
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

// bench is a world that serves over HTTP, with school sch/17 in it. The real adapter is held to the
// interface's description, and the world with it.
type bench struct {
	*portal.World
	*rest.Client
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
		journal: filepath.Join(t.TempDir(), "portal.jsonl"),
	}
	b.open(requestsPerSecond)
	world := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { b.World.ServeHTTP(rw, r) })
	b.url = b.serve(world)
	b.Client = b.adapter(b.serve(portaltest.Validate(t, world)), secret)
	_, err := b.RegisterKey(portal.Key{ID: key, Secret: secret})
	require.NoError(t, err)
	b.register(school)
	return b
}

func (b *bench) serve(h http.Handler) (address string) {
	b.t.Helper()
	server := httptest.NewServer(http.StripPrefix("/portal", h))
	b.t.Cleanup(server.Close)
	return server.URL
}

// adapter makes a new connection for each request: over one that was used before, net/http repeats a request that got
// no answer by itself.
func (b *bench) adapter(address, secret string) *rest.Client {
	b.t.Helper()
	client, err := rest.New(rest.Config{
		BaseURL: address + "/portal", KeyID: key, Secret: secret, Now: b.clock.Now,
		HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	require.NoError(b.t, err)
	return client
}

// open replaces the world with what its journal says, as after a SIGKILL.
func (b *bench) open(requestsPerSecond int) {
	b.t.Helper()
	world, err := portal.Open(portal.Options{
		Journal: b.journal, Now: b.clock.Now, RequestsPerSecond: requestsPerSecond, Log: b.log, Faults: b.faults,
	})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = world.Close() })
	b.World = world
}

func (b *bench) register(organisation string) {
	b.t.Helper()
	_, err := b.RegisterOrganisation(portal.Organisation{Organisation: organisation, Name: "School " + organisation})
	require.NoError(b.t, err)
}

func (b *bench) link(identity string, account int64) {
	b.t.Helper()
	_, err := b.LinkAccounts(portal.Linking{Organisation: school, Identity: identity, Account: account})
	require.NoError(b.t, err)
}

func (b *bench) unlink(identity string) {
	b.t.Helper()
	_, err := b.UnlinkAccount(portal.Person{Organisation: school, Identity: identity})
	require.NoError(b.t, err)
}

func (b *bench) state() portal.State {
	b.t.Helper()
	state, err := b.State(school)
	require.NoError(b.t, err)
	return state
}

func (b *bench) seen(identity string) portal.Seen {
	b.t.Helper()
	seen, err := b.Seen(portal.Person{Organisation: school, Identity: identity})
	require.NoError(b.t, err)
	return seen
}

func (b *bench) strike(f traffic.Fault) {
	b.t.Helper()
	require.NoError(b.t, b.faults.Add(f))
}

// request makes a signed request; edits change it before it is signed.
func (b *bench) request(method, target, body string, edits ...func(http.Header)) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+target, strings.NewReader(body))
	require.NoError(b.t, err)
	timestamp := strconv.FormatInt(b.clock.Now().Unix(), 10)
	r.Header.Set(rest.HeaderKey, key)
	r.Header.Set(rest.HeaderTimestamp, timestamp)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(rest.HeaderIdempotency, rest.Sign("", "", method, target, []byte(body))[7:39])
	for _, edit := range edits {
		edit(r.Header)
	}
	if r.Header.Get(rest.HeaderSignature) == "" {
		r.Header.Set(rest.HeaderSignature, rest.Sign(secret, r.Header.Get(rest.HeaderTimestamp), method, target, []byte(body)))
	}
	return r
}

// answer is any of the Portal's replies, as far as tests look at it.
type answer struct {
	Status     int       `json:"-"`
	RetryAfter string    `json:"-"`
	Code       string    `json:"code"`
	Detail     string    `json:"detail"`
	Name       string    `json:"name"`
	Time       time.Time `json:"time"`
	Next       string    `json:"next"`
	Total      int       `json:"total"`
	AsOf       time.Time `json:"asOf"`
	Links      []struct {
		Identity   string    `json:"identity"`
		Account    int64     `json:"account"`
		LinkedAt   time.Time `json:"linkedAt"`
		UnlinkedAt time.Time `json:"unlinkedAt"`
	} `json:"links"`
}

func (b *bench) ask(method, target, body string, edits ...func(http.Header)) answer {
	b.t.Helper()
	response, err := http.DefaultClient.Do(b.request(method, target, body, edits...))
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	a := answer{}
	if response.StatusCode == http.StatusNoContent {
		require.Empty(b.t, content)
	} else {
		require.NoError(b.t, json.Unmarshal(content, &a))
	}
	if response.StatusCode >= 400 {
		require.Equal(b.t, "application/problem+json", response.Header.Get("Content-Type"))
		require.Contains(b.t, string(content), `"status":`+strconv.Itoa(response.StatusCode))
	}
	a.Status, a.RetryAfter = response.StatusCode, response.Header.Get("Retry-After")
	return a
}

// set gives an edit that sets a header, or takes it away.
func set(name, value string) func(http.Header) {
	return func(h http.Header) {
		h.Set(name, value)
		if value == "" {
			h.Del(name)
		}
	}
}

func chatOf(key string, audience ...string) port.Chat {
	return port.Chat{Key: key, Type: "parents", Class: "c-5a", Title: "5А", Link: "https://vk.me/join/" + key, Audience: audience}
}

func (b *bench) callOf(id string, audience ...string) port.Call {
	starts := b.clock.Now().Add(time.Hour).UTC()
	return port.Call{
		ID: id, Title: "Algebra", Class: "c-5a", Teacher: "p-teacher", Starts: starts, Ends: starts.Add(45 * time.Minute),
		Link: "https://vk.com/call/join/" + id, Audience: audience,
	}
}
