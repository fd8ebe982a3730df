package portaltest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal/portaltest"
)

// recorder is a test that remembers its failures.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// exchange is a request and its reply.
type exchange struct {
	method, target, body string
	header               map[string]string
	status               int
	contentType, reply   string
	retryAfter           string
}

func good() exchange {
	return exchange{
		method: http.MethodGet, target: "/v1/organisations/sch-1/account-links?limit=500&since=2026-09-01T07:30:00Z",
		header: map[string]string{
			"X-Portal-Key": "key-1", "X-Portal-Timestamp": "1788247800",
			"X-Portal-Signature": "sha256=" + strings.Repeat("0a", 32),
		},
		status: http.StatusOK, contentType: "application/json",
		reply: `{"links":[{"identity":"p-1","account":5,"linkedAt":"2026-09-01T08:00:00Z"},
			{"identity":"p-2","unlinkedAt":"2026-09-01T08:00:00.25Z"}],"total":2,"asOf":"2026-09-01T09:00:00Z"}`,
	}
}

func put(body string) exchange {
	e := good()
	e.method, e.target, e.body = http.MethodPut, "/v1/organisations/sch-1/chats", body
	e.header["Content-Type"], e.header["Idempotency-Key"] = "application/json", "0f3a"
	e.status, e.contentType, e.reply = http.StatusNoContent, "", ""
	return e
}

func problem(status int, code string) exchange {
	e := good()
	e.status, e.contentType = status, "application/problem+json"
	e.reply = fmt.Sprintf(`{"type":"about:blank","status":%d,"code":%q,"title":"no"}`, status, code)
	return e
}

// failures has an exchange checked, and sees to it that it takes place as if nothing was.
func failures(t *testing.T, e exchange) []string {
	t.Helper()
	test := &recorder{TB: t}
	handler := portaltest.Validate(test, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.contentType != "" {
			w.Header().Set("Content-Type", e.contentType)
		}
		if e.retryAfter != "" {
			w.Header().Set("Retry-After", e.retryAfter)
		}
		w.WriteHeader(e.status)
		_, _ = w.Write([]byte(e.reply))
	}))
	request := httptest.NewRequestWithContext(t.Context(), e.method, e.target, strings.NewReader(e.body))
	for name, value := range e.header {
		request.Header.Set(name, value)
	}
	reply := httptest.NewRecorder()
	handler.ServeHTTP(reply, request)
	require.Equal(t, e.status, reply.Code)
	require.Equal(t, e.reply, reply.Body.String())
	require.Equal(t, e.contentType, reply.Header().Get("Content-Type"))
	return test.failures
}

const chat = `{"key":"parents/c-1","type":"parents","title":"1А","link":"https://vk.me/join/x","audience":["p-1"]}`

func TestWhatIsAsTheDocumentSaysPasses(t *testing.T) {
	t.Parallel()
	limited := problem(http.StatusTooManyRequests, "too-many-requests")
	limited.retryAfter = "1"
	for name, e := range map[string]exchange{
		"a page": good(), "chats": put(`{"chats":[` + chat + `]}`), "a limit": limited,
		"a skew": problem(http.StatusUnauthorized, "clock-skew"), "an old cursor": problem(http.StatusGone, "cursor-expired"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, failures(t, e))
		})
	}
}

func TestWhatIsNotAsTheDocumentSaysFails(t *testing.T) {
	t.Parallel()
	with := func(e exchange, change func(*exchange)) exchange { change(&e); return e }
	header := func(name, value string) exchange {
		e := put(`{"chats":[` + chat + `]}`)
		e.header[name] = value
		return e
	}
	reply := func(body string) exchange {
		return with(good(), func(e *exchange) { e.reply = body })
	}
	for name, e := range map[string]exchange{
		"an unknown path":          with(good(), func(e *exchange) { e.target = "/v1/organisations/sch-1/accounts" }),
		"an unknown method":        with(good(), func(e *exchange) { e.method = http.MethodPost }),
		"an unknown parameter":     with(good(), func(e *exchange) { e.target += "&page=2" }),
		"a limit too big":          with(good(), func(e *exchange) { e.target = "/v1/organisations/sch-1/account-links?limit=1001" }),
		"a time without zone":      with(good(), func(e *exchange) { e.target = "/v1/organisations/sch-1/account-links?since=2026-09-01" }),
		"a time elsewhere":         with(good(), func(e *exchange) { e.target = "/v1/organisations/a/account-links?since=2026-09-01T07:30:00%2B03:00" }),
		"no key":                   header("X-Portal-Key", ""),
		"a timestamp in words":     header("X-Portal-Timestamp", "now"),
		"a short signature":        header("X-Portal-Signature", "sha256=00"),
		"no idempotency key":       header("Idempotency-Key", ""),
		"a form":                   header("Content-Type", "application/x-www-form-urlencoded"),
		"no chats":                 put(`{"chats":[]}`),
		"a chat without audience":  put(`{"chats":[` + strings.Replace(chat, `,"audience":["p-1"]`, "", 1) + `]}`),
		"a chat with more":         put(`{"chats":[` + strings.Replace(chat, `"key"`, `"Key":"x","key"`, 1) + `]}`),
		"an empty class":           put(`{"chats":[` + strings.Replace(chat, `"key"`, `"class":"","key"`, 1) + `]}`),
		"a link that is none":      put(`{"chats":[` + strings.Replace(chat, "https://", "", 1) + `]}`),
		"a body where none may be": with(good(), func(e *exchange) { e.body = "{}" }),
		"an unknown status":        problem(http.StatusTeapot, "bad-request"),
		"a code of another status": problem(http.StatusUnauthorized, "unknown-organisation"),
		"an unknown code":          problem(http.StatusUnauthorized, "go-away"),
		"no retry-after":           problem(http.StatusTooManyRequests, "too-many-requests"),
		"plain json for a problem": with(problem(http.StatusGone, "cursor-expired"), func(e *exchange) { e.contentType = "application/json" }),
		"no total":                 reply(`{"links":[],"asOf":"2026-09-01T09:00:00Z"}`),
		"null for links":           reply(`{"links":null,"total":0,"asOf":"2026-09-01T09:00:00Z"}`),
		"an account in words":      reply(`{"links":[{"identity":"p","account":"5","linkedAt":"2026-09-01T09:00:00Z"}],"total":1,"asOf":"2026-09-01T09:00:00Z"}`),
		"linked and unlinked": reply(`{"links":[{"identity":"p","account":5,"linkedAt":"2026-09-01T09:00:00Z",
			"unlinkedAt":"2026-09-01T09:00:00Z"}],"total":1,"asOf":"2026-09-01T09:00:00Z"}`),
		"a reply to a write": with(put(`{"chats":[`+chat+`]}`), func(e *exchange) { e.reply = "{}" }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, failures(t, e))
		})
	}
}
