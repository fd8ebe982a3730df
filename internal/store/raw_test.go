package store_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// raw is a connection to the database that goes around the store.
func raw(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// texts gives a query's one column, row by row.
func texts(t *testing.T, conn *pgx.Conn, query string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return found
}

// requireHidden sees to it that a table has rows, and that nothing of this is found in them, neither as text nor as
// the bytes of one.
func requireHidden(t *testing.T, conn *pgx.Conn, table string, secrets ...string) {
	t.Helper()
	found := texts(t, conn, `SELECT x::text FROM `+table+` x`)
	require.NotEmpty(t, found)
	all := strings.Join(found, "\n")
	for _, plain := range secrets {
		require.NotContains(t, all, plain)
		require.NotContains(t, all, hex.EncodeToString([]byte(plain)))
	}
}
