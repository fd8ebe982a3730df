package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const days = 24 * 60 // in minutes

// unlinkedSince reads whether somebody is known to have unlinked.
func unlinkedSince(t *testing.T, st *store.Store, identity string) bool {
	t.Helper()
	links, err := st.AccountLinks(t.Context(), "s")
	require.NoError(t, err)
	link, known := links.Known[identity]
	return known && link.Account == 0
}

func TestWhomTheRosterHasIsRememberedToHaveUnlinked(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	keep := linked(1, 700_101, -9)
	takeLinks(t, st, complete(0, keep, linked(2, 700_102, -9), linked(99, 700_199, -9)))
	require.Len(t, takeLinks(t, st, complete(1, keep)).Change.Unlinked, 2)

	require.Zero(t, takeLinks(t, st, changes(91*days, keep)).Change, "changes forget nobody")
	taken := takeLinks(t, st, complete(92*days, keep))
	require.Equal(t, []string{"identity-99"}, taken.Change.Forgotten, "the roster has no such identity")
	require.True(t, unlinkedSince(t, st, "identity-02"))
	require.Empty(t, taken.People)

	gone := reading(t, "two", 1)
	_, err := st.SaveReading(t.Context(), gone)
	require.NoError(t, err)
	require.Zero(t, takeLinks(t, st, complete(92*days+1, keep)).Change, "the roster is opened once a day")
	require.Equal(t, []string{"identity-02"}, takeLinks(t, st, complete(93*days, keep)).Change.Forgotten)
	require.False(t, unlinkedSince(t, st, "identity-02"))
}

func TestWithoutARosterNobodyIsForgotten(t *testing.T) {
	t.Parallel()
	st := setup(t)
	takeLinks(t, st, complete(0, linked(1, 700_101, -9)))
	takeLinks(t, st, complete(1))
	require.Zero(t, takeLinks(t, st, complete(100*days)).Change)
	require.True(t, unlinkedSince(t, st, "identity-01"))
}

func TestLossesAreRememberedFromReadingToReading(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	takeLinks(t, st, complete(0, everybody(0, 30, -9)...))
	takeLinks(t, st, complete(1, everybody(2, 28, -9)...))
	takeLinks(t, st, changes(2))
	takeLinks(t, st, complete(3, everybody(4, 26, -9)...))
	links, err := st.AccountLinks(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, accounts.Losses{Since: minute(1).Add(time.Second), Linked: 30, Lost: 4}, links.Losses)

	var bad *accounts.BadReadError
	_, err = st.TakeLinks(t.Context(), "s", since(linksState(t, st).AsOf, complete(4, everybody(5, 25, -9)...)), accounts.Options{}, true)
	require.ErrorAs(t, err, &bad)
	require.Equal(t, 1, bad.Loss)
	require.Contains(t, bad.Problem, "5 of 30")
}

func TestWhatMayBeAcceptedIsWhatSomebodyWasShown(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	p := store.Problem{Code: "links-unreadable", Message: "so many"}
	refused := func(loss int, shown bool) int {
		t.Helper()
		require.NoError(t, st.SetLinksRefused(t.Context(), "s", p, loss, shown))
		require.Equal(t, &p, linksState(t, st).Problem)
		return linksState(t, st).RefusedLoss
	}
	require.Equal(t, 12, refused(12, false), "the first")
	require.Equal(t, 12, refused(100, false), "more than anybody has been shown")
	require.Equal(t, 7, refused(7, false))
	require.Equal(t, 100, refused(100, true))
	require.NoError(t, st.SetLinksProblem(t.Context(), "s", store.Problem{Code: "portal-unavailable"}))
	require.Equal(t, 100, linksState(t, st).RefusedLoss, "other trouble does not change it")
	takeLinks(t, st, complete(0, linked(1, 700_101, -9)))
	require.Zero(t, linksState(t, st).RefusedLoss, "a good reading does")
	require.Equal(t, 30, refused(30, false))
	takeLinks(t, st, changes(1))
	require.Zero(t, linksState(t, st).RefusedLoss)
}

// What was read before the school was called otherwise is another organisation's.
func TestAReadingOfAnotherOrganisationIsNotTaken(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	ctx := t.Context()
	began := since(linksState(t, st).AsOf, complete(0, linked(1, 700_101, -9)))
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", PortalID: "portal-7"}))
	taken, err := st.TakeLinks(ctx, "s", began, accounts.Options{}, true)
	require.NoError(t, err)
	require.Equal(t, store.LinksTaken{Overtaken: true}, taken)
	require.Equal(t, store.LinksState{School: "s"}, linksState(t, st))
	began.Organisation = "portal-7"
	taken, err = st.TakeLinks(ctx, "s", began, accounts.Options{}, true)
	require.NoError(t, err)
	require.True(t, taken.Change.First)
}

// A school gets another name while a reading is being taken: whoever comes first, no link of the old name stays.
func TestANewNameAndAReadingAtOnce(t *testing.T) {
	t.Parallel()
	st, url := setupLinks(t)
	ctx := t.Context()
	conn := raw(t, url)
	tx, err := conn.Begin(ctx)
	require.NoError(t, err)
	// As TakeLinks does.
	_, err = tx.Exec(ctx, `SELECT FROM schools WHERE id = 's' FOR SHARE`)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, `INSERT INTO account_links (school_id, as_of) VALUES ('s', now())`)
	require.NoError(t, err)
	added := make(chan error)
	go func() {
		added <- st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", PortalID: "portal-7"})
	}()
	watcher := raw(t, url)
	require.Eventually(t, func() bool {
		return len(texts(t, watcher, `SELECT 'x' FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)) == 1
	}, 10*time.Second, 5*time.Millisecond, "it waits")
	require.NoError(t, tx.Commit(ctx))
	require.NoError(t, <-added)
	require.Equal(t, store.LinksState{School: "s"}, linksState(t, st))
}
