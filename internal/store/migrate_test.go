package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// schema gives all columns and indexes there are.
func schema(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return append(
		texts(t, conn, `
			SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) FROM information_schema.columns
			WHERE table_schema = 'public' ORDER BY 1`),
		texts(t, conn, `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`)...)
}

func TestThePortalsMigrationGoesDownAndUpAgain(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	ctx := t.Context()
	conn := raw(t, url)
	require.NoError(t, st.SetUserToken(ctx, "s", "person-token"))
	require.NoError(t, st.TakeCalls(ctx, "s", time.Now(), []school.Call{lesson("vc-1")}))
	st.MigrateTo(t, 4)
	up := schema(t, conn)

	st.MigrateTo(t, 3)
	down := schema(t, conn)
	require.Less(t, len(down), len(up))
	require.Equal(t, []string{"s"}, texts(t, conn, `SELECT id FROM schools`), "what was there before stays")
	require.Equal(t, []string{"s"}, texts(t, conn, `SELECT school_id FROM communities`))

	st.MigrateTo(t, 4)
	require.Equal(t, up, schema(t, conn))
	_, err := st.Migrate(ctx)
	require.NoError(t, err)
	s, err := st.School(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, "org-1", s.Organisation(), "schools of before are known to the Portal by their source id")
	open, err := st.OpenCalls(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, open)
	state, err := st.LinksState(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, state.CompleteAt)
}
