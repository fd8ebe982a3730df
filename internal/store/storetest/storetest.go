// Package storetest gives tests a store on a real database of their own.
package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// New gives a store with its schema, in which the district d, the feed f and the school s are
// registered. The school has no token yet.
func New(t *testing.T) *store.Store {
	t.Helper()
	raw, err := secret.New()
	require.NoError(t, err)
	keys, err := secret.Parse(raw)
	require.NoError(t, err)
	ctx := t.Context()
	st, err := store.Open(ctx, pgtest.Database(t), keys)
	require.NoError(t, err)
	t.Cleanup(st.Close)
	_, err = st.Migrate(ctx)
	require.NoError(t, err)
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d", Name: "District"}))
	require.NoError(t, st.AddFeed(ctx, "f", "d", "/srv/roster"))
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", Name: "School", SubjectChats: true}))
	return st
}
