package stack_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
	"github.com/rollcall-edu/rollcall/devstack/stack"
	"github.com/rollcall-edu/rollcall/internal/pgcluster"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

// environment turns NAME=value lines into a map.
func environment(t *testing.T, s *stack.Stack) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, line := range s.Env() {
		name, value, ok := strings.Cut(line, "=")
		require.True(t, ok)
		found[name] = value
	}
	return found
}

func start(t *testing.T, opts stack.Options) *stack.Stack {
	t.Helper()
	s, err := stack.Start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	return s
}

func TestProgramsFindTheStackByItsEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var steps []string
	s := start(t, stack.Options{Dir: dir, Throwaway: true, Progress: func(step string) { steps = append(steps, step) }})
	require.Equal(t, []string{"PostgreSQL", "Temporal", "Temporal's web page", "sandbox"}, steps)
	env := environment(t, s)

	conn, err := pgx.Connect(t.Context(), env["ROLLCALL_DATABASE_URL"])
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))

	c, err := client.DialContext(t.Context(), client.Options{HostPort: env["TEMPORAL_ADDRESS"], Namespace: env["TEMPORAL_NAMESPACE"]})
	require.NoError(t, err)
	c.Close()

	keyset, err := os.ReadFile(env["ROLLCALL_KEYSET_FILE"])
	require.NoError(t, err)
	_, err = secret.Parse(keyset)
	require.NoError(t, err)

	require.NoError(t, s.RegisterCommunity(1001, "token", "School 1"))
	totals, err := sandbox.NewClient(env["ROLLCALL_VK_URL"]).Totals(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, totals.Communities)

	resp, err := http.Get(s.UIAddress())
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func TestWhatWasMadeIsThereAtTheNextStart(t *testing.T) {
	t.Parallel()
	opts := stack.Options{Dir: filepath.Join(t.TempDir(), "made"), NoUI: true}
	// Under root the cluster is outside the test's folder, where its account can reach it.
	t.Cleanup(func() { require.NoError(t, pgcluster.Remove(filepath.Join(opts.Dir, "postgres"))) })
	first := start(t, opts)
	require.Empty(t, first.UIAddress())
	require.NoError(t, first.RegisterCommunity(1001, "token", "School 1"))
	keyset, err := os.ReadFile(environment(t, first)["ROLLCALL_KEYSET_FILE"])
	require.NoError(t, err)
	require.NoError(t, first.Stop(t.Context()))

	second := start(t, opts)
	totals, err := sandbox.NewClient(second.SandboxURL()).Totals(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, totals.Communities)
	again, err := os.ReadFile(environment(t, second)["ROLLCALL_KEYSET_FILE"])
	require.NoError(t, err)
	require.Equal(t, keyset, again)
}

func TestATakenPortIsFoundBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	free, err := port.Free()
	require.NoError(t, err)
	l, err := net.Listen("tcp4", port.Address(free))
	require.NoError(t, err)
	defer l.Close()

	for flag, ports := range map[string]stack.Ports{
		"--postgres-port": {PostgreSQL: free},
		"--temporal-port": {Temporal: free},
		"--ui-port":       {UI: free},
		"--sandbox-port":  {Sandbox: free},
	} {
		_, err := stack.Start(t.Context(), stack.Options{
			Dir: t.TempDir(), Ports: ports,
			Progress: func(step string) { t.Errorf("%s was started", step) },
		})
		taken, ok := errors.AsType[*port.TakenError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, flag, taken.Flag)
	}
}
