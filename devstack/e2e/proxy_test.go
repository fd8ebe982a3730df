package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/workflows"
)

// proxyAddress is where tinyproxy's own connections come from, and nobody else's.
const proxyAddress = "127.0.0.2"

// tinyproxy runs a real proxy, with the login given as user:password, "" for none.
func tinyproxy(t *testing.T, login string) proxy.Settings {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := free.Addr().(*net.TCPAddr).Port
	require.NoError(t, free.Close())
	dir := t.TempDir()
	config := fmt.Sprintf("Port %d\nListen 127.0.0.1\nBind %s\nTimeout 60\nMaxClients 100\nAllow 127.0.0.1\nLogFile %q\n",
		port, proxyAddress, filepath.Join(dir, "log"))
	settings := proxy.Settings{Server: "127.0.0.1", Port: port}
	if user, password, ok := strings.Cut(login, ":"); ok {
		config += fmt.Sprintf("BasicAuth %s %s\n", user, password)
		settings.Auth, settings.Username, settings.Password = true, user, password
	}
	file := filepath.Join(dir, "tinyproxy.conf")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	cmd := exec.Command("tinyproxy", "-d", "-c", file)
	require.NoError(t, cmd.Start(), "the program tinyproxy is needed: make programs")
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		return err == nil && conn.Close() == nil
	}, workTime, pollEvery)
	return settings
}

// setProxy sets the school's proxy as an operator does, with the manual's five lines.
func (s *site) setProxy(p proxy.Settings) {
	s.t.Helper()
	auth := 0
	if p.Auth {
		auth = 1
	}
	file := filepath.Join(s.t.TempDir(), "proxy.txt")
	lines := fmt.Sprintf("proxy_server=%s\nproxy_port=%d\nproxy_username=%s\nproxy_password=%s\nproxy_auth=%d\n",
		p.Server, p.Port, p.Username, p.Password, auth)
	require.NoError(s.t, os.WriteFile(file, []byte(lines), 0o600))
	s.cli("", "school", "set-proxy", string(s.id), "--from-file", file)
}

// comers are the addresses from which the school's messenger and Portal were asked since then.
func (s *site) comers(since int64) map[string]int {
	s.t.Helper()
	hosts := map[string]int{}
	box := world.stack.Sandbox()
	for _, entry := range append(box.Requests(since, s.group), box.PortalRequests(since, s.organisation())...) {
		host, _, err := net.SplitHostPort(entry.RemoteAddr)
		require.NoError(s.t, err)
		hosts[host+" "+strings.SplitN(entry.Method, ".", 2)[0]]++
	}
	return hosts
}

// Everything of a school's exchange goes through its proxy: chats, account links, calls.
func TestAllOfASchoolGoesThroughItsProxy(t *testing.T) {
	t.Parallel()
	for name, login := range map[string]string{"without a login": "", "with a login": "school:s3cret-word"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 2, 2 })
			s.setProxy(tinyproxy(t, login))
			s.letMakeRooms()
			since := world.stack.Sandbox().LastRequest()
			s.read()
			s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
			s.resync(true, workflows.OutcomeInStep)
			s.pusher().push(s.lesson("lesson"))
			s.announced("1А · Ученики", s.shown("lesson").Link)
			comers := s.comers(since)
			require.NotEmpty(t, comers[proxyAddress+" execute"])
			require.NotEmpty(t, comers[proxyAddress+" portal"])
			require.Len(t, comers, 2, "nobody comes around the proxy: %v", comers)
			out, err := rollcall(t.Context(), "", "school", "check", string(s.id))
			require.NoError(t, err, out)
			require.NotContains(t, out, "s3cret-word")
			require.Len(t, s.comers(since), 2, "the check comes through it too")
		})
	}
}

// A proxy that does not let the school through: what the operator reads, and that nothing leaks.
func TestAProxyThatDoesNotServe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxy func(t *testing.T) proxy.Settings
		says  string
	}{
		"down": {func(t *testing.T) proxy.Settings {
			p := proxytest.New(t, proxytest.Options{})
			p.Close()
			return p.Settings()
		}, "cannot be reached"},
		"refuses": {func(t *testing.T) proxy.Settings {
			return proxytest.New(t, proxytest.Options{Status: 403}).Settings()
		}, "refuses to connect to"},
		"wants a login": {func(t *testing.T) proxy.Settings {
			settings := tinyproxy(t, "school:s3cret-word")
			settings.Auth, settings.Username, settings.Password = false, "", ""
			return settings
		}, "wants a login (HTTP 407)"},
		"refuses the login": {func(t *testing.T) proxy.Settings {
			settings := tinyproxy(t, "school:s3cret-word")
			settings.Password = "an0ther-word"
			return settings
		}, "refuses the login"},
		"slow": {func(t *testing.T) proxy.Settings {
			return proxytest.New(t, proxytest.Options{Silent: true}).Settings()
		}, "does not answer within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSiteInStep(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 2, 2 })
			s.setProxy(c.proxy(t))
			since := world.stack.Sandbox().LastRequest()
			began := time.Now()
			out, err := rollcall(t.Context(), "", "school", "check", string(s.id))
			require.Error(t, err, "the exit code tells")
			require.Contains(t, out, c.says)
			t.Logf("%s: said after %s:\n%s", name, time.Since(began).Round(time.Millisecond), out)
			if name == "wants a login" || name == "refuses" || name == "refuses the login" {
				_, err := rollcall(t.Context(), "", "resync", string(s.id), "--verify", "--wait")
				require.ErrorContains(t, err, c.says)
				requireFailed(t, workflows.SchoolSyncID(s.id), workflows.ProblemProxyTrouble)
			}
			require.Empty(t, s.comers(since), "nothing goes around the proxy")
		})
	}
}
