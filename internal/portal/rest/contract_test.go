package rest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/portaltest"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
)

// contract gives a client of a Portal of which every exchange is held to docs/portal-openapi.yaml.
func contract(t *testing.T, reply http.HandlerFunc) (*rest.Client, *fakePortal) {
	t.Helper()
	fake := &fakePortal{reply: reply}
	server := httptest.NewServer(portaltest.Validate(t, fake))
	t.Cleanup(server.Close)
	return clientOf(t, rest.Config{BaseURL: server.URL}), fake
}

// example is a Portal of which every answer is one of the document's.
func example(w http.ResponseWriter, r *http.Request) {
	switch query := r.URL.Query(); {
	case r.Method != http.MethodGet:
		done(w, r)
	case query.Get("limit") == "":
		text(http.StatusOK, `{"organisation":"шк 1/2","name":"Школа № 1","time":"2026-09-01T07:30:00.123Z"}`)(w, r)
	case query.Get("cursor") == "":
		text(http.StatusOK, `{"links":[{"identity":"p-1","account":7,"linkedAt":"2026-08-30T10:00:00Z"}],
			"next":"c/1 +","total":2,"asOf":"2026-09-01T07:30:00Z"}`)(w, r)
	case query.Get("since") == "":
		text(http.StatusOK, `{"links":[{"identity":"p-2","account":8,"linkedAt":"2026-08-30T10:00:00Z"}],
			"total":2,"asOf":"2026-09-01T07:30:00Z"}`)(w, r)
	default:
		text(http.StatusOK, `{"links":[{"identity":"p-2","unlinkedAt":"2026-08-31T10:00:00Z"}],"total":1,"asOf":"2026-09-01T07:30:00Z"}`)(w, r)
	}
}

func TestEveryExchangeIsAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	client, fake := contract(t, example)
	const school = "шк 1/2"

	account, err := client.Check(t.Context(), school)
	require.NoError(t, err)
	require.Equal(t, "Школа № 1", account.Name)
	page, err := client.Page(t.Context(), school, portal.Query{})
	require.NoError(t, err)
	require.Equal(t, 2, page.Total)
	_, err = client.Page(t.Context(), school, portal.Query{Cursor: page.Next})
	require.NoError(t, err)
	changes, err := client.Page(t.Context(), school, portal.Query{Since: testNow.Add(time.Nanosecond), Cursor: page.Next})
	require.NoError(t, err)
	require.Zero(t, changes.Links[0].Account)

	bare := testChat("k")
	bare.Class, bare.Audience = "", nil
	require.NoError(t, client.PutChats(t.Context(), school, []portal.Chat{testChat("parents/c-1"), bare}))
	require.NoError(t, client.RemoveChat(t.Context(), school, "parents/c-1"))
	bareCall := testCall()
	bareCall.Class, bareCall.Teacher, bareCall.Audience = "", "", nil
	bareCall.Starts = bareCall.Starts.In(time.FixedZone("MSK", 3*60*60))
	for _, call := range []portal.Call{testCall(), bareCall} {
		require.NoError(t, client.PutCall(t.Context(), school, call))
	}
	require.NoError(t, client.RemoveCall(t.Context(), school, testCall().ID))
	require.Len(t, fake.seen(), 9)
}

func TestEveryProblemOfTheDocumentIsUnderstood(t *testing.T) {
	t.Parallel()
	all := []string{"check", "page", "put chats", "remove chat", "put call", "remove call"}
	puts, writes := []string{"put chats", "put call"}, all[2:]
	for code, tt := range map[string]struct {
		status int
		acts   []string
		want   portal.Code
	}{
		"bad-request":          {400, all, portal.CodeBadRequest},
		"bad-signature":        {401, all, portal.CodeRefused},
		"clock-skew":           {401, all, portal.CodeClock},
		"unknown-organisation": {404, all, portal.CodeUnknown},
		"idempotency-conflict": {409, writes, portal.CodeBadRequest},
		"cursor-expired":       {410, []string{"page"}, portal.CodeIncomplete},
		"too-large":            {413, puts, portal.CodeBadRequest},
		"invalid":              {422, append(puts, "page"), portal.CodeBadRequest},
		"too-many-requests":    {429, all, portal.CodeRateLimited},
		"internal":             {500, all, portal.CodeUnavailable},
		"unavailable":          {503, all, portal.CodeUnavailable},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			client, _ := contract(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.status == http.StatusTooManyRequests || tt.status == http.StatusServiceUnavailable {
					w.Header().Set("Retry-After", "3")
				}
				problem(w, tt.status, code)
			})
			do := acts(client)
			for _, act := range tt.acts {
				require.Equal(t, tt.want, portal.CodeOf(do[act](t)), act)
			}
		})
	}
}

// TestTheWorkedExampleIsTrue makes the request of docs/portal-api.md and finds in the text what was sent.
func TestTheWorkedExampleIsTrue(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../docs/portal-api.md")
	require.NoError(t, err)
	doc := string(raw)

	var sent *http.Request
	var body []byte
	client, err := rest.New(rest.Config{
		BaseURL: "https://portal.example/api", KeyID: "rollcall-1", Secret: "an example is no secret",
		Now: func() time.Time { return testNow },
		HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			sent = r
			body, _ = io.ReadAll(r.Body)
			return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
		})},
	})
	require.NoError(t, err)
	require.NoError(t, client.PutCall(t.Context(), "sch-17", portal.Call{
		ID: "algebra/0901", Title: "Алгебра, 5А", Starts: testNow, Ends: testNow.Add(45 * time.Minute),
		Link: "https://vk.com/call/join/example", Audience: []string{"p-10077", "p-10078"},
	}))

	require.Contains(t, doc, fmt.Sprintf("%s %s HTTP/1.1\n", sent.Method, sent.URL.RequestURI()))
	for _, name := range []string{rest.HeaderKey, rest.HeaderTimestamp, rest.HeaderSignature, rest.HeaderIdempotency} {
		require.Contains(t, doc, fmt.Sprintf("%s: %s\n", name, sent.Header.Get(name)))
	}
	require.Contains(t, doc, "\n"+string(body)+"\n")
	digest := sha256.Sum256(body)
	require.Contains(t, doc, fmt.Sprintf("%s\n%s\n%s\n%s\n", sent.Header.Get(rest.HeaderTimestamp), sent.Method,
		sent.URL.RequestURI(), hex.EncodeToString(digest[:])), "what is signed")
}
