package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

func (b *bench) proxy() *proxy.Settings {
	b.t.Helper()
	settings, err := b.store().Proxy(b.t.Context(), "s")
	require.NoError(b.t, err)
	return settings
}

func TestSetProxy(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	require.Equal(t, ""+
		"school s goes through the proxy 10.0.0.1:3128 now, without a login\n"+
		"whether it lets the school through: rollcall school check s\n", b.ok("school", "set-proxy", "s", "--server", "10.0.0.1", "--port", "3128"))
	require.True(t, *b.proxy() == proxy.Settings{Server: "10.0.0.1", Port: 3128})

	b.in = "hush=hush\n"
	login := []string{"school", "set-proxy", "s", "--server", "proxy.example", "--port", "3128", "--username", "teacher"}
	v := decode[proxyView](b, login...)
	require.Equal(t, proxyView{School: "s", Proxy: "proxy.example:3128", Login: true}, v)
	want := proxy.Settings{Server: "proxy.example", Port: 3128, Auth: true, Username: "teacher", Password: "hush=hush"}
	require.True(t, *b.proxy() == want)
	require.NotContains(t, b.ok(login...)+b.err, "hush")
	require.NotContains(t, b.out, "teacher")

	for _, in := range []string{"", "hush hush", strings.Repeat("hush", 2000)} {
		b.in = in
		message := b.refused(exitUsage, login...)
		require.Contains(t, message, "password on standard input")
		require.NotContains(t, message, "hush")
	}
	require.True(t, *b.proxy() == want, "what is refused changes nothing")
	require.Equal(t, "school s goes through no proxy now\n", b.ok("school", "set-proxy", "s", "--off"))
	require.Nil(t, b.proxy())

	b.in = "hush"
	require.Contains(t, b.refused(exitUsage, "school", "set-proxy", "nope", "--off"), `no school "nope"`)
	b.keys = nil
	require.Contains(t, b.refused(exitUsage, login...), "no keyset")
}

func TestSetProxyFromTheManualsForm(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	const form = "proxy_server=proxy.example\nproxy_port=3128\nproxy_username=teacher\nproxy_password=hush hush\nproxy_auth=1\n"
	want := proxy.Settings{Server: "proxy.example", Port: 3128, Auth: true, Username: "teacher", Password: "hush hush"}
	file := filepath.Join(t.TempDir(), "proxy.txt")
	require.NoError(t, os.WriteFile(file, []byte(form), 0o600))
	require.Contains(t, b.ok("school", "set-proxy", "s", "--from-file", file), "with a login")
	require.True(t, *b.proxy() == want)
	b.ok("school", "set-proxy", "s", "--off")
	b.in = form
	b.ok("school", "set-proxy", "s", "--from-file", "-")
	require.True(t, *b.proxy() == want)

	for in, says := range map[string]string{
		form + "proxy_hush=1": "line 6 has an unknown key", "hush": "key=value", strings.Repeat("hush", 5000): "too long",
	} {
		b.in = in
		message := b.refused(exitUsage, "school", "set-proxy", "s", "--from-file", "-")
		require.Contains(t, message, says)
		require.NotContains(t, message, "hush")
	}
	require.Contains(t, b.refused(exitUsage, "school", "set-proxy", "s", "--from-file", "/nonexistent"), "/nonexistent")
}

func TestSetProxyThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"s":                                     "nothing to set",
		"s --server proxy.example":              "give both",
		"s --port 3128":                         "give both",
		"s --username u":                        "give both",
		"s --server p --port 1 --off":           "either",
		"s --from-file f --off":                 "either",
		"s --server http://p --port 1":          "without http://",
		"s --server p --port 0":                 "from 1 to 65535",
		"s --server p --port x":                 "invalid",
		"s --server p --port 1 --username a:b":  "no colon",
		"":                                      "SCHOOL is missing",
		"s hush --server p --port 1 --username": "needs an argument",
	} {
		b := setup(t)
		b.in = "hush"
		require.Contains(t, b.refused(exitUsage, append([]string{"school", "set-proxy"}, strings.Fields(args)...)...), want, args)
	}
}

// checked is a school that is to be checked.
type checked struct {
	*bench
	sandbox *sandbox.Server
	// beyond are the states of what has to do with the Portal and with video calls.
	beyond []checkState
}

func setupCheck(t *testing.T) *checked {
	t.Helper()
	b := setupDatabase(t)
	b.register()
	b.now = time.Now()
	box, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	_, err = box.RegisterCommunity(vk.Registration{GroupID: 1001, Token: "a-token", Name: "School"})
	require.NoError(t, err)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	b.settings.VKURL = server.URL
	c := &checked{bench: b, sandbox: box}
	c.token("1001", "a-token")
	return c
}

func (c *checked) token(community, token string) {
	c.t.Helper()
	c.in = token
	c.ok("school", "set-token", "s", "--community-id", community)
}

func (c *checked) behind(settings proxy.Settings) {
	c.t.Helper()
	require.NoError(c.t, c.store().SetProxy(c.t.Context(), "s", &settings))
}

// states checks and gives the states of what chats rely on, in order, and all that was said.
func (c *checked) states(code int) (states []checkState, said string) {
	c.t.Helper()
	require.Equal(c.t, code, c.run("school", "check", "s"), "%s%s", c.out, c.err)
	said = c.out
	require.Equal(c.t, 7, strings.Count(said, "\n"), "a line each")
	require.Equal(c.t, code, c.run("school", "check", "s", "-o", "json"))
	var v checkView
	require.NoError(c.t, json.Unmarshal([]byte(c.out), &v))
	require.Equal(c.t, code == exitOK, v.OK)
	require.Equal(c.t, []string{"proxy", "messenger", "token", "rights", "clock", "portal", "user-token"},
		lo.Map(v.Checks, func(x check, _ int) string { return x.Name }))
	states = lo.Map(v.Checks, func(x check, _ int) checkState { return x.State })
	c.beyond = states[5:]
	return states[:5], said
}

func TestCheckOfASchoolInOrder(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	fine := []checkState{checkOK, checkOK, checkOK, checkOK, checkOK}
	states, said := c.states(exitOK)
	require.Equal(t, fine, states)
	require.Contains(t, said, "none is set")
	require.Equal(t, []checkState{checkUnset, checkUnset}, c.beyond, "neither is needed")
	require.Contains(t, said, "ROLLCALL_PORTAL_URL")
	require.Contains(t, said, "rollcall school set-user-token s")
	require.Contains(t, said, "good, and of community 1001")

	p := proxytest.New(t, proxytest.Options{})
	c.behind(p.Settings())
	before := c.sandbox.LastRequest()
	states, said = c.states(exitOK)
	require.Equal(t, fine, states)
	require.Contains(t, said, p.Settings().Address()+" lets the school's requests through")
	requests := c.sandbox.Requests(before, 0)
	require.NotEmpty(t, requests)
	for _, r := range requests {
		require.True(t, p.Made(r.RemoteAddr))
	}
	require.NotContains(t, said, "a-token")
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const untried = checkUntried
	locked := proxytest.Options{Status: http.StatusProxyAuthRequired}
	for name, c := range map[string]struct {
		set    func(*checked)
		states []checkState
		says   string
	}{
		"the proxy wants a login": {func(c *checked) { c.behind(proxytest.New(c.t, locked).Settings()) },
			[]checkState{checkFailed, untried, untried, untried, untried}, "wants a login (HTTP 407)"},
		"the proxy is down": {func(c *checked) {
			p := proxytest.New(c.t, proxytest.Options{})
			p.Close()
			c.behind(p.Settings())
		}, []checkState{checkFailed, untried, untried, untried, untried}, "cannot be reached"},
		"the messenger is away": {func(c *checked) { c.settings.VKURL = "http://127.0.0.1:1" },
			[]checkState{checkOK, checkFailed, untried, untried, untried}, "127.0.0.1:1 does not answer"},
		"a bad token": {func(c *checked) { c.token("1001", "another") },
			[]checkState{checkOK, checkOK, checkFailed, untried, checkOK}, "the messenger refuses it"},
		"another community's token": {func(c *checked) { c.token("1002", "a-token") },
			[]checkState{checkOK, checkOK, checkFailed, checkOK, checkOK}, "of another community than 1002"},
		"too few rights": {func(c *checked) {
			require.NoError(c.t, c.sandbox.AddFault(traffic.Fault{
				Method: "groups.getTokenPermissions", Mode: traffic.ModeError, ErrorCode: 7, Times: traffic.Forever,
			}))
		}, []checkState{checkOK, checkOK, checkOK, checkFailed, checkOK}, "may not manage the community's messages"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupCheck(t)
			c.set(b)
			before := b.sandbox.LastRequest()
			states, said := b.states(exitFailed)
			require.Equal(t, c.states, states, said)
			require.Contains(t, said, c.says)
			require.Contains(t, b.err, "school s does not pass")
			if states[0] == checkFailed {
				require.Equal(t, before, b.sandbox.LastRequest(), "nothing goes around the proxy")
			}
		})
	}
}

func TestCheckWarnsOfTheClock(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	for ahead, says := range map[time.Duration]string{2 * time.Minute: "ahead of the messenger's", -2 * time.Minute: "behind the messenger's"} {
		c.now = time.Now().Add(ahead)
		states, said := c.states(exitOK)
		require.Equal(t, []checkState{checkOK, checkOK, checkOK, checkOK, checkWarning}, states)
		require.Contains(t, said, says)
	}
}

func TestCheckOfASchoolWithoutAToken(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	b.settings.VKURL, b.now = server.URL, time.Now()
	c := &checked{bench: b}
	states, said := c.states(exitFailed)
	require.Equal(t, []checkState{checkOK, checkOK, checkFailed, checkUntried, checkOK}, states)
	require.Contains(t, said, "rollcall school set-token s")
	require.Contains(t, b.refused(exitUsage, "school", "check", "nope"), `no school "nope"`)
}
