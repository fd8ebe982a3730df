package portal_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	port "github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
)

// linkMany links p-0001 to p-<n> at once.
func (b *bench) linkMany(n int) {
	b.t.Helper()
	linked, err := b.LinkAccounts(portal.Linking{Organisation: school, Links: lo.Times(n, func(i int) portal.Account {
		return portal.Account{Identity: fmt.Sprintf("p-%04d", i+1), Account: int64(i + 1)}
	})})
	require.NoError(b.t, err)
	require.Equal(b.t, portal.Linked{Changed: n}, linked)
}

func (b *bench) page(q port.Query) port.Page {
	b.t.Helper()
	page, err := b.Page(b.t.Context(), school, q)
	require.NoError(b.t, err)
	return page
}

func identities(pages ...port.Page) []string {
	return lo.FlatMap(pages, func(p port.Page, _ int) []string {
		return lo.Map(p.Links, func(l port.Link, _ int) string { return l.Identity })
	})
}

func TestAReadingHasAllLinksThatThereAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("sch-18")
	_, err := b.LinkAccounts(portal.Linking{Organisation: "sch-18", Identity: "p-9", Account: 9})
	require.NoError(t, err)
	empty := b.page(port.Query{})
	require.Empty(t, empty.Links)
	require.Zero(t, empty.Total)

	b.clock.advance(time.Minute)
	linked := b.clock.Now().UTC()
	b.link("p-2", 22)
	b.link("p-1", 22)
	b.link("p-3", 33)
	b.unlink("p-3")
	page := b.page(port.Query{})
	require.Equal(t, []port.Link{
		{Identity: "p-1", Account: 22, At: linked.Add(time.Microsecond)}, {Identity: "p-2", Account: 22, At: linked},
	}, page.Links)
	require.Equal(t, []any{2, ""}, []any{page.Total, page.Next})
	require.True(t, page.AsOf.After(linked))
}

func TestAReadingOfChangesHasEverybodyOnceAsTheyAreNow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.link("stays", 1)
	b.link("moves", 2)
	b.link("goes", 3)
	since := b.page(port.Query{}).AsOf
	b.link("stays", 1)
	b.link("moves", 4)
	b.link("moves", 5)
	b.unlink("goes")
	b.link("comes", 6)
	b.link("comes and goes", 7)
	b.unlink("comes and goes")

	page := b.page(port.Query{Since: since})
	accounts := lo.SliceToMap(page.Links, func(l port.Link) (string, int64) {
		require.True(t, l.At.After(since))
		return l.Identity, int64(l.Account)
	})
	require.Equal(t, map[string]int64{"moves": 5, "goes": 0, "comes": 6, "comes and goes": 0}, accounts)
	require.Equal(t, 4, page.Total)
	require.Empty(t, b.page(port.Query{Since: page.AsOf}).Links)
}

func TestPagesStandStillWhileLinksChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.linkMany(1100)
	first := b.page(port.Query{})
	b.unlink("p-0001")
	b.unlink("p-0501")
	b.link("p-0500a", 9)
	b.link("p-0700", 7)
	second := b.page(port.Query{Cursor: first.Next})
	require.Equal(t, second, b.page(port.Query{Cursor: first.Next}), "a page may be asked for again")
	third := b.page(port.Query{Cursor: second.Next})

	require.Equal(t, []int{500, 500, 100}, []int{len(first.Links), len(second.Links), len(third.Links)})
	for i, identity := range identities(first, second, third) {
		require.Equal(t, fmt.Sprintf("p-%04d", i+1), identity)
	}
	require.Empty(t, third.Next)
	for _, page := range []port.Page{second, third} {
		require.Equal(t, []any{first.AsOf, 1100}, []any{page.AsOf, page.Total})
	}
	require.Equal(t, []string{"p-0001", "p-0500a", "p-0501", "p-0700"}, identities(b.page(port.Query{Since: first.AsOf})))
}

func TestCursorsExpire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register("sch-18")
	b.linkMany(3)
	expired := func(target, cursor string) {
		t.Helper()
		a := b.ask(http.MethodGet, target+"/account-links?cursor="+url.QueryEscape(cursor), "")
		require.Equal(t, []any{http.StatusGone, "cursor-expired"}, []any{a.Status, a.Code})
	}
	first := b.ask(http.MethodGet, at+"/account-links?limit=2", "")
	require.Len(t, first.Links, 2)
	last := b.ask(http.MethodGet, at+"/account-links?limit=2&cursor="+first.Next, "")
	require.Equal(t, []any{1, "", 3}, []any{len(last.Links), last.Next, last.Total})

	expired("/portal/v1/organisations/sch-18", first.Next)
	expired(at, "no such")
	expired(at, "!")
	for range 256 {
		b.ask(http.MethodGet, at+"/account-links?limit=2", "")
	}
	expired(at, first.Next)
	first = b.ask(http.MethodGet, at+"/account-links?limit=2", "")
	b.open(-1)
	expired(at, first.Next)
}

// TestReadingsAddUp: whatever happens between and during readings, one of all links and then those of the
// changes lead to the links that there are.
func TestReadingsAddUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rapid.Check(t, func(rt *rapid.T) {
		organisation := fmt.Sprintf("sch-%d", b.log.Seq())
		b.register(organisation)
		step := func() {
			b.clock.advance(time.Duration(rapid.IntRange(0, 2).Draw(rt, "microseconds")) * time.Microsecond)
			person := portal.Person{Organisation: organisation, Identity: fmt.Sprint("p-", rapid.IntRange(1, 9).Draw(rt, "identity"))}
			if rapid.Bool().Draw(rt, "unlink") {
				_, _ = b.UnlinkAccount(person) // who is not linked need not be
				return
			}
			account := rapid.Int64Range(1, 3).Draw(rt, "account")
			_, err := b.LinkAccounts(portal.Linking{Organisation: organisation, Identity: person.Identity, Account: account})
			require.NoError(rt, err)
		}
		some := func() {
			for range rapid.IntRange(0, 4).Draw(rt, "steps") {
				step()
			}
		}
		known := map[string]int64{}
		since := time.Time{}
		read := func(between func()) {
			query := url.Values{"limit": {fmt.Sprint(rapid.IntRange(1, 5).Draw(rt, "limit"))}}
			if !since.IsZero() {
				query.Set("since", since.Format(time.RFC3339Nano))
			}
			told := map[string]int64{}
			for {
				page := b.ask(http.MethodGet, "/portal/v1/organisations/"+organisation+"/account-links?"+query.Encode(), "")
				for _, l := range page.Links {
					require.NotContains(rt, told, l.Identity, "told twice")
					require.Equal(rt, l.Account == 0, l.LinkedAt.IsZero())
					require.Equal(rt, l.Account == 0, !l.UnlinkedAt.IsZero())
					told[l.Identity] = l.Account
				}
				if page.Next == "" {
					require.Len(rt, told, page.Total)
					since = page.AsOf
					break
				}
				query.Set("cursor", page.Next)
				between()
			}
			maps.Copy(known, told)
			maps.DeleteFunc(known, func(_ string, account int64) bool { return account == 0 })
		}
		for range rapid.IntRange(1, 4).Draw(rt, "readings") {
			some()
			read(some)
			if rapid.Bool().Draw(rt, "restart") {
				b.clock.advance(time.Millisecond)
				b.open(-1)
			}
		}
		read(func() {})
		state, err := b.State(organisation)
		require.NoError(rt, err)
		want := lo.SliceToMap(state.Links, func(l portal.Link) (string, int64) { return l.Identity, l.Account.Account })
		require.Equal(rt, want, known)
	})
}
