package config_test

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
)

func TestMaskURL(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                                    "",
		"postgres://h/db":                     "postgres://h/db",
		"postgres://u@h:5432/db":              "postgres://u@h:5432/db",
		"postgres://u:pw@h:5432/db?a=b":       "postgres://u:xxxxx@h:5432/db?a=b",
		"postgres:///db?user=u&password=pw":   "postgres:///db?password=xxxxx&user=u",
		"postgres://h/db?sslPassword=pw":      "postgres://h/db?sslPassword=xxxxx",
		"https://token@p.example/x":           "https://xxxxx@p.example/x",
		"https://u:pw@p.example/x?access_key": "https://xxxxx@p.example/x?access_key=xxxxx",
		"https://p.example/x?a;b":             "xxxxx",
		"host=h password=pw":                  "xxxxx",
		"postgres://u:p w%zz@h/db":            "xxxxx",
		"postgres:u:pw@h/db":                  "xxxxx",
		"pw":                                  "xxxxx",
	} {
		require.Equal(t, want, config.MaskURL(value), value)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	for _, s := range config.Registry() {
		for _, value := range []string{"hidden", `{"key": "hidden"}`, "https://u:hidden@h/", "postgres://u:hidden@h/db", "https://hidden@h/?token=hidden"} {
			shown := config.Value{Setting: s, Value: value}.Shown()
			if s.Secret || value != "hidden" && value[0] != '{' {
				require.NotContains(t, shown, "hidden", s.Name)
			}
		}
	}
	require.Equal(t, []string{config.EnvDatabaseURL, config.EnvKeyset}, lo.FilterMap(config.Registry(), func(s config.Setting, _ int) (string, bool) { return s.Name, s.Secret }))
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for environ, want := range map[string][]string{
		"":                                         nil,
		config.EnvKeyset + "={}":                   {config.EnvKeysetFile},
		config.EnvKeysetFile + "=f":                nil,
		config.EnvLinksEvery + "=1m":               {"no effect"},
		config.EnvLinksFile + "=f":                 nil,
		config.EnvRound + "=2s":                    {"without rest"},
		config.EnvLogLevel + "=debug":              {"grows fast"},
		config.EnvVKURL + "=http://vk":             {"stand-in"},
		config.EnvVKURL + "=http://127.0.0.1:8234": {"stand-in"},
		config.EnvVKURL + "=http://vk.example":     {"stand-in", "tokens leave"},
		config.EnvVKURL + "=https://vk.example":    {"stand-in"},
		config.EnvMAXURL + "=http://127.0.0.1/max": {"on MAX is done at a stand-in"},
		config.EnvMAXURL + "=http://max.example":   {"stand-in", config.EnvMAXURL + " is not https: tokens leave"},
		config.EnvMAXURL + "=https://max.example":  {"stand-in"},
		config.EnvMAXCAFile + "=f":                 nil,
		config.EnvMAXAdding + "=1":                 nil,
	} {
		r := config.Read([]string{database, environ})
		require.NoError(t, r.Err(), environ)
		requireContains(t, want, r.Config.Warnings(), environ)
	}
	for address, warned := range map[string]bool{
		"postgres://db/x": false, "postgres:///x?host=/run/postgresql": false, "postgres://127.0.0.1/x": false, "postgres://[::1]/x": false,
		"postgres://db.example/x": true, "postgres://10.0.0.1/x?sslmode=prefer": true, "postgres://db.example/x?sslmode=verify-full": false,
	} {
		require.Equal(t, warned, len(config.Config{DatabaseURL: address}.Warnings()) == 1, address)
	}
	both := config.Config{PortalURL: "http://portal.example", PortalKeyFile: "k", LinksFile: "f", LinksEvery: 2e12 * 60}
	requireContains(t, []string{"links to chats", "come from the file", "waits for that"}, both.Warnings(), "the Portal")
	file := write(t, config.EnvKeyset+"={}\n")
	r := config.Read([]string{database, config.EnvConfig + "=" + file})
	require.NoError(t, r.Err())
	require.Empty(t, r.Config.Warnings(), "in a file it is nobody else's")
}

// requireContains wants as many warnings as words, each with its word, in their order.
func requireContains(t *testing.T, want, warnings []string, of string) {
	t.Helper()
	require.Len(t, warnings, len(want), of)
	for i, word := range want {
		require.Contains(t, warnings[i], word, of)
	}
}
