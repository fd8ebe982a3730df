package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// givePortal configures a Portal that knows the school.
func (b *bench) givePortal(box *sandbox.Server) {
	b.t.Helper()
	_, err := box.Portal.RegisterKey(portal.Key{ID: "rollcall", Secret: "hush"})
	require.NoError(b.t, err)
	_, err = box.Portal.RegisterOrganisation(portal.Organisation{Organisation: "org-1", Name: "Школа 17"})
	require.NoError(b.t, err)
	server := httptest.NewServer(box)
	b.t.Cleanup(server.Close)
	b.settings.PortalURL, b.settings.PortalKeyFile = server.URL+"/portal", b.keyFile("hush")
}

func (b *bench) keyFile(secret string) string {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "portal.key")
	require.NoError(b.t, os.WriteFile(file, []byte("key_id=rollcall\nsecret="+secret+"\n"), 0o600))
	return file
}

func TestCheckOfThePortal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set   func(*checked)
		state checkState
		says  string
	}{
		"in order": {func(*checked) {}, checkOK, "knows org-1 as «Школа 17»"},
		"the wrong key": {func(c *checked) { c.settings.PortalKeyFile = c.keyFile("other") },
			checkFailed, "it does not take the key: check that key id and secret"},
		"no key file": {func(c *checked) { c.settings.PortalKeyFile = "/nonexistent/key" }, checkFailed, "/nonexistent/key"},
		"another school": {func(c *checked) {
			c.ok("school", "add", "s", "--district", "d", "--feed", "f", "--source-id", "org-2", "--name", "Школа")
		}, checkFailed, "it does not know the school: have the Portal enter"},
		"by another name": {func(c *checked) {
			_, err := c.sandbox.Portal.RegisterOrganisation(portal.Organisation{Organisation: "nevsky-17", Name: "Семнадцатая"})
			require.NoError(c.t, err)
			c.ok("school", "add", "s", "--district", "d", "--feed", "f", "--source-id", "org-1", "--portal-id", "nevsky-17", "--name", "Школа")
		}, checkOK, "knows nevsky-17 as «Семнадцатая»"},
		"down": {func(c *checked) { c.settings.PortalURL = "http://127.0.0.1:1" }, checkFailed, "it does not answer as it should: no answer"},
		"in trouble": {func(c *checked) {
			require.NoError(c.t, c.sandbox.AddFault(traffic.Fault{
				Method: "portal.*", Mode: traffic.ModeError, ErrorCode: http.StatusTooManyRequests, Times: traffic.Forever,
			}))
		}, checkFailed, "it is asked too much: it is tried again by itself"},
		"only a file": {func(c *checked) {
			c.settings.PortalURL, c.settings.PortalKeyFile, c.settings.LinksFile = "", "", "/srv/links.csv"
		}, checkUnset, "chats and calls are not published"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupCheck(t)
			b.givePortal(b.sandbox)
			c.set(b)
			states, said := b.states(lo.Ternary(c.state == checkFailed, exitFailed, exitOK))
			require.Equal(t, []checkState{checkOK, checkOK, checkOK, checkOK, checkOK}, states)
			require.Equal(t, []checkState{c.state, checkUnset}, b.beyond)
			require.Contains(t, said, c.says)
			require.NotContains(t, said+b.err, "hush")
		})
	}
}

func TestCheckAsksThePortalThroughTheProxy(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	c.givePortal(c.sandbox)
	p := proxytest.New(t, proxytest.Options{})
	c.behind(p.Settings())
	before := c.sandbox.LastRequest()
	c.states(exitOK)
	asked := lo.Filter(c.sandbox.Requests(before, 0), func(e traffic.Entry, _ int) bool { return e.Method == "portal.check" })
	require.NotEmpty(t, asked)
	for _, e := range asked {
		require.True(t, p.Made(e.RemoteAddr))
	}
	p.Close()
	before = c.sandbox.LastRequest()
	c.states(exitFailed)
	require.Equal(t, []checkState{checkFailed, checkUnset}, c.beyond)
	require.Equal(t, before, c.sandbox.LastRequest(), "nothing goes around the proxy")
}

func TestCheckComparesThePortalsClockToo(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	late, err := sandbox.Open(sandbox.Options{Now: func() time.Time { return time.Now().Add(-2 * time.Minute) }})
	require.NoError(t, err)
	c.givePortal(late)
	states, said := c.states(exitOK)
	require.Equal(t, []checkState{checkOK, checkOK, checkOK, checkOK, checkWarning}, states)
	require.Regexp(t, `warning: this machine's is (1m59|2m\d+)s ahead of the Portal's: have it set by NTP`, said)

	c.settings.VKURL = "http://127.0.0.1:1"
	states, _ = c.states(exitFailed)
	require.Equal(t, checkWarning, states[4], "the Portal's clock alone will do")
	c.givePortal(c.sandbox)
	_, said = c.states(exitFailed)
	require.Regexp(t, `within \d+s of the Portal's`, said)
}

func TestCheckOfAUserToken(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	c.in = "a-persons-token"
	c.ok("school", "set-user-token", "s")
	_, said := c.states(exitOK)
	require.Equal(t, []checkState{checkUnset, checkOK}, c.beyond)
	require.Contains(t, said, "was not refused last")
	require.NotContains(t, said, "a-persons-token")
	require.NoError(t, c.store().SetUserTokenRefused(t.Context(), "s", "a-persons-token", messenger.CodeTokenRights))
	_, said = c.states(exitFailed)
	require.Equal(t, []checkState{checkUnset, checkFailed}, c.beyond)
	require.Contains(t, said, "it may not make calls")
}

func TestSetUserToken(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	b.in = "a-persons-token\n"
	require.Equal(t, ""+
		"school s has a user token now: rooms for its video calls are made with it\n"+
		"no room can be made before the community is known: rollcall school set-token s\n", b.ok("school", "set-user-token", "s"))
	token, refused, err := b.store().UserToken(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, "a-persons-token", token)
	require.Empty(t, refused)
	b.ok("school", "set-token", "s", "--community-id", "1001")
	require.Equal(t, userTokenStored{School: "s", Set: true}, decode[userTokenStored](b, "school", "set-user-token", "s"))
	require.NotContains(t, b.out+b.err, "a-persons-token")

	b.in = "two words"
	require.NotContains(t, b.refused(exitUsage, "school", "set-user-token", "s"), "two words")
	b.in = ""
	require.Contains(t, b.refused(exitUsage, "school", "set-user-token", "s"), "no token was given")
	keys := b.keys
	b.in, b.keys = "x", nil
	require.Contains(t, b.refused(exitUsage, "school", "set-user-token", "s"), "no keyset")
	require.Contains(t, b.ok("school", "set-user-token", "s", "--off"), "has no user token now", "nothing is sealed for that")
	b.keys = keys
	token, _, err = b.store().UserToken(t.Context(), "s")
	require.NoError(t, err)
	require.Empty(t, token)
}

func TestSetCallsPush(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	v := decode[callsPushView](b, "school", "set-calls-push", "s")
	stored, err := b.store().CallsSecret(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, callsPushView{School: "s", Path: "/schools/s/calls", Secret: stored}, v)
	require.GreaterOrEqual(t, len(v.Secret), 26)

	shown := b.ok("school", "set-calls-push", "s")
	again, err := b.store().CallsSecret(t.Context(), "s")
	require.NoError(t, err)
	require.NotEqual(t, stored, again, "each time another")
	require.Contains(t, shown, again)
	for _, part := range []string{`body='{"calls": [`, `'%s.%s' "$now" "$body"`, `"$URL/schools/s/calls" --data-binary "$body"`, "X-Rollcall-Signature: sha256=$signature"} {
		require.Contains(t, shown, part)
	}
	b.keys = nil
	require.Contains(t, b.refused(exitUsage, "school", "set-calls-push", "s"), "no keyset")
}

func TestSchoolShowHasWhatLeadsToTheSchool(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	shown := b.ok("school", "show", "s")
	require.Regexp(t, `User token +not set`, shown)
	require.Regexp(t, `Proxy +none\n`, shown)
	require.Regexp(t, `Events +long poll is off, callbacks are off\n`, shown)
	require.Regexp(t, `Account links +never read\n`, shown)
	require.Regexp(t, `Video calls +no call was shown`, shown)

	st, ctx := b.store(), t.Context()
	require.NoError(t, st.SetProxy(ctx, "s", &proxy.Settings{Server: "proxy.example", Port: 3128, Auth: true, Username: "teacher", Password: "hush"}))
	require.NoError(t, st.SetUserToken(ctx, "s", "a-persons-token"))
	require.NoError(t, st.SetUserTokenRefused(ctx, "s", "a-persons-token", messenger.CodeTokenRefused))
	require.NoError(t, st.SetLinksProblem(ctx, "s", store.Problem{Code: "portal-refused", Message: "read account links: portal-refused"}))
	b.ok("school", "set-events", "s", "--long-poll", "on")
	shown = b.ok("school", "show", "s")
	require.Regexp(t, `User token +refused: the messenger refuses it`, shown)
	require.Regexp(t, `Proxy +proxy.example:3128, with a login\n`, shown)
	require.Regexp(t, `Events +long poll is on, callbacks are off\n`, shown)
	require.Regexp(t, `Account links +never read completely\nLinks not read +read account links: portal-refused\n`, shown)
	for _, secret := range []string{"teacher", "hush", "a-persons-token"} {
		require.NotContains(t, shown, secret)
	}
	v := decode[schoolShow](b, "school", "show", "s")
	require.Equal(t, &proxyView{School: "s", Proxy: "proxy.example:3128", Login: true}, v.Proxy)
	require.Equal(t, &userTokenView{State: tokenRefused, Refused: "token-refused"}, v.UserToken)

	b.keys = nil
	shown = b.ok("school", "show", "s")
	require.Regexp(t, `User token +not shown without the keyset\n`, shown)
	require.Regexp(t, `Proxy +not shown without the keyset\n`, shown)
	require.Nil(t, decode[schoolShow](b, "school", "show", "s").Proxy)
}
