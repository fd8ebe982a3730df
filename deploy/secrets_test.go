package deploy_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	root := made(t)
	content := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(root, "secrets", name))
		require.NoError(t, err)
		return string(raw)
	}
	mode := func(name string) os.FileMode {
		info, err := os.Stat(filepath.Join(root, name))
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	_, err := secret.Parse([]byte(content("keyset/keyset.json")))
	require.NoError(t, err)
	passwords := map[string]bool{}
	for _, name := range []string{"postgres-password", "temporal-password", "rollcall-password", "grafana-password"} {
		require.Regexp(t, `^[0-9a-f]{48}$`, content(name))
		passwords[content(name)] = true
		require.Equal(t, os.FileMode(0o444), mode("secrets/"+name), "each container reads as another user")
	}
	require.Len(t, passwords, 4)
	u, err := url.Parse(strings.TrimSpace(content("database-url")))
	require.NoError(t, err)
	password, _ := u.User.Password()
	require.Equal(t, content("rollcall-password"), password)
	require.Equal(t, "postgres:5432", u.Host)

	require.Equal(t, os.FileMode(0o700), mode("secrets"), "nobody else gets as far as the files")
	require.Equal(t, os.FileMode(0o700), mode("secrets/keyset"))
	require.Equal(t, os.FileMode(0o600), mode("secrets/keyset/keyset.json"))
	for _, folder := range []string{"secrets", "roster"} {
		ignored, err := os.ReadFile(filepath.Join(root, folder, ".gitignore"))
		require.NoError(t, err)
		require.Equal(t, "*\n", string(ignored), "nothing of it is ever committed")
	}

	before := map[string]string{}
	for _, name := range []string{"postgres-password", "database-url", "keyset/keyset.json"} {
		before[name] = content(name)
	}
	runSecrets(t, root, "./rollcall")
	for name, was := range before {
		require.Equal(t, was, content(name), "what is there is kept")
	}
}

// TestDatabases makes the databases as PostgreSQL's image does, and uses them as the services do.
func TestDatabases(t *testing.T) {
	t.Parallel()
	ctx, root := t.Context(), made(t)
	cluster, err := pgcluster.Start(ctx, pgcluster.Options{Dir: filepath.Join(t.TempDir(), "postgres"), Ephemeral: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop(context.WithoutCancel(ctx))) })
	super := imageSuperuser(t, cluster)
	script := exec.Command("./postgres/10-databases.sh")
	script.Env = append(os.Environ(), "SECRETS="+filepath.Join(root, "secrets"), "POSTGRES_USER=postgres", "POSTGRES_DB=postgres",
		"PGHOST=127.0.0.1", "PGPORT="+strconv.Itoa(cluster.Port()), "PGPASSWORD="+superPassword)
	said, err := script.CombinedOutput()
	require.NoError(t, err, "%s", said)

	as := func(user, database string) string {
		raw, err := os.ReadFile(filepath.Join(root, "secrets", user+"-password"))
		require.NoError(t, err)
		u := *super
		u.User, u.Path = url.UserPassword(user, string(raw)), "/"+database
		return u.String()
	}
	st, err := store.Open(ctx, as("rollcall", "rollcall"), nil)
	require.NoError(t, err)
	defer st.Close()
	applied, err := st.Migrate(ctx)
	require.NoError(t, err, "its owner needs no further rights")
	require.NotEmpty(t, applied)

	for _, database := range []string{"temporal", "temporal_visibility"} {
		own, err := pgx.Connect(ctx, as("temporal", database))
		require.NoError(t, err)
		_, err = own.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS btree_gin; CREATE TABLE t (id int)")
		require.NoError(t, err, "Temporal's schema makes both")
		require.NoError(t, own.Close(ctx))
		_, err = pgx.Connect(ctx, as("rollcall", database))
		require.ErrorContains(t, err, "permission denied")
	}
	_, err = pgx.Connect(ctx, as("temporal", "rollcall"))
	require.ErrorContains(t, err, "permission denied")

	// The user for workers alone, as docs/production.md makes it.
	_, rest, _ := strings.Cut(read(t, "docs/production.md"), "```sql\n")
	statements, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	super.Path = "/rollcall"
	conn, err := pgx.Connect(ctx, super.String())
	require.NoError(t, err)
	_, err = conn.Exec(ctx, strings.Replace(statements, "…", superPassword, 1))
	require.NoError(t, err)
	require.NoError(t, conn.Close(ctx))
	super.User = url.UserPassword("rollcall_worker", superPassword)
	worker, err := store.Open(ctx, super.String(), nil)
	require.NoError(t, err)
	defer worker.Close()
	_, err = worker.Prune(ctx)
	require.NoError(t, err)
	_, err = worker.PruneSpans(ctx, 0)
	require.NoError(t, err)
}

const superPassword = "of-the-test"

// imageSuperuser has a cluster's superuser be called as in PostgreSQL's image, and gives its address: that of ours has the
// name of a user that is to be made.
func imageSuperuser(t *testing.T, cluster *pgcluster.Cluster) *url.URL {
	t.Helper()
	u, err := url.Parse(cluster.DSN("postgres"))
	require.NoError(t, err)
	do := func(statement string) {
		conn, err := pgx.Connect(t.Context(), u.String())
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), statement)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}
	do("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '" + superPassword + "'")
	u.User = url.UserPassword("postgres", superPassword)
	do("ALTER ROLE rollcall RENAME TO cluster")
	return u
}
