package store_test

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// setup gives a store on a fresh database, with one school registered.
func setup(t *testing.T) *store.Store {
	t.Helper()
	st, _ := setupAt(t)
	return st
}

// setupAt is setup, and gives where the database is.
func setupAt(t *testing.T) (*store.Store, string) {
	t.Helper()
	url := pgtest.Database(t)
	st := open(t, url)
	ctx := t.Context()
	_, err := st.Migrate(ctx)
	require.NoError(t, err)
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d", Name: "District"}))
	require.NoError(t, st.AddFeed(ctx, "f", "d", "/srv/roster"))
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", Name: "School", SubjectChats: true}))
	return st, url
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	raw, err := secret.New()
	require.NoError(t, err)
	keys, err := secret.Parse(raw)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), url, keys)
	require.NoError(t, err)
	t.Cleanup(st.Close)
	return st
}

// reading is a reading with a roster of so many people.
func reading(t *testing.T, digest string, people int) store.Reading {
	t.Helper()
	roster := school.Roster{SourceID: "org-1", Name: "School"}
	for range people {
		roster.People = append(roster.People, school.Person{ID: school.PersonID(digest), Name: school.Name{Family: "Канарейкина"}})
	}
	return store.Reading{
		Feed: "f", Fingerprint: "fp-" + digest, Receipt: []byte(`{}`),
		Schools: []store.SchoolReading{{School: "s", Roster: &roster, Digest: digest}},
	}
}

// newChat stores a plan that makes one chat with one member and gives the chat.
func newChat(t *testing.T, st *store.Store) (store.MirrorChat, int64) {
	t.Helper()
	ctx := t.Context()
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: rand.Text(), Trigger: "manual", Scope: struct{}{}})
	require.NoError(t, err)
	reasons := []chats.Reason{{Code: chats.ReasonGuardian, Of: "student"}}
	plan := reconcile.Plan{Operations: []reconcile.Operation{
		{Chat: "parents:c", Type: chats.Parents, Step: reconcile.StepEnsure, Kind: reconcile.Create, Title: "1А · Родители", Rule: reconcile.RuleNewChat},
		{Chat: "parents:c", Type: chats.Parents, Step: reconcile.StepAdd, Kind: reconcile.Add, Account: 11, Person: "p", Rule: reconcile.RuleEntitled, Reasons: reasons},
	}}
	desired := []chats.Chat{{Key: "parents:c", Type: chats.Parents, Class: "c", Year: "y", Title: "1А · Родители"}}
	id, existed, err := st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: epoch, Type: chats.Parents, Snapshot: "x"}, plan, desired)
	require.NoError(t, err)
	require.False(t, existed)
	mirror, err := st.Mirror(ctx, "s")
	require.NoError(t, err)
	require.Len(t, mirror, 1)
	return mirror[0], id
}
