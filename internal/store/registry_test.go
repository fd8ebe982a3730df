package store_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestMigrateTwiceAndByTwoAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var group sync.WaitGroup
	applied := make([]int, 4)
	for i := range applied {
		st := open(t, url)
		group.Go(func() {
			versions, err := st.Migrate(t.Context())
			if err != nil {
				t.Error(err)
			}
			applied[i] = len(versions)
		})
	}
	group.Wait()
	total := 0
	for _, n := range applied {
		total += n
	}
	require.Positive(t, total)
	again, err := open(t, url).Migrate(t.Context())
	require.NoError(t, err)
	require.Empty(t, again, "a second run has nothing to do")
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	titles := school.Titles{Parents: "{class}: родители"}
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d", Name: "Renamed", Titles: titles}))
	districts, err := st.Districts(ctx)
	require.NoError(t, err)
	require.Equal(t, []school.District{{ID: "d", Name: "Renamed", Titles: titles}}, districts)

	s, err := st.School(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, titles, s.DistrictTitles)
	require.True(t, s.SubjectChats)
	require.False(t, s.TokenSet)

	var missing *store.NotFoundError
	_, err = st.School(ctx, "nowhere")
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "rollcall school add")
	require.ErrorAs(t, st.AddFeed(ctx, "f2", "nowhere", "/"), &missing)
	require.ErrorAs(t, st.AddSchool(ctx, school.School{ID: "s2", District: "d", Feed: "nowhere"}), &missing)
	require.ErrorContains(t, st.AddSchool(ctx, school.School{ID: "s2", District: "d", Feed: "f", SourceID: "org-1"}), `source id "org-1" already`)
}

func TestTokenIsSealedAndOpened(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	community, err := st.Community(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, community, "no token yet")

	require.NoError(t, st.SetToken(ctx, "s", 42, "the-token"))
	require.NoError(t, st.SetAdding(ctx, "s", "denied"))
	require.NoError(t, st.SetRefused(ctx, "s", "token-refused"))
	community, err = st.Community(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, &store.Community{ID: 42, Token: "the-token", Adding: "denied"}, community)

	require.NoError(t, st.SetToken(ctx, "s", 42, "another"))
	row, err := st.School(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, row.Adding, "what a new token may do is to be found out")
	require.Empty(t, row.Refused)
}

func TestWithoutKeysetNothingSealedIsTouched(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	st, err := store.Open(t.Context(), url, nil)
	require.NoError(t, err)
	t.Cleanup(st.Close)
	_, err = st.Migrate(t.Context())
	require.NoError(t, err)
	require.NoError(t, st.AddDistrict(t.Context(), school.District{ID: "d"}))
	require.NoError(t, st.AddFeed(t.Context(), "f", "d", "/"))
	require.NoError(t, st.AddSchool(t.Context(), school.School{ID: "s", District: "d", Feed: "f"}))
	require.ErrorIs(t, st.SetToken(t.Context(), "s", 1, "t"), secret.ErrNoKeyset)
}

func TestOpenNeverQuotesTheURL(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "postgres://user:hunter2@host:not-a-port/db", nil)
	require.ErrorContains(t, err, "ROLLCALL_DATABASE_URL")
	require.NotContains(t, err.Error(), "hunter2")
	_, err = store.Open(t.Context(), "", nil)
	require.ErrorIs(t, err, store.ErrNoDatabase)
}

func TestReadings(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	changed, err := st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	require.Equal(t, []school.ID{"s"}, changed)
	changed, err = st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	require.Equal(t, []school.ID{"s"}, changed, "no pass has worked from it: its request may have been lost")
	part, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: "part", Scope: map[string]any{"types": []string{"parents"}}})
	require.NoError(t, err)
	require.NoError(t, st.SetPassSnapshot(ctx, "s", part, "one"))
	changed, err = st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	require.Equal(t, []school.ID{"s"}, changed, "a pass over a part of the school does not count")
	require.NoError(t, st.SetPassSnapshot(ctx, "s", beginPass(t, st), "one"))
	changed, err = st.SaveReading(ctx, reading(t, "one", 3))
	require.NoError(t, err)
	require.Empty(t, changed, "the same roster again changes nothing")

	roster, err := st.Roster(ctx, "s", "one")
	require.NoError(t, err)
	require.Len(t, roster.People, 3)

	_, err = st.SaveReading(ctx, store.Reading{Feed: "f", Fingerprint: "bad", Problem: &store.Problem{Code: "C", Message: "cut"}})
	require.NoError(t, err)
	feed, err := st.Feed(ctx, "f")
	require.NoError(t, err)
	require.Equal(t, &store.Problem{Code: "C", Message: "cut"}, feed.Problem)
	require.Equal(t, "bad", feed.Fingerprint)
	row, err := st.School(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, "one", row.Snapshot, "a bad reading changes nothing")

	partial := reading(t, "two", 3)
	partial.Schools[0] = store.SchoolReading{School: "s", Problem: &store.Problem{Code: "R", Message: "not in the feed"}}
	changed, err = st.SaveReading(ctx, partial)
	require.NoError(t, err)
	require.Empty(t, changed)
	row, err = st.School(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, "one", row.Snapshot)
	require.Equal(t, "not in the feed", row.Problem.Message)
}

func TestOnlyTheLastSnapshotsAreKept(t *testing.T) {
	t.Parallel()
	st := setup(t)
	digests := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
	for _, digest := range digests {
		_, err := st.SaveReading(t.Context(), reading(t, digest, 1))
		require.NoError(t, err)
	}
	var missing *store.NotFoundError
	_, err := st.Roster(t.Context(), "s", "a")
	require.ErrorAs(t, err, &missing)
	for _, digest := range digests[2:] {
		_, err := st.Roster(t.Context(), "s", digest)
		require.NoError(t, err, digest)
	}
}
