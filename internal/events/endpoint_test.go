package events_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const hush = "the-secret"

var noon = time.Date(2026, 10, 15, 12, 0, 0, 0, time.UTC)

// door is an endpoint over a bench.
type door struct {
	*bench
	handler http.Handler
	now     time.Time
	// read are the feeds whose reading was asked for; failing makes asking fail.
	read    []school.FeedID
	failing error
}

func setupDoor(t *testing.T) *door {
	t.Helper()
	d := &door{bench: setup(t), now: noon}
	d.handler = events.Endpoint{
		Store: d.store, Logger: d.logger, Now: func() time.Time { return d.now },
		ReadFeed: func(_ context.Context, id school.FeedID) error {
			if d.failing == nil {
				d.read = append(d.read, id)
			}
			return d.failing
		},
	}.Handler()
	require.NoError(t, d.store.SetCallback(t.Context(), "s", "abc123", hush))
	require.NoError(t, d.store.SetPushSecret(t.Context(), "f", hush))
	return d
}

// post gives status and text of the answer.
func (d *door) post(path, body string, headers ...string) (int, string) {
	r := httptest.NewRequestWithContext(d.t.Context(), http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rw := httptest.NewRecorder()
	d.handler.ServeHTTP(rw, r)
	return rw.Code, rw.Body.String()
}

// kick is a callback that says that somebody went from chat 1.
func kick(id, secret string) string {
	return fmt.Sprintf(`{"type":"message_new","event_id":%q,"v":"5.199","group_id":5,"secret":%q,"object":{"message":{
		"peer_id":2000000001,"from_id":7,"action":{"type":"chat_kick_user","member_id":7}}}}`, id, secret)
}

func (d *door) requireAnswer(status int, text, path, body string) {
	d.t.Helper()
	code, got := d.post(path, body)
	require.Equal(d.t, status, code, body)
	require.Equal(d.t, text, got, body)
}

func TestAnAddressIsConfirmed(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	d.requireAnswer(200, "abc123", "/vk/s", `{"type":"confirmation","group_id":5}`)
	d.requireAnswer(200, "abc123", "/vk/s", `{"type":"confirmation","group_id":5,"secret":"the-secret"}`)
	d.requireAnswer(403, "forbidden", "/vk/s", `{"type":"confirmation","group_id":5,"secret":"other"}`)
	d.requireAnswer(403, "forbidden", "/vk/s", `{"type":"confirmation","group_id":6}`)
	d.requireAnswer(403, "forbidden", "/vk/nowhere", `{"type":"confirmation","group_id":5}`)
	require.NoError(t, d.store.SetCallback(t.Context(), "s", "", ""))
	d.requireAnswer(403, "forbidden", "/vk/s", `{"type":"confirmation","group_id":5}`)
}

func TestAnEventIsTakenOnce(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	for range 3 {
		d.requireAnswer(200, "ok", "/vk/s", kick("e1", hush))
	}
	require.Equal(t, [][]string{{"parents:2026:1a"}}, d.outbox("s"))
	d.requireAnswer(200, "ok", "/vk/s", kick("e1", hush))
	d.requireAnswer(200, "ok", "/vk/s", kick("e2", hush))
	require.Len(t, d.outbox("s"), 1)
}

func TestWhatIsNoConcernOfOursIsOK(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	d.requireAnswer(200, "ok", "/vk/s", strings.Replace(kick("e1", hush), "2000000001", "2000000009", 1))
	d.requireAnswer(200, "ok", "/vk/s", strings.Replace(kick("e2", hush), "chat_kick_user", "chat_pin_message", 1))
	d.requireAnswer(200, "ok", "/vk/s", `{"type":"wall_post_new","event_id":"e3","group_id":5,"secret":"the-secret","object":{}}`)
	require.Empty(t, d.outbox("s"))
}

func TestStrangersGetNothing(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	d.addSchool("other", 6, "other")
	for name, c := range map[string]struct{ path, body string }{
		"a wrong secret":       {"/vk/s", kick("e1", "other")},
		"no secret":            {"/vk/s", kick("e1", "")},
		"part of the secret":   {"/vk/s", kick("e1", hush[:5])},
		"another community":    {"/vk/s", strings.Replace(kick("e1", hush), `"group_id":5`, `"group_id":6`, 1)},
		"an unknown school":    {"/vk/nowhere", kick("e1", hush)},
		"no callback":          {"/vk/other", strings.Replace(kick("e1", ""), `"group_id":5`, `"group_id":6`, 1)},
		"no id of ours":        {"/vk/%00", kick("e1", hush)},
		"nor this":             {"/vk/Школа", kick("e1", hush)},
		"another type":         {"/vk/s", `{"type":"wall_post_new","group_id":5,"secret":"x"}`},
		"a push by a stranger": {"/feeds/f", "{}"},
		"calls by a stranger":  {"/schools/s/calls", "{}"},
	} {
		code, text := d.post(c.path, c.body)
		require.Equal(t, 403, code, name)
		require.Equal(t, "forbidden", text, name)
	}
	require.Empty(t, d.outbox("s"))
	require.Empty(t, d.logged.String(), "nor do they fill the log")
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	for _, body := range []string{"", "null", "[]", "hello", kick("e1", hush)[:100], strings.Replace(kick("e1", hush), "message\"", "letter\"", 1)} {
		code, text := d.post("/vk/s", body)
		require.Equal(t, 400, code, body)
		require.Contains(t, text, "not a callback of VK's")
	}
	for _, path := range []string{"/vk/s", "/feeds/f"} {
		code, _ := d.post(path, kick("e1", hush)+strings.Repeat(" ", 256<<10))
		require.Equal(t, http.StatusRequestEntityTooLarge, code)
	}
	d.requireAnswer(405, "Method Not Allowed\n", "/healthz", "")
	d.requireAnswer(404, "404 page not found\n", "/vk/s/more", kick("e1", hush))
	require.Empty(t, d.outbox("s"))
}

func TestAnEventThatCannotBeTakenNowIsToComeAgain(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	d.store.Close()
	for _, path := range []string{"/vk/s", "/feeds/f"} {
		code, text := d.post(path, kick("e1", hush))
		require.Equal(t, 503, code)
		require.Contains(t, text, "send it again")
	}
	require.NotContains(t, d.logged.String(), hush)
}

func TestThatItIsThere(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	rw := httptest.NewRecorder()
	d.handler.ServeHTTP(rw, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
	require.Equal(t, 200, rw.Code)
}

// pushed sends a push of the feed that was signed with a secret at a time.
func (d *door) pushed(secret string, at time.Time, body string) (int, string) {
	return d.signed("/feeds/f", secret, at, body)
}

func (d *door) signed(path, secret string, at time.Time, body string) (int, string) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return d.post(path, body, events.HeaderTimestamp, timestamp, events.HeaderSignature, events.Sign(secret, timestamp, []byte(body)))
}

func TestASignedPushHasTheFeedRead(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	for i, body := range []string{"", "{}", `{"changed":["users.csv"]}`} {
		code, text := d.pushed(hush, noon, body)
		require.Equal(t, 200, code, text)
		require.Len(t, d.read, i+1)
	}
	require.Equal(t, school.FeedID("f"), d.read[0])
	timestamp := strconv.FormatInt(noon.Unix()+1, 10)
	code, _ := d.post("/feeds/f", "", events.HeaderTimestamp, timestamp,
		events.HeaderSignature, "sha256="+strings.ToUpper(strings.TrimPrefix(events.Sign(hush, timestamp, nil), "sha256=")))
	require.Equal(t, 200, code, "hexadecimal of either case")
	require.Len(t, d.read, 4)
	require.NotContains(t, d.logged.String(), hush)
}

func TestASignatureIsTheHMACOfTimestampAndBody(t *testing.T) {
	t.Parallel()
	// printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
	require.Equal(t, "sha256=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163", events.Sign("secret", "1700000000", []byte("{}")))
}

func TestAPushThatIsNotRightlySignedIsRefused(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	now := strconv.FormatInt(noon.Unix(), 10)
	good := events.Sign(hush, now, []byte("{}"))
	for name, headers := range map[string][]string{
		"nothing":                {},
		"no signature":           {events.HeaderTimestamp, now},
		"no timestamp":           {events.HeaderSignature, good},
		"another secret":         {events.HeaderTimestamp, now, events.HeaderSignature, events.Sign("other", now, []byte("{}"))},
		"no secret":              {events.HeaderTimestamp, now, events.HeaderSignature, events.Sign("", now, []byte("{}"))},
		"another body":           {events.HeaderTimestamp, now, events.HeaderSignature, events.Sign(hush, now, []byte("[]"))},
		"a later timestamp":      {events.HeaderTimestamp, strconv.FormatInt(noon.Unix()+1, 10), events.HeaderSignature, good},
		"without what it is":     {events.HeaderTimestamp, now, events.HeaderSignature, strings.TrimPrefix(good, "sha256=")},
		"cut":                    {events.HeaderTimestamp, now, events.HeaderSignature, good[:20]},
		"timestamp moved by dot": {events.HeaderTimestamp, now + ".", events.HeaderSignature, good},
	} {
		code, text := d.post("/feeds/f", "{}", headers...)
		require.Equal(t, 403, code, name)
		require.Equal(t, "forbidden", text, name)
	}
	code, _ := d.post("/feeds/nowhere", "{}", events.HeaderTimestamp, now, events.HeaderSignature, events.Sign("", now, []byte("{}")))
	require.Equal(t, 403, code, "a feed without a secret")
	require.Empty(t, d.read)
}

func TestAStalePushIsRefused(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	for _, at := range []time.Time{noon.Add(-5*time.Minute - time.Second), noon.Add(5*time.Minute + time.Second), {}, time.Unix(1<<62, 0)} {
		code, text := d.pushed(hush, at, "")
		require.Equal(t, 403, code, at)
		require.Contains(t, text, "set the clock")
	}
	code, _ := d.post("/feeds/f", "", events.HeaderTimestamp, "noon", events.HeaderSignature, events.Sign(hush, "noon", nil))
	require.Equal(t, 403, code)
	require.Empty(t, d.read)
	for _, at := range []time.Time{noon.Add(-5 * time.Minute), noon.Add(5 * time.Minute)} {
		code, _ := d.pushed(hush, at, "")
		require.Equal(t, 200, code, at)
	}
	code, text := d.pushed(hush, noon, "hello")
	require.Equal(t, 400, code)
	require.Contains(t, text, "JSON")
	require.Len(t, d.read, 2)
}

func TestAPushThatIsReplayedHasNothingRead(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	for _, later := range []time.Duration{0, time.Minute, 5 * time.Minute} {
		d.now = noon.Add(later)
		code, _ := d.pushed(hush, noon, "{}")
		require.Equal(t, 200, code, "its sender may not have got the answer")
		require.Len(t, d.read, 1)
	}
	d.now = noon.Add(time.Hour)
	code, _ := d.pushed(hush, noon, "{}")
	require.Equal(t, 403, code, "by now it is stale")
	code, _ = d.pushed(hush, d.now, "{}")
	require.Equal(t, 200, code)
	require.Len(t, d.read, 2)
}

func TestAPushThatCouldNotBeServedMayComeAgain(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	d.failing = errors.New("no Temporal server")
	code, _ := d.pushed(hush, noon, "{}")
	require.Equal(t, 503, code)
	d.failing = nil
	code, _ = d.pushed(hush, noon, "{}")
	require.Equal(t, 200, code)
	require.Len(t, d.read, 1)
	require.Contains(t, d.logged.String(), "no Temporal server")
}

func TestManyAtOnceWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			code, text := d.post("/vk/s", kick(fmt.Sprintf("e%d", i%10), hush))
			if code != 200 {
				t.Error(code, text)
			}
		})
	}
	wg.Wait()
	require.Len(t, d.outbox("s"), 10)
}

// The stand-in for VK and the endpoint understand each other.
func TestTheSandboxCallsBack(t *testing.T) {
	t.Parallel()
	d := setupDoor(t)
	s := setupSandbox(t)
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- events.Serve(ctx, listener, d.handler, d.logger) }()

	url := "http://" + listener.Addr().String() + events.VKPath("s")
	_, err = s.SetCallback(vk.Callback{GroupID: group, URL: url, Secret: hush, Confirmation: "not this"})
	require.ErrorIs(t, err, vk.ErrConflict)
	_, err = s.SetCallback(vk.Callback{GroupID: group, URL: url, Secret: hush, Confirmation: "abc123"})
	require.NoError(t, err)
	s.leave(2)
	s.rename("2A")
	require.Eventually(t, func() bool { return s.waiting() == 0 }, patience, time.Millisecond)
	require.Len(t, d.outbox("s"), 2)

	cancel()
	require.NoError(t, <-served)
	_, err = net.Dial("tcp4", listener.Addr().String())
	require.Error(t, err, "nobody is there any more")
}
