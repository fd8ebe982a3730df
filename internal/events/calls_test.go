package events_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	callsPath = "/schools/s/calls"
	oneCall   = `{"calls": [{"id": "vc-7", "title": "Algebra", "class": "n-math", "startsAt": "2026-10-15T15:00:00+03:00"}]}`
)

// callsDoor is an endpoint that takes calls of the school s.
type callsDoor struct {
	*door
	endpoint events.Endpoint
	taken    map[school.ID][]school.Call
	// failing makes taking fail; while, if set, is called as a push is being taken.
	failing error
	while   func()
}

func setupCalls(t *testing.T) *callsDoor {
	t.Helper()
	d := &callsDoor{door: &door{bench: setup(t), now: noon}, taken: map[school.ID][]school.Call{}}
	d.endpoint = events.Endpoint{
		Store: d.store, Logger: d.logger, Now: func() time.Time { return d.now },
		ReadFeed: func(context.Context, school.FeedID) error { return nil },
		CallsSecret: func(_ context.Context, id school.ID) (string, error) {
			return map[school.ID]string{"s": hush, "other": "of the other"}[id], nil
		},
		TakeCalls: func(_ context.Context, id school.ID, _ time.Time, calls []school.Call) error {
			if d.while != nil {
				d.while()
			}
			if d.failing == nil {
				d.taken[id] = append(d.taken[id], calls...)
			}
			return d.failing
		},
	}
	d.handler = d.endpoint.Handler()
	return d
}

func (d *callsDoor) sent(at time.Time, body string) (int, string) {
	return d.signed(callsPath, hush, at, body)
}

func TestSignedCallsAreTaken(t *testing.T) {
	t.Parallel()
	d := setupCalls(t)
	require.Equal(t, callsPath, events.CallsPath("s"))
	code, text := d.sent(noon, oneCall)
	require.Equal(t, 200, code)
	require.Equal(t, "ok", text)
	require.Equal(t, map[school.ID][]school.Call{"s": {{
		ID: "vc-7", Title: "Algebra", Class: "n-math", Starts: noon, Ends: noon.Add(3 * time.Hour),
	}}}, d.taken)
	require.NotContains(t, d.logged.String(), "Algebra")
	require.NotContains(t, d.logged.String(), hush)
}

func TestCallsThatAreNotRightlySignedAreRefused(t *testing.T) {
	t.Parallel()
	d := setupCalls(t)
	require.NoError(t, d.store.SetPushSecret(t.Context(), "f", "of the feed"))
	for name, push := range map[string]struct{ path, secret string }{
		"another secret":       {callsPath, "else"},
		"the feed's":           {callsPath, "of the feed"},
		"no secret":            {callsPath, ""},
		"another school's":     {callsPath, "of the other"},
		"a school without one": {"/schools/nobody/calls", ""},
		"no id of ours":        {"/schools/%00/calls", hush},
	} {
		code, text := d.signed(push.path, push.secret, noon, oneCall)
		require.Equal(t, 403, code, name)
		require.Equal(t, "forbidden", text, name)
	}
	for _, at := range []time.Time{noon.Add(-5*time.Minute - time.Second), noon.Add(5*time.Minute + time.Second)} {
		code, text := d.sent(at, oneCall)
		require.Equal(t, 403, code)
		require.Contains(t, text, "set the clock")
	}
	require.Empty(t, d.taken)
}

func TestNobodyTakesCalls(t *testing.T) {
	t.Parallel()
	d := setupCalls(t)
	for _, change := range []func(*events.Endpoint){
		func(e *events.Endpoint) { e.CallsSecret = nil },
		func(e *events.Endpoint) { e.TakeCalls = nil },
	} {
		endpoint := d.endpoint
		change(&endpoint)
		d.handler = endpoint.Handler()
		code, text := d.sent(noon, oneCall)
		require.Equal(t, 403, code)
		require.Equal(t, "forbidden", text)
	}
}

func TestCallsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	d := setupCalls(t)
	for body, want := range map[string]string{
		"":                               "send a JSON object",
		"hello":                          "send a JSON object",
		`{"calls": []}`:                  "send 1 to 100 calls",
		`{"calls": [{"id": "vc-7"}]}`:    "call 1 (vc-7): title: write a title",
		oneCall + strings.Repeat(" ", 5): "",
	} {
		code, text := d.sent(noon, body)
		if want == "" {
			require.Equal(t, 200, code)
			continue
		}
		require.Equal(t, 400, code, body)
		require.Contains(t, text, want)
		code, _ = d.sent(noon, body)
		require.Equal(t, 400, code, "it is no better the second time")
	}
	code, _ := d.sent(noon, oneCall+strings.Repeat(" ", 256<<10))
	require.Equal(t, http.StatusRequestEntityTooLarge, code)
	require.Len(t, d.taken["s"], 1)
}

func TestCallsThatAreReplayedAreTakenOnce(t *testing.T) {
	t.Parallel()
	d := setupCalls(t)
	for _, later := range []time.Duration{0, time.Minute, 5 * time.Minute} {
		d.now = noon.Add(later)
		code, _ := d.sent(noon, oneCall)
		require.Equal(t, 200, code)
		require.Len(t, d.taken["s"], 1)
	}
	code, _ := d.sent(d.now, oneCall)
	require.Equal(t, 200, code)
	require.Len(t, d.taken["s"], 2, "signed anew it is another push")
}

func TestCallsThatCouldNotBeTakenMayComeAgain(t *testing.T) {
	t.Parallel()
	d := setupCalls(t)
	d.failing = errors.New("no store")
	code, text := d.sent(noon, oneCall)
	require.Equal(t, 503, code)
	require.Contains(t, text, "send it again")
	d.failing = nil
	code, _ = d.sent(noon, oneCall)
	require.Equal(t, 200, code)
	require.Len(t, d.taken["s"], 1)

	d.endpoint.CallsSecret = func(context.Context, school.ID) (string, error) { return "", errors.New("no keyset") }
	d.handler = d.endpoint.Handler()
	code, _ = d.sent(noon, oneCall)
	require.Equal(t, 503, code)
	require.Contains(t, d.logged.String(), "no keyset")
}

// A push that comes again while it is being taken is not said to be taken: it may yet fail.
func TestCallsThatAreBeingTakenAreNotTakenYet(t *testing.T) {
	t.Parallel()
	d := setupCalls(t)
	var again int
	d.while = func() { again, _ = d.sent(noon, oneCall) }
	code, _ := d.sent(noon, oneCall)
	require.Equal(t, 200, code)
	require.Equal(t, 503, again)
	require.Len(t, d.taken["s"], 1)
}
