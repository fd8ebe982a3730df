package vk

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// pollServer is a VK with a long poll: it gives out the keys K1-SECRET, K2-SECRET … with ts 10, 20 …, and
// answers polls as they are put down.
type pollServer struct {
	url     string
	answers []string // "" closes the connection
	refuse  vkError  // for the next request for a key

	mu    sync.Mutex
	keys  int
	polls []url.Values
}

func (s *pollServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPost {
		(&fakeVK{answer: s.server}).ServeHTTP(w, r)
		return
	}
	s.polls = append(s.polls, r.URL.Query())
	if len(s.answers) == 0 || s.answers[0] == "" {
		s.answers = s.answers[min(1, len(s.answers)):]
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, s.answers[0])
	s.answers = s.answers[1:]
}

func (s *pollServer) server(call madeCall) any {
	if call.method != methodLongPoll || call.args["group_id"] != int64(testGroup) {
		return vkError(3)
	}
	if s.refuse != 0 {
		return s.refuse
	}
	s.keys++
	return map[string]any{"server": s.url + "/wh777", "key": fmt.Sprintf("K%d-SECRET", s.keys), "ts": fmt.Sprint(s.keys * 10)}
}

// seen gives ts and key of each poll.
func (s *pollServer) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := []string{}
	for _, q := range s.polls {
		seen = append(seen, q.Get("ts")+" "+q.Get("key"))
	}
	return seen
}

func listenTo(t *testing.T, answers ...string) (*LongPoll, *pollServer) {
	t.Helper()
	s := &pollServer{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	l, err := NewLongPoll(Config{BaseURL: server.URL, Token: testToken, GroupID: testGroup, Gate: openGate()})
	require.NoError(t, err)
	return l, s
}

// next calls Next, which must not fail.
func next(t *testing.T, l *LongPoll) ([]messenger.Event, bool) {
	t.Helper()
	events, gap, err := l.Next(t.Context())
	require.NoError(t, err)
	return events, gap
}

// begun is a LongPoll that has begun to listen.
func begun(t *testing.T, answers ...string) (*LongPoll, *pollServer) {
	t.Helper()
	l, s := listenTo(t, answers...)
	events, gap := next(t, l)
	require.Empty(t, events)
	require.True(t, gap, "what came before is not known")
	return l, s
}

const (
	kicked = `{"type":"message_new","event_id":"e1","group_id":777,"object":{"message":{"peer_id":2000000007,"from_id":5,"action":{"type":"chat_kick_user","member_id":5}}}}`
	said   = `{"type":"message_new","event_id":"e2","group_id":777,"object":{"message":{"peer_id":2000000007,"from_id":5,"text":"x"}}}`
	posted = `{"type":"wall_post_new","event_id":"e3","group_id":777,"object":{}}`
)

var left = messenger.Event{ID: "e1", Kind: messenger.EventLeft, Chat: "7"}

func TestNextGivesWhatHappened(t *testing.T) {
	t.Parallel()
	l, s := begun(t, `{"ts":"11","updates":[`+kicked+`,`+said+`,`+posted+`]}`, `{"ts":12,"updates":[]}`, `{"ts":"13","updates":[`+kicked+`]}`)
	events, gap := next(t, l)
	require.Equal(t, []messenger.Event{left}, events)
	require.False(t, gap)
	events, gap = next(t, l)
	require.Empty(t, events)
	require.False(t, gap)
	events, _ = next(t, l)
	require.Len(t, events, 1)
	require.Equal(t, []string{"10 K1-SECRET", "11 K1-SECRET", "12 K1-SECRET"}, s.seen())
	require.Equal(t, "25", s.polls[0].Get("wait"))
	require.Equal(t, "a_check", s.polls[0].Get("act"))
	require.Equal(t, 1, s.keys)
}

func TestALostHistoryIsAGap(t *testing.T) {
	t.Parallel()
	l, s := begun(t, `{"failed":1,"ts":40}`, `{"ts":"41","updates":[]}`)
	_, gap := next(t, l)
	require.True(t, gap)
	_, gap = next(t, l)
	require.False(t, gap)
	require.Equal(t, []string{"10 K1-SECRET", "40 K1-SECRET"}, s.seen())
}

func TestAnExpiredKeyIsReplacedWithoutAGap(t *testing.T) {
	t.Parallel()
	l, s := begun(t, `{"failed":2}`, `{"ts":"11","updates":[`+kicked+`]}`)
	events, gap := next(t, l)
	require.Equal(t, []messenger.Event{left}, events)
	require.False(t, gap)
	require.Equal(t, []string{"10 K1-SECRET", "10 K2-SECRET"}, s.seen())
}

func TestAfterALossOfAllItBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, failed := range []string{`{"failed":3}`, `{"failed":4}`, `{"failed":3,"ts":99}`} {
		l, s := begun(t, failed, `{"ts":"21","updates":[]}`)
		_, gap := next(t, l)
		require.True(t, gap)
		_, gap = next(t, l)
		require.False(t, gap)
		require.Equal(t, []string{"10 K1-SECRET", "20 K2-SECRET"}, s.seen(), failed)
	}
}

func TestKeysThatExpireAtOnceAreNotAskedForForever(t *testing.T) {
	t.Parallel()
	l, s := begun(t, `{"failed":2}`, `{"failed":2}`, `{"failed":2}`, `{"ts":"11","updates":[]}`)
	_, _, err := l.Next(t.Context())
	require.Equal(t, away, messenger.CodeOf(err))
	require.Len(t, s.seen(), 3)
	_, gap := next(t, l)
	require.False(t, gap, "nothing was missed")
}

func TestATroubledPollIsMadeAgainFromWhereItWas(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"closed": "", "html": "<html>", "no ts": `{"updates":[]}`, "a gap without ts": `{"failed":1}`, "ts in words": `{"ts":"x","updates":[]}`,
		"updates in words": `{"ts":"11","updates":"x"}`,
	} {
		l, s := begun(t, answer, `{"ts":"11","updates":[`+kicked+`]}`)
		_, gap, err := l.Next(t.Context())
		require.Equal(t, &messenger.Error{Code: away, Method: methodPoll}, err, name)
		require.False(t, gap, name)
		requireHidden(t, err, s.url)
		events, gap := next(t, l)
		require.Equal(t, []messenger.Event{left}, events, name)
		require.False(t, gap, name)
		require.Equal(t, []string{"10 K1-SECRET", "10 K2-SECRET"}, s.seen()[len(s.seen())-2:], name)
	}
}

func TestAnUpdateThatCannotBeReadIsAGap(t *testing.T) {
	t.Parallel()
	for name, update := range map[string]string{
		"no object":   `7`,
		"no type":     `{"group_id":777}`,
		"of another":  `{"type":"message_new","group_id":778,"object":{"message":{"peer_id":5,"from_id":5}}}`,
		"older shape": `{"type":"message_new","group_id":777,"object":{"peer_id":2000000007,"from_id":5}}`,
	} {
		l, _ := begun(t, `{"ts":"11","updates":[`+update+`,`+kicked+`]}`)
		events, gap := next(t, l)
		require.True(t, gap, name)
		require.Equal(t, []messenger.Event{left}, events, name)
	}
}

func TestARefusedTokenIsTold(t *testing.T) {
	t.Parallel()
	for vendor, code := range map[vkError]messenger.Code{5: refused, 15: refused, 27: rights, 100: rights, 10: away, 6: rate} {
		l, s := listenTo(t)
		s.refuse = vendor
		_, _, err := l.Next(t.Context())
		require.Equal(t, code, messenger.CodeOf(err), vendor)
		requireHidden(t, err)
		s.refuse = 0
		_, gap := next(t, l)
		require.True(t, gap)
	}
}

func TestOnlyRequestsForAKeyPassTheGate(t *testing.T) {
	t.Parallel()
	passed, closed := 0, false
	gate := gateFunc(func(context.Context) error {
		passed++
		if closed {
			return &messenger.Error{Code: messenger.CodeBudget}
		}
		return nil
	})
	_, s := listenTo(t, `{"ts":"11","updates":[]}`, `{"ts":"12","updates":[]}`, `{"failed":2}`)
	l, err := NewLongPoll(Config{BaseURL: s.url, Token: testToken, GroupID: testGroup, Gate: gate})
	require.NoError(t, err)
	for range 3 {
		next(t, l)
	}
	require.Equal(t, 1, passed)
	closed = true
	_, _, err = l.Next(t.Context())
	require.Equal(t, messenger.CodeBudget, messenger.CodeOf(err))
	_, err = NewLongPoll(Config{BaseURL: s.url, Token: testToken, GroupID: testGroup})
	require.ErrorContains(t, err, "gate")
}

func TestAServerThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"no key":     `{"server":"https://lp.example/wh","ts":"1"}`,
		"no ts":      `{"server":"https://lp.example/wh","key":"SECRET"}`,
		"no address": `{"server":"lp.example/wh","key":"SECRET","ts":"1"}`,
		"a login":    `{"server":"https://u:p@lp.example/wh","key":"SECRET","ts":"1"}`,
		"a string":   `"https://lp.example/wh"`,
	} {
		client := clientOf(t, text200(`{"response":[`+reply+`]}`))
		_, _, err := (&LongPoll{client: client, http: client.http}).Next(t.Context())
		require.Equal(t, &messenger.Error{Code: away, Method: methodLongPoll}, err, name)
	}
}

func TestAnEncryptedVKDoesNotSendUsElsewhereInTheClear(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(text200(`{"response":[{"server":"http://lp.example/wh","key":"SECRET","ts":"1"}]}`))
	t.Cleanup(server.Close)
	l, err := NewLongPoll(Config{BaseURL: server.URL, Token: testToken, GroupID: testGroup, HTTP: server.Client(), Gate: openGate()})
	require.NoError(t, err)
	_, _, err = l.Next(t.Context())
	require.Equal(t, away, messenger.CodeOf(err))
}

func TestAPollEndsThoughVKIsSilent(t *testing.T) {
	t.Parallel()
	for _, transport := range []http.RoundTripper{silent{}, trickling{}} {
		synctest.Test(t, func(t *testing.T) {
			l, err := NewLongPoll(Config{Token: testToken, GroupID: testGroup, Gate: openGate(), HTTP: &http.Client{Transport: transport}})
			require.NoError(t, err)
			l.ts, l.address = "1", func(stamp) string { return "https://lp.example/?key=SECRET" }
			began := time.Now()
			_, gap, err := l.Next(t.Context())
			require.Equal(t, pollTimeout, time.Since(began))
			require.Equal(t, away, messenger.CodeOf(err))
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			require.False(t, gap)
			requireHidden(t, err)
		})
	}
}

func TestAListenerWhoGivesUpIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l, _ := begun(t)
	cancel()
	_, _, err := l.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
	requireHidden(t, err)
}

func TestPrintingALongPollShowsNoSecret(t *testing.T) {
	t.Parallel()
	l, _ := begun(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb+verb, l, *l), "SECRET")
	}
}
