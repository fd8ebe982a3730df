package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
)

func TestSettingsThatCannotBeRight(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]rest.Config{
		"no address":         {KeyID: "k", Secret: "SECRET"},
		"no scheme":          {BaseURL: "portal.example", KeyID: "k", Secret: "SECRET"},
		"another scheme":     {BaseURL: "ftp://portal.example", KeyID: "k", Secret: "SECRET"},
		"a login":            {BaseURL: "https://u:p@portal.example", KeyID: "k", Secret: "SECRET"},
		"a query":            {BaseURL: "https://portal.example?a=b", KeyID: "k", Secret: "SECRET"},
		"an empty query":     {BaseURL: "https://portal.example?", KeyID: "k", Secret: "SECRET"},
		"a fragment":         {BaseURL: "https://portal.example#a", KeyID: "k", Secret: "SECRET"},
		"no key":             {BaseURL: "https://portal.example", Secret: "SECRET"},
		"a key of two lines": {BaseURL: "https://portal.example", KeyID: "k\nX: y", Secret: "SECRET"},
		"no secret":          {BaseURL: "https://portal.example", KeyID: "k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rest.New(config)
			requireHidden(t, err)
		})
	}
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	config := rest.Config{BaseURL: "https://portal.example", KeyID: testKey, Secret: testSecret}
	client, err := rest.New(config)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb+verb+verb, config, client, *client), "SECRET")
	}
	encoded, err := json.Marshal([]any{config, client})
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "SECRET")
}

func TestTheAddressIsKeptAndNamesAreEscaped(t *testing.T) {
	t.Parallel()
	fake := &fakePortal{reply: done}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	client := clientOf(t, rest.Config{BaseURL: server.URL + "/our%20school/api/"})
	for _, key := range []string{"parents/c 1", "группа?#%", "a%2Fb", "...", "a+b;c"} {
		require.NoError(t, client.RemoveChat(t.Context(), "шк/1", key), key)
	}
	require.Equal(t, []string{
		"/our%20school/api/v1/organisations/%D1%88%D0%BA%2F1/chats/parents%2Fc%201",
		"/our%20school/api/v1/organisations/%D1%88%D0%BA%2F1/chats/%D0%B3%D1%80%D1%83%D0%BF%D0%BF%D0%B0%3F%23%25",
		"/our%20school/api/v1/organisations/%D1%88%D0%BA%2F1/chats/a%252Fb",
		"/our%20school/api/v1/organisations/%D1%88%D0%BA%2F1/chats/...",
		"/our%20school/api/v1/organisations/%D1%88%D0%BA%2F1/chats/a+b%3Bc",
	}, lo.Map(fake.seen(), func(s seen, _ int) string { return s.uri }))
}

func TestNamesThatAreOtherPathsAreNotSent(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, done)
	for _, name := range []string{"", ".", ".."} {
		_, err := client.Check(t.Context(), name)
		require.Equal(t, portal.CodeBadRequest, portal.CodeOf(err))
		require.Equal(t, portal.CodeBadRequest, portal.CodeOf(client.RemoveChat(t.Context(), "sch-1", name)))
		require.Equal(t, portal.CodeBadRequest, portal.CodeOf(client.PutCall(t.Context(), "sch-1", portal.Call{ID: name})))
	}
	require.Empty(t, fake.seen())
}

func TestAWriteHasItsOwnKey(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, done)
	other := testCall()
	other.Title = "Геометрия"
	for _, call := range []portal.Call{testCall(), testCall(), other} {
		require.NoError(t, client.PutCall(t.Context(), "sch-1", call))
	}
	require.NoError(t, client.PutCall(t.Context(), "sch-2", testCall()))
	require.NoError(t, client.RemoveCall(t.Context(), "sch-1", testCall().ID))
	keys := lo.Map(fake.seen(), func(s seen, _ int) string { return s.header.Get(rest.HeaderIdempotency) })
	require.Equal(t, keys[0], keys[1], "the same write again")
	require.Len(t, lo.Uniq(keys), 4)
	for _, key := range keys {
		require.Regexp(t, "^[0-9a-f]{32}$", key)
	}
}

func TestWhatIsTooBigForOneRequestGoesInSeveral(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, done)
	chats := lo.Times(100, func(i int) portal.Chat {
		chat := testChat(fmt.Sprintf("k-%03d", i))
		chat.Audience = lo.Times(2000, func(n int) string { return fmt.Sprintf("p-%07d", n) })
		return chat
	})
	require.NoError(t, client.PutChats(t.Context(), "sch-1", chats))
	var keys []string
	for _, s := range fake.seen() {
		require.LessOrEqual(t, len(s.body), 1<<20)
		var body struct{ Chats []struct{ Key string } }
		require.NoError(t, json.Unmarshal(s.body, &body))
		for _, chat := range body.Chats {
			keys = append(keys, chat.Key)
		}
	}
	require.Equal(t, lo.Map(chats, func(c portal.Chat, _ int) string { return c.Key }), keys)
	require.Len(t, fake.seen(), 4)
}

func TestHowManyChatsAreSent(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, done)
	require.NoError(t, client.PutChats(t.Context(), "sch-1", nil))
	require.Empty(t, fake.seen(), "nothing to say")
	err := client.PutChats(t.Context(), "sch-1", make([]portal.Chat, portal.MaxChats+1))
	require.Equal(t, portal.CodeBadRequest, portal.CodeOf(err))
	require.Empty(t, fake.seen())
}

func TestNobodyIsAnEmptyList(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, done)
	call, chat := testCall(), testChat("k")
	call.Audience, chat.Audience = nil, nil
	require.NoError(t, client.PutCall(t.Context(), "sch-1", call))
	require.NoError(t, client.PutChats(t.Context(), "sch-1", []portal.Chat{chat}))
	for _, s := range fake.seen() {
		require.Contains(t, string(s.body), `"audience":[]`)
	}
}

func TestCheckTellsNameAndClock(t *testing.T) {
	t.Parallel()
	reply := `{"organisation":"sch-1","name":"Школа № 1","time":"2026-09-01T07:29:50Z"}`
	fake := &fakePortal{reply: text(http.StatusOK, reply)}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	now := testNow
	client := clientOf(t, rest.Config{BaseURL: server.URL, Now: func() time.Time { now = now.Add(2 * time.Second); return now }})
	account, err := client.Check(t.Context(), "sch-1")
	require.NoError(t, err)
	// Asked at +2 s, signed at +4 s, answered at +6 s: half-way is +4 s.
	require.Equal(t, rest.Account{Name: "Школа № 1", Clock: 14 * time.Second}, account)
}

func TestAnAnswerToAnotherCheckIsNone(t *testing.T) {
	t.Parallel()
	good := `{"organisation":"sch-1","name":"x","time":"2026-09-01T07:30:00Z"}`
	for _, body := range []string{
		strings.Replace(good, "sch-1", "sch-2", 1), strings.Replace(good, "time", "moment", 1), strings.Replace(good, "2026-09-01T", "", 1),
		"{}", "[]", "null", "", good + good,
	} {
		client, _ := setup(t, text(http.StatusOK, body))
		_, err := client.Check(t.Context(), "sch-1")
		require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err), body)
		requireHidden(t, err)
	}
}
