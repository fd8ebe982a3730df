package vk

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
	good := Config{Token: testToken, GroupID: testGroup, Gate: openGate()}
	client, err := New(good)
	require.NoError(t, err)
	require.Equal(t, DefaultBaseURL+"/method/execute", client.endpoint)
	require.Equal(t, messenger.Features{
		CreateChat: true, AddAtCreation: true, AddMember: true, ResetLink: true, CallsPerRequest: 25,
	}, client.Features())

	for name, spoil := range map[string]func(*Config){
		"token": func(c *Config) { c.Token = " " },
		"id":    func(c *Config) { c.GroupID = -testGroup },
		"gate":  func(c *Config) { c.Gate = nil },
		"URL":   func(c *Config) { c.BaseURL = "ftp://SECRET.example" },
		"host":  func(c *Config) { c.BaseURL = "https://" },
		"login": func(c *Config) { c.BaseURL = "https://user:SECRET@host" },
	} {
		config := good
		spoil(&config)
		_, err := New(config)
		require.ErrorContains(t, err, name)
		requireHidden(t, err)
	}
}

func TestPrintingShowsNoToken(t *testing.T) {
	t.Parallel()
	config := Config{Token: testToken, GroupID: testGroup, Gate: openGate()}
	client, err := New(config)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, thing := range []any{client, *client, config, &config} {
			require.NotContains(t, fmt.Sprintf(verb, thing), "SECRET")
		}
	}
	config.Gate, config.HTTP = nil, nil
	encoded, err := json.Marshal(any(config))
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "SECRET")
}

func TestTokenTravelsInTheBodyOnly(t *testing.T) {
	t.Parallel()
	var seen atomic.Pointer[http.Request]
	client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "access_token="+testToken) {
			seen.Store(r)
		}
		_, _ = w.Write([]byte(`{"response":[1]}`))
	}))
	_, err := do(t, client, remove(1, 5))
	require.NoError(t, err)
	require.NotNil(t, seen.Load())
	require.NotContains(t, seen.Load().URL.String()+fmt.Sprint(seen.Load().Header), "SECRET")
}

func TestRepliesThatAreNotVKs(t *testing.T) {
	t.Parallel()
	answers := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	vkFailure := func(code int) http.HandlerFunc {
		return answers(200, fmt.Sprintf(
			`{"error":{"error_code":%d,"error_msg":"no","request_params":[{"key":"access_token","value":%q}]}}`, code, testToken))
	}
	tests := map[string]struct {
		handler http.HandlerFunc
		want    messenger.Error
	}{
		"html":              {answers(200, "<html>Log in to the proxy</html>"), messenger.Error{Code: away}},
		"empty":             {answers(200, ""), messenger.Error{Code: away}},
		"cut":               {answers(200, `{"response":[1`), messenger.Error{Code: away}},
		"array":             {answers(200, `[1]`), messenger.Error{Code: away}},
		"no response":       {answers(200, `{}`), messenger.Error{Code: away}},
		"too few":           {answers(200, `{"response":[]}`), messenger.Error{Code: away}},
		"too many":          {answers(200, `{"response":[1,1]}`), messenger.Error{Code: away}},
		"not a list":        {answers(200, `{"response":false}`), messenger.Error{Code: away}},
		"error is a string": {answers(200, `{"error":"invalid_client"}`), messenger.Error{Code: away}},
		"cut by length":     {answers(200, `{"response":[1]}`, "Content-Length", "99"), messenger.Error{Code: away}},
		"too long":          {answers(200, `{"response":[1]}`+strings.Repeat(" ", maxBody)), messenger.Error{Code: away}},
		"500":               {answers(500, `{"response":[1]}`), messenger.Error{Code: away}},
		"502":               {answers(502, "bad gateway"), messenger.Error{Code: away}},
		"403":               {answers(403, "blocked"), messenger.Error{Code: away}},
		"407":               {answers(407, "proxy"), messenger.Error{Code: away}},
		"429":               {answers(429, ""), messenger.Error{Code: rate, RetryAfter: time.Second}},
		"429, patience":     {answers(429, "", "Retry-After", "7"), messenger.Error{Code: rate, RetryAfter: 7 * time.Second}},
		"429, nonsense":     {answers(429, "", "Retry-After", "-7"), messenger.Error{Code: rate, RetryAfter: time.Second}},
		"5":                 {vkFailure(5), messenger.Error{Code: refused, Vendor: 5}},
		"6":                 {vkFailure(6), messenger.Error{Code: rate, Vendor: 6, RetryAfter: time.Second}},
		"10":                {vkFailure(10), messenger.Error{Code: away, Vendor: 10}},
		"12":                {vkFailure(12), messenger.Error{Code: bad, Vendor: 12}},
		"15":                {vkFailure(15), messenger.Error{Code: rights, Vendor: 15}},
		"27":                {vkFailure(27), messenger.Error{Code: rights, Vendor: 27}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := clientOf(t, tt.handler)
			replies, err := do(t, client, remove(1, 5))
			var got *messenger.Error
			require.ErrorAs(t, err, &got)
			tt.want.Method = methodExecute
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
		_, err := do(t, client, remove(1, 5))
		require.Equal(t, away, messenger.CodeOf(err))
		requireHidden(t, err, elsewhere.URL)
	}
	require.False(t, reached.Load())
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := New(Config{BaseURL: server.URL, Token: testToken, GroupID: testGroup, Gate: openGate()})
	require.NoError(t, err)
	_, err = do(t, client, remove(1, 5))
	require.Equal(t, away, messenger.CodeOf(err))
	requireHidden(t, err, strings.TrimPrefix(server.URL, "http://"))
}

func TestCallerWhoGivesUpIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	client := clientOf(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-release
	}))
	t.Cleanup(func() { close(release) })
	err := client.Do(ctx, []messenger.Call{remove(1, 5)}, func(int, []messenger.Reply) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, away, messenger.CodeOf(err))
	requireHidden(t, err)
}

// silent is a VK that takes a request and never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// trickling is a VK whose body never ends.
type trickling struct{}

func (trickling) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
	return &http.Response{StatusCode: http.StatusOK, Body: reader, Request: r}, nil
}

func TestARequestEndsAfterFifteenSeconds(t *testing.T) {
	t.Parallel()
	for _, transport := range []http.RoundTripper{silent{}, trickling{}} {
		synctest.Test(t, func(t *testing.T) {
			client, err := New(Config{
				Token: testToken, GroupID: testGroup, Gate: openGate(), HTTP: &http.Client{Transport: transport},
			})
			require.NoError(t, err)
			spans := &recorder{}
			client.tracer.Tracer = spans
			began := time.Now()
			_, err = do(t, client, remove(1, 5))
			require.Equal(t, requestTimeout, time.Since(began))
			require.Equal(t, away, messenger.CodeOf(err))
			require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's own deadline did not pass")
			require.Equal(t, "timeout", spans.ended[0].attributes["error.type"])
		})
	}
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
	client, _ := setup(t, town())
	spans := &recorder{}
	client.tracer.Tracer = spans
	_, err := do(t, client, create("x"), remove(1, 5))
	require.NoError(t, err)
	require.Len(t, spans.ended, 1)
	require.Equal(t, trace.SpanKindClient, spans.ended[0].kind)
	for _, kept := range spans.ended {
		require.Contains(t, kept.attributes, "vk.gate_wait_ms")
		delete(kept.attributes, "vk.gate_wait_ms")
	}
	require.Equal(t, map[string]string{
		"vk.method": "execute", "vk.calls": "3", "http.response.status_code": "200",
		"vk.methods": "messages.createChat messages.getInviteLink messages.removeChatUser",
	}, spans.ended[0].attributes)
	require.Equal(t, codes.Unset, spans.ended[0].status)

	failing := clientOf(t, text200(`{"error":{"error_code":6}}`))
	failing.tracer.Tracer = spans
	_, err = do(t, failing, remove(1, 5))
	require.Error(t, err)
	require.Len(t, spans.ended, 2)
	delete(spans.ended[1].attributes, "vk.gate_wait_ms")
	require.Equal(t, map[string]string{
		"vk.method": "execute", "vk.calls": "1", "http.response.status_code": "200", "vk.methods": "messages.removeChatUser",
		"vk.code": "rate-limited", "vk.vendor_code": "6",
	}, spans.ended[1].attributes)
	require.Equal(t, codes.Error, spans.ended[1].status)
}
