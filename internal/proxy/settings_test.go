package proxy_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy"
)

const manual = "proxy_server=proxy.school.example\nproxy_port=3128\nproxy_username=teacher\nproxy_password=s=e cret\nproxy_auth=1\n"

var full = proxy.Settings{Server: "proxy.school.example", Port: 3128, Auth: true, Username: "teacher", Password: "s=e cret"}

func TestParseTheManualsForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want proxy.Settings
	}{
		"as in the manual":        {manual, full},
		"from Windows":            {"\ufeff" + strings.ReplaceAll(manual, "\n", "\r\n"), full},
		"in another order":        {"proxy_auth=1\nproxy_password=s=e cret\nproxy_port=3128\n\nproxy_username=teacher\nproxy_server=proxy.school.example", full},
		"with blanks":             {strings.ReplaceAll(strings.ReplaceAll(manual, "_server=", "_server = "), "\n", "  \n"), full},
		"no login":                {"proxy_server=10.0.0.1\nproxy_port=8080\nproxy_username=\nproxy_password=\nproxy_auth=0\n", proxy.Settings{Server: "10.0.0.1", Port: 8080}},
		"no login, fewer lines":   {"proxy_server=10.0.0.1\nproxy_port=8080\nproxy_auth=0", proxy.Settings{Server: "10.0.0.1", Port: 8080}},
		"a login that is not for": {"proxy_server=::1\nproxy_port=1\nproxy_username=u\nproxy_auth=0", proxy.Settings{Server: "::1", Port: 1, Username: "u"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := proxy.Parse(c.text)
			require.NoError(t, err)
			require.True(t, c.want == got)
		})
	}
}

func TestParseSaysWhatIsWrongAndQuotesNothing(t *testing.T) {
	t.Parallel()
	without := func(key string) string {
		var left []string
		for line := range strings.Lines(manual) {
			if !strings.HasPrefix(line, key) {
				left = append(left, line)
			}
		}
		return strings.Join(left, "")
	}
	with := func(key, value string) string { return without(key) + key + "=" + value + "\n" }
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "proxy_server is missing"},
		"no server":            {without("proxy_server"), "proxy_server is missing"},
		"no port":              {without("proxy_port"), "proxy_port is missing"},
		"no auth":              {without("proxy_auth"), "proxy_auth is missing"},
		"an empty port":        {with("proxy_port", ""), "proxy_port is missing"},
		"login, no username":   {without("proxy_username"), "needs a username"},
		"login, no password":   {without("proxy_password"), "needs a password"},
		"a wrong key":          {manual + "proxy_secret=hush\n", "line 6 has an unknown key"},
		"a key twice":          {manual + "proxy_port=hush\n", "line 6 gives proxy_port a second time"},
		"an empty key twice":   {"proxy_username=\nproxy_username=\n", "line 2 gives proxy_username a second time"},
		"no key":               {"hush\n" + manual, "line 1 is not of the form"},
		"auth is yes":          {with("proxy_auth", "hush"), "must be 0, or 1"},
		"port is a word":       {with("proxy_port", "hush"), "from 1 to 65535"},
		"port is too high":     {with("proxy_port", "65536"), "from 1 to 65535"},
		"port is negative":     {with("proxy_port", "-1"), "from 1 to 65535"},
		"a URL for a server":   {with("proxy_server", "http://hush"), "host name or an IP address alone"},
		"a port in the server": {with("proxy_server", "hush:3128"), "host name or an IP address alone"},
		"a login there":        {with("proxy_server", "hush@proxy"), "host name or an IP address alone"},
		"an endless server":    {with("proxy_server", strings.Repeat("hush.", 60)+"x"), "host name or an IP address alone"},
		"a colon in the name":  {with("proxy_username", "hush:hush"), "no colon"},
		"a control character":  {with("proxy_password", "hush\x07hush"), "password must have no control"},
		"an endless password":  {with("proxy_password", strings.Repeat("hush", 64)), "255 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := proxy.Parse(c.text)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hush")
			require.NotContains(t, err.Error(), "cret")
		})
	}
}

func TestSettingsAreKeptWholeAndShownByTheirAddressAlone(t *testing.T) {
	t.Parallel()
	encoded, err := full.Encode()
	require.NoError(t, err)
	decoded, err := proxy.Decode(encoded)
	require.NoError(t, err)
	require.True(t, full == decoded)
	_, err = proxy.Decode([]byte("s=e cret"))
	require.ErrorIs(t, err, proxy.ErrUnreadable)
	require.NotContains(t, err.Error(), "cret")

	asJSON, err := json.Marshal(map[string]any{"by value": full, "by pointer": &full})
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "proxy", full)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "proxy", &full, "within", struct{ P proxy.Settings }{full})
	shown := fmt.Sprintf("%s%s%v%+v%#v%q%x%d", asJSON, logged.String(), full, &full, full, full, full, struct{ P proxy.Settings }{full})
	require.Contains(t, shown, "proxy.school.example:3128")
	require.NotContains(t, shown, "teacher")
	require.NotContains(t, shown, "cret")
	require.Equal(t, "[::1]:1", proxy.Settings{Server: "::1", Port: 1}.Address())
}
