package store_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

var behindProxy = proxy.Settings{Server: "proxy.school.example", Port: 3128, Auth: true, Username: "teacher", Password: "hush-hush"}

// wanted empties the school's outbox and gives who asked.
func wanted(t *testing.T, st *store.Store) []string {
	t.Helper()
	by := []string{}
	require.NoError(t, st.Relay(t.Context(), "s", func(_ context.Context, wanted []store.Wanted) error {
		for _, w := range wanted {
			require.Equal(t, "event", w.Trigger)
			by = append(by, w.RequestedBy)
		}
		return nil
	}))
	return by
}

func TestProxyIsSealedAsAWhole(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := pgtest.Database(t)
	st := open(t, url)
	_, err := st.Migrate(ctx)
	require.NoError(t, err)
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d"}))
	require.NoError(t, st.AddFeed(ctx, "f", "d", "/"))
	for _, id := range []school.ID{"s", "other"} {
		require.NoError(t, st.AddSchool(ctx, school.School{ID: id, District: "d", Feed: "f", SourceID: string(id)}))
	}
	none, err := st.Proxy(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, none)

	require.NoError(t, st.SetProxy(ctx, "s", &behindProxy))
	got, err := st.Proxy(ctx, "s")
	require.NoError(t, err)
	require.True(t, *got == behindProxy)

	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })
	var row string
	var sealed []byte
	require.NoError(t, conn.QueryRow(ctx, `SELECT communities::text, proxy FROM communities WHERE school_id = 's'`).Scan(&row, &sealed))
	require.NotEmpty(t, sealed)
	for _, plain := range []string{"proxy.school.example", "3128", "teacher", "hush"} {
		require.NotContains(t, row, plain)
		require.NotContains(t, string(sealed), plain)
	}

	_, err = conn.Exec(ctx, `UPDATE communities SET proxy = (SELECT proxy FROM communities WHERE school_id = 's') WHERE school_id = 'other'`)
	require.NoError(t, err)
	_, err = st.Proxy(ctx, "other")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "it is the other school's, and never taken for none")
	_, err = open(t, url).Proxy(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "with another keyset")
	keyless, err := store.Open(ctx, url, nil)
	require.NoError(t, err)
	t.Cleanup(keyless.Close)
	require.ErrorIs(t, keyless.SetProxy(ctx, "s", &behindProxy), secret.ErrNoKeyset)
	_, err = keyless.Proxy(ctx, "s")
	require.ErrorIs(t, err, secret.ErrNoKeyset)
}

func TestSettingAProxyAsksForAPass(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	require.NoError(t, st.SetProxy(ctx, "s", &behindProxy))
	require.Empty(t, wanted(t, st), "there is no roster yet")
	_, err := st.SaveReading(ctx, reading(t, "one", 1))
	require.NoError(t, err)
	wanted(t, st)

	setAt := func() map[school.ID]int64 {
		all, err := st.ProxiesSetAt(ctx)
		require.NoError(t, err)
		times := map[school.ID]int64{}
		for id, at := range all {
			times[id] = at.UnixNano()
		}
		return times
	}
	before := setAt()
	require.Len(t, before, 1)
	require.NoError(t, st.SetProxy(ctx, "s", &behindProxy))
	require.Equal(t, []string{"new proxy"}, wanted(t, st))
	between := setAt()
	require.Greater(t, between["s"], before["s"])
	require.NoError(t, st.SetProxy(ctx, "s", nil))
	require.Equal(t, []string{"proxy taken away"}, wanted(t, st))
	require.Greater(t, setAt()["s"], between["s"])
	none, err := st.Proxy(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, none)
	require.NoError(t, st.SetProxy(ctx, "s", nil))
	require.Empty(t, wanted(t, st), "nothing changed")
}

func TestProxyThatCannotBe(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	require.ErrorContains(t, st.SetProxy(ctx, "s", &proxy.Settings{Server: "p"}), "from 1 to 65535")
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetProxy(ctx, "nowhere", &behindProxy), &missing)
	_, err := st.Proxy(ctx, "nowhere")
	require.ErrorAs(t, err, &missing)
}
