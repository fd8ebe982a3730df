package max

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/schematest"
)

const (
	testToken = "f9LHod-SECRET_token"
	testBot   = 777
)

// asked is a request as the fake MAX saw it.
type asked struct {
	call   string // verb and path
	params url.Values
	body   map[string]any
}

// line is the request in one line, for tables.
func (a asked) line() string {
	line := a.call
	if len(a.params) > 0 {
		line += "?" + a.params.Encode()
	}
	return line
}

// refuse is an answer that is an error of MAX's.
type refuse struct {
	status int
	code   string
}

// cut is no answer: the connection is closed.
type cut struct{}

// fakeMAX answers calls. Answer gives a reply's value or its JSON as a string, a refuse or a cut.
type fakeMAX struct {
	answer func(asked) any

	mu   sync.Mutex
	seen []asked
}

func (f *fakeMAX) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := asked{call: r.Method + " " + r.URL.Path, params: r.URL.Query()}
	if raw, _ := io.ReadAll(r.Body); len(raw) > 0 {
		_ = json.Unmarshal(raw, &a.body)
	}
	f.seen = append(f.seen, a)
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != testToken {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":"verify.token","message":"Invalid access_token"}`)
		return
	}
	switch value := f.answer(a).(type) {
	case cut:
		panic(http.ErrAbortHandler)
	case refuse:
		w.WriteHeader(value.status)
		_ = json.NewEncoder(w).Encode(map[string]any{"code": value.code, "message": "SECRET " + a.line()})
	case string:
		_, _ = io.WriteString(w, value)
	default:
		_ = json.NewEncoder(w).Encode(value)
	}
}

// lines gives each request in one line.
func (f *fakeMAX) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	lines := make([]string, len(f.seen))
	for i, a := range f.seen {
		lines[i] = a.line()
	}
	return lines
}

// body gives a request's body.
func (f *fakeMAX) body(i int) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[i].body
}

// gateFunc is a Gate.
type gateFunc func(context.Context) error

func (g gateFunc) Pass(ctx context.Context) error { return g(ctx) }

func openGate() messenger.Gate { return gateFunc(func(context.Context) error { return nil }) }

func testConfig(address string) Config {
	return Config{BaseURL: address, Token: testToken, BotID: testBot, Adding: true, Gate: openGate()}
}

// setup gives a client of a fake MAX. Every exchange is held to the vendor's schema, where there is one.
func setup(t *testing.T, answer func(asked) any) (*Client, *fakeMAX) {
	t.Helper()
	fake := &fakeMAX{answer: answer}
	return clientOf(t, schematest.Check(t).Handler(t, fake)), fake
}

// wrong gives a client of a fake MAX that answers what the schema does not know.
func wrong(t *testing.T, answer func(asked) any) (*Client, *fakeMAX) {
	t.Helper()
	fake := &fakeMAX{answer: answer}
	return clientOf(t, fake), fake
}

// clientOf gives a client of any server.
func clientOf(t *testing.T, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	config := testConfig(server.URL)
	config.HTTP = server.Client()
	client, err := New(config)
	require.NoError(t, err)
	return client
}

// table answers by the request's line; what is not on it is a refuse 404.
func table(answers map[string]any) func(asked) any {
	return func(a asked) any {
		if answer, ok := answers[a.line()]; ok {
			return answer
		}
		return refuse{404, "not.found"}
	}
}

// do makes calls and gives every reply that was recorded.
func do(t *testing.T, c *Client, calls ...messenger.Call) ([]messenger.Reply, error) {
	t.Helper()
	var replies []messenger.Reply
	err := c.Do(t.Context(), calls, func(first int, more []messenger.Reply) error {
		require.Len(t, replies, first, "first is the index of the first call of the request")
		replies = append(replies, more...)
		return nil
	})
	return replies, err
}

// codesOf gives the code of each reply.
func codesOf(replies []messenger.Reply) []messenger.Code {
	codes := make([]messenger.Code, len(replies))
	for i, r := range replies {
		codes[i] = messenger.CodeOf(r.Err)
	}
	return codes
}

// requireHidden checks that an error shows neither the token nor anything else of the request.
func requireHidden(t *testing.T, err error, also ...string) {
	t.Helper()
	require.Error(t, err)
	for _, hidden := range append(also, testToken, "SECRET", "127.0.0.1", "4242") {
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), hidden)
	}
}

type object = map[string]any

// group is a chat as MAX tells of it.
func group(id int64, title string, with object) object {
	chat := object{
		"chat_id": id, "type": "chat", "status": "active", "title": title, "icon": nil, "last_event_time": 1, "participants_count": 2,
		"is_public": false, "description": nil, "link": nil,
	}
	for name, value := range with {
		chat[name] = value
	}
	return chat
}

func user(id int64) object {
	return object{
		"user_id": id, "first_name": "Иван", "last_name": nil, "username": nil, "name": "Иван", "is_bot": id == testBot, "last_activity_time": 1,
	}
}

// person is a member as MAX tells of them.
func person(id int64, with object) object {
	member := user(id)
	for name, value := range (object{
		"last_access_time": 1, "join_time": 1, "is_owner": false, "is_admin": false, "permissions": nil,
	}) {
		member[name] = value
	}
	for name, value := range with {
		member[name] = value
	}
	return member
}

func own(permissions ...string) object {
	return person(testBot, object{"is_admin": true, "permissions": permissions})
}

var allRights = []string{"read_all_messages", "add_remove_members", "add_admins", "change_chat_info", "pin_message", "write"}

func page(marker any, members ...object) object {
	return object{"members": append([]object{}, members...), "marker": marker}
}

// said is a message as MAX tells of it.
func said(id string, sender, timestamp int64, text any) object {
	return object{
		"sender": user(sender), "recipient": object{"chat_id": -7, "chat_type": "chat", "user_id": nil}, "timestamp": timestamp,
		"body": object{"mid": id, "seq": 1, "text": text, "attachments": nil},
	}
}

var (
	success  = object{"success": true}
	softly   = object{"success": false, "message": "SECRET words"}
	nobody   = object{"messages": []any{}}
	absentee = page(nil)
)
