package store_test

import (
	"net/url"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestWhoseLinksAreLookedAtBetweenPasses(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	due := func() []store.LinkedSchool {
		ids, err := st.LinksDue(ctx)
		require.NoError(t, err)
		return ids
	}
	require.NoError(t, st.SetSchedule(ctx, "s", school.Schedule{Continuous: true}))
	require.Empty(t, due(), "no token, no roster")
	identified(t, st)
	require.Empty(t, due(), "no token")
	require.NoError(t, st.SetToken(ctx, "s", 42, "token"))
	require.Equal(t, []store.LinkedSchool{{ID: "s"}}, due())
	require.NoError(t, st.SetProxy(ctx, "s", &proxy.Settings{Server: "proxy.example", Port: 3128}))
	require.Equal(t, []store.LinkedSchool{{ID: "s", Proxied: true}}, due())
	for name, schedule := range map[string]school.Schedule{
		"paused":       {Continuous: true, Paused: "exams"},
		"now and then": school.DefaultSchedule(),
		"off":          {Off: true},
	} {
		require.NoError(t, st.SetSchedule(ctx, "s", schedule))
		require.Empty(t, due(), name)
	}
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "a", District: "d", Feed: "f", SourceID: "org-2"}))
	require.NoError(t, st.SetSchedule(ctx, "a", school.Schedule{Continuous: true}))
	require.NoError(t, st.SetToken(ctx, "a", 43, "token"))
	require.Empty(t, due(), "no roster")
}

func TestAnotherOrganisationsLinksAreForgotten(t *testing.T) {
	t.Parallel()
	st, _ := setupLinks(t)
	ctx := t.Context()
	x := school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", Name: "School"}
	for _, change := range []struct {
		name      string
		change    func()
		forgotten bool
	}{
		{"its name", func() { x.Name = "Renamed" }, false},
		{"what it is called anyway", func() { x.PortalID = "org-1" }, false},
		{"its name on the Portal", func() { x.PortalID = "portal-7" }, true},
		{"its name in the feed alone", func() { x.SourceID = "org-9" }, false},
		{"its name in the feed, and so on the Portal", func() { x.PortalID = "" }, true},
	} {
		reading := since(linksState(t, st).AsOf, complete(0, linked(1, 700_101, -9)))
		reading.Organisation = x.Organisation()
		_, err := st.TakeLinks(ctx, "s", reading, accounts.Options{}, false)
		require.NoError(t, err)
		change.change()
		require.NoError(t, st.AddSchool(ctx, x))
		require.Equal(t, change.forgotten, linksState(t, st).CompleteAt == nil, change.name)
		s, err := st.School(ctx, "s")
		require.NoError(t, err)
		require.Equal(t, x, s.School)
		require.Equal(t, lo.CoalesceOrEmpty(x.PortalID, x.SourceID), s.Organisation())
	}
}

// Readings of many schools at once must not wait for each other's connections.
func TestAReadingIsTakenOnOneConnection(t *testing.T) {
	t.Parallel()
	_, address := setupAt(t)
	dsn, err := url.Parse(address)
	require.NoError(t, err)
	query := dsn.Query()
	query.Set("pool_max_conns", "1")
	dsn.RawQuery = query.Encode()
	st := open(t, dsn.String())
	require.NoError(t, st.SetToken(t.Context(), "s", 42, "token"))
	identified(t, st)
	outbox(t, st)
	takeLinks(t, st, complete(0, linked(1, 700_101, -9)))
	require.Len(t, takeLinks(t, st, changes(1, linked(2, 700_102, 1))).People, 1)
	require.Len(t, asked(t, st), 2)
}
