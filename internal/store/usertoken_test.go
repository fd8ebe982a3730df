package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestUserToken(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	ctx := t.Context()
	require.NoError(t, st.SetToken(ctx, "s", 42, "community-token"))
	is := func(want string, refused messenger.Code) {
		t.Helper()
		token, code, err := st.UserToken(ctx, "s")
		require.NoError(t, err)
		require.Equal(t, want, token)
		require.Equal(t, refused, code)
	}
	is("", "")
	require.NoError(t, st.SetUserToken(ctx, "s", "person-token"))
	is("person-token", "")
	require.NoError(t, st.SetUserTokenRefused(ctx, "s", "an-earlier-token", messenger.CodeTokenRights))
	is("person-token", "")
	require.NoError(t, st.SetUserTokenRefused(ctx, "s", "person-token", messenger.CodeTokenRights))
	is("person-token", messenger.CodeTokenRights)
	community, err := st.Community(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, "community-token", community.Token, "the chats go on")
	row, err := st.School(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, row.Refused)

	require.NoError(t, st.SetUserToken(ctx, "s", "another"))
	is("another", "")

	requireHidden(t, raw(t, url), "communities", "person-token", "another")
	_, _, err = open(t, url).UserToken(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "with another keyset")

	require.NoError(t, st.SetUserTokenRefused(ctx, "s", "another", messenger.CodeTokenRefused))
	require.NoError(t, st.SetUserToken(ctx, "s", ""))
	is("", "")
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetUserToken(ctx, "nowhere", "t"), &missing)
}

func TestANewUserTokenAsksForTheCalls(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	require.NoError(t, st.SetUserToken(ctx, "s", "person-token"))
	require.Empty(t, asked(t, st), "there is no roster yet")
	feed(t, st)
	outbox(t, st)
	require.NoError(t, st.SetUserToken(ctx, "s", "person-token"))
	require.Equal(t, []reconcile.Scope{{Calls: true}}, asked(t, st))
	require.NoError(t, st.SetUserToken(ctx, "s", ""))
	require.Empty(t, asked(t, st), "nothing can be done without one")
}

func TestCallsSecret(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	ctx := t.Context()
	of := func(id school.ID) string {
		found, err := st.CallsSecret(ctx, id)
		require.NoError(t, err)
		return found
	}
	require.Empty(t, of("s"))
	require.Empty(t, of("nowhere"))
	require.NoError(t, st.SetCallsSecret(ctx, "s", "hush-hush"))
	require.Equal(t, "hush-hush", of("s"))
	require.NoError(t, st.SetCallsSecret(ctx, "s", "another"))
	require.Equal(t, "another", of("s"))
	requireHidden(t, raw(t, url), "communities", "hush-hush", "another")

	require.NoError(t, st.AddSchool(ctx, school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-2"}))
	_, err := raw(t, url).Exec(ctx, `UPDATE communities SET calls_secret = (SELECT calls_secret FROM communities WHERE school_id = 's')`)
	require.NoError(t, err)
	_, err = st.CallsSecret(ctx, "other")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "no school's secret is good for another")
	_, err = open(t, url).CallsSecret(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetCallsSecret(ctx, "nowhere", "x"), &missing)
}
