package e2e

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
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
	// As in docs/production.md: everything belongs to the role of that place, which may not do more than it must.
	restored := ownedBy(t, other.DatabaseURL(), "keeper")
	admin, err := url.Parse(other.DatabaseURL())
	require.NoError(t, err)
	admin.Path = restored.Path
	pg(t, "pg_restore", "--no-owner", "--no-privileges", "--role=keeper", "--exit-on-error", "--dbname="+admin.String(), dump)

	// The messenger and the Portal are what they were, and so is the keyset.
	keep := []string{config.EnvVKURL, config.EnvMAXURL, config.EnvPortalURL, config.EnvPortalKeyFile, secret.EnvKeysetFile}
	env := append(other.Env(), config.EnvDatabaseURL+"="+restored.String())
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

// ownedBy makes a role that may do nothing but log in, and an empty database of its own on that server.
func ownedBy(t *testing.T, server, role string) *url.URL {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	for _, statement := range []string{`CREATE ROLE ` + role + ` LOGIN PASSWORD 'keeper'`, `CREATE DATABASE restored OWNER ` + role} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.User, u.Path = url.UserPassword(role, "keeper"), "/restored"
	return u
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
