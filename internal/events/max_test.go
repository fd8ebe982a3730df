package events_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/max"
	sandbox "github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	bot      = 700
	botToken = "token-of-the-bot"
	// chatMAX is a chat as MAX numbers them.
	chatMAX = -71
)

// onMAX registers a school that is on MAX, with one chat.
func (b *bench) onMAX(id school.ID, ref messenger.ChatRef) { b.t.Helper(); b.withBot(id, bot, ref) }

func (b *bench) withBot(id school.ID, bot int64, ref messenger.ChatRef) {
	b.t.Helper()
	ctx := b.t.Context()
	require.NoError(b.t, b.store.AddSchool(ctx, school.School{ID: id, District: "d", Feed: "f", SourceID: string(id), Name: "School"}))
	require.NoError(b.t, b.store.SetMessenger(ctx, id, messenger.MAX))
	require.NoError(b.t, b.store.SetToken(ctx, id, bot, botToken))
	b.addChat(id, ref)
}

// gone is an update that says that somebody went from the chat.
func gone(at int64) string {
	return fmt.Sprintf(`{"update_type":"user_removed","timestamp":%d,"chat_id":%d,"user":{"user_id":7},"is_channel":false}`, at, chatMAX)
}

func setupDoorMAX(t *testing.T) *door {
	t.Helper()
	d := setupDoor(t)
	d.onMAX("m", max.ChatRef(chatMAX))
	require.NoError(t, d.store.SetCallback(t.Context(), "m", "", hush))
	return d
}

func (d *door) update(path, secret, body string) (int, string) {
	return d.post(path, body, max.SecretHeader, secret)
}

func TestAnUpdateIsTakenOnce(t *testing.T) {
	t.Parallel()
	d := setupDoorMAX(t)
	require.Equal(t, "/max/m", events.MAXPath("m"))
	require.Equal(t, []string{"/max/m", "/vk/m"}, []string{events.CallbackPath(messenger.MAX, "m"), events.CallbackPath(messenger.VK, "m")})
	for range 3 {
		code, text := d.update("/max/m", hush, gone(1))
		require.Equal(t, 200, code)
		require.Equal(t, "ok", text)
	}
	require.Equal(t, [][]string{{"parents:2026:1a"}}, d.outbox("m"))
	code, _ := d.update("/max/m", hush, gone(2))
	require.Equal(t, 200, code)
	require.Len(t, d.outbox("m"), 1)
	code, _ = d.update("/max/m", hush, `{"update_type":"message_created","timestamp":3,"message":{}}`)
	require.Equal(t, 200, code, "what is no concern of ours")
	require.Empty(t, d.outbox("m"))
	require.NotContains(t, d.logged.String(), hush)
}

func TestStrangersToldMAXNothing(t *testing.T) {
	t.Parallel()
	d := setupDoorMAX(t)
	d.withBot("silent", bot+1, max.ChatRef(chatMAX-1))
	for name, c := range map[string]struct{ path, secret, body string }{
		"a wrong secret":          {"/max/m", "other", gone(1)},
		"no secret":               {"/max/m", "", gone(1)},
		"part of the secret":      {"/max/m", hush[:5], gone(1)},
		"nonsense by a stranger":  {"/max/m", "other", "hello"},
		"no callback":             {"/max/silent", "", gone(1)},
		"an unknown school":       {"/max/nowhere", hush, gone(1)},
		"no id of ours":           {"/max/%00", hush, gone(1)},
		"a school on VK":          {"/max/s", hush, gone(1)},
		"a school on MAX, by VK":  {"/vk/m", hush, strings.Replace(kick("e1", hush), `"group_id":5`, `"group_id":700`, 1)},
		"nor is that confirmed":   {"/vk/m", hush, `{"type":"confirmation","group_id":700}`},
		"a secret in VK's manner": {"/max/m", "", strings.Replace(gone(1), "{", `{"secret":"`+hush+`",`, 1)},
	} {
		code, text := d.update(c.path, c.secret, c.body)
		require.Equal(t, 403, code, name)
		require.Equal(t, "forbidden", text, name)
	}
	require.Empty(t, d.outbox("m"))
	require.Empty(t, d.outbox("s"))
	require.Empty(t, d.logged.String(), "nor do they fill the log")
}

func TestWhatIsNoUpdateIsRefused(t *testing.T) {
	t.Parallel()
	d := setupDoorMAX(t)
	for _, body := range []string{"", "null", "[]", "hello", gone(1)[:60], `{"update_type":"user_removed","timestamp":1}`} {
		code, text := d.update("/max/m", hush, body)
		require.Equal(t, 400, code, body)
		require.Contains(t, text, "not an update of MAX's")
	}
	code, _ := d.update("/max/m", hush, gone(1)+strings.Repeat(" ", 256<<10))
	require.Equal(t, http.StatusRequestEntityTooLarge, code)
	d.store.Close()
	code, text := d.update("/max/m", hush, gone(1))
	require.Equal(t, 503, code)
	require.Contains(t, text, "send it again")
	require.Empty(t, d.read)
}

// setupEarMAX is a listener, and the school m with a chat on MAX that somebody made and let its bot into.
func setupEarMAX(t *testing.T) (*ear, int64) {
	t.Helper()
	e := setupEar(t)
	e.listener.Messengers.MAXURL = e.url + "/max"
	_, err := e.Max.RegisterBot(sandbox.Registration{ID: bot, Token: botToken, Name: "School"})
	require.NoError(t, err)
	chat, err := e.Max.MakeChat(sandbox.Making{Owner: 1, Title: "1A"})
	require.NoError(t, err)
	_, err = e.Max.AddBot(sandbox.BotRights{Chat: chat.ChatID, Bot: bot})
	require.NoError(t, err)
	return e, chat.ChatID
}

func TestASchoolOnMAXIsListenedTo(t *testing.T) {
	t.Parallel()
	e, chat := setupEarMAX(t)
	e.onMAX("m", max.ChatRef(chat))
	e.outbox("m")
	e.look()
	e.listeningToMAX("m")
	e.listening("s")
	_, err := e.Max.Join(sandbox.Joining{Chat: chat, User: 2})
	require.NoError(t, err)
	e.eventually("a reading is asked for", func() bool { return len(e.outbox("m")) == 1 })
	require.False(t, e.proven("m", time.Now().Add(time.Hour)), "MAX does not say what went by")
	require.Empty(t, e.outbox("s"), "the other school is elsewhere")
	require.NotContains(t, e.logged.String(), "level=WARN")
	require.NotContains(t, e.logged.String(), botToken)
}

func TestAnotherMessengerIsListenedTo(t *testing.T) {
	t.Parallel()
	e, chat := setupEarMAX(t)
	e.community(6, "token-of-six")
	e.addSchool("m", 6, "token-of-six")
	e.longPoll("m", true)
	e.look()
	e.listening("m")
	ctx := e.bench.t.Context()
	require.NoError(t, e.store.SetMessenger(ctx, "m", messenger.MAX))
	require.NoError(t, e.store.SetToken(ctx, "m", bot, botToken))
	e.addChat("m", max.ChatRef(chat))
	e.look()
	e.listeningToMAX("m")
	_, err := e.Max.Join(sandbox.Joining{Chat: chat, User: 2})
	require.NoError(t, err)
	e.eventually("it is heard on MAX", func() bool { return len(e.outbox("m")) == 1 })
}

// TestWhatHappensWhileNobodyListensToMAXIsHeard: the marker is kept, so that another worker goes on where the last one was.
func TestWhatHappensWhileNobodyListensToMAXIsHeard(t *testing.T) {
	t.Parallel()
	e, chat := setupEarMAX(t)
	e.onMAX("m", max.ChatRef(chat))
	e.look()
	e.listeningToMAX("m")
	e.listener.Stop()
	e.outbox("m")
	for user := range 3 {
		_, err := e.Max.Join(sandbox.Joining{Chat: chat, User: int64(user + 10)})
		require.NoError(t, err)
	}
	made, err := e.Max.MakeChat(sandbox.Making{Owner: 1, Title: "1B"})
	require.NoError(t, err)
	_, err = e.Max.AddBot(sandbox.BotRights{Chat: made.ChatID, Bot: bot})
	require.NoError(t, err)
	_, err = e.Max.Join(sandbox.Joining{Chat: chat, User: 20})
	require.NoError(t, err)
	e.look()
	e.eventually("the new chat is known", func() bool {
		standings, err := e.store.Standings(e.bench.t.Context(), "m")
		return err == nil && len(standings) == 1
	})
}

func TestABotsTokenThatIsRefused(t *testing.T) {
	t.Parallel()
	e, chat := setupEarMAX(t)
	e.onMAX("m", max.ChatRef(chat))
	require.NoError(t, e.store.SetToken(t.Context(), "m", bot, "another"))
	e.look()
	e.eventually("it is said", func() bool { return strings.Contains(e.logged.String(), "MAX tells in one way alone") })
	require.NotContains(t, e.logged.String(), "Long Poll API")
	require.False(t, e.proven("m", time.Now().Add(time.Hour)))
}
