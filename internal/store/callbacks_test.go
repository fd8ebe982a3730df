package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestACallbackIsSealedAndOpened(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	callback := func(id school.ID) *store.Callback {
		t.Helper()
		c, err := st.Callback(ctx, id)
		require.NoError(t, err)
		return c
	}
	require.Nil(t, callback("s"))
	require.Nil(t, callback("nowhere"))
	err := st.SetCallback(ctx, "s", "abc123", "hush")
	require.ErrorIs(t, err, store.ErrNoCommunity)
	require.ErrorContains(t, err, "rollcall school set-token s")

	require.NoError(t, st.SetToken(ctx, "s", 42, "token"))
	require.NoError(t, st.SetCallback(ctx, "s", "abc123", "hush"))
	require.Equal(t, &store.Callback{Messenger: messenger.VK, Community: 42, Confirmation: "abc123", Secret: "hush"}, callback("s"))
	require.NoError(t, st.SetCallback(ctx, "s", "def456", "other"))
	require.Equal(t, &store.Callback{Messenger: messenger.VK, Community: 42, Confirmation: "def456", Secret: "other"}, callback("s"))
	ways := func() [2]bool {
		t.Helper()
		longPoll, callback, err := st.EventWays(ctx, "s")
		require.NoError(t, err)
		return [2]bool{longPoll, callback}
	}
	require.Equal(t, [2]bool{false, true}, ways())
	require.NoError(t, st.SetLongPoll(ctx, "s", true))
	require.NoError(t, st.SetCallback(ctx, "s", "", ""))
	require.Nil(t, callback("s"))
	require.Equal(t, [2]bool{true, false}, ways())
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetCallback(ctx, "nowhere", "a", "b"), &missing)
}

func TestAPushSecretIsSealedAndOpened(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	pushSecret := func(id school.FeedID) string {
		t.Helper()
		s, err := st.PushSecret(ctx, id)
		require.NoError(t, err)
		return s
	}
	require.Empty(t, pushSecret("f"))
	require.Empty(t, pushSecret("nowhere"))
	require.NoError(t, st.SetPushSecret(ctx, "f", "one"))
	require.NoError(t, st.SetPushSecret(ctx, "f", "two"))
	require.Equal(t, "two", pushSecret("f"))
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetPushSecret(ctx, "nowhere", "x"), &missing)
}

func TestSecretsOpenOnlyWithTheirKeys(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	st := open(t, url)
	ctx := t.Context()
	_, err := st.Migrate(ctx)
	require.NoError(t, err)
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d"}))
	require.NoError(t, st.AddFeed(ctx, "f", "d", "/"))
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "f"}))
	require.NoError(t, st.SetToken(ctx, "s", 42, "token"))
	require.NoError(t, st.SetCallback(ctx, "s", "abc123", "hush"))
	require.NoError(t, st.SetPushSecret(ctx, "f", "hush"))

	others := open(t, url) // another keyset
	_, err = others.Callback(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)
	_, err = others.PushSecret(ctx, "f")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)
	none, err := store.Open(ctx, url, nil)
	require.NoError(t, err)
	t.Cleanup(none.Close)
	require.ErrorIs(t, none.SetCallback(ctx, "s", "a", "b"), secret.ErrNoKeyset)
	require.ErrorIs(t, none.SetPushSecret(ctx, "f", "b"), secret.ErrNoKeyset)
}
