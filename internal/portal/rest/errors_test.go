package rest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
)

func TestEveryAnswerHasItsCode(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status            int
		code, retry, date string
		want              portal.Code
		pause             time.Duration
		advice            string
	}{
		"signature":         {status: 401, code: "bad-signature", want: portal.CodeRefused, advice: "key id and secret"},
		"no word":           {status: 401, want: portal.CodeRefused},
		"clock":             {status: 401, code: "clock-skew", want: portal.CodeClock, date: "-", advice: "clock by a time server"},
		"ahead":             {status: 401, code: "clock-skew", want: portal.CodeClock, date: "Tue, 01 Sep 2026 07:20:00 GMT", advice: "10m0s ahead"},
		"behind":            {status: 401, code: "clock-skew", want: portal.CodeClock, date: "Tue, 01 Sep 2026 07:37:00 GMT", advice: "7m0s behind"},
		"organisation":      {status: 404, code: "unknown-organisation", want: portal.CodeUnknown, advice: "sourcedId"},
		"no such path":      {status: 404, want: portal.CodeBadRequest, advice: "address"},
		"moved":             {status: 302, want: portal.CodeBadRequest, advice: "address"},
		"cursor":            {status: 410, code: "cursor-expired", want: portal.CodeIncomplete, advice: "anew"},
		"rate":              {status: 429, code: "too-many-requests", retry: "7", want: portal.CodeRateLimited, pause: 7 * time.Second},
		"rate without time": {status: 429, want: portal.CodeRateLimited, pause: time.Second},
		"a long rate":       {status: 429, retry: "999999999", want: portal.CodeRateLimited, pause: time.Hour},
		"a silly rate":      {status: 429, retry: "-5", want: portal.CodeRateLimited, pause: time.Second},
		"internal":          {status: 500, code: "internal", want: portal.CodeUnavailable},
		"a gateway":         {status: 502, want: portal.CodeUnavailable},
		"unavailable":       {status: 503, code: "unavailable", retry: "30", want: portal.CodeUnavailable, pause: 30 * time.Second},
		"slow":              {status: 408, want: portal.CodeUnavailable},
		"accepted":          {status: 202, want: portal.CodeUnavailable, advice: "makes no sense"},
		"bad":               {status: 400, code: "bad-request", want: portal.CodeBadRequest, advice: "version"},
		"forbidden":         {status: 403, want: portal.CodeRefused, advice: "key id"},
		"conflict":          {status: 409, code: "idempotency-conflict", want: portal.CodeBadRequest},
		"too large":         {status: 413, code: "too-large", want: portal.CodeBadRequest, advice: "less at once"},
		"invalid":           {status: 422, code: "invalid", want: portal.CodeBadRequest},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake := setup(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				if tt.retry != "" {
					w.Header().Set("Retry-After", tt.retry)
				}
				if tt.date != "" {
					w.Header().Set("Date", tt.date)
				}
				problem(w, tt.status, tt.code)
			})
			for act, do := range acts(client) {
				err := do(t)
				var e *portal.Error
				require.ErrorAs(t, err, &e, act)
				require.Equal(t, tt.want, e.Code, act)
				require.Equal(t, tt.status, e.Status, act)
				require.Equal(t, tt.pause, e.RetryAfter, act)
				require.Contains(t, e.Advice, tt.advice, act)
				require.NotEmpty(t, e.Act)
				requireHidden(t, err)
			}
			require.Len(t, fake.seen(), 6, "one request each, and no redirect is followed")
		})
	}
}

func TestAWriteIsDoneOnlyIfThePortalSaysSoInItsOwnWay(t *testing.T) {
	t.Parallel()
	client, _ := setup(t, text(http.StatusOK, "<html>log in to the network</html>"))
	err := client.RemoveChat(t.Context(), "sch-1", "k")
	require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err))
}

func TestAnAnswerWithoutEndIsNone(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusServiceUnavailable} {
		client, _ := setup(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			for chunk := strings.Repeat(" ", 64<<10); ; {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		})
		_, err := client.Page(t.Context(), "sch-1", portal.Query{})
		require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err))
	}
}

func TestNoAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	client, _ := setup(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for act, do := range acts(client) {
		err := do(t)
		require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err), act)
		requireHidden(t, err)
	}
	nobody := clientOf(t, rest.Config{BaseURL: "http://127.0.0.1:1/PRIVATE"})
	err := nobody.RemoveChat(t.Context(), "sch-1", "k")
	require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err))
	requireHidden(t, err)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestARequestEndsInTime(t *testing.T) {
	t.Parallel()
	var left time.Duration
	client := clientOf(t, rest.Config{BaseURL: "https://portal.example", HTTP: &http.Client{Transport: roundTrip(
		func(r *http.Request) (*http.Response, error) {
			deadline, ok := r.Context().Deadline()
			require.True(t, ok)
			left = time.Until(deadline)
			return nil, context.DeadlineExceeded
		})}})
	err := client.RemoveChat(t.Context(), "sch-1", "k")
	require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err))
	require.ErrorContains(t, err, "within 15 s")
	require.InDelta(t, 15, left.Seconds(), 5)
}

func TestWhoGaveUpIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client, _ := setup(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := client.Page(ctx, "sch-1", portal.Query{Cursor: "PRIVATE"})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, portal.CodeOf(err))
	requireHidden(t, err)

	late, stop := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer stop()
	_, err = client.Check(late, "sch-1")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, portal.CodeOf(err))
}

func TestTroubleWithAProxyCanBeExplained(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options proxytest.Options
		want    proxy.Kind
	}{
		"login":  {proxytest.Options{Login: "Basic x"}, proxy.Login},
		"denied": {proxytest.Options{Status: http.StatusForbidden}, proxy.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way := proxytest.New(t, tt.options)
			client := clientOf(t, rest.Config{BaseURL: "http://portal.example", HTTP: proxy.NewClient("s17", way.Settings())})
			err := client.RemoveChat(t.Context(), "sch-1", "PRIVATE")
			trouble, ok := errors.AsType[*proxy.Error](err)
			require.True(t, ok)
			require.Equal(t, tt.want, trouble.Kind)
			require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err))
			require.NotContains(t, err.Error(), "PRIVATE")
		})
	}
}

func TestThroughAProxyTheSignatureIsTheSame(t *testing.T) {
	t.Parallel()
	fake := &fakePortal{reply: done}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	way := proxytest.New(t, proxytest.Options{})
	client := clientOf(t, rest.Config{BaseURL: server.URL, HTTP: proxy.NewClient("s17", way.Settings())})
	require.NoError(t, client.PutCall(t.Context(), "sch-1", testCall()))
	require.Len(t, way.Asked(), 1)
	require.Len(t, fake.seen(), 1)
}
