package proxy_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// target is what requests are for; it notes who comes.
type target struct {
	*httptest.Server
	mu   sync.Mutex
	from []string
}

func newTarget(t *testing.T, start func(http.Handler) *httptest.Server) *target {
	t.Helper()
	g := &target{}
	g.Server = start(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.from = append(g.from, r.RemoteAddr)
		g.mu.Unlock()
		if r.URL.Path == "/teapot" {
			rw.WriteHeader(http.StatusProxyAuthRequired)
		}
		_, _ = io.WriteString(rw, "hello "+r.Host+r.Header.Get("Proxy-Authorization"))
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *target) seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.from...)
}

func basic(login string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(login)) }

// get asks for an address and gives the body.
func get(ctx context.Context, client *http.Client, address string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestEverythingGoesThroughTheProxy(t *testing.T) {
	t.Parallel()
	for name, login := range map[string]string{"without a login": "", "with a login": "teacher:s=e cret"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newTarget(t, httptest.NewServer)
			o := proxytest.Options{Target: g.Listener.Addr().String()}
			if login != "" {
				o.Login = basic(login)
			}
			p := proxytest.New(t, o)
			settings := p.Settings()
			settings.Auth, settings.Username, settings.Password = login != "", "teacher", "s=e cret"
			client := proxy.NewClient("s", settings)
			for range 3 {
				body, err := get(t.Context(), client, "http://messenger.invalid/")
				require.NoError(t, err, "the proxy looks the name up")
				require.Equal(t, "hello messenger.invalid", body, "and alone sees the login")
			}
			asked := p.Asked()
			require.Len(t, asked, 1, "one connection serves all")
			require.Equal(t, http.MethodConnect, asked[0].Method, "plain http too")
			require.Equal(t, "messenger.invalid:80", asked[0].Host)
			require.Equal(t, o.Login, asked[0].Header.Get("Proxy-Authorization"), "no login where none is wanted")
			require.Len(t, g.seen(), 3)
			for _, from := range g.seen() {
				require.True(t, p.Made(from), from)
			}
		})
	}
}

func TestWhatTheTargetAnswersIsNotTheProxysWord(t *testing.T) {
	t.Parallel()
	g := newTarget(t, httptest.NewServer)
	body, err := get(t.Context(), proxy.NewClient("s", proxytest.New(t, proxytest.Options{}).Settings()), g.URL+"/teapot")
	require.NoError(t, err)
	require.Contains(t, body, "hello")
}

func TestEncryptedAllTheWay(t *testing.T) {
	t.Parallel()
	g := newTarget(t, httptest.NewTLSServer)
	p := proxytest.New(t, proxytest.Options{})
	_, err := get(t.Context(), proxy.NewClient("s", p.Settings()), g.URL)
	trouble, ok := errors.AsType[*proxy.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, proxy.Intercepts, trouble.Kind, "the target's certificate is nobody's we know")
	require.Contains(t, trouble.Error(), "certificate of its own")
	require.True(t, trouble.Lasting())
	require.Empty(t, g.seen())
	require.Len(t, p.Asked(), 1)
}

func TestWhatIsWrongWithTheProxy(t *testing.T) {
	t.Parallel()
	const patience = 100 * time.Millisecond
	login := proxy.Settings{Auth: true, Username: "teacher", Password: "s=e cret"}
	for name, c := range map[string]struct {
		options proxytest.Options
		login   proxy.Settings
		down    bool
		kind    proxy.Kind
		lasting bool
		says    string
	}{
		"down":                  {down: true, kind: proxy.Unreachable, says: "cannot be reached"},
		"no proxy at all":       {options: proxytest.Options{Garbage: true}, kind: proxy.Unreachable, says: "is no HTTP proxy"},
		"slow":                  {options: proxytest.Options{Silent: true}, kind: proxy.Slow, says: "does not answer within"},
		"wants a login":         {options: proxytest.Options{Login: basic("a:b")}, kind: proxy.Login, lasting: true, says: "wants a login (HTTP 407)"},
		"refuses the login":     {options: proxytest.Options{Login: basic("a:b")}, login: login, kind: proxy.Login, lasting: true, says: "refuses the login (HTTP 407)"},
		"refuses it with 401":   {options: proxytest.Options{Status: http.StatusUnauthorized}, login: login, kind: proxy.Login, lasting: true, says: "refuses the login (HTTP 401)"},
		"wants another login":   {options: proxytest.Options{Login: "x", Challenge: "NTLM"}, login: login, kind: proxy.Login, lasting: true, says: "other than Basic"},
		"refuses the target":    {options: proxytest.Options{Status: http.StatusForbidden}, kind: proxy.Denied, lasting: true, says: "refuses to connect to 127.0.0.1:"},
		"sends us elsewhere":    {options: proxytest.Options{Status: http.StatusFound}, kind: proxy.Denied, lasting: true, says: "HTTP 302"},
		"knows no CONNECT":      {options: proxytest.Options{Status: http.StatusMethodNotAllowed}, kind: proxy.Denied, lasting: true, says: "HTTP 405"},
		"is offline itself":     {options: proxytest.Options{Target: "127.0.0.1:1"}, kind: proxy.Stuck, says: "does not get through to 127.0.0.1:"},
		"is asked for too much": {options: proxytest.Options{Status: http.StatusTooManyRequests}, kind: proxy.Stuck, says: "HTTP 429"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newTarget(t, httptest.NewServer)
			p := proxytest.New(t, c.options)
			settings := p.Settings()
			settings.Auth, settings.Username, settings.Password = c.login.Auth, c.login.Username, c.login.Password
			if c.down {
				p.Close()
			}
			limit := proxy.Patience
			if c.options.Silent {
				limit = patience
			}
			client := proxy.NewImpatient("school-17", settings, limit)
			_, err := get(t.Context(), client, g.URL+"/?key=hush")
			trouble, ok := errors.AsType[*proxy.Error](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.kind, trouble.Kind)
			require.Equal(t, c.lasting, trouble.Lasting())
			require.Contains(t, trouble.Error(), c.says)
			require.Contains(t, trouble.Error(), "the proxy "+settings.Address()+" of school school-17 ")
			for _, secret := range []string{"teacher", "cret", "hush", basic("teacher:s=e cret")} {
				require.NotContains(t, trouble.Error(), secret)
			}
			require.Empty(t, g.seen(), "nothing goes around it")
		})
	}
}

func TestTheEnvironmentsProxyIsNotHeeded(t *testing.T) {
	g := newTarget(t, httptest.NewServer)
	other := proxytest.New(t, proxytest.Options{})
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		t.Setenv(name, "http://"+other.Settings().Address())
	}
	p := proxytest.New(t, proxytest.Options{Target: g.Listener.Addr().String()})
	_, err := get(t.Context(), proxy.NewClient("s", p.Settings()), "http://messenger.invalid/")
	require.NoError(t, err)
	require.Empty(t, other.Asked())
	require.Len(t, p.Asked(), 1)
}

func TestAProxyThatGoesDownIsNotGoneAround(t *testing.T) {
	t.Parallel()
	g := newTarget(t, httptest.NewServer)
	p := proxytest.New(t, proxytest.Options{})
	client := proxy.NewClient("s", p.Settings())
	_, err := get(t.Context(), client, g.URL)
	require.NoError(t, err)
	p.Close()
	for range 3 {
		_, err = get(t.Context(), client, g.URL)
		require.Error(t, err)
	}
	require.Equal(t, proxy.Unreachable, errorOf(t, err).Kind)
	require.Len(t, g.seen(), 1)
}

func errorOf(t *testing.T, err error) *proxy.Error {
	t.Helper()
	trouble, ok := errors.AsType[*proxy.Error](err)
	require.True(t, ok, "%v", err)
	return trouble
}

func TestWhoGivesUpSaysNothingOfTheProxy(t *testing.T) {
	t.Parallel()
	p := proxytest.New(t, proxytest.Options{Silent: true})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(p.Asked()) == 0 && ctx.Err() == nil {
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
			}
		}
		cancel()
	}()
	_, err := get(ctx, proxy.NewClient("s", p.Settings()), "http://messenger.invalid/")
	require.ErrorIs(t, err, context.Canceled)
	_, ok := errors.AsType[*proxy.Error](err)
	require.False(t, ok)
}

func TestWatchedTellsAfterEachRequest(t *testing.T) {
	t.Parallel()
	g := newTarget(t, httptest.NewServer)
	p := proxytest.New(t, proxytest.Options{})
	var told []*proxy.Error
	client := proxy.Watched(proxy.NewClient("s", p.Settings()), func(e *proxy.Error) { told = append(told, e) })
	_, err := get(t.Context(), client, g.URL)
	require.NoError(t, err)
	require.Equal(t, []*proxy.Error{nil}, told)
	client.CloseIdleConnections()
	p.Close()
	_, err = get(t.Context(), client, g.URL)
	require.Error(t, err)
	require.NotNil(t, told[len(told)-1])
}

func TestClientsAreKeptWhileTheSettingsAre(t *testing.T) {
	t.Parallel()
	var c proxy.Clients
	first, second := proxy.Settings{Server: "a", Port: 1}, proxy.Settings{Server: "a", Port: 2}
	one := c.For("s", first)
	require.Same(t, one, c.For("s", first))
	require.NotSame(t, one, c.For("other", first), "an error names the school")
	two := c.For("s", second)
	require.NotSame(t, one, two)
	require.Same(t, two, c.For("s", second))
	require.Equal(t, 2, c.Kept())
}

func TestClientsAreBounded(t *testing.T) {
	t.Parallel()
	var c proxy.Clients
	settings := proxy.Settings{Server: "a", Port: 1}
	often := c.For("often", settings)
	for i := range 3 * proxy.MaxClients {
		c.For(school.ID("s"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String()), settings)
		require.Same(t, often, c.For("often", settings))
	}
	require.Equal(t, proxy.MaxClients, c.Kept())
}
