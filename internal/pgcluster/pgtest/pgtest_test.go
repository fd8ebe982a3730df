package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
)

func TestDatabasesAreEmptyAndApart(t *testing.T) {
	t.Parallel()
	for range 3 {
		conn, err := pgx.Connect(t.Context(), pgtest.Database(t))
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "CREATE TABLE mine (id int)")
		require.NoError(t, err, "an earlier test's table must not be here")
	}
}

func TestDatabaseIsDroppedAfterItsTest(t *testing.T) {
	t.Parallel()
	var gone string
	t.Run("uses a database", func(t *testing.T) {
		gone = pgtest.Database(t)
		conn, err := pgx.Connect(t.Context(), gone)
		require.NoError(t, err)
		require.NoError(t, conn.Ping(t.Context()))
	})
	_, err := pgx.Connect(t.Context(), gone)
	require.ErrorContains(t, err, "does not exist")
}
