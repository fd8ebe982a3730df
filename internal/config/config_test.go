package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

func TestFromEnvironment(t *testing.T) {
	t.Setenv(config.EnvDatabaseURL, "postgres://h/db")
	t.Setenv(config.EnvVKURL, "")
	t.Setenv(config.EnvLogLevel, "")
	t.Setenv(config.EnvLogFormat, "json")
	c, err := config.FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, config.Config{
		DatabaseURL: "postgres://h/db", Round: 5 * time.Minute, LinksEvery: 10 * time.Second, LogLevel: "info", LogFormat: "json",
	}, c)
}

// TestTheFileServesWhoeverLooksAtTheEnvironment: package secret and Temporal's SDK read it by themselves.
func TestTheFileServesWhoeverLooksAtTheEnvironment(t *testing.T) {
	keyset, err := secret.New()
	require.NoError(t, err)
	file := write(t, config.EnvDatabaseURL+"=postgres://file/db\n"+config.EnvKeyset+"='"+string(keyset[:len(keyset)-1])+"'\nTEMPORAL_ADDRESS=temporal:7233\nTEMPORAL_NAMESPACE=file\n")
	for _, name := range []string{config.EnvDatabaseURL, config.EnvKeyset, config.EnvKeysetFile, "TEMPORAL_ADDRESS"} {
		t.Setenv(name, "") // to have it as it was after the test
		require.NoError(t, os.Unsetenv(name))
	}
	t.Setenv("TEMPORAL_NAMESPACE", "environment")
	t.Setenv(config.EnvConfig, file)
	c, err := config.FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, "postgres://file/db", c.DatabaseURL)
	require.Equal(t, "temporal:7233", os.Getenv("TEMPORAL_ADDRESS"))
	require.Equal(t, "environment", os.Getenv("TEMPORAL_NAMESPACE"))
	_, err = secret.FromEnvironment()
	require.NoError(t, err)
	again, err := config.FromEnvironment()
	require.NoError(t, err, "reading twice is no contradiction")
	require.Equal(t, c.DatabaseURL, again.DatabaseURL)
}

func TestEventsAddress(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{"": true, ":8180": true, "127.0.0.1:0": true, "8180": false, "http://h:80/x": false} {
		r := config.Read([]string{config.EnvDatabaseURL + "=postgres://h/db", config.EnvEventsAddress + "=" + address})
		if good {
			require.NoError(t, r.Err())
			require.Equal(t, address, r.Config.EventsAddress)
			continue
		}
		require.ErrorContains(t, r.Err(), config.EnvEventsAddress, address)
	}
}

func TestMAX(t *testing.T) {
	t.Parallel()
	of := func(environ ...string) (config.Config, error) {
		r := config.Read(append(environ, config.EnvDatabaseURL+"=postgres://h/db"))
		return r.Config, r.Err()
	}
	c, err := of()
	require.NoError(t, err)
	require.False(t, c.MAXAdding, "bots only invite by default")
	c, err = of(config.EnvMAXURL+"=https://max.example", config.EnvMAXCAFile+"=/etc/root.pem", config.EnvMAXAdding+"=1")
	require.NoError(t, err)
	require.Equal(t, []any{"https://max.example", "/etc/root.pem", true}, []any{c.MAXURL, c.MAXCAFile, c.MAXAdding})
	c, err = of(config.EnvMAXAdding + "=0")
	require.NoError(t, err)
	require.False(t, c.MAXAdding)
	for _, wrong := range []string{config.EnvMAXURL + "=max.example", config.EnvMAXURL + "=ftp://max.example", config.EnvMAXAdding + "=yes"} {
		_, err = of(wrong)
		require.Error(t, err, wrong)
	}
}

func TestTheOperator(t *testing.T) {
	t.Parallel()
	for login, good := range map[string]bool{
		"": true, "i.petrov": true, `SCHOOLS\i petrov`: true, "петрова@район": true, strings.Repeat("ы", 64): true,
		" i": false, "i ": false, "i\np": false, "i\x1b[2J": false, strings.Repeat("ы", 65): false,
	} {
		r := config.Read([]string{config.EnvDatabaseURL + "=postgres://h/db", config.EnvOperator + "=" + login})
		if good {
			require.NoError(t, r.Err(), "%q", login)
			require.Equal(t, login, r.Config.Operator)
			continue
		}
		require.ErrorContains(t, r.Err(), config.EnvOperator+" must be a login", "%q", login)
		require.NotContains(t, r.Err().Error(), "[2J")
	}
}

// write makes a settings file.
func write(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rollcall.env")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

func TestThePortal(t *testing.T) {
	t.Setenv(config.EnvDatabaseURL, "postgres://h/db")
	const url, key, file = "https://portal.example/rollcall", "/etc/rollcall/portal.key", "/srv/links.csv"
	for name, tc := range map[string]struct{ url, key, file, wrong string }{
		"none":                    {},
		"with its key":            {url: url, key: key},
		"and links from a file":   {url: url, key: key, file: file},
		"links from a file alone": {file: file},
		"without its key":         {url: url, wrong: "set both or neither"},
		"a key for none":          {key: key, file: file, wrong: "set both or neither"},
		"at no URL":               {url: "portal.example", key: key, wrong: "is not an http(s) URL"},
		"at no host":              {url: "https:///rollcall", key: key, wrong: "is not an http(s) URL"},
	} {
		t.Setenv(config.EnvPortalURL, tc.url)
		t.Setenv(config.EnvPortalKeyFile, tc.key)
		t.Setenv(config.EnvLinksFile, tc.file)
		c, err := config.FromEnvironment()
		if tc.wrong != "" {
			require.ErrorContains(t, err, tc.wrong, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, []string{tc.url, tc.key, tc.file}, []string{c.PortalURL, c.PortalKeyFile, c.LinksFile}, name)
	}
}

func TestLinksEvery(t *testing.T) {
	t.Setenv(config.EnvDatabaseURL, "postgres://h/db")
	for text, want := range map[string]time.Duration{"": 10 * time.Second, "1s": time.Second, "2m": 2 * time.Minute, "999ms": 0, "-5s": 0, "ten": 0} {
		t.Setenv(config.EnvLinksEvery, text)
		c, err := config.FromEnvironment()
		if want == 0 {
			require.ErrorContains(t, err, config.EnvLinksEvery+" must be a duration of 1s or more, such as 10s", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, c.LinksEvery)
	}
}
