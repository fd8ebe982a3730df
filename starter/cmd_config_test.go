package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

func bareSettings() (config.Config, error) { return config.Config{}, nil }

func noKeys() (*secret.Keyring, error) { return nil, secret.ErrNoKeyset }

// runConfigIn runs a command line in an environment of its own.
func runConfigIn(t *testing.T, environ []string, args ...string) (code int, out, problem string) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{out: &o, err: &e, format: formatTable, environ: func() []string { return environ }}
	code = a.execute(t.Context(), append([]string{"config"}, args...))
	return code, o.String(), e.String()
}

func TestConfigShowsWhatIsInForce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "rollcall.env")
	require.NoError(t, os.WriteFile(file, []byte(""+
		"# hush is said nowhere\n"+
		"ROLLCALL_DATABASE_URL='postgres://rollcall:hush@127.0.0.1:5432/rollcall'\n"+
		"ROLLCALL_KEYSET='{\"hush\": 1}'\n"+
		"TEMPORAL_ADDRESS=temporal:7233\nTEMPORAL_API_KEY=hush\nOTEL_EXPORTER_OTLP_HEADERS=hush\n"), 0o600))
	environ := []string{
		config.EnvConfig + "=" + file, config.EnvLogLevel + "=debug", "TEMPORAL_NAMESPACE=schools", "OTEL_TRACES_EXPORTER=otlp",
		"TEMPORAL_CONFIG_FILE=" + filepath.Join(folder, "none.toml"),
	}
	code, out, problem := runConfigIn(t, environ)
	require.Equal(t, exitOK, code, problem)
	require.Empty(t, problem)
	require.NotContains(t, out, "hush")
	// How wide the columns are depends on the file's path.
	golden(t, "config.txt", regexp.MustCompile(` {2,}`).ReplaceAllString(strings.ReplaceAll(out, file, "/etc/rollcall.env"), "  "))

	code, out, _ = runConfigIn(t, environ, "-o", "json")
	require.Equal(t, exitOK, code)
	require.NotContains(t, out, "hush")
	var v configView
	require.NoError(t, json.Unmarshal([]byte(out), &v))
	by := lo.KeyBy(v.Settings, func(s settingView) string { return s.Name })
	require.Len(t, by, len(config.Registry()))
	require.Equal(t, "postgres://rollcall:xxxxx@127.0.0.1:5432/rollcall", by[config.EnvDatabaseURL].Value)
	require.Equal(t, config.FromFile, by[config.EnvDatabaseURL].From)
	require.Equal(t, 2, by[config.EnvDatabaseURL].Line)
	require.Equal(t, "xxxxx", by[config.EnvKeyset].Value)
	require.True(t, by[config.EnvKeyset].Secret)
	require.Equal(t, "debug", by[config.EnvLogLevel].Value)
	require.Equal(t, config.FromVariable, by[config.EnvLogLevel].From)
	require.Equal(t, temporalSettings{Address: "temporal:7233", Namespace: "schools", APIKey: true, TLS: tlsOn}, v.Temporal)
	require.Equal(t, []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_TRACES_EXPORTER"}, v.OpenTelemetry)
	require.Equal(t, []string{"ROLLCALL_LOG_LEVEL is debug: the log grows fast"}, v.Warnings)
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	code, out, problem := runConfigIn(t, []string{"ROLLCALL_LOGLEVEL=x", config.EnvRound + "=soon", "TEMPORAL_PROFILE=nope", "TEMPORAL_CONFIG_FILE=/nonexistent"})
	require.Equal(t, exitUsage, code)
	for _, where := range []string{out, problem} {
		require.Contains(t, where, "ROLLCALL_LOGLEVEL is no setting: did you mean ROLLCALL_LOG_LEVEL?")
		require.Contains(t, where, "ROLLCALL_CONTINUOUS_ROUND must be a duration")
		require.Contains(t, where, "ROLLCALL_DATABASE_URL is not set")
	}
	require.Contains(t, problem, "ROLLCALL_ALLOW_UNKNOWN=1", "the way out, where it may not be misspelt")
	require.Contains(t, out, "check the file that TEMPORAL_CONFIG_FILE names")
	require.Contains(t, out, "default", "what is right is shown all the same")
}

func TestConfigShowsWhatAnEarlierVersionDoesNotKnow(t *testing.T) {
	t.Parallel()
	environ := []string{config.EnvDatabaseURL + "=postgres://127.0.0.1/db", "ROLLCALL_OF_LATER_DAYS=hush", config.EnvAllowUnknown + "=1"}
	code, out, problem := runConfigIn(t, environ)
	require.Equal(t, exitOK, code, problem)
	require.Empty(t, problem)
	require.Regexp(t, `warnings:\n +ROLLCALL_OF_LATER_DAYS is no setting of this version and is not read`, out)
	require.NotContains(t, out, "hush")
}

func TestTemporalsTLS(t *testing.T) {
	t.Parallel()
	for environ, want := range map[string]string{
		"":                                      tlsOff,
		"TEMPORAL_TLS=true":                     tlsOn,
		"TEMPORAL_API_KEY=k":                    tlsOn,
		"TEMPORAL_API_KEY=k TEMPORAL_TLS=false": tlsOff,
		"TEMPORAL_TLS_CLIENT_CERT_PATH=c TEMPORAL_TLS_CLIENT_KEY_PATH=k": tlsMutual,
		"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION=1":                       tlsUnchecked,
	} {
		r := config.Read(append(strings.Fields(environ), "TEMPORAL_CONFIG_FILE=/nonexistent"))
		s := readTemporalSettings(&r)
		require.Equal(t, want, s.TLS, environ)
		require.Equal(t, "default", s.Namespace)
	}
}

// TestTheReadmeHasTheTable: it is made with rollcall config --markdown.
func TestTheReadmeHasTheTable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	code, table, _ := runConfigIn(t, nil, "--markdown")
	require.Equal(t, exitOK, code)
	require.Equal(t, config.Markdown(), table)
	require.Equal(t, 1, strings.Count(string(readme), "\n\n"+table+"\n"))
	require.Equal(t, 1, strings.Count(string(readme), "| `ROLLCALL_DATABASE_URL` |"))
}

// TestTheReadmesCommandsRun takes the commands of both READMEs at their word.
func TestTheReadmesCommandsRun(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"../README.md", "../README.ru.md"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		commands := 0
		for i, block := range strings.Split(string(content), "```") {
			if i%2 == 0 {
				continue
			}
			for line := range strings.Lines(block) {
				line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "bin/"), " #")
				if strings.HasPrefix(line, "rollcall ") {
					requireRuns(t, strings.TrimSpace(line))
					commands++
				}
			}
		}
		require.Greater(t, commands, 20, file)
	}
}
