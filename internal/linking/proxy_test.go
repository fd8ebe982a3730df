package linking_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
)

// behind puts the school behind a proxy with a login.
func (b *bench) behind(o proxytest.Options) *proxytest.Proxy {
	b.t.Helper()
	p := proxytest.New(b.t, o)
	settings := p.Settings()
	settings.Auth, settings.Username, settings.Password = true, "SECRET-user", "SECRET-word"
	require.NoError(b.t, b.Store.SetProxy(b.t.Context(), "s", &settings))
	return p
}

func TestLinksAreReadThroughTheSchoolsProxyOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 600)
	p := b.behind(proxytest.Options{Login: "Basic " + base64.StdEncoding.EncodeToString([]byte("SECRET-user:SECRET-word"))})
	b.read(linking.Options{})
	b.read(linking.Options{})
	require.Len(t, b.accounts(), 600)
	entries := b.log.Entries(0, 0)
	require.Len(t, entries, 3)
	for _, e := range entries {
		require.True(t, p.Made(e.RemoteAddr), e.RemoteAddr)
	}
	require.Len(t, p.Asked(), 1, "one connection serves all")

	require.NoError(t, b.Store.SetProxy(t.Context(), "s", nil))
	b.read(linking.Options{})
	last := b.log.Entries(0, 0)
	require.False(t, p.Made(last[len(last)-1].RemoteAddr), "taken away, it is not gone through any more")
}

func TestTroubleWithTheProxyIsExplained(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options proxytest.Options
		down    bool
		kind    proxy.Kind
	}{
		"down":              {down: true, kind: proxy.Unreachable},
		"refuses the login": {options: proxytest.Options{Login: "Basic other"}, kind: proxy.Login},
		"refuses it all":    {options: proxytest.Options{Status: http.StatusForbidden}, kind: proxy.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.link(0, 3)
			p := b.behind(tc.options)
			if tc.down {
				p.Close()
			}
			problem, err := b.refused(linking.Options{})
			trouble := errorOf[*proxy.Error](t, err)
			require.Equal(t, tc.kind, trouble.Kind)
			require.Equal(t, portal.CodeUnavailable, portal.CodeOf(err))
			require.Equal(t, string(portal.CodeUnavailable), problem.Code)
			require.Equal(t, trouble.Error(), problem.Message, "it is the proxy that is named")
			require.Empty(t, b.log.Entries(0, 0), "nothing goes around it")

			require.NoError(t, b.Store.SetProxy(t.Context(), "s", nil))
			require.Equal(t, 3, b.read(linking.Options{}).Links)
		})
	}
}
