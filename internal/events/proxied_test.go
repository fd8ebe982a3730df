package events_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// behind sets the school's proxy.
func (e *ear) behind(settings proxy.Settings) {
	e.bench.t.Helper()
	require.NoError(e.bench.t, e.store.SetProxy(e.bench.t.Context(), "s", &settings))
}

// from gives the addresses that the community's requests after seq came from.
func (e *ear) from(seq int64) []string {
	var from []string
	for _, entry := range e.Requests(seq, group) {
		from = append(from, entry.RemoteAddr)
	}
	return from
}

func TestASchoolIsListenedToThroughItsProxy(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	p := proxytest.New(t, proxytest.Options{})
	before := e.LastRequest()
	e.behind(p.Settings())
	e.look()
	e.listening("s")
	e.leave(2)
	e.reads(1)
	methods := map[string]bool{}
	for _, entry := range e.Requests(before, group) {
		methods[entry.Method] = true
		require.True(t, p.Made(entry.RemoteAddr), "%s came around the proxy", entry.Method)
	}
	require.Equal(t, map[string]bool{"execute": true, "a_check": true}, methods)
	require.NotContains(t, e.logged.String(), "level=WARN")
}

func TestAnotherProxyIsListenedThrough(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.look()
	e.listening("s")
	for range 2 { // from none to one, and from one to another
		p := proxytest.New(t, proxytest.Options{})
		e.behind(p.Settings())
		e.look()
		e.eventually("it goes through the new proxy", func() bool { return len(p.Asked()) > 0 })
		e.listening("s")
	}
	require.NoError(t, e.store.SetProxy(t.Context(), "s", nil))
	before := e.asked(group, getServer)
	e.look()
	e.eventually("it is listened to without one", func() bool { return e.asked(group, getServer) > before })
}

func TestNothingIsHeardAroundAProxyThatIsDown(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	p := proxytest.New(t, proxytest.Options{})
	p.Close()
	before := e.LastRequest()
	settings := p.Settings()
	settings.Auth, settings.Username, settings.Password = true, "teacher", "hush"
	e.behind(settings)
	e.look()
	e.eventually("it is said", func() bool { return strings.Contains(e.logged.String(), "cannot be reached") })
	e.eventually("it is tried again", func() bool { return strings.Contains(e.logged.String(), "not heard for now") })
	require.Equal(t, 1, strings.Count(e.logged.String(), "cannot be reached"), "once")
	require.Contains(t, e.logged.String(), settings.Address())
	require.NotContains(t, e.logged.String(), "teacher")
	require.NotContains(t, e.logged.String(), "hush")
	require.Empty(t, e.from(before))

	up := proxytest.New(t, proxytest.Options{})
	e.behind(up.Settings())
	e.look()
	e.listening("s")
	for _, from := range e.from(before) {
		require.True(t, up.Made(from))
	}
}

func TestAProxyThatRefusesIsLeftAlone(t *testing.T) {
	t.Parallel()
	e := setupEar(t)
	e.community(6, "token-of-six")
	e.addSchool("other", 6, "token-of-six")
	e.addChat("other", "1")
	e.longPoll("other", true)
	p := proxytest.New(t, proxytest.Options{Status: http.StatusProxyAuthRequired})
	before := e.LastRequest()
	e.behind(p.Settings())
	e.look()
	e.eventually("it is said", func() bool { return strings.Contains(e.logged.String(), "wants a login") })
	e.listening("other")
	for account := range int64(3) { // while much goes on elsewhere
		_, err := e.Leave(vk.Seat{GroupID: 6, ChatID: 1, Account: account + 1})
		require.NoError(t, err)
		e.eventually("the other's event", func() bool { return len(e.outbox("other")) == 1 })
		e.look()
	}
	require.Len(t, p.Asked(), 1, "and the proxy is not asked again")
	require.Empty(t, e.from(before))
}
