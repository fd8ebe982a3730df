package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/portal"
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
	require.Equal(t, []school.District{{ID: "d", Name: "Renamed", Titles: titles, TimeZone: "Europe/Moscow", Nightly: "30 2 * * *"}}, districts)

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

func TestTimesOfADistrict(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	times := func() (zone, nightly string) {
		d, err := st.District(ctx, "d")
		require.NoError(t, err)
		s, err := st.School(ctx, "s")
		require.NoError(t, err)
		require.Equal(t, d.TimeZone, s.TimeZone)
		return d.TimeZone, d.Nightly
	}
	require.NoError(t, st.SetDistrictTimes(ctx, "d", "Asia/Yekaterinburg", ""))
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d", Name: "Again"}))
	zone, nightly := times()
	require.Equal(t, "Asia/Yekaterinburg", zone, "registering again resets nothing")
	require.Empty(t, nightly)
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d", Name: "Again", TimeZone: "UTC", Nightly: "0 3 * * *"}))
	zone, nightly = times()
	require.Equal(t, "UTC", zone)
	require.Equal(t, "0 3 * * *", nightly)
	require.ErrorContains(t, st.SetDistrictTimes(ctx, "d", "Moscow", ""), "Europe/Moscow")
	require.ErrorContains(t, st.SetDistrictTimes(ctx, "d", "UTC", "0 0 30 2 *"), "never comes")
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetDistrictTimes(ctx, "nowhere", "UTC", ""), &missing)
}

func TestScheduleOfASchool(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	schedule := func() school.Schedule {
		s, err := st.School(ctx, "s")
		require.NoError(t, err)
		return s.Schedule
	}
	require.Equal(t, school.DefaultSchedule(), schedule())
	for _, s := range []school.Schedule{
		{Cron: "*/15 7-18 * * 1-5", Paused: "exams"}, {Every: school.Interval(90 * time.Second)}, {Continuous: true}, {Off: true},
	} {
		require.NoError(t, st.SetSchedule(ctx, "s", s))
		require.Equal(t, s, schedule())
	}
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", Name: "Renamed"}))
	require.Equal(t, school.Schedule{Off: true}, schedule(), "registering again keeps the schedule")
	require.ErrorContains(t, st.SetSchedule(ctx, "s", school.Schedule{}), "exactly one of")
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetSchedule(ctx, "nowhere", school.DefaultSchedule()), &missing)
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
	require.Equal(t, &store.Community{Messenger: messenger.VK, ID: 42, Token: "the-token", Adding: "denied"}, community)

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

func TestTwoSchoolsThatThePortalCallsTheSame(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	called := func(id school.ID) string {
		t.Helper()
		organisation, err := st.Organisation(ctx, id)
		require.NoError(t, err)
		return organisation
	}
	require.Equal(t, "org-1", called("s"))
	require.NoError(t, st.AddFeed(ctx, "g", "d", "/srv/other"))
	other := school.School{ID: "a", District: "d", Feed: "g", SourceID: "org-1", Name: "Other"}
	require.NoError(t, st.AddSchool(ctx, other))
	shared := func() {
		t.Helper()
		for _, id := range []school.ID{"s", "a"} {
			_, err := st.Organisation(ctx, id)
			require.Equal(t, portal.CodeShared, portal.CodeOf(err))
			require.ErrorContains(t, err, "schools a and s have the same organisation")
			require.ErrorContains(t, err, "rollcall school add … --portal-id")
			require.NotContains(t, err.Error(), "org-1")
		}
	}
	shared()
	other.PortalID = "portal-7"
	require.NoError(t, st.AddSchool(ctx, other))
	require.Equal(t, []string{"org-1", "portal-7"}, []string{called("s"), called("a")})
	other.SourceID, other.PortalID = "org-9", "org-1"
	require.NoError(t, st.AddSchool(ctx, other))
	shared()
	other.PortalID = ""
	require.NoError(t, st.AddSchool(ctx, other))
	require.Equal(t, []string{"org-1", "org-9"}, []string{called("s"), called("a")})

	_, err := st.Organisation(ctx, "nowhere")
	var missing *store.NotFoundError
	require.ErrorAs(t, err, &missing)
}
