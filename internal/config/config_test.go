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
	require.Equal(t, config.Config{DatabaseURL: "postgres://h/db", Round: 5 * time.Minute, LogLevel: "info", LogFormat: "json"}, c)
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Setenv(config.EnvDatabaseURL, "")
	t.Setenv(config.EnvVKURL, "ftp://x")
	t.Setenv(config.EnvLogLevel, "loud")
	t.Setenv(config.EnvLogFormat, "xml")
	t.Setenv(config.EnvRound, "0s")
	_, err := config.FromEnvironment()
	for _, name := range []string{config.EnvDatabaseURL, config.EnvVKURL, config.EnvLogLevel, config.EnvLogFormat, config.EnvRound} {
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
