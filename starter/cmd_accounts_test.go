package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// setupAccounts gives a school whose people have identities on a Portal where nobody is linked yet:
// person p is p-p there. The choir's pupils have none.
func setupAccounts(t *testing.T) (*bench, *sandbox.Server) {
	t.Helper()
	b := setupDatabase(t)
	b.register()
	b.now = time.Now()
	roster := fixtureRoster()
	for i := range roster.People {
		if p := &roster.People[i]; p.Student == nil {
			p.Portal = "p-" + string(p.ID)
		}
	}
	_, err := b.store().SaveReading(t.Context(), store.Reading{Feed: "f", Fingerprint: "x", Receipt: []byte(`{}`), Schools: []store.SchoolReading{
		{School: "s", Roster: &roster, Digest: "digest"},
	}})
	require.NoError(t, err)
	box, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	b.givePortal(box)
	return b, box
}

func link(t *testing.T, box *sandbox.Server, accounts ...portal.Account) {
	t.Helper()
	_, err := box.Portal.LinkAccounts(portal.Linking{Organisation: "org-1", Links: accounts})
	require.NoError(t, err)
}

func unlink(t *testing.T, box *sandbox.Server, identity string) {
	t.Helper()
	_, err := box.Portal.UnlinkAccount(portal.Person{Organisation: "org-1", Identity: identity})
	require.NoError(t, err)
}

// wanted takes the requests for passes that wait, and gives who asked for them and for what.
func wanted(t *testing.T, b *bench) []string {
	t.Helper()
	var asked []string
	require.NoError(t, b.store().Relay(t.Context(), "s", func(_ context.Context, all []store.Wanted) error {
		asked = lo.Map(all, func(w store.Wanted, _ int) string { return w.RequestedBy + " " + string(w.Scope) })
		return nil
	}))
	return asked
}

func TestAccountsAreReadAndShown(t *testing.T) {
	t.Parallel()
	b, box := setupAccounts(t)
	link(t, box, portal.Account{Identity: "p-head", Account: 1}, portal.Account{Identity: "p-g2", Account: 22}, portal.Account{Identity: "p-nobody", Account: 99})
	require.Contains(t, b.ok("accounts", "show", "s"), "no chat is made before all links have been read once: rollcall accounts read s\n")
	require.Contains(t, b.ok("chats", "s"), "the Portal's account links have not been read completely yet")
	require.Contains(t, b.ok("plan", "s"), "the Portal's account links have not been read completely yet")
	require.Contains(t, b.ok("links", "s"), "связи учётных записей с Портала ещё не прочитаны")

	require.Equal(t, ""+
		"school s: read 3 account links, which are all\n"+
		"identities: 3 linked; people of the roster: 2\n", b.ok("accounts", "read", "s"), "without a token nothing follows")
	require.Empty(t, wanted(t, b))
	require.NotContains(t, b.ok("chats", "s"), "have not been read completely yet")

	b.in = "token"
	b.ok("school", "set-token", "s", "--community-id", "1001")
	wanted(t, b)
	link(t, box, portal.Account{Identity: "p-head", Account: 41})
	unlink(t, box, "p-g2")
	v := decode[linksTaken](b, "accounts", "read", "s")
	require.Equal(t, linksTaken{School: "s", Read: 2, Moved: 1, Unlinked: 1, People: 2, Pass: true}, v)
	require.Equal(t, []string{`account links {"people": ["g2", "head"]}`}, wanted(t, b))
	require.Contains(t, b.ok("accounts", "read", "s"), "identities: none has changed; people of the roster: 0\n")
	require.Empty(t, wanted(t, b))

	show := decode[accountsView](b, "accounts", "show", "s")
	require.Equal(t, accountPeople{All: 10, WithIdentity: 6, WithoutIdentity: 4, Portal: 1, Roster: 7, Unlinked: 1, None: 1}, *show.People)
	require.Equal(t, 2, show.Links.Linked)
	require.Nil(t, show.Links.Problem)
	require.Equal(t, "portal", show.Source.Code)
	text := b.ok("accounts", "show", "s")
	require.Regexp(t, `(?s)Links known +2\n.*All links read +just now\n.*linked on the Portal +1\n.*unlinked on the Portal +1\n`, text)
	require.NotContains(t, text, "Соколова")
	require.Empty(t, audited(t, b), "nobody is named")
	require.Contains(t, b.ok("staff", "s"), "Портал с ")
	require.Equal(t, school.AccountID(41), lookUp(t, decode[staffView](b, "staff", "s"), "head").Account)
	require.Regexp(t, `Account links +2 known, read just now\n`, b.ok("school", "show", "s"))
}

func TestTheFirstLinksAreForTheWholeSchool(t *testing.T) {
	t.Parallel()
	b, box := setupAccounts(t)
	b.in = "token"
	b.ok("school", "set-token", "s", "--community-id", "1001")
	wanted(t, b)
	link(t, box, portal.Account{Identity: "p-head", Account: 1})
	require.Contains(t, b.ok("accounts", "read", "s"), "a pass over the whole school is asked for; see: rollcall status s\n")
	require.Equal(t, []string{`account links {}`}, wanted(t, b))
	require.True(t, decode[linksTaken](b, "accounts", "read", "s", "--complete").Complete)
}

func TestADropIsAcceptedOnlyIfSaid(t *testing.T) {
	t.Parallel()
	b, box := setupAccounts(t)
	require.Contains(t, b.refused(exitUsage, "accounts", "read", "s", "--accept-drop"), "nothing to accept")
	for i := range 6 {
		link(t, box, portal.Account{Identity: fmt.Sprintf("p-%d", i), Account: int64(100 + i)})
	}
	b.ok("accounts", "read", "s")
	for i := range 5 {
		unlink(t, box, fmt.Sprintf("p-%d", i))
	}
	require.Contains(t, b.refused(exitFailed, "accounts", "read", "s"), "5 of 6 linked identities would be unlinked")
	shown := b.ok("accounts", "show", "s")
	require.Regexp(t, `Problem +account links: 5 of 6 .* rollcall accounts read SCHOOL --accept-drop`, shown)
	require.Regexp(t, `Links known +6\n`, shown, "nothing was changed")
	require.Contains(t, shown, "--accept-drop accepts 5 undone links at the most\n")
	unlink(t, box, "p-5")
	message := b.refused(exitFailed, "accounts", "read", "s", "--accept-drop")
	require.Contains(t, message, "6 of 6 linked identities would be unlinked, and 5 were accepted", "nobody has seen that yet")
	require.Equal(t, 6, decode[accountsView](b, "accounts", "show", "s").Links.RefusedLoss)
	require.Contains(t, b.ok("accounts", "read", "s", "--accept-drop"), "identities: 6 unlinked")
	require.NotContains(t, b.ok("accounts", "show", "s"), "--accept-drop")
	require.Contains(t, b.refused(exitUsage, "accounts", "read", "s", "--accept-drop"), "nothing to accept")
	require.Regexp(t, `Problem +none\n`, b.ok("accounts", "show", "s"))
}

func TestAccountsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b, box := setupAccounts(t)
	address := b.settings.PortalURL
	b.settings.PortalKeyFile = b.keyFile("other")
	require.Contains(t, b.refused(exitFailed, "accounts", "read", "s"), "check that key id and secret")
	shown := b.ok("accounts", "show", "s")
	require.Regexp(t, `Problem +read account links: portal-refused \(HTTP 401\)`, shown)
	require.Contains(t, shown, "what to do: check the file of ROLLCALL_PORTAL_KEY_FILE")
	b.settings.PortalKeyFile = "/nonexistent/key"
	require.Contains(t, b.refused(exitUsage, "accounts", "read", "s"), "/nonexistent/key")
	b.ok("accounts", "show", "s") // reads no key

	b.settings.PortalKeyFile = b.keyFile("hush")
	require.Contains(t, b.refused(exitUsage, "accounts", "read", "nope"), `no school "nope"`)
	p := proxytest.New(t, proxytest.Options{})
	settings := p.Settings()
	require.NoError(t, b.store().SetProxy(t.Context(), "s", &settings))
	before := box.LastRequest()
	b.ok("accounts", "read", "s")
	requests := box.Requests(before, 0)
	require.NotEmpty(t, requests)
	for _, r := range requests {
		require.True(t, p.Made(r.RemoteAddr))
	}
	p.Close()
	before = box.LastRequest()
	require.Contains(t, b.refused(exitFailed, "accounts", "read", "s"), "cannot be reached")
	require.Equal(t, before, box.LastRequest(), "nothing goes around the proxy")

	b.settings.PortalURL, b.settings.PortalKeyFile = "", ""
	message := b.refused(exitUsage, "accounts", "read", "s")
	for _, name := range []string{"ROLLCALL_PORTAL_URL", "ROLLCALL_PORTAL_KEY_FILE", "ROLLCALL_LINKS_FILE"} {
		require.Contains(t, message, name)
	}
	require.Regexp(t, `Read from +nowhere: set ROLLCALL_PORTAL_URL`, b.ok("accounts", "show", "s"))
	b.settings.PortalURL, b.keys = address, nil
	require.Contains(t, b.refused(exitUsage, "accounts", "show", "s"), "no keyset")
}

func TestAccountsFromAFile(t *testing.T) {
	t.Parallel()
	b, _ := setupAccounts(t)
	file := filepath.Join(t.TempDir(), "links.csv")
	require.NoError(t, os.WriteFile(file, []byte("organisation,identity,account,linkedAt\norg-1,p-head,1,\n"), 0o600))
	b.settings.PortalURL, b.settings.PortalKeyFile, b.settings.LinksFile = "", "", file
	require.Contains(t, b.ok("plan", "s"), "the Portal's account links have not been read completely yet")
	require.Contains(t, b.ok("accounts", "read", "s"), "school s: read 1 account links, which are all\n")
	require.Regexp(t, `Read from +a file`, b.ok("accounts", "show", "s"))
}

func TestAccountsBeforeTheFirstRoster(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	require.Contains(t, b.ok("accounts", "show", "s"), "the school has no roster yet\n")
	require.Nil(t, decode[accountsView](b, "accounts", "show", "s").People)
}

func TestTwoSchoolsOfOneNameOnThePortal(t *testing.T) {
	t.Parallel()
	c := setupCheck(t)
	c.givePortal(c.sandbox)
	c.ok("feed", "add", "g", "--district", "d", "--location", t.TempDir())
	other := []string{"school", "add", "other", "--district", "d", "--feed", "g", "--source-id", "org-1", "--name", "Другая"}
	c.ok(other...)
	const says = "schools other and s have the same organisation there"
	require.Contains(t, c.refused(exitFailed, "accounts", "read", "s"), says)
	require.Regexp(t, `Problem +tell schools apart: portal-shared: `+says+`(?s).*what to do: say what each school is called there`, c.ok("accounts", "show", "s"))
	before := c.sandbox.LastRequest()
	_, said := c.states(exitFailed)
	require.Equal(t, []checkState{checkFailed, checkUnset}, c.beyond)
	require.Contains(t, said, "another school is called the same there: "+says)
	for _, e := range c.sandbox.Requests(before, 0) {
		require.NotContains(t, e.Method, "portal.", "the Portal is not asked")
	}
	c.ok(append(other, "--portal-id", "nevsky-18")...)
	c.ok("accounts", "read", "s")
	c.states(exitOK)
}
