package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster"
)

// ServerVariable names the environment variable with the address of a server to use instead of our own.
const ServerVariable = "ROLLCALL_TEST_DATABASE_URL"

// Database returns the address of a database made for this test. It is dropped, open connections or not,
// when the test and its cleanups registered later are over.
func Database(t testing.TB) string {
	t.Helper()
	admin, err := server()
	require.NoError(t, err, "a PostgreSQL server for the tests")

	name := "rollcall_test_" + strings.ToLower(rand.Text()[:16])
	require.NoError(t, execute(t.Context(), admin, "CREATE DATABASE "+name))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context()) // cancelled before cleanups run
		require.NoError(t, execute(ctx, admin, "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	dsn, err := url.Parse(admin)
	require.NoError(t, err)
	dsn.Path = "/" + name
	return dsn.String()
}

func execute(ctx context.Context, dsn, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// server returns the address of the server's maintenance database. Nobody stops the server: a test
// process has no last moment that needs no TestMain in every package, so its end is left to the kernel
// and to the cluster's reaper.
var server = sync.OnceValues(func() (string, error) {
	if dsn := os.Getenv(ServerVariable); dsn != "" {
		return asURL(dsn)
	}
	dir, err := os.MkdirTemp("", "rollcall-pgtest-")
	if err != nil {
		return "", err
	}
	cluster, err := pgcluster.Start(context.Background(), pgcluster.Options{
		Dir:       dir,
		Ephemeral: true,
		// Several packages' tests run at once, each with a server of its own.
		Settings: map[string]string{"shared_buffers": "32MB", "max_wal_senders": "0", "wal_level": "minimal"},
	})
	if err != nil {
		return "", err
	}
	return cluster.DSN("postgres"), nil
})

// asURL insists on the URL form, in which another database's name can be put.
func asURL(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", fmt.Errorf("%s must be a URL like postgres://user:password@host:5432/postgres", ServerVariable)
	}
	return dsn, nil
}
