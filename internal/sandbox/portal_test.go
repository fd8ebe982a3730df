package sandbox_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	port "github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

const organisation = "sch-17"

// portal registers an organisation and gives the real adapter's way to it.
func (b *bench) portal() *rest.Client {
	b.t.Helper()
	_, err := b.RegisterPortalKey(b.t.Context(), portal.Key{ID: "rollcall", Secret: "hush"})
	require.NoError(b.t, err)
	_, err = b.RegisterOrganisation(b.t.Context(), portal.Organisation{Organisation: organisation, Name: "School"})
	require.NoError(b.t, err)
	client, err := rest.New(rest.Config{BaseURL: b.url + "/portal", KeyID: "rollcall", Secret: "hush"})
	require.NoError(b.t, err)
	return client
}

func lesson() port.Call {
	starts := time.Now().UTC().Truncate(time.Second)
	return port.Call{
		ID: "c1", Title: "Algebra", Starts: starts, Ends: starts.Add(time.Hour), Link: "https://vk.com/call/join/1", Audience: []string{"p-1"},
	}
}

func TestThePortalIsActedOnOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	adapter := b.portal()
	linked, err := b.LinkAccounts(ctx, portal.Linking{Organisation: organisation, Links: []portal.Account{
		{Identity: "p-1", Account: 1}, {Identity: "p-2", Account: 2},
	}})
	require.NoError(t, err)
	require.Equal(t, portal.Linked{Changed: 2}, linked)
	_, err = b.UnlinkAccount(ctx, portal.Person{Organisation: organisation, Identity: "p-2"})
	require.NoError(t, err)
	page, err := adapter.Page(ctx, organisation, port.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{"p-1"}, lo.Map(page.Links, func(l port.Link, _ int) string { return l.Identity }))

	require.NoError(t, adapter.PutCall(ctx, organisation, lesson()))
	state, err := b.PortalState(ctx, organisation)
	require.NoError(t, err)
	inProcess, err := b.server.Portal.State(organisation)
	require.NoError(t, err)
	require.Equal(t, inProcess, state)
	require.Equal(t, []any{"c1", 1, 1}, []any{state.Calls[0].ID, state.Calls[0].LinksShown, state.Calls[0].Changes})
	seen, err := b.PortalSeen(ctx, portal.Person{Organisation: organisation, Identity: "p-1"})
	require.NoError(t, err)
	require.Equal(t, portal.Account{Identity: "p-1", Account: 1}, seen.Account)
	require.Len(t, seen.Calls, 1)
	seen, err = b.PortalSeen(ctx, portal.Person{Organisation: organisation, Identity: "p-2"})
	require.NoError(t, err)
	require.Empty(t, seen.Calls)

	b.vk("groups.getById")
	entries, err := b.PortalRequests(ctx, 0, organisation)
	require.NoError(t, err)
	require.Equal(t, []string{"portal.links", "portal.putCall"}, lo.Map(entries, func(e traffic.Entry, _ int) string { return e.Method }))
	require.NoError(t, b.AddFault(ctx, traffic.Fault{Method: "portal.*", Mode: traffic.ModeError, ErrorCode: http.StatusTooManyRequests}))
	require.Equal(t, port.CodeRateLimited, port.CodeOf(adapter.RemoveCall(ctx, organisation, "c1")))
}

func TestWaitingForACallOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	adapter := b.portal()
	ref := portal.CallRef{Organisation: organisation, Call: "c1"}
	reached, err := b.WaitForPortalCall(ctx, ref, true, time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, sandbox.CallReached{}, reached)

	waited := make(chan sandbox.CallReached, 1)
	go func() {
		reached, err := b.WaitForPortalCall(context.WithoutCancel(ctx), ref, true, time.Minute)
		if err == nil {
			waited <- reached
		}
		close(waited)
	}()
	require.NoError(t, adapter.PutCall(ctx, organisation, lesson()))
	reached = <-waited
	require.True(t, reached.Reached)
	require.Equal(t, "Algebra", reached.Call.Title)
	reached, err = b.WaitForPortalCall(ctx, ref, false, time.Millisecond)
	require.NoError(t, err)
	require.False(t, reached.Reached)
	require.NotNil(t, reached.Call)
}

func TestActsOnThePortalThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	_, err := b.PortalState(ctx, organisation)
	requireStatus(t, http.StatusNotFound, err)
	_, err = b.WaitForPortalCall(ctx, portal.CallRef{Organisation: organisation, Call: "c1"}, true, time.Minute)
	requireStatus(t, http.StatusNotFound, err)
	_, err = b.RegisterPortalKey(ctx, portal.Key{})
	requireStatus(t, http.StatusBadRequest, err)
	b.portal()
	response, err := http.Get(b.url + "/_sandbox/portal/wait?organisation=sch-17&call=c1&visible=perhaps")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
}

func TestTheDataFolderKeepsThePortal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := setupIn(t, dir)
	require.NoError(t, b.portal().PutCall(t.Context(), organisation, lesson()))
	before, err := b.server.Portal.State(organisation)
	require.NoError(t, err)
	require.NoError(t, b.server.Close())

	again, err := sandbox.Open(sandbox.Options{Dir: dir})
	require.NoError(t, err)
	defer func() { _ = again.Close() }()
	after, err := again.Portal.State(organisation)
	require.NoError(t, err)
	require.Equal(t, before, after)
}
