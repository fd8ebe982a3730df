package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/proxy/proxytest"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
	"github.com/rollcall-edu/rollcall/workflows"
)

// linkBench is a Portal with the schools s, s2 and s3, each with a student who has the identity of the school. Of
// them s and s2 are gone through continuously.
type linkBench struct {
	t     *testing.T
	store *store.Store
	box   *sandbox.Server
	watch *linkWatch
	log   bytes.Buffer
	now   time.Time
	// schools counts them.
	schools int
}

func linkSetup(t *testing.T) *linkBench {
	t.Helper()
	ctx := t.Context()
	b := &linkBench{t: t, store: storetest.New(t), now: time.Now()}
	var err error
	b.box, err = sandbox.Open(sandbox.Options{PortalRequestsPerSecond: -1})
	require.NoError(t, err)
	server := httptest.NewServer(b.box)
	t.Cleanup(server.Close)
	_, err = b.box.Portal.RegisterKey(portal.Key{ID: "key", Secret: "secret"})
	require.NoError(t, err)
	reading := store.Reading{Feed: "f", Receipt: []byte("{}")}
	for _, id := range []school.ID{"s", "s2", "s3"} {
		b.add(&reading, id)
	}
	_, err = b.store.SaveReading(ctx, reading)
	require.NoError(t, err)
	key := filepath.Join(t.TempDir(), "portal.key")
	require.NoError(t, os.WriteFile(key, []byte("key_id=key\nsecret=secret\n"), 0o600))
	connected, err := connect.New(config.Config{PortalURL: server.URL + "/portal", PortalKeyFile: key})
	require.NoError(t, err)
	b.watch = &linkWatch{
		reader: &linking.Reader{Store: b.store, Portal: connected, Proxies: &proxy.Clients{}, Now: func() time.Time { return b.now }},
		logger: slog.New(slog.NewTextHandler(&b.log, nil)), limit: time.Minute, troubled: map[school.ID]linkTrouble{},
	}
	return b
}

// add registers a school, continuous but for s3, and adds its roster to a reading.
func (b *linkBench) add(reading *store.Reading, id school.ID) {
	b.t.Helper()
	ctx, organisation := b.t.Context(), "org-"+string(id)
	b.schools++
	require.NoError(b.t, b.store.AddSchool(ctx, school.School{ID: id, District: "d", Feed: "f", SourceID: organisation, Name: "School"}))
	require.NoError(b.t, b.store.SetToken(ctx, id, int64(b.schools), "token-"+string(id)))
	if id != "s3" {
		require.NoError(b.t, b.store.SetSchedule(ctx, id, school.Schedule{Continuous: true}))
	}
	_, err := b.box.Portal.RegisterOrganisation(portal.Organisation{Organisation: organisation, Name: "School"})
	require.NoError(b.t, err)
	roster := school.Roster{SourceID: organisation, Name: "School", People: []school.Person{
		{ID: "p", Enabled: true, Portal: "identity-" + string(id), Student: &school.Student{}},
	}}
	reading.Schools = append(reading.Schools, store.SchoolReading{School: id, Roster: &roster, Digest: oneroster.Digest(roster)})
}

func (b *linkBench) link(id school.ID, account int64) {
	b.t.Helper()
	_, err := b.box.Portal.LinkAccounts(portal.Linking{Organisation: "org-" + string(id), Identity: "identity-" + string(id), Account: account})
	require.NoError(b.t, err)
}

// look has the watch look, and gives the organisations that it asked about, sorted.
func (b *linkBench) look() []string {
	b.t.Helper()
	before := b.box.LastRequest()
	require.NoError(b.t, b.watch.look(b.t.Context()))
	var asked []string
	for _, e := range b.box.Requests(before, 0) {
		asked = append(asked, e.Organisation)
	}
	slices.Sort(asked)
	return asked
}

// wanted takes a school's requests out of the outbox, and gives what they are about.
func wanted(t *testing.T, st *store.Store, id school.ID) (scopes []workflows.Scope) {
	t.Helper()
	require.NoError(t, st.Relay(t.Context(), id, func(_ context.Context, all []store.Wanted) error {
		for _, w := range all {
			require.Equal(t, "event", w.Trigger)
			var scope workflows.Scope
			require.NoError(t, json.Unmarshal(w.Scope, &scope))
			scopes = append(scopes, scope)
		}
		return nil
	}))
	return scopes
}

func TestLinksOfContinuousSchoolsAreWatched(t *testing.T) {
	t.Parallel()
	b := linkSetup(t)
	b.link("s", 500)
	b.link("s3", 501)
	require.Equal(t, []string{"org-s", "org-s2"}, b.look())
	for _, id := range []school.ID{"s", "s2", "s3"} {
		wanted(t, b.store, id)
	}
	b.link("s", 502)
	require.Equal(t, []string{"org-s", "org-s2"}, b.look())
	require.Equal(t, []workflows.Scope{{People: []school.PersonID{"p"}}}, wanted(t, b.store, "s"))
	require.Empty(t, wanted(t, b.store, "s2"), "nobody's link has changed")
	require.Contains(t, b.log.String(), "school=s people=1")
	for _, secret := range []string{"identity", "502", "secret"} {
		require.NotContains(t, b.log.String(), secret)
	}
	b.look()
	require.Empty(t, wanted(t, b.store, "s"), "it is seen once")

	require.NoError(t, b.store.SetSchedule(t.Context(), "s", school.Schedule{Continuous: true, Paused: "holidays"}))
	require.Equal(t, []string{"org-s2"}, b.look())
}

func TestASchoolWhoseLinksCannotBeReadRestsLongerAndLonger(t *testing.T) {
	t.Parallel()
	b := linkSetup(t)
	b.look()
	named := school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-s", Name: "School", PortalID: "org-nobody"}
	require.NoError(t, b.store.AddSchool(t.Context(), named))
	both := []string{"org-nobody", "org-s2"}
	require.Equal(t, both, b.look())
	for _, seconds := range []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		asked := b.now
		b.now = asked.Add(seconds*time.Second - 1)
		require.Equal(t, []string{"org-s2"}, b.look(), "it rests, and keeps no other from being read")
		b.now = asked.Add(seconds * time.Second)
		require.Equal(t, both, b.look())
	}
	require.Equal(t, 1, strings.Count(b.log.String(), "could not be read"), "it is said once")
	require.Contains(t, b.log.String(), "portal-unknown")
	require.NotContains(t, b.log.String(), "identity")

	named.PortalID = ""
	require.NoError(t, b.store.AddSchool(t.Context(), named))
	require.Equal(t, []string{"org-s2"}, b.look(), "it still rests")
	b.now = b.now.Add(longestLinkRest)
	require.Equal(t, []string{"org-s", "org-s2"}, b.look())
	require.Equal(t, []string{"org-s", "org-s2"}, b.look(), "it is as if nothing was")
}

// addSchools adds continuous schools x00, x01, … that the Portal knows, after s and s2.
func (b *linkBench) addSchools(n int) []school.ID {
	b.t.Helper()
	reading := store.Reading{Feed: "f", Receipt: []byte("{}")}
	ids := lo.Times(n, func(i int) school.ID { return school.ID(fmt.Sprintf("x%02d", i)) })
	for _, id := range ids {
		b.add(&reading, id)
	}
	_, err := b.store.SaveReading(b.t.Context(), reading)
	require.NoError(b.t, err)
	return ids
}

// Where the Portal is away, few schools wait for it in vain; those behind a proxy have another way.
func TestAPortalThatIsAwayIsNotAskedForEverySchool(t *testing.T) {
	t.Parallel()
	b := linkSetup(t)
	schools := b.addSchools(38) // with s and s2 40
	proxied := schools[30:]
	p := proxytest.New(t, proxytest.Options{})
	settings := p.Settings()
	for _, id := range proxied {
		require.NoError(t, b.store.SetProxy(t.Context(), id, &settings))
	}
	require.NoError(t, b.box.AddFault(traffic.Fault{Method: "portal.links", Mode: traffic.ModeHTTP500, Times: traffic.Forever}))
	asked := map[string]bool{}
	for look := range 2 {
		now := b.look()
		direct := 0
		for _, organisation := range now {
			require.False(t, asked[organisation], "those who got no answer rest")
			asked[organisation] = true
			if !slices.Contains(proxied, school.ID(strings.TrimPrefix(organisation, "org-"))) {
				direct++
			}
		}
		require.GreaterOrEqual(t, direct, silentAt)
		require.Less(t, direct, silentAt+linksAtOnce, "and those that had begun")
		require.Equal(t, []int{len(proxied), 0}[look], len(now)-direct)
	}

	b.box.ClearFaults()
	b.now = b.now.Add(time.Hour)
	require.Len(t, b.look(), 40)
	require.Len(t, b.look(), 40)
}

// What a look had no time for, the next one begins with.
func TestALookEnds(t *testing.T) {
	t.Parallel()
	b := linkSetup(t)
	b.addSchools(18) // with s and s2 20
	require.NoError(t, b.box.AddFault(traffic.Fault{Method: "portal.links", Mode: traffic.ModeSlow, DelayMS: 60_000, Times: linksAtOnce}))
	whole := b.watch.limit
	b.watch.limit = 2 * time.Second
	require.NoError(t, b.watch.look(t.Context()))
	require.Equal(t, school.ID("x06"), b.watch.next, "eight were begun")
	require.NotContains(t, b.log.String(), "could not be read", "it is nobody's trouble")

	b.box.ClearFaults()
	b.watch.limit = whole
	require.NoError(t, b.box.WaitForRequests(t.Context(), linksAtOnce)) // the sandbox has seen that nobody waits any more
	before := b.box.LastRequest()
	require.NoError(t, b.watch.look(t.Context()))
	read := lo.Filter(b.box.Requests(before, 0), func(e traffic.Entry, _ int) bool { return e.Fault == "" })
	require.Len(t, read, 20)
	for _, e := range read[:4] {
		require.GreaterOrEqual(t, e.Organisation, "org-x06")
	}
	require.Empty(t, b.watch.next)
}

func TestTroubleWithTheDatabaseOrTheReadingIsNamed(t *testing.T) {
	t.Parallel()
	b := linkSetup(t)
	b.look()
	b.now = b.now.Add(time.Hour)
	require.NoError(t, b.box.AddFault(traffic.Fault{Method: "portal.links", Mode: traffic.ModeError, ErrorCode: http.StatusUnauthorized, Times: traffic.Forever}))
	b.look()
	require.Equal(t, 2, strings.Count(b.log.String(), "portal-refused"))
	require.Equal(t, "the database, or a key: see the passes of the school", linksTrouble(context.DeadlineExceeded))
}

func TestOneOfAllWorkersWatchesTheLinks(t *testing.T) {
	t.Parallel()
	b := linkSetup(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	for range 2 {
		go func() {
			watchLinks(ctx, b.watch.reader, time.Millisecond, slog.New(slog.DiscardHandler))
			ended <- struct{}{}
		}()
	}
	require.Eventually(t, func() bool { return b.box.LastRequest() >= 10 }, patience, time.Millisecond)
	lock, err := b.store.Lock(t.Context(), "watch-links")
	require.NoError(t, err)
	require.Nil(t, lock, "one of them has it")
	stop()
	<-ended
	<-ended
}

func TestWithoutAPortalNoLinksAreWatched(t *testing.T) {
	t.Parallel()
	watchLinks(t.Context(), &linking.Reader{}, time.Hour, slog.New(slog.DiscardHandler)) // and it returns
}
