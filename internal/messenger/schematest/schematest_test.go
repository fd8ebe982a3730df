package schematest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func schema(t *testing.T) *Schema {
	t.Helper()
	if os.Getenv(Variable) == "" {
		t.Skipf("left out: %s names no schema of the vendor's", Variable)
	}
	return Check(t)
}

func ask(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "token")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestRequests(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for target, good := range map[string]bool{
		"GET /me": true, "GET /you": false, "GET /chats": false, "GET /me?access_token=x": false,
		"GET /chats/-7": true, "GET /chats/x": false, "DELETE /chats/-7": false,
		"GET /chats/7/members?count=100&marker=5": true, "GET /chats/7/members?count=101": false,
		"DELETE /chats/7/members?user_id=5&block=true": true, "DELETE /chats/7/members": false,
		"DELETE /chats/7/members/admins/5":   true,
		"GET /messages?chat_id=-7&count=100": true, "GET /messages?chat_id=x": false,
		"GET /updates?timeout=25&limit=100&types=user_added,user_removed": true, "GET /updates?timeout=91": false,
	} {
		method, path, _ := strings.Cut(target, " ")
		_, err := s.request(ask(method, path, ""), nil)
		require.Equal(t, good, err == nil, "%s: %v", target, err)
		_, err = s.Under("/max/").request(ask(method, "/max"+path, ""), nil)
		require.Equal(t, good, err == nil, "under a prefix: %s: %v", target, err)
	}
	_, err := s.Under("/max").request(ask("GET", "/me", ""), nil)
	require.Error(t, err)
	for body, good := range map[string]bool{
		`{"user_ids":[1,2]}`: true, `{"user_ids":[1,1]}`: false, `{"user_ids":["1"]}`: false, `{}`: false, ``: false, `[`: false,
		`{"user_ids":[` + strings.Repeat("1,", 100) + `1]}`: false,
	} {
		_, err := s.request(ask("POST", "/chats/7/members", body), []byte(body))
		require.Equal(t, good, err == nil, "%s: %v", body, err)
	}
	for _, header := range []string{"", "Bearer token"} {
		r := ask("GET", "/me", "")
		r.Header.Set("Authorization", header)
		_, err := s.request(r, nil)
		require.Error(t, err)
	}
}

const chat = `{"chat_id":-7,"type":"chat","status":"active","title":"7А","icon":null,"last_event_time":1,
	"participants_count":2,"is_public":false,"description":null,"link":null}`

func TestReplies(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for name, tt := range map[string]struct {
		method, path string
		status       int
		body         string
		good         bool
	}{
		"chat":             {"GET", "/chats/-7", 200, chat, true},
		"no status":        {"GET", "/chats/-7", 200, strings.Replace(chat, `"status":"active",`, "", 1), false},
		"strange status":   {"GET", "/chats/-7", 200, strings.Replace(chat, "active", "away", 1), false},
		"refused":          {"GET", "/chats/-7", 404, `{"code":"chat.not.found","message":"x"}`, true},
		"refused, no code": {"GET", "/chats/-7", 429, `{"message":"x"}`, false},
		"teapot":           {"GET", "/chats/-7", 418, `{"code":"x","message":"x"}`, false},
		"soft":             {"DELETE", "/chats/-7/members?user_id=5", 200, `{"success":false,"message":"x"}`, true},
		"updates":          {"GET", "/updates", 200, `{"updates":[{"update_type":"x","timestamp":1}],"marker":5}`, true},
		"bad update":       {"GET", "/updates", 200, `{"updates":[{"update_type":"user_added","timestamp":1}],"marker":5}`, false},
	} {
		input, err := s.request(ask(tt.method, tt.path, ""), nil)
		require.NoError(t, err, name)
		reply := httptest.NewRecorder()
		reply.Header().Set("Content-Type", "application/json")
		reply.WriteHeader(tt.status)
		_, _ = reply.WriteString(tt.body)
		err = s.reply(input, reply)
		require.Equal(t, tt.good, err == nil, "%s: %v", name, err)
	}
}

func TestTheExchangeGoesOnUnchanged(t *testing.T) {
	t.Parallel()
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"code":"too.many.requests","message":"` + r.URL.Path + `"}`))
	})
	for _, s := range []*Schema{nil, schema(t).Under("/max")} {
		reply := httptest.NewRecorder()
		s.Handler(t, next).ServeHTTP(reply, ask("GET", "/max/me", ""))
		require.Equal(t, http.StatusTooManyRequests, reply.Code)
		require.Equal(t, "7", reply.Header().Get("Retry-After"))
		require.Contains(t, reply.Body.String(), "/max/me")
	}
}

func TestWhatIsNoSchema(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "{", "[]", "{}", `{"paths":{}}`, `{"components":{"schemas":{}},"paths":{}}`} {
		_, err := parse([]byte(raw))
		require.Error(t, err, raw)
	}
	var none *Schema
	require.Nil(t, none.Under("/max"))
	none.Update(t, []byte("nonsense"))
}
