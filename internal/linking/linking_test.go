package linking_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestAllLinksAreReadFirstAndThenWhatHasChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 12)
	first := b.read(linking.Options{})
	require.True(t, first.Complete)
	require.Equal(t, 12, first.Links)
	require.True(t, first.Change.First)
	require.Len(t, b.accounts(), 12)
	require.Equal(t, school.AccountID(7003), b.accounts()[identity(3)])

	b.link(12, 1)
	b.unlink(3)
	second := b.read(linking.Options{})
	require.False(t, second.Complete)
	require.Equal(t, 2, second.Links, "only what has changed")
	require.Equal(t, accounts.Change{Linked: []string{identity(12)}, Unlinked: []string{identity(3)}}, second.Change)
	require.Equal(t, school.AccountID(0), b.accounts()[identity(3)])
	require.Equal(t, 12, b.state().Linked)

	third := b.read(linking.Options{})
	require.Zero(t, third.Links)
	require.Zero(t, third.Change)
	require.False(t, third.Overtaken)
}

func TestWhenAllLinksAreReadAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 3)
	b.read(linking.Options{})
	b.now = b.now.Add(24 * time.Hour)
	require.False(t, b.read(linking.Options{}).Complete)
	b.now = b.now.Add(time.Second)
	again := b.read(linking.Options{})
	require.True(t, again.Complete, "after a day")
	require.Equal(t, 3, again.Links)
	require.Zero(t, again.Change)
	require.False(t, b.read(linking.Options{}).Complete)
	require.True(t, b.read(linking.Options{Complete: true}).Complete, "on request")
	require.WithinDuration(t, b.now, *b.state().CompleteAt, time.Millisecond)
}

func TestAChangeWhilePagesAreReadIsInTheNextReading(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 1001)
	beats := 0
	first := b.read(linking.Options{Beat: func() {
		if beats++; beats == 1 {
			b.link(2000, 1)
			b.unlink(900)
		}
	}})
	require.Equal(t, 3, beats, "500 links make a page")
	require.Equal(t, 1001, first.Links)
	require.Equal(t, school.AccountID(7900), b.accounts()[identity(900)])
	second := b.read(linking.Options{})
	require.Equal(t, accounts.Change{Linked: []string{identity(2000)}, Unlinked: []string{identity(900)}}, second.Change)
	require.Equal(t, 1001, b.state().Linked)
}

func TestPagesThatDoNotFitTogether(t *testing.T) {
	t.Parallel()
	page := func(n, total int, asOf, next string) string {
		return fmt.Sprintf(`{"links":[{"identity":"PRIVATE-%d","account":%d,"linkedAt":"2026-08-30T10:00:00Z"}],"total":%d,"asOf":"2026-09-01T07:%sZ","next":%q}`,
			n, 7000+n, total, asOf, next)
	}
	for name, tc := range map[string]struct {
		pages []string
		code  string
		says  string
	}{
		"another total":        {[]string{page(1, 2, "30:00", "a"), page(2, 3, "30:00", "")}, string(portal.CodeIncomplete), "of different readings"},
		"another time":         {[]string{page(1, 2, "30:00", "a"), page(2, 2, "30:01", "")}, string(portal.CodeIncomplete), "of different readings"},
		"fewer than there are": {[]string{page(1, 3, "30:00", "a"), page(2, 3, "30:00", "")}, linking.ProblemUnreadable, "2 links were read"},
		"two accounts": {
			[]string{page(1, 2, "30:00", "a"), `{"links":[{"identity":"PRIVATE-1","account":8,"linkedAt":"2026-08-30T10:00:00Z"}],"total":2,"asOf":"2026-09-01T07:30:00Z"}`},
			linking.ProblemUnreadable, "several accounts",
		},
		"no page at all": {[]string{`{}`}, string(portal.CodeIncomplete), "how many there are"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.Reader = b.reader(fixed(tc.pages...))
			problem, _ := b.refused(linking.Options{})
			require.Equal(t, tc.code, problem.Code)
			require.Contains(t, problem.Message, tc.says)
			require.Empty(t, b.accounts())
		})
	}
}

func TestPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	n := 0
	b.Reader = b.reader(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		_, _ = fmt.Fprintf(w, `{"links":[],"total":1,"asOf":"2026-09-01T07:30:00Z","next":"%d"}`, n)
	}))
	problem, _ := b.refused(linking.Options{})
	require.Equal(t, string(portal.CodeIncomplete), problem.Code)
	require.Contains(t, problem.Message, "have no end")
	require.Equal(t, 1000, n)
}

func TestTroubleIsRecordedUntilAGoodReading(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault traffic.Fault
		code  portal.Code
	}{
		"the Portal is down":       {traffic.Fault{Mode: traffic.ModeHTTP500}, portal.CodeUnavailable},
		"it hangs up":              {traffic.Fault{Mode: traffic.ModeDrop, Times: 5}, portal.CodeUnavailable},
		"it has had enough":        {traffic.Fault{Mode: traffic.ModeError, ErrorCode: 429}, portal.CodeRateLimited},
		"it knows no such school":  {traffic.Fault{Mode: traffic.ModeError, ErrorCode: 404}, portal.CodeUnknown},
		"on the second page":       {traffic.Fault{Mode: traffic.ModeHTTP500, Skip: 1}, portal.CodeUnavailable},
		"the second page is stale": {traffic.Fault{Mode: traffic.ModeError, ErrorCode: 410, Skip: 1}, portal.CodeIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.link(0, 20)
			b.read(linking.Options{})
			b.link(100, 600)
			tc.fault.Method = "portal.links"
			require.NoError(t, b.faults.Add(tc.fault))
			problem, err := b.refused(linking.Options{Complete: true})
			require.Equal(t, tc.code, errorOf[*portal.Error](t, err).Code)
			require.Equal(t, string(tc.code), problem.Code)
			require.Contains(t, problem.Message, string(tc.code))
			require.Len(t, b.accounts(), 20)
			b.faults.Clear()
			b.read(linking.Options{})
			require.Len(t, b.accounts(), 620, "what was missed is made good")
		})
	}
}

func TestABadKeyAndAnUnknownSchool(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.Store.AddSchool(t.Context(), school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", PortalID: "elsewhere"}))
	problem, _ := b.refused(linking.Options{})
	require.Equal(t, string(portal.CodeUnknown), problem.Code)

	other := setup(t)
	other.Reader = other.reader(fixed(""))
	_, err := other.Read(t.Context(), "nowhere", linking.Options{})
	var missing *store.NotFoundError
	require.ErrorAs(t, err, &missing)
}

func TestSoManyUndoneLinksAreNotBelieved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 10)
	b.read(linking.Options{})
	for i := range 5 {
		b.unlink(i)
	}
	problem, err := b.refused(linking.Options{})
	require.Contains(t, errorOf[*accounts.BadReadError](t, err).Problem, "5 of 10")
	require.Equal(t, linking.ProblemUnreadable, problem.Code)
	require.Contains(t, problem.Message, "rollcall accounts read SCHOOL --accept-drop")
	require.Equal(t, 10, b.state().Linked)
	require.Equal(t, 5, b.state().RefusedLoss)
	require.Len(t, b.read(linking.Options{AcceptLoss: 5}).Change.Unlinked, 5)
	require.Equal(t, 5, b.state().Linked)
	require.Zero(t, b.state().RefusedLoss)
}

// Between the reading that was seen refused and the one that is accepted more links may go.
func TestNoMoreUndoneLinksAreAcceptedThanWereSeen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 20)
	b.read(linking.Options{})
	unlink := func(from, n int) {
		for i := range n {
			b.unlink(from + i)
		}
	}
	unlink(0, 6)
	b.refused(linking.Options{})
	unlink(6, 10)
	b.refused(linking.Options{})
	require.Equal(t, 6, b.state().RefusedLoss, "nobody has been shown the others")
	problem, _ := b.refused(linking.Options{AcceptLoss: 6, Shown: true})
	require.Contains(t, problem.Message, "16 of 20 linked identities would be unlinked, and 6 were accepted")
	require.Equal(t, 16, b.state().RefusedLoss)
	require.Len(t, b.read(linking.Options{AcceptLoss: 16, Shown: true}).Change.Unlinked, 16)
}

// A Portal that loses a few links with each reading is found out.
func TestLinksThatGoAFewAtATimeAreNotBelieved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 30)
	b.read(linking.Options{})
	for i := range 4 {
		b.now = b.now.Add(10 * time.Second)
		b.unlink(i)
		require.Len(t, b.read(linking.Options{}).Change.Unlinked, 1)
	}
	b.now = b.now.Add(10 * time.Second)
	b.unlink(4)
	problem, _ := b.refused(linking.Options{})
	require.Contains(t, problem.Message, "5 of 30 linked identities would be unlinked within a day, 1 of them now")
	b.now = b.now.Add(24 * time.Hour)
	require.Len(t, b.read(linking.Options{}).Change.Unlinked, 1)
}

func TestTwoSchoolsOfOneNameOnThePortalAreNotRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.link(0, 3)
	require.NoError(t, b.Store.AddFeed(ctx, "g", "d", "/srv/other"))
	other := school.School{ID: "other", District: "d", Feed: "g", SourceID: organisation, Name: "Other"}
	require.NoError(t, b.Store.AddSchool(ctx, other))
	for _, id := range []school.ID{"s", "other"} {
		_, err := b.Read(ctx, id, linking.Options{})
		require.Equal(t, portal.CodeShared, portal.CodeOf(err))
		state, err := b.Store.LinksState(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "portal-shared", state.Problem.Code)
		require.Contains(t, state.Problem.Message, "schools other and s")
		require.Nil(t, state.CompleteAt)
	}
	require.Empty(t, b.log.Entries(0, 0), "the Portal is not asked")
	other.PortalID = "portal-18"
	require.NoError(t, b.Store.AddSchool(ctx, other))
	require.Equal(t, 3, b.read(linking.Options{}).Links)
}

func TestASchoolThatGetsAnotherNameWhileItIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 3)
	result := b.read(linking.Options{Beat: func() {
		require.NoError(t, b.Store.AddSchool(t.Context(), school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", PortalID: "portal-18"}))
	}})
	require.True(t, result.Overtaken)
	require.Empty(t, b.accounts())
}

func TestWhoGivesUpRecordsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 600)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := b.Read(ctx, "s", linking.Options{Beat: cancel})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, store.LinksState{School: "s"}, b.state())
}

func TestAnOvertakenReadingIsNoTrouble(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link(0, 3)
	inner := false
	outer := b.read(linking.Options{Beat: func() {
		if !inner {
			inner = true
			b.link(3, 1)
			require.Len(t, b.read(linking.Options{}).Change.Linked, 4)
		}
	}})
	require.True(t, outer.Overtaken)
	require.Zero(t, outer.Change)
	require.Len(t, b.accounts(), 4, "what is known already stays")
}

func TestAskIsPassedOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	require.NoError(t, b.Store.SetToken(ctx, "s", 42, "token"))
	roster := school.Roster{People: []school.Person{{ID: "ann", Portal: identity(1)}}}
	_, err := b.Store.SaveReading(ctx, store.Reading{
		Feed: "f", Fingerprint: "x", Receipt: []byte(`{}`), Schools: []store.SchoolReading{{School: "s", Roster: &roster, Digest: "one"}},
	})
	require.NoError(t, err)
	asked := func() (scopes []string) {
		require.NoError(t, b.Store.Relay(ctx, "s", func(_ context.Context, wanted []store.Wanted) error {
			for _, w := range wanted {
				scopes = append(scopes, string(w.Scope))
			}
			return nil
		}))
		return scopes
	}
	asked()
	b.read(linking.Options{})
	require.Empty(t, asked())
	b.link(1, 1)
	require.Equal(t, []school.PersonID{"ann"}, b.read(linking.Options{Ask: true}).People)
	require.Equal(t, []string{`{"people": ["ann"]}`}, asked())
}
