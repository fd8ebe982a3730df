package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/deploy"
	"github.com/rollcall-edu/rollcall/internal/config"
)

func TestTheWorkersEnvironment(t *testing.T) {
	t.Parallel()
	environment, err := deploy.WorkerEnvironment("../docker-compose.yml")
	require.NoError(t, err)
	require.Equal(t, "/run/secrets/database-url", environment[config.EnvDatabaseURLFile])
	require.Equal(t, "json", environment[config.EnvLogFormat], "what is the worker's own")
	require.Equal(t, "temporal:7233", environment["TEMPORAL_ADDRESS"], "what all have")
	require.Equal(t, "24h", environment[config.EnvTracesKept], "a variable with a default")
	require.Empty(t, environment[config.EnvPortalKeyFile])

	_, err = deploy.WorkerEnvironment(filepath.Join(t.TempDir(), "none.yml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestParse(t *testing.T) {
	t.Parallel()
	parse := func(environment string, variables map[string]string) (string, error) {
		text := "x-a: &a {user: x}\nservices:\n  s:\n    <<: *a\n    environment:\n      A: " + environment + "\n"
		c, err := deploy.Parse([]byte(text), variables)
		if err != nil {
			return "", err
		}
		require.Equal(t, "x", c.Services["s"].User)
		return c.Services["s"].Environment["A"], nil
	}
	set, empty := map[string]string{"V": "v:w"}, map[string]string{"V": ""}
	for _, c := range []struct {
		text      string
		variables map[string]string
		want      string
	}{
		{"${V}", set, "v:w"}, {"${V}", nil, ""}, {"a${V}b${V}", set, "av:wbv:w"},
		{"${V:-d/e}", set, "v:w"}, {"${V:-d/e}", empty, "d/e"}, {"${V:-}", nil, ""},
		{"${V:+d/e}", set, "d/e"}, {"${V:+d/e}", empty, ""},
		{"$${V}", set, "${V}"}, {"9464", nil, "9464"}, {`"true"`, nil, "true"},
	} {
		got, err := parse(c.text, c.variables)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	for _, bad := range []string{"$V", "${V", "${V-d}", "${V:?no}", "${}"} {
		_, err := parse(bad, set)
		require.ErrorContains(t, err, "dollar sign", bad)
	}
	for _, bad := range []string{"service: {}", "services: {s: {depend_on: {}}}", "services: {s: {environment: [A=b]}}", "services: {s: {<<: {imag: x}}}"} {
		_, err := deploy.Parse([]byte(bad), nil)
		require.Error(t, err, bad)
	}
}

// read gives a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", path))
	require.NoError(t, err)
	return strings.ReplaceAll(string(content), "\r\n", "\n")
}
