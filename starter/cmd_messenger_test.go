package main

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestSetMessenger(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	keys := b.keys
	b.keys = nil // nothing sealed is touched
	require.Equal(t, ""+
		"school s is on MAX now\n"+
		"its events are listened to by long poll\n"+
		"give it the id and token of its bot with: rollcall school set-token s --community-id N\n"+
		"which chats people are to make: rollcall chats s --to-make\n", b.ok("school", "set-messenger", "s", "max"))
	require.Regexp(t, `Messenger +MAX\n`, b.ok("school", "show", "s"))
	require.Regexp(t, `on +MAX +unset\n`, b.ok("school", "list"))
	b.keys, b.in = keys, "a-token"
	require.Equal(t, "school s has the token of bot 700 now\n", b.ok("school", "set-token", "s", "--community-id", "700"))
	require.Equal(t, messengerChosen{School: "s", Messenger: messenger.MAX, LongPoll: true, Already: true},
		decode[messengerChosen](b, "school", "set-messenger", "s", "max"), "it stays as it is")
	require.Contains(t, b.ok("school", "set-messenger", "s", "max"), "school s is on MAX already: nothing is changed\n")
	require.Equal(t, messenger.MAX, decode[schoolsView](b, "school", "list").Schools[0].Messenger)

	b.ok("school", "add", "v", "--district", "d", "--feed", "f", "--source-id", "org-2", "--name", "Школа № 18")
	b.ok("school", "set-messenger", "v", "max")
	b.in = "a-token"
	require.Contains(t, b.refused(exitUsage, "school", "set-token", "v", "--community-id", "700"), "bot 700 is school s's: each school has a bot of its own")

	require.Contains(t, b.refused(exitUsage, "school", "set-user-token", "s"), "school s is on MAX")
	require.Contains(t, b.ok("school", "set-user-token", "s", "--off"), "no user token")
	require.Contains(t, b.ok("school", "show", "s"), "a link of their own")

	require.Equal(t, messengerChosen{School: "s", Messenger: messenger.VK, TokenMissing: true},
		decode[messengerChosen](b, "school", "set-messenger", "s", "vk"), "another messenger, another token")
	require.Contains(t, b.refused(exitUsage, "school", "set-messenger", "nope", "max"), `no school "nope"`)
	for _, name := range []string{"icq", "MAX", ""} {
		require.Contains(t, b.refused(exitUsage, "school", "set-messenger", "s", name), "use vk or max")
	}
	require.Contains(t, b.refused(exitUsage, "school", "set-messenger", "s"), "MESSENGER is missing")
}

func TestAMessengerIsChosenBeforeThereAreChats(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	b.execute(`INSERT INTO chats (school_id, key, type, class_id, year, state, title, nonce, ref) VALUES ('s', 'k', 'parents', '1a', '2026', 'live', '1A', 'n', '1')`)
	require.Contains(t, b.refused(exitUsage, "school", "set-messenger", "s", "max"), "has 1 chats on VK")
	require.Contains(t, b.err, "rollcall school move s --to max --community-id N")
}

// botSchool is the school s on MAX, with a sandbox in which its bot is 700.
type botSchool struct{ *checked }

func setupBot(t *testing.T) *botSchool {
	t.Helper()
	b := setupDatabase(t)
	b.register()
	b.now = time.Now()
	box, err := sandbox.Open(sandbox.Options{CallbackPause: time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	_, err = box.Max.RegisterBot(max.Registration{ID: 700, Token: "a-token", Name: "School"})
	require.NoError(t, err)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	b.settings.MAXURL = server.URL + "/max"
	b.ok("school", "set-messenger", "s", "max")
	s := &botSchool{&checked{bench: b, sandbox: box}}
	s.token("700", "a-token")
	return s
}

func (s *botSchool) webhooks() []string { return s.sandbox.Max.State().Bots[0].Webhooks }

func (s *botSchool) callback() *store.Callback {
	s.t.Helper()
	c, err := s.store().Callback(s.t.Context(), "s")
	require.NoError(s.t, err)
	return c
}

func TestSetEventsOnMAX(t *testing.T) {
	t.Parallel()
	s := setupBot(t)
	address := "https://rollcall.example/max/s"
	shown := s.ok("school", "set-events", "s", "--callback", "--address", "https://rollcall.example/")
	require.Contains(t, shown, "long poll is off, callbacks are on")
	require.Contains(t, shown, "/max/s")
	require.Equal(t, []string{address}, s.webhooks())
	first := s.callback()
	require.Equal(t, messenger.MAX, first.Messenger)
	require.GreaterOrEqual(t, len(first.Secret), 26)
	require.NotContains(t, shown+s.err, first.Secret)

	v := decode[eventsView](s.bench, "school", "set-events", "s", "--callback", "--address", "https://moved.example/in", "--long-poll", "off")
	require.Equal(t, eventsView{School: "s", Messenger: messenger.MAX, Callback: true, Path: "/max/s"}, v)
	require.Equal(t, []string{"https://moved.example/in/max/s"}, s.webhooks(), "the earlier address is told nothing any more")
	require.NotEqual(t, first.Secret, s.callback().Secret)
	s.ok("school", "set-events", "s", "--long-poll", "off") // it is

	for _, back := range []string{"--callback=false", "--long-poll=on"} {
		s.ok("school", "set-events", "s", "--callback", "--address", "https://rollcall.example")
		require.Contains(t, s.ok("school", "set-events", "s", back), "long poll is on, callbacks are off")
		require.Empty(t, s.webhooks(), back)
		require.Nil(t, s.callback(), back)
	}
}

func TestSetEventsOnMAXThatMakesNoSense(t *testing.T) {
	t.Parallel()
	s := setupBot(t)
	set := func(args ...string) string {
		return s.refused(exitUsage, append([]string{"school", "set-events", "s"}, args...)...)
	}
	require.Contains(t, set("--callback", "--confirmation", "62dfc19d"), "has no address confirmed: give --address")
	require.Contains(t, set("--callback", "--address", "https://x", "--long-poll", "on"), "in one way alone")
	require.Contains(t, set("--long-poll", "off"), "nothing but events tells")
	require.Contains(t, set("--long-poll", "off", "--callback=false"), "nothing but events tells")
	standIn := s.settings.MAXURL
	s.settings.MAXURL = ""
	require.Contains(t, set("--callback", "--address", "http://127.0.0.1:1"), "must be an https URL on port 443")
	require.Contains(t, set("--callback", "--address", "https://rollcall.example:8443"), "must be an https URL on port 443")
	s.settings.MAXURL = standIn // which takes any port, and http on the loopback
	require.Contains(t, set("--callback", "--address", "http://rollcall.example"), "must be an https URL on port 443")
	require.Contains(t, set("--callback", "--address", "http://192.0.2.1"), "must be an https URL on port 443")
	require.Nil(t, s.callback())
	for _, good := range []string{"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://rollcall.example:8443"} {
		s.ok("school", "set-events", "s", "--callback", "--address", good)
	}
	s.ok("school", "set-events", "s", "--callback=false")
	s.settings.MAXURL, s.settings.MAXCAFile = standIn, "/nonexistent/root.pem"
	require.Contains(t, set("--callback", "--address", "https://x"), "ROLLCALL_MAX_CA_FILE")
	s.settings.MAXCAFile = ""
	require.Nil(t, s.callback())

	s.ok("school", "add", "v", "--district", "d", "--feed", "f", "--source-id", "org-2", "--name", "Школа № 18")
	require.Contains(t, s.refused(exitUsage, "school", "set-events", "v", "--callback", "--address", "https://x"), "school v is on VK")
	s.ok("school", "set-messenger", "v", "max")
	require.Contains(t, s.refused(exitUsage, "school", "set-events", "v", "--callback", "--address", "https://x"), "rollcall school set-token v")
	require.Contains(t, s.ok("school", "set-events", "v", "--callback=false"), "long poll is on", "there is nothing to be ended at MAX")
}

func TestMAXThatTakesNoAddress(t *testing.T) {
	t.Parallel()
	s := setupBot(t)
	callback := []string{"school", "set-events", "s", "--callback", "--address", "https://rollcall.example"}
	s.ok(callback...)
	before := s.callback()
	s.token("700", "another")
	message := s.refused(exitFailed, callback...)
	require.Contains(t, message, "the messenger refuses the token")
	require.Equal(t, before, s.callback(), "it is as it was")
	require.Contains(t, s.refused(exitFailed, "school", "set-events", "s", "--callback=false"), "refuses the token")
	require.Equal(t, before, s.callback())
	s.settings.MAXURL = "http://127.0.0.1:1"
	require.Contains(t, s.refused(exitFailed, callback...), "rollcall school check s")
	p := proxytest.New(t, proxytest.Options{})
	p.Close()
	s.behind(p.Settings())
	require.Contains(t, s.refused(exitFailed, callback...), "cannot be reached")

	s.in = "a-third"
	require.Contains(t, s.ok("school", "set-token", "s", "--community-id", "701"), "does not send this bot's events yet")
}

// TestMAXThatMayHaveTakenAnAddress: where no answer came the secret that MAX may have stays, and what it sends is taken.
func TestMAXThatMayHaveTakenAnAddress(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]traffic.Fault{
		"the answer is lost":          {Mode: traffic.ModeLostReply},
		"MAX is in trouble":           {Mode: traffic.ModeHTTP500},
		"the limit on requests stops": {Mode: traffic.ModeError, ErrorCode: http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setupBot(t)
			callback := []string{"school", "set-events", "s", "--callback", "--address", "https://rollcall.example"}
			fault.Method, fault.Times = max.MethodPrefix+"subscribe", traffic.Forever
			require.NoError(t, s.sandbox.AddFault(fault))
			message := s.refused(exitFailed, callback...)
			require.Contains(t, message, "MAX gave no answer, and may have taken the address")
			require.Contains(t, message, "try again")
			first := s.callback()
			require.NotNil(t, first, "the new secret is kept")
			require.NotContains(t, message, first.Secret)
			longPoll, _, err := s.store().EventWays(t.Context(), "s")
			require.NoError(t, err)
			require.True(t, longPoll, "it goes on, for MAX may have no address")

			s.refused(exitFailed, callback...)
			require.NotEqual(t, first.Secret, s.callback().Secret, "also in place of an earlier one")
			s.sandbox.ClearFaults()
			require.Contains(t, s.ok(callback...), "long poll is off, callbacks are on")
			require.Equal(t, []string{"https://rollcall.example/max/s"}, s.webhooks())
		})
	}
}

func TestCheckOfASchoolOnMAX(t *testing.T) {
	t.Parallel()
	s := setupBot(t)
	fine := []checkState{checkOK, checkOK, checkOK, checkOK, checkOK}
	states, said := s.states(exitOK)
	require.Equal(t, fine, states, said)
	require.Contains(t, said, "good, and of bot 700")
	require.Contains(t, said, "rollcall chats s")
	require.Contains(t, said, "a link of their own")

	p := proxytest.New(t, proxytest.Options{})
	s.behind(p.Settings())
	states, _ = s.states(exitOK)
	require.Equal(t, fine, states)
	require.NotEmpty(t, p.Asked())

	s.token("701", "a-token")
	states, said = s.states(exitFailed)
	require.Equal(t, checkFailed, states[2])
	require.Contains(t, said, "of another bot than 701")
	s.token("700", "another")
	states, said = s.states(exitFailed)
	require.Equal(t, checkFailed, states[2])
	require.Contains(t, said, "the messenger refuses it")
	require.NotContains(t, said, "another-token")
}

func TestCheckSaysThatMAXHasDroppedTheAddress(t *testing.T) {
	t.Parallel()
	s := setupBot(t)
	s.ok("school", "set-events", "s", "--callback", "--address", "https://rollcall.example")
	require.Contains(t, s.ok("school", "check", "s"), "ok: MAX sends them to https://rollcall.example/max/s")
	s.ok("school", "set-events", "s", "--callback=false") // MAX does it by itself
	require.NoError(t, s.store().SetCallback(t.Context(), "s", "", "a-secret"))
	require.Equal(t, exitFailed, s.run("school", "check", "s"))
	require.Contains(t, s.out, "MAX has dropped the address")
	require.Contains(t, s.out, "rollcall school set-events s --callback --address URL")
}

func TestCheckKnowsMAXByItsRoot(t *testing.T) {
	t.Parallel()
	s := setupBot(t)
	server := httptest.NewUnstartedServer(s.sandbox)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it says who does not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	s.settings.MAXURL = server.URL + "/max"
	states, said := s.states(exitFailed)
	require.Equal(t, []checkState{checkOK, checkFailed, checkUntried, checkUntried, checkUntried}, states)
	require.Contains(t, said, "in ROLLCALL_MAX_CA_FILE")
	require.Contains(t, s.refused(exitFailed, "school", "set-events", "s", "--callback=false"), "ROLLCALL_MAX_CA_FILE")

	p := proxytest.New(t, proxytest.Options{})
	s.behind(p.Settings())
	states, said = s.states(exitFailed)
	require.Equal(t, checkFailed, states[0])
	require.Contains(t, said, "or it is MAX's own: name a file with the Russian Trusted Root CA in ROLLCALL_MAX_CA_FILE")

	root := filepath.Join(t.TempDir(), "root.pem")
	require.NoError(t, os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	s.settings.MAXCAFile = root
	s.states(exitOK)
	s.settings.MAXCAFile = root + ".none"
	require.Contains(t, s.refused(exitUsage, "school", "check", "s"), "ROLLCALL_MAX_CA_FILE names a file that cannot be read")
	require.NotEqual(t, exitOK, s.run("doctor"))
	require.Contains(t, s.out, "ROLLCALL_MAX_CA_FILE names a file that cannot be read")
}
