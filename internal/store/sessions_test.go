package store_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
)

func TestProcessesOnThisMachineAreNotElsewhere(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	open(t, url)
	machines, err := open(t, url).Elsewhere(t.Context())
	require.NoError(t, err)
	require.Empty(t, machines)
}

// TestARoleThatCannotBeLookedAtMayBeElsewhere: PostgreSQL does not tell from where another role is connected,
// or by which program, to whom may not know.
func TestARoleThatCannotBeLookedAtMayBeElsewhere(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	_ = open(t, address) // by the owner, under our name
	owner := raw(t, address)
	role := "onlooker_" + strings.ToLower(rand.Text()[:16])
	_, err := owner.Exec(t.Context(), `CREATE ROLE `+role+` LOGIN PASSWORD 'onlooker'`)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := owner.Exec(context.WithoutCancel(t.Context()), `DROP ROLE `+role)
		require.NoError(t, err)
	})
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "onlooker")
	limited := open(t, u.String())

	machines, err := limited.Elsewhere(t.Context())
	require.NoError(t, err)
	require.Len(t, machines, 1)
	require.Contains(t, machines[0], "role ")
	require.Contains(t, machines[0], "may not look at")
	_, err = owner.Exec(t.Context(), `GRANT pg_read_all_stats TO `+role)
	require.NoError(t, err)
	machines, err = limited.Elsewhere(t.Context())
	require.NoError(t, err)
	require.Empty(t, machines, "it may look, and they are on this machine")
}

func TestWhoIsWritingIsNamed(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	ctx := t.Context()
	writers, err := st.Writers(ctx)
	require.NoError(t, err)
	require.Empty(t, writers)

	conn := raw(t, url)
	_, err = conn.Exec(ctx, `SET application_name = 'by hand'`)
	require.NoError(t, err)
	tx, err := conn.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, `UPDATE chats SET title = 'y'`)
	require.NoError(t, err)
	writers, err = st.Writers(ctx)
	require.NoError(t, err)
	require.Len(t, writers, 1)
	require.True(t, writers[0].Wrote)
	require.Contains(t, writers[0].String(), fmt.Sprintf("session %d (by hand), in one transaction for", conn.PgConn().PID()))
	require.NoError(t, tx.Rollback(ctx))
	writers, err = st.Writers(ctx)
	require.NoError(t, err)
	require.Empty(t, writers)
}
