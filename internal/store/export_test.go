package store

import (
	"io/fs"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
)

// Age makes what a table's column says older.
func (s *Store) Age(t *testing.T, table, column string, by time.Duration) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), `UPDATE `+table+` SET `+column+` = `+column+` - $1::interval`, by+time.Minute)
	require.NoError(t, err)
}

// MigrateTo brings the schema up or down to a version.
func (s *Store) MigrateTo(t *testing.T, version int64) {
	t.Helper()
	sub, err := fs.Sub(migrations, "migrations")
	require.NoError(t, err)
	db := stdlib.OpenDBFromPool(s.pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, sub)
	require.NoError(t, err)
	now, err := provider.GetDBVersion(t.Context())
	require.NoError(t, err)
	if version < now {
		_, err = provider.DownTo(t.Context(), version)
	} else {
		_, err = provider.UpTo(t.Context(), version)
	}
	require.NoError(t, err)
}
