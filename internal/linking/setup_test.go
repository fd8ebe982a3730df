package linking_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	sandbox "github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
)

// organisation is what the Portal calls the tests' school.
const organisation = "portal-17"

// bench is a school, the Portal, and a reader of its account links.
type bench struct {
	*linking.Reader
	t      *testing.T
	world  *sandbox.World
	log    *traffic.Log
	faults *traffic.Faults
	// now is what our clock shows; the Portal's is the system's.
	now time.Time
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, log: traffic.NewLog(), faults: &traffic.Faults{}, now: time.Now().Truncate(time.Microsecond)}
	var err error
	b.world, err = sandbox.Open(sandbox.Options{Log: b.log, Faults: b.faults, RequestsPerSecond: -1})
	require.NoError(t, err)
	_, err = b.world.RegisterKey(sandbox.Key{ID: "rollcall", Secret: "SECRET-of-rollcall"})
	require.NoError(t, err)
	_, err = b.world.RegisterOrganisation(sandbox.Organisation{Organisation: organisation, Name: "School 17"})
	require.NoError(t, err)
	b.Reader = b.reader(b.world)
	return b
}

// reader reads from a Portal that is this handler.
func (b *bench) reader(handler http.Handler) *linking.Reader {
	b.t.Helper()
	server := httptest.NewServer(handler)
	b.t.Cleanup(server.Close)
	return b.readerOf(config.Config{PortalURL: server.URL, PortalKeyFile: keyFile(b.t)})
}

func (b *bench) readerOf(c config.Config) *linking.Reader {
	b.t.Helper()
	way, err := connect.New(c)
	require.NoError(b.t, err)
	st := storetest.New(b.t)
	require.NoError(b.t, st.AddSchool(b.t.Context(), school.School{
		ID: "s", District: "d", Feed: "f", SourceID: "org-1", PortalID: organisation, Name: "School",
	}))
	return &linking.Reader{Store: st, Portal: way, Proxies: &proxy.Clients{}, Now: func() time.Time { return b.now }}
}

func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal.key")
	require.NoError(t, os.WriteFile(path, []byte("key_id=rollcall\nsecret=SECRET-of-rollcall\n"), 0o600))
	return path
}

// fixed is a Portal that gives these answers, one after the other, and the last one for ever.
func fixed(bodies ...string) http.Handler {
	n := 0
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, bodies[min(n, len(bodies)-1)])
		n++
	})
}

func identity(n int) string { return fmt.Sprintf("PRIVATE-%04d", n) }

// link links the identities from a number on, so many.
func (b *bench) link(from, n int) {
	b.t.Helper()
	_, err := b.world.LinkAccounts(sandbox.Linking{Organisation: organisation, Links: lo.Times(n, func(i int) sandbox.Account {
		return sandbox.Account{Identity: identity(from + i), Account: int64(7000 + from + i)}
	})})
	require.NoError(b.t, err)
}

func (b *bench) unlink(n int) {
	b.t.Helper()
	_, err := b.world.UnlinkAccount(sandbox.Person{Organisation: organisation, Identity: identity(n)})
	require.NoError(b.t, err)
}

// read reads what must be readable.
func (b *bench) read(o linking.Options) linking.Result {
	b.t.Helper()
	result, err := b.Read(b.t.Context(), "s", o)
	require.NoError(b.t, err)
	require.Nil(b.t, b.state().Problem)
	return result
}

// refused reads what must not be taken, and gives what is recorded about it.
func (b *bench) refused(o linking.Options) (store.Problem, error) {
	b.t.Helper()
	before := b.state()
	_, err := b.Read(b.t.Context(), "s", o)
	require.Error(b.t, err)
	after := b.state()
	require.NotNil(b.t, after.Problem, "%v", err)
	before.Problem, before.RefusedLoss = after.Problem, after.RefusedLoss
	require.Equal(b.t, before, after, "nothing else is changed")
	for _, text := range []string{fmt.Sprintf("%v %+v", err, err), after.Problem.Message} {
		for _, hidden := range []string{"PRIVATE", "SECRET", "sha256=", organisation} {
			require.NotContains(b.t, text, hidden)
		}
	}
	return *after.Problem, err
}

func (b *bench) state() store.LinksState {
	b.t.Helper()
	state, err := b.Store.LinksState(b.t.Context(), "s")
	require.NoError(b.t, err)
	return state
}

// accounts are those known, 0 for links that were undone.
func (b *bench) accounts() map[string]school.AccountID {
	b.t.Helper()
	links, err := b.Store.AccountLinks(b.t.Context(), "s")
	require.NoError(b.t, err)
	known := map[string]school.AccountID{}
	for identity, link := range links.Known {
		known[identity] = link.Account
	}
	return known
}

func errorOf[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	require.True(t, ok, "%v", err)
	return e
}
