package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/devstack/stack"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// A dump, restored into an empty PostgreSQL beside an empty Temporal, goes on where it was: the next pass
// makes no change.
func TestADumpGoesOnElsewhere(t *testing.T) {
	s := newSiteInStep(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 2, 2 }) // not parallel: a second stack is a load
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	dump := filepath.Join(dir, "rollcall.dump")
	pg(t, "pg_dump", "--format=custom", "--file="+dump, world.stack.DatabaseURL())

	other, err := stack.Start(t.Context(), stack.Options{Dir: filepath.Join(dir, "stack"), NoUI: true, Throwaway: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Stop(context.WithoutCancel(t.Context()))) })
	pg(t, "pg_restore", "--no-owner", "--exit-on-error", "--dbname="+other.DatabaseURL(), dump)

	// The messenger and the Portal are what they were, and so is the keyset.
	keep := []string{config.EnvVKURL, config.EnvPortalURL, config.EnvPortalKeyFile, secret.EnvKeysetFile}
	env := other.Env()
	for _, variable := range world.stack.Env() {
		if slices.ContainsFunc(keep, func(name string) bool { return len(variable) > len(name) && variable[:len(name)+1] == name+"=" }) {
			env = append(env, variable)
		}
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(world.bin, "rollcall"), "migrate")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	w, err := startWorker("worker-restored.log", append(env, second)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.stop()) })

	client, err := other.DialTemporal(t.Context())
	require.NoError(t, err)
	t.Cleanup(client.Close)
	made := s.calls(func() {
		report, err := temporal.ResyncAndWait(t.Context(), client, s.id, workflows.Request{ID: "restored", Trigger: workflows.TriggerManual, Verify: true})
		require.NoError(t, err)
		require.Equal(t, workflows.OutcomeInStep, report.Outcome, "%+v", report)
	})
	require.Empty(t, made)
}

// pg runs one of PostgreSQL's programs.
func pg(t *testing.T, program string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		found, globbed := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
		require.NoError(t, globbed)
		require.NotEmpty(t, found, "%s is needed", program)
		path = found[len(found)-1]
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	require.NoError(t, err, string(out))
}
