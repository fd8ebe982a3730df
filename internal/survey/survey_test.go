package survey_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

func creations(s survey.Survey) []chats.Key {
	return lo.FilterMap(s.Plan.Operations, func(o reconcile.Operation, _ int) (chats.Key, bool) { return o.Chat, o.Kind == reconcile.Create })
}

func TestNoChatIsMadeBeforeAllLinksHaveBeenRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	waits := func(o survey.Options) bool {
		s := b.take(o)
		notYet := lo.CountBy(s.Desired, func(c chats.Chat) bool { return lo.Contains(c.NotYet, chats.NotYetLinksUnread) })
		require.Contains(t, []int{0, len(s.Desired)}, notYet)
		require.Equal(t, notYet > 0, len(creations(s)) == 0)
		return notYet > 0
	}
	require.False(t, waits(survey.Options{}), "there is no Portal")
	require.True(t, waits(survey.Options{LinksDue: true}))
	b.links(false, portal.Link{Identity: "p-teacher", Account: 1, At: at})
	require.True(t, waits(survey.Options{LinksDue: true}), "changes alone are not all")
	b.links(true, portal.Link{Identity: "p-teacher", Account: 1, At: at})
	require.False(t, waits(survey.Options{LinksDue: true}))
	require.NotNil(t, b.take(survey.Options{}).Links.CompleteAt)
}

// That all links were read counts only together with those links: what is committed in between is the next survey's.
func TestThatAllLinksWereReadIsKnownWithTheLinks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := pgtest.Database(t)
	raw, err := secret.New()
	require.NoError(t, err)
	keys, err := secret.Parse(raw)
	require.NoError(t, err)
	st, err := store.Open(ctx, url, keys)
	require.NoError(t, err)
	t.Cleanup(st.Close)
	_, err = st.Migrate(ctx)
	require.NoError(t, err)
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: "d", Name: "District"}))
	require.NoError(t, st.AddFeed(ctx, "f", "d", "/srv/roster"))
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", Name: "School", SubjectChats: true}))
	b := &bench{Store: st, t: t}
	b.roster(homeroom())
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })

	// What a second look would say of links that the first has not seen.
	_, err = conn.Exec(ctx, `INSERT INTO account_links (school_id, as_of, complete_at) VALUES ('s', now(), now())`)
	require.NoError(t, err)
	s := b.take(survey.Options{LinksDue: true})
	require.NotNil(t, s.Links.CompleteAt)
	require.Empty(t, creations(s))
}

// A chat that is there goes on, whatever was not read.
func TestChatsThatAreThereDoNotWaitForLinks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.make(parents)
	s := b.take(survey.Options{LinksDue: true})
	require.Empty(t, creations(s))
	require.True(t, lo.ContainsBy(s.Plan.Operations, func(o reconcile.Operation) bool { return o.Chat == parents && o.Kind == reconcile.Add }))
}

func TestThePortalsWordGoesBeforeTheRosters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.links(true,
		portal.Link{Identity: "p-linked", Account: 22, At: at}, portal.Link{Identity: "p-unlinked", Account: 4, At: at},
		portal.Link{Identity: "p-teacher", Account: 1, At: at}, portal.Link{Identity: "p-mother", Account: 3, At: at})
	b.links(false, portal.Link{Identity: "p-mother", At: at.AddDate(0, 0, 1)})
	s := b.take(survey.Options{})
	known := lo.SliceToMap(s.Roster.People, func(p school.Person) (school.PersonID, school.AccountID) { return p.ID, p.Account })
	require.Equal(t, map[school.PersonID]school.AccountID{"teacher": 1, "linked": 22, "unlinked": 4, "mother": 0}, known)
	byKey := lo.KeyBy(s.Desired, func(c chats.Chat) chats.Key { return c.Key })
	require.Equal(t, []school.AccountID{1, 4, 22}, lo.Map(byKey[students].Members, func(m chats.Member, _ int) school.AccountID { return m.Account }))
	require.Equal(t, []chats.Missing{{
		Person: "mother", Role: chats.RoleMember, Why: chats.WhyNotLinked,
		Reasons: []chats.Reason{{Code: chats.ReasonGuardian, Of: "linked"}, {Code: chats.ReasonGuardian, Of: "unlinked"}},
	}}, byKey[parents].Missing)
	require.Equal(t, 3, s.Links.Linked)
	stored, err := b.Roster(t.Context(), "s", s.Digest)
	require.NoError(t, err)
	require.Equal(t, homeroom().People, stored.People, "the feed's own roster is as it was read")
}
