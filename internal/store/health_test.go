package store_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestTheServerSaysItsVersionAndTime(t *testing.T) {
	t.Parallel()
	server, err := open(t, pgtest.Database(t)).Server(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, server.Major, 15)
	require.Contains(t, server.Version, ".")
	require.WithinDuration(t, time.Now(), server.Now, time.Minute)
}

func TestSchemaTellsWhatIsToBeApplied(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	st := open(t, url)
	before, err := st.Schema(t.Context())
	require.NoError(t, err)
	require.Zero(t, before.Version)
	require.Empty(t, before.Newer)
	require.Equal(t, int64(1), before.Pending[0])

	st.MigrateTo(t, 3)
	some, err := st.Schema(t.Context())
	require.NoError(t, err)
	require.Equal(t, store.Schema{Version: 3, Pending: before.Pending[3:], Newer: []int64{}}, some)

	applied, err := st.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, some.Pending, applied)
	whole, err := st.Schema(t.Context())
	require.NoError(t, err)
	require.Equal(t, store.Schema{Version: lo.LastOrEmpty(applied), Pending: []int64{}, Newer: []int64{}}, whole)

	_, err = raw(t, url).Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	require.NoError(t, err)
	later, err := st.Schema(t.Context())
	require.NoError(t, err)
	require.Equal(t, store.Schema{Version: 9999, Pending: []int64{}, Newer: []int64{9999}}, later)
}

func TestTrySealedOpensOneOfEachKind(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	ctx := t.Context()
	kinds, unopened, err := st.TrySealed(ctx)
	require.NoError(t, err)
	require.Empty(t, kinds)
	require.Empty(t, unopened)

	require.NoError(t, st.SetToken(ctx, "s", 1, "a token"))
	_, err = st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	kinds, unopened, err = st.TrySealed(ctx)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"token", "snapshot"}, kinds)
	require.Empty(t, unopened)

	other := open(t, url) // with a keyset of its own
	require.NoError(t, other.SetToken(ctx, "s", 1, "another token"))
	kinds, unopened, err = st.TrySealed(ctx)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"token", "snapshot"}, kinds)
	require.Equal(t, []string{"token"}, unopened)

	keyless, err := store.Open(ctx, url, nil)
	require.NoError(t, err)
	t.Cleanup(keyless.Close)
	_, _, err = keyless.TrySealed(ctx)
	require.ErrorIs(t, err, secret.ErrNoKeyset)
}

func TestBacklogAndBehind(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	ctx := t.Context()
	requireBacklog := func(want int, atLeast time.Duration) {
		t.Helper()
		requests, oldest, err := st.Backlog(ctx)
		require.NoError(t, err)
		require.Equal(t, want, requests)
		require.GreaterOrEqual(t, oldest, atLeast)
		require.Less(t, oldest, atLeast+5*time.Minute)
	}
	requireBehind := func(want ...school.ID) {
		t.Helper()
		behind, err := st.Behind(ctx)
		require.NoError(t, err)
		require.ElementsMatch(t, want, behind)
	}
	requireBacklog(0, 0)
	requireBehind()
	_, err := st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	requireBehind() // without a token no pass can be expected
	require.NoError(t, st.SetToken(ctx, "s", 1, "a token"))
	requireBehind("s")
	requireBacklog(1, 0)
	st.Age(t, "outbox", "created_at", time.Hour)
	requireBacklog(1, time.Hour)

	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: "r", Trigger: "event", Scope: struct{}{}})
	require.NoError(t, err)
	_, err = raw(t, url).Exec(ctx, `UPDATE passes SET snapshot = 'one' WHERE epoch = $1`, epoch)
	require.NoError(t, err)
	requireBehind()
}
