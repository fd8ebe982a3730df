package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
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

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Setenv(config.EnvDatabaseURL, "")
	t.Setenv(config.EnvVKURL, "ftp://x")
	t.Setenv(config.EnvLogLevel, "loud")
	t.Setenv(config.EnvLogFormat, "xml")
	t.Setenv(config.EnvRound, "0s")
	t.Setenv(config.EnvLinksEvery, "10")
	t.Setenv(config.EnvPortalURL, "portal.example")
	_, err := config.FromEnvironment()
	for _, name := range []string{
		config.EnvDatabaseURL, config.EnvVKURL, config.EnvLogLevel, config.EnvLogFormat, config.EnvRound, config.EnvLinksEvery,
		config.EnvPortalURL + " is not an http(s) URL", config.EnvPortalURL + " and " + config.EnvPortalKeyFile,
	} {
		require.ErrorContains(t, err, name)
	}
}

func TestEventsAddress(t *testing.T) {
	t.Setenv(config.EnvDatabaseURL, "postgres://h/db")
	for address, good := range map[string]bool{"": true, ":8180": true, "127.0.0.1:0": true, "8180": false, "http://h:80/x": false} {
		t.Setenv(config.EnvEventsAddress, address)
		c, err := config.FromEnvironment()
		if good {
			require.NoError(t, err)
			require.Equal(t, address, c.EventsAddress)
			continue
		}
		require.ErrorContains(t, err, config.EnvEventsAddress, address)
	}
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
