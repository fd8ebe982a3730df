package portal_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	port "github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

func TestEverythingSurvivesAKill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.register("sch-18")
	b.link("p-1", 11)
	since := b.page(port.Query{}).AsOf
	b.link("p-2", 22)
	b.link("p-3", 33)
	b.unlink("p-3")
	call := b.callOf("c1", "p-1")
	require.NoError(t, b.PutCall(ctx, school, call))
	call.Link += "x"
	require.NoError(t, b.PutCall(ctx, school, call))
	gone := b.callOf("c2")
	require.NoError(t, b.PutCall(ctx, school, gone))
	require.NoError(t, b.RemoveCall(ctx, school, "c2"))
	require.NoError(t, b.PutChats(ctx, school, []port.Chat{chatOf("a", "p-1"), chatOf("b")}))
	require.NoError(t, b.RemoveChat(ctx, school, "b"))
	before := b.state()
	require.Equal(t, 2, before.Calls[0].LinksShown)
	changes := b.page(port.Query{Since: since}).Links
	require.Len(t, changes, 2)

	for _, when := range []string{"from the changes", "from the compacted journal"} {
		b.open(-1)
		require.Equal(t, before, b.state(), when)
		require.Equal(t, changes, b.page(port.Query{Since: since}).Links, when)
		_, err := b.Check(ctx, "sch-18")
		require.NoError(t, err, when)
		require.NoError(t, b.PutCall(ctx, school, call), when)
		require.NoError(t, b.PutChats(ctx, school, []port.Chat{chatOf("a", "p-1")}), when)
		require.Equal(t, before, b.state(), when)
	}
	gone.Link += "y"
	require.NoError(t, b.PutCall(ctx, school, gone))
	require.Equal(t, []int{2, 2}, []int{b.state().Calls[1].LinksShown, b.state().Calls[1].Changes}, "what was shown before is remembered")
}

func TestTheJournalIsCompactedAtTheStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	call := b.callOf("c1")
	for range 50 {
		call.Starts = call.Starts.Add(time.Second)
		require.NoError(t, b.PutCall(t.Context(), school, call))
	}
	lines := func() int {
		content, err := os.ReadFile(b.journal)
		require.NoError(t, err)
		return strings.Count(string(content), "\n")
	}
	require.Equal(t, 52, lines())
	b.open(-1)
	require.Equal(t, 3, lines(), "key, organisation, call")
}

func TestAnAnswerIsGivenOnlyForWhatIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.Close())
	err := b.PutCall(t.Context(), school, b.callOf("c1"))
	require.Equal(t, port.CodeUnavailable, port.CodeOf(err))
	require.Empty(t, b.state().Calls)
	require.Equal(t, http.StatusInternalServerError, b.ask(http.MethodPut, at+"/chats",
		`{"chats":[{"key":"a","type":"t","title":"x","link":"https://x.example","audience":[]}]}`).Status)
	require.NoError(t, b.RemoveCall(t.Context(), school, "c1"), "there is nothing to keep")
	_, err = b.LinkAccounts(portal.Linking{Organisation: school, Identity: "p-1", Account: 1})
	require.Error(t, err)
	require.Empty(t, b.state().Links)
}

func TestAJournalOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	for _, line := range []string{`{}`, `{"link":{"organisation":"x"}}`, `{"call":{"organisation":"x"}}`, `{"chat":{"organisation":"x"}}`} {
		b := setup(t)
		require.NoError(t, os.WriteFile(b.journal, []byte(line+"\n"), 0o600))
		_, err := portal.Open(portal.Options{Journal: b.journal, Log: traffic.NewLog(), Faults: &traffic.Faults{}})
		require.ErrorContains(t, err, "line 1")
	}
}

func TestActsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	linking := func(edit func(*portal.Linking)) portal.Linking {
		l := portal.Linking{Organisation: school, Links: []portal.Account{{Identity: "p-1", Account: 1}, {Identity: "p-2", Account: 2}}}
		edit(&l)
		return l
	}
	for name, wrong := range map[string]portal.Linking{
		"nobody":          linking(func(l *portal.Linking) { l.Links = nil }),
		"no account":      linking(func(l *portal.Linking) { l.Links[1].Account = 0 }),
		"a group":         linking(func(l *portal.Linking) { l.Links[1].Account = -5 }),
		"no identity":     linking(func(l *portal.Linking) { l.Account = 7 }),
		"somebody twice":  linking(func(l *portal.Linking) { l.Links[1].Identity = "p-1" }),
		"outside as well": linking(func(l *portal.Linking) { l.Identity, l.Account = "p-2", 3 }),
	} {
		_, err := b.LinkAccounts(wrong)
		require.ErrorIs(t, err, portal.ErrInvalid, name)
	}
	_, err := b.LinkAccounts(linking(func(l *portal.Linking) { l.Organisation = "none" }))
	require.ErrorIs(t, err, portal.ErrUnknown)
	require.Empty(t, b.state().Links)
	linked, err := b.LinkAccounts(linking(func(l *portal.Linking) { l.Identity, l.Account = "p-3", 1 }))
	require.NoError(t, err)
	require.Equal(t, 3, linked.Changed)
	linked, err = b.LinkAccounts(linking(func(l *portal.Linking) { l.Links[0].Account = 9 }))
	require.NoError(t, err)
	require.Equal(t, 1, linked.Changed)

	for _, p := range []portal.Person{{Organisation: "none", Identity: "p-1"}, {Organisation: school, Identity: "p-9"}} {
		_, err = b.UnlinkAccount(p)
		require.ErrorIs(t, err, portal.ErrUnknown)
	}
	_, err = b.Seen(portal.Person{Organisation: "none", Identity: "p-1"})
	require.ErrorIs(t, err, portal.ErrUnknown)
	_, err = b.State("none")
	require.ErrorIs(t, err, portal.ErrUnknown)
	_, err = b.RegisterKey(portal.Key{ID: "x"})
	require.ErrorIs(t, err, portal.ErrInvalid)
	_, err = b.RegisterOrganisation(portal.Organisation{Organisation: "x"})
	require.ErrorIs(t, err, portal.ErrInvalid)
}
