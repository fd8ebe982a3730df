package max

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

func TestNewSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	client, err := New(testConfig(""))
	require.NoError(t, err)
	require.Equal(t, "https://platform-api2.max.ru", client.base)
	require.Equal(t, messenger.Features{AddMember: true, CallsPerRequest: 1}, client.Features())

	for name, spoil := range map[string]func(*Config){
		"token":  func(c *Config) { c.Token = " " },
		"Bearer": func(c *Config) { c.Token = "Bearer SECRET" },
		"id":     func(c *Config) { c.BotID = -testBot },
		"gate":   func(c *Config) { c.Gate = nil },
		"URL":    func(c *Config) { c.BaseURL = "ftp://SECRET.example" },
		"host":   func(c *Config) { c.BaseURL = "https://" },
		"login":  func(c *Config) { c.BaseURL = "https://user:SECRET@host" },
	} {
		config := testConfig("")
		spoil(&config)
		_, err := New(config)
		require.ErrorContains(t, err, name)
		requireHidden(t, err)
		_, err = NewPoll(config)
		require.ErrorContains(t, err, name)
	}
}

func TestPrintingShowsNoToken(t *testing.T) {
	t.Parallel()
	config := testConfig("")
	client, err := New(config)
	require.NoError(t, err)
	p, err := NewPoll(config)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, thing := range []any{client, *client, config, &config, p, *p} {
			require.NotContains(t, fmt.Sprintf(verb, thing), "SECRET")
		}
	}
	encoded, err := json.Marshal(config)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "SECRET")
}

func TestTokenTravelsInItsHeaderOnly(t *testing.T) {
	t.Parallel()
	var seen atomic.Pointer[http.Request]
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") == testToken && !strings.Contains(string(body), "SECRET") {
			seen.Store(r.Clone(context.Background()))
		}
		_, _ = io.WriteString(w, `{"success":true}`)
	}))
	_, err := do(t, client, promote(5))
	require.NoError(t, err)
	require.NotNil(t, seen.Load())
	seen.Load().Header.Del("Authorization")
	require.NotContains(t, seen.Load().URL.String()+fmt.Sprint(seen.Load().Header), "SECRET")
	require.Equal(t, "application/json", seen.Load().Header.Get("Content-Type"))
}

func answers(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestRepliesThatAreNotMAXs(t *testing.T) {
	t.Parallel()
	lost := messenger.Error{Code: away}
	limited := func(pause time.Duration) messenger.Error {
		return messenger.Error{Code: rate, Vendor: 429, RetryAfter: pause}
	}
	tests := map[string]struct {
		handler http.HandlerFunc
		want    messenger.Error
	}{
		"html":             {answers(200, "<html>Log in to the proxy</html>"), lost},
		"empty":            {answers(200, ""), lost},
		"cut":              {answers(200, `{"success":tr`), lost},
		"a list":           {answers(200, `[true]`), lost},
		"null":             {answers(200, `null`), lost},
		"says nothing":     {answers(200, `{}`), lost},
		"success in words": {answers(200, `{"success":"true"}`), lost},
		"cut by length":    {answers(200, `{"success":true}`, "Content-Length", "99"), lost},
		"too long":         {answers(200, `{"success":true}`+strings.Repeat(" ", maxBody)), lost},
		"201":              {answers(201, `{"success":true}`), lost},
		"no content":       {answers(204, ""), lost},
		"500":              {answers(500, `{"success":true}`), lost},
		"502":              {answers(502, "bad gateway"), lost},
		"a proxy's 400":    {answers(400, "bad request"), lost},
		"a proxy's 401":    {answers(401, "log in"), lost},
		"a proxy's 403":    {answers(403, `{"error":"blocked"}`), lost},
		"a proxy's 404":    {answers(404, "404 page not found"), lost},
		"407":              {answers(407, "proxy"), lost},
		"code is no text":  {answers(404, `{"code":404}`), lost},
		"429":              {answers(429, ""), limited(time.Second)},
		"429, patience":    {answers(429, `{"code":"too.many.requests"}`, "Retry-After", "7"), limited(7 * time.Second)},
		"429, nonsense":    {answers(429, "", "Retry-After", "-7"), limited(time.Second)},
		"503":              {answers(503, `{"code":"service.unavailable"}`), messenger.Error{Code: away, Vendor: 503}},
		"401":              {answers(401, `{"code":"verify.token"}`), messenger.Error{Code: refused, Vendor: 401}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientOf(t, tt.handler)
			replies, err := do(t, client, remove(4242))
			var got *messenger.Error
			require.ErrorAs(t, err, &got)
			tt.want.Method = methodRemove
			require.Equal(t, tt.want, *got)
			requireHidden(t, err)
			require.Empty(t, replies)
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 307, 308} {
		client := clientOf(t, http.RedirectHandler(elsewhere.URL, status))
		for _, call := range []messenger.Call{invite(), promote(5)} {
			_, err := do(t, client, call)
			require.Equal(t, away, messenger.CodeOf(err))
			requireHidden(t, err, elsewhere.URL)
		}
	}
	require.False(t, reached.Load())
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := New(testConfig(server.URL))
	require.NoError(t, err)
	_, err = do(t, client, remove(4242))
	require.Equal(t, away, messenger.CodeOf(err))
	requireHidden(t, err, strings.TrimPrefix(server.URL, "http://"))
}

func TestCallerWhoGivesUpIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	client := clientOf(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-release
	}))
	t.Cleanup(func() { close(release) })
	err := client.Do(ctx, []messenger.Call{remove(4242)}, func(int, []messenger.Reply) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, away, messenger.CodeOf(err))
	requireHidden(t, err)
}

func TestARequestEndsAfterFifteenSeconds(t *testing.T) {
	t.Parallel()
	for _, transport := range []http.RoundTripper{silent{}, trickling{}} {
		synctest.Test(t, func(t *testing.T) {
			config := testConfig("")
			config.HTTP = &http.Client{Transport: transport}
			client, err := New(config)
			require.NoError(t, err)
			spans := &recorder{}
			client.tracer.Tracer = spans
			began := time.Now()
			_, err = do(t, client, remove(4242))
			require.Equal(t, requestTimeout, time.Since(began))
			require.Equal(t, away, messenger.CodeOf(err))
			require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's own deadline did not pass")
			require.Equal(t, "timeout", spans.ended[0].attributes["error.type"])
		})
	}
}

func TestTheGateIsPassedBeforeEveryRequest(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, table(map[string]any{
		"GET /chats/-7": group(-7, "x", nil), "GET /chats/-7/members?count=100": page(nil, own()), latest: nobody,
		sent: object{"message": said("m", testBot, 1, "x")},
	}))
	passed := 0
	client.gate = gateFunc(func(context.Context) error { passed++; return nil })
	_, err := client.Read(t.Context(), []messenger.ChatRef{"-7"})
	require.NoError(t, err)
	_, err = do(t, client, say("x"))
	require.NoError(t, err)
	require.Equal(t, len(fake.lines()), passed)
	require.Equal(t, 4, passed)

	for _, shut := range []error{
		&messenger.Error{Code: messenger.CodeFenced}, &messenger.Error{Code: messenger.CodeBudget, RetryAfter: time.Minute}, context.Canceled,
	} {
		spans := &recorder{}
		client.tracer.Tracer = spans
		client.gate = gateFunc(func(context.Context) error { return shut })
		_, err := client.Read(t.Context(), []messenger.ChatRef{"-7"})
		require.ErrorIs(t, err, shut)
		replies, err := do(t, client, say("x"), add(4242))
		require.ErrorIs(t, err, shut)
		require.Empty(t, replies)
		_, err = client.Community(t.Context())
		require.ErrorIs(t, err, shut)
		for _, span := range spans.ended {
			require.Equal(t, "max gate", span.name)
			require.Equal(t, string(messenger.CodeOf(shut)), span.attributes["max.code"])
		}
	}
	require.Len(t, fake.lines(), 4)
}

// recorder is a tracer that keeps its spans.
type recorder struct {
	noop.Tracer
	mu    sync.Mutex
	ended []*recordedSpan
}

type recordedSpan struct {
	noop.Span
	owner      *recorder
	name       string
	kind       trace.SpanKind
	attributes map[string]string
	status     codes.Code
}

func (r *recorder) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	span := &recordedSpan{owner: r, name: name, kind: config.SpanKind(), attributes: map[string]string{}}
	span.SetAttributes(config.Attributes()...)
	return trace.ContextWithSpan(ctx, span), span
}

func (s *recordedSpan) SetAttributes(kvs ...attribute.KeyValue) {
	for _, kv := range kvs {
		s.attributes[string(kv.Key)] = kv.Value.String()
	}
}

func (s *recordedSpan) SetStatus(code codes.Code, _ string) { s.status = code }

func (s *recordedSpan) End(...trace.SpanEndOption) {
	s.owner.mu.Lock()
	defer s.owner.mu.Unlock()
	s.owner.ended = append(s.owner.ended, s)
}

func TestASpanForEachRequest(t *testing.T) {
	t.Parallel()
	client, _ := setup(t, table(map[string]any{removing: success, demoting: refuse{403, "access.denied"}}))
	spans := &recorder{}
	client.tracer.Tracer = spans
	_, err := do(t, client, remove(4242), demote(4242))
	require.NoError(t, err)
	require.Len(t, spans.ended, 2)
	for _, span := range spans.ended {
		require.Equal(t, "max request", span.name)
		require.Equal(t, trace.SpanKindClient, span.kind)
		require.Contains(t, span.attributes, "max.gate_wait_ms")
		delete(span.attributes, "max.gate_wait_ms")
	}
	require.Equal(t, map[string]string{"max.method": "DELETE /chats/{chatId}/members", "max.status": "200"}, spans.ended[0].attributes)
	require.Equal(t, codes.Unset, spans.ended[0].status)
	require.Equal(t, map[string]string{
		"max.method": "DELETE /chats/{chatId}/members/admins/{userId}", "max.status": "403", "max.code": "chat-rights",
	}, spans.ended[1].attributes)
	require.Equal(t, codes.Error, spans.ended[1].status)
}
