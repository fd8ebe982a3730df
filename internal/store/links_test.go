package store_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// minute is the Portal's time so many minutes after the tests' first reading.
func minute(n int) time.Time { return time.Date(2026, 9, 1, 8, n, 0, 123_456_000, time.UTC) }

func linked(n int, account school.AccountID, at int) portal.Link {
	return portal.Link{Identity: fmt.Sprintf("identity-%02d", n), Account: account, At: minute(at)}
}

// complete is a reading of all links, changes one of what has changed, both in some minute.
func complete(at int, links ...portal.Link) accounts.Reading {
	return accounts.Reading{Complete: true, Links: links, Total: len(links), AsOf: minute(at), ReadAt: minute(at).Add(time.Second)}
}

func changes(at int, links ...portal.Link) accounts.Reading {
	r := complete(at, links...)
	r.Complete = false
	return r
}

// everybody links the people from a number on, so many.
func everybody(from, n, at int) []portal.Link {
	return lo.Times(n, func(i int) portal.Link { return linked(from+i, school.AccountID(700_100+from+i), at) })
}

// identified stores a roster of 50 people who have an identity each.
func identified(t *testing.T, st *store.Store) {
	t.Helper()
	r := reading(t, "one", 0)
	r.Schools[0].Roster.People = lo.Times(50, func(i int) school.Person {
		return school.Person{ID: personID(i), Portal: fmt.Sprintf("identity-%02d", i), Enabled: true}
	})
	_, err := st.SaveReading(t.Context(), r)
	require.NoError(t, err)
}

func personID(n int) school.PersonID { return school.PersonID(fmt.Sprintf("person-%02d", n)) }

// setupLinks gives a store whose school has a token and a roster, and an empty outbox.
func setupLinks(t *testing.T) (*store.Store, string) {
	t.Helper()
	st, url := setupAt(t)
	require.NoError(t, st.SetToken(t.Context(), "s", 42, "token"))
	identified(t, st)
	outbox(t, st)
	return st, url
}

// since is a reading of the tests' school that began from a state.
func since(asOf *time.Time, r accounts.Reading) store.LinksReading {
	return store.LinksReading{Reading: r, Organisation: "org-1", Since: asOf}
}

// takeLinks takes a reading that began from the state in force.
func takeLinks(t *testing.T, st *store.Store, r accounts.Reading) store.LinksTaken {
	t.Helper()
	taken, err := st.TakeLinks(t.Context(), "s", since(linksState(t, st).AsOf, r), accounts.Options{}, true)
	require.NoError(t, err)
	require.False(t, taken.Overtaken)
	return taken
}

func linksState(t *testing.T, st *store.Store) store.LinksState {
	t.Helper()
	state, err := st.LinksState(t.Context(), "s")
	require.NoError(t, err)
	return state
}

// asked empties the outbox and gives the scopes asked for.
func asked(t *testing.T, st *store.Store) []reconcile.Scope {
	t.Helper()
	return lo.Map(outbox(t, st), func(w store.Wanted, _ int) reconcile.Scope {
		require.Equal(t, "event", w.Trigger)
		var scope reconcile.Scope
		require.NoError(t, json.Unmarshal(w.Scope, &scope))
		return scope
	})
}

func TestBeforeTheFirstReadingOfLinks(t *testing.T) {
	t.Parallel()
	st := setup(t)
	require.Equal(t, store.LinksState{School: "s"}, linksState(t, st))
	links, err := st.AccountLinks(t.Context(), "s")
	require.NoError(t, err)
	require.Zero(t, links)
}

func TestTheFirstCompleteReadingAsksForTheWholeSchool(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	taken := takeLinks(t, st, complete(0, linked(1, 700_101, -9), linked(99, 700_199, -9)))
	require.True(t, taken.Change.First)
	require.Equal(t, []string{"identity-01", "identity-99"}, taken.Change.Linked)
	require.Equal(t, []school.PersonID{"person-01"}, taken.People, "the roster knows nobody else")
	require.Equal(t, []reconcile.Scope{{}}, asked(t, st))

	state := linksState(t, st)
	require.Equal(t, 2, state.Linked)
	require.True(t, minute(0).Equal(*state.AsOf))
	require.True(t, minute(0).Add(time.Second).Equal(*state.CompleteAt))
	require.NotNil(t, state.ReadAt)
	require.Nil(t, state.Problem)
	links, err := st.AccountLinks(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, school.AccountID(700_101), links.Known["identity-01"].Account)
	require.True(t, links.AsOf.Equal(minute(0)))
	require.True(t, links.CompleteAt.Equal(minute(0).Add(time.Second)))
}

func TestTheFirstCompleteReadingOfNothingAsksToo(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	require.True(t, takeLinks(t, st, complete(0)).Change.First)
	require.Equal(t, []reconcile.Scope{{}}, asked(t, st), "chats were waiting for it")
	require.False(t, takeLinks(t, st, complete(1)).Change.First)
	require.Empty(t, asked(t, st))
}

func TestChangesAloneAreNoCompleteReading(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	for at := range 2 {
		require.False(t, takeLinks(t, st, changes(at, linked(1, 700_101, -9))).Change.First)
		require.Nil(t, linksState(t, st).CompleteAt)
	}
	require.True(t, takeLinks(t, st, complete(2, linked(1, 700_101, -9))).Change.First)
	require.NotNil(t, linksState(t, st).CompleteAt)
}

func TestWhomChangedLinksAskFor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change accounts.Reading
		people int
		want   []reconcile.Scope
	}{
		"nobody":            {changes(5), 0, nil},
		"one":               {changes(5, linked(7, 700_107, 4)), 1, []reconcile.Scope{{People: []school.PersonID{"person-07"}}}},
		"one, in all links": {complete(5, linked(0, 700_100, -9), linked(7, 700_107, 4)), 1, []reconcile.Scope{{People: []school.PersonID{"person-07"}}}},
		"one whose link was undone": {
			changes(5, linked(0, 0, 4)), 1, []reconcile.Scope{{People: []school.PersonID{"person-00"}}},
		},
		"somebody unknown to the roster": {changes(5, linked(90, 700_190, 4)), 0, nil},
		"twenty": {
			changes(5, everybody(10, 20, 4)...), 20,
			[]reconcile.Scope{{People: lo.Times(20, func(i int) school.PersonID { return personID(10 + i) })}},
		},
		"more": {changes(5, everybody(10, 21, 4)...), 21, []reconcile.Scope{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st, _ := setupLinks(t)
			takeLinks(t, st, complete(0, linked(0, 700_100, -9)))
			asked(t, st)
			require.Len(t, takeLinks(t, st, tc.change).People, tc.people)
			require.ElementsMatch(t, tc.want, asked(t, st))
		})
	}
}

func TestWithoutAskNothingIsAskedFor(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	taken, err := st.TakeLinks(t.Context(), "s", since(nil, complete(0, linked(1, 700_101, -9))), accounts.Options{}, false)
	require.NoError(t, err)
	require.True(t, taken.Change.First)
	require.Equal(t, []school.PersonID{"person-01"}, taken.People, "it is told all the same")
	require.Empty(t, asked(t, st))
	require.Equal(t, 1, linksState(t, st).Linked)
}

func TestWithoutRosterOrTokenNothingIsAskedFor(t *testing.T) {
	t.Parallel()
	st := setup(t)
	require.Empty(t, takeLinks(t, st, complete(0, linked(1, 700_101, -9))).People, "nobody is known yet")
	require.Equal(t, 1, linksState(t, st).Linked, "but the links are")
	identified(t, st)
	outbox(t, st)
	require.Equal(t, []school.PersonID{"person-02"}, takeLinks(t, st, changes(1, linked(2, 700_102, 1))).People)
	require.Empty(t, asked(t, st), "without a token there is nothing to do yet")
}

func TestAnOvertakenReadingIsNotTaken(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	takeLinks(t, st, complete(0, linked(1, 700_101, -9)))
	asked(t, st)
	began := linksState(t, st).AsOf
	takeLinks(t, st, changes(2, linked(2, 700_102, 1)))
	asked(t, st)
	before := linksState(t, st)

	// It says less than is known by now.
	late, err := st.TakeLinks(t.Context(), "s", since(began, complete(3)), accounts.Options{}, true)
	require.NoError(t, err)
	require.Equal(t, store.LinksTaken{Overtaken: true}, late)
	late, err = st.TakeLinks(t.Context(), "s", since(nil, complete(3)), accounts.Options{}, true)
	require.NoError(t, err)
	require.True(t, late.Overtaken, "one that began before the first")
	require.Equal(t, before, linksState(t, st))
	require.Empty(t, asked(t, st))
}

func TestOfReadingsAtOnceOneIsTaken(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	for round, began := range []*time.Time{nil, lo.ToPtr(minute(0))} {
		var mu sync.Mutex
		var all []store.LinksTaken
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				taken, err := st.TakeLinks(t.Context(), "s", since(began, complete(round, everybody(0, 3+round, -9)...)), accounts.Options{}, true)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				all = append(all, taken)
				mu.Unlock()
			})
		}
		group.Wait()
		require.Equal(t, 4, lo.CountBy(all, func(taken store.LinksTaken) bool { return taken.Overtaken }), "round %d", round)
		require.Len(t, asked(t, st), 1)
	}
}

func TestABadReadingOfLinksChangesNothing(t *testing.T) {
	t.Parallel()
	st, url := setupLinks(t)
	ctx := t.Context()
	refuse := func(r accounts.Reading) {
		t.Helper()
		var bad *accounts.BadReadError
		_, err := st.TakeLinks(ctx, "s", since(linksState(t, st).AsOf, r), accounts.Options{}, true)
		require.ErrorAs(t, err, &bad)
	}
	short := complete(0)
	short.Total = 2
	refuse(short)
	require.Equal(t, store.LinksState{School: "s"}, linksState(t, st), "not even that it was tried")

	takeLinks(t, st, complete(0, everybody(0, 20, -9)...))
	asked(t, st)
	conn := raw(t, url)
	before := texts(t, conn, `SELECT l::text FROM account_links l`)
	refuse(complete(1))
	require.Equal(t, before, texts(t, conn, `SELECT l::text FROM account_links l`))
	require.Empty(t, asked(t, st))

	drop, err := st.TakeLinks(ctx, "s", since(linksState(t, st).AsOf, complete(1)), accounts.Options{AcceptLoss: 20}, true)
	require.NoError(t, err)
	require.Len(t, drop.Change.Unlinked, 20)
	require.Zero(t, linksState(t, st).Linked)
}

func TestTheTroubleWithLinksStaysUntilAGoodReading(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	trouble := store.Problem{Code: "portal-unavailable", Message: "no answer"}
	require.NoError(t, st.SetLinksProblem(t.Context(), "s", trouble))
	require.Equal(t, store.LinksState{School: "s", Problem: &trouble}, linksState(t, st), "before the first reading")
	links, err := st.AccountLinks(t.Context(), "s")
	require.NoError(t, err)
	require.Zero(t, links)
	takeLinks(t, st, complete(0, linked(1, 700_101, -9)))
	require.Nil(t, linksState(t, st).Problem)

	require.NoError(t, st.SetLinksProblem(t.Context(), "s", trouble))
	require.Equal(t, &trouble, linksState(t, st).Problem)
	require.Equal(t, 1, linksState(t, st).Linked, "what is known stays")
	takeLinks(t, st, changes(1))
	require.Nil(t, linksState(t, st).Problem, "also where nothing has changed")
}

func TestAnUnchangedReadingDoesNotRewriteTheDocument(t *testing.T) {
	t.Parallel()
	st, url := setupLinks(t)
	conn := raw(t, url)
	document := func() []string { return texts(t, conn, `SELECT sealed::text FROM account_links`) }
	takeLinks(t, st, complete(0, linked(1, 700_101, -9)))
	sealed := document()
	first := linksState(t, st)

	takeLinks(t, st, changes(1))
	second := linksState(t, st)
	require.Equal(t, sealed, document())
	require.True(t, minute(1).Equal(*second.AsOf))
	require.True(t, second.ReadAt.After(*first.ReadAt))
	require.Equal(t, first.CompleteAt, second.CompleteAt, "only changes were read")
	require.Equal(t, 1, second.Linked)

	takeLinks(t, st, complete(2, linked(1, 700_101, -9)))
	require.Equal(t, sealed, document())
	require.True(t, minute(2).Add(time.Second).Equal(*linksState(t, st).CompleteAt))
	links, err := st.AccountLinks(t.Context(), "s")
	require.NoError(t, err)
	require.True(t, links.AsOf.Equal(minute(2)), "the next reading goes on from here")

	takeLinks(t, st, changes(3, linked(2, 700_102, 3)))
	require.NotEqual(t, sealed, document())
}

func TestLinksAreSealed(t *testing.T) {
	t.Parallel()
	st, url := setupLinks(t)
	ctx := t.Context()
	takeLinks(t, st, complete(0, linked(1, 700_101, -9)))
	requireHidden(t, raw(t, url), "account_links", "identity-01", "700101")

	_, err := open(t, url).AccountLinks(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "with another keyset")
	_, err = open(t, url).TakeLinks(ctx, "s", since(linksState(t, st).AsOf, changes(1)), accounts.Options{}, true)
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "it is never taken for none")
	keyless, err := store.Open(ctx, url, nil)
	require.NoError(t, err)
	t.Cleanup(keyless.Close)
	_, err = keyless.AccountLinks(ctx, "s")
	require.ErrorIs(t, err, secret.ErrNoKeyset)

	require.NoError(t, st.AddSchool(ctx, school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-2"}))
	_, err = raw(t, url).Exec(ctx, `INSERT INTO account_links (school_id, sealed) SELECT 'other', sealed FROM account_links`)
	require.NoError(t, err)
	_, err = st.AccountLinks(ctx, "other")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "they are the other school's")
}
