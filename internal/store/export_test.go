package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Age makes what a table's column says older.
func (s *Store) Age(t *testing.T, table, column string, by time.Duration) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), `UPDATE `+table+` SET `+column+` = `+column+` - $1::interval`, by+time.Minute)
	require.NoError(t, err)
}
