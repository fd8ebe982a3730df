package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// safe is a database with something of every kind sealed for two schools, and the keyset file.
type safe struct {
	url, keyset string
	st          *store.Store
	chats       map[school.ID]int64
}

// kinds is how many kinds of values a school has; a feed has another one.
const kinds = 11

func newSafe(t *testing.T) *safe {
	t.Helper()
	raw, err := secret.New()
	require.NoError(t, err)
	s := &safe{url: pgtest.Database(t), keyset: filepath.Join(t.TempDir(), "keyset.json"), chats: map[school.ID]int64{}}
	require.NoError(t, os.WriteFile(s.keyset, raw, 0o600))
	s.st, _ = s.process(t)
	ctx := t.Context()
	_, err = s.st.Migrate(ctx)
	require.NoError(t, err)
	require.NoError(t, s.st.AddDistrict(ctx, school.District{ID: "d", Name: "District"}))
	require.NoError(t, s.st.AddFeed(ctx, "f", "d", "/srv/roster"))
	require.NoError(t, s.st.SetPushSecret(ctx, "f", "push f"))
	for _, id := range []school.ID{"s", "other"} {
		s.fill(t, id)
	}
	return s
}

// process is another process that has the keyset file.
func (s *safe) process(t *testing.T) (*store.Store, *secret.Keyring) {
	t.Helper()
	keys, err := secret.FromFile(s.keyset)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), s.url, keys)
	require.NoError(t, err)
	t.Cleanup(st.Close)
	return st, keys
}

// copyOf is a process with a copy of the keyset file, which nobody changes.
func (s *safe) copyOf(t *testing.T) *store.Store {
	t.Helper()
	content, err := os.ReadFile(s.keyset)
	require.NoError(t, err)
	keys, err := secret.Parse(content)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), s.url, keys)
	require.NoError(t, err)
	t.Cleanup(st.Close)
	return st
}

// fill seals one value of every kind for a school, in the ways of the store.
func (s *safe) fill(t *testing.T, id school.ID) {
	t.Helper()
	ctx, st := t.Context(), s.st
	require.NoError(t, st.AddSchool(ctx, school.School{ID: id, District: "d", Feed: "f", SourceID: string(id), Name: "School"}))
	require.NoError(t, st.SetToken(ctx, id, 42, "token "+string(id)))
	require.NoError(t, st.SetUserToken(ctx, id, "user "+string(id)))
	require.NoError(t, st.SetCallback(ctx, id, "abc123", "callback "+string(id)))
	require.NoError(t, st.SetCallsSecret(ctx, id, "calls "+string(id)))
	settings := behindProxy
	settings.Username = string(id)
	require.NoError(t, st.SetProxy(ctx, id, &settings))
	r := reading(t, "digest-"+string(id), 2)
	r.Schools[0].School = id
	_, err := st.SaveReading(ctx, r)
	require.NoError(t, err)
	taken, err := st.TakeLinks(ctx, id, store.LinksReading{
		Reading: complete(0, linked(1, 700_101, 0)), Organisation: string(id),
	}, accounts.Options{}, false)
	require.NoError(t, err)
	require.True(t, taken.Change.First)
	require.NoError(t, st.TakeCalls(ctx, id, time.Now(), []school.Call{lesson("vc-1")}))
	_, err = st.SetRoom(ctx, id, "vc-1", messenger.Room{ID: "room " + string(id)})
	require.NoError(t, err)
	require.NoError(t, st.SetPosted(ctx, id, "vc-1", &calls.Posted{Text: "posted " + string(id)}))
	require.NoError(t, raw(t, s.url).QueryRow(ctx, `
		INSERT INTO chats (school_id, key, type, state, title, nonce) VALUES ($1, 'teachers', 'teachers', 'live', 'x', 'x') RETURNING id`,
		id).Scan(new(int64)))
	mirror, err := st.Mirror(ctx, id)
	require.NoError(t, err)
	s.chats[id] = mirror[0].ID
	s.link(t, id, "https://vk.me/join/"+string(id))
}

func (s *safe) link(t *testing.T, id school.ID, link string) {
	t.Helper()
	e := s.st.NewEffects()
	e.LinkRead(s.chats[id], link)
	require.NoError(t, e.Record(t.Context()))
}

// requireAllOpens reads all that was sealed in the ways of the store.
func (s *safe) requireAllOpens(t *testing.T, st *store.Store) {
	t.Helper()
	require.NoError(t, s.readAll(t, st, "s"))
	require.NoError(t, s.readAll(t, st, "other"))
}

func (s *safe) readAll(t *testing.T, st *store.Store, id school.ID) error {
	ctx, name := t.Context(), string(id)
	var wrong error
	check := func(what, got, want string, err error) {
		if wrong == nil && (err != nil || got != want) {
			wrong = fmt.Errorf("%s of %s: %q instead of %q: %w", what, id, got, want, err)
		}
	}
	community, err := st.Community(ctx, id)
	if err != nil {
		return err
	}
	check("token", community.Token, "token "+name, nil)
	token, _, err := st.UserToken(ctx, id)
	check("user token", token, "user "+name, err)
	callback, err := st.Callback(ctx, id)
	if err != nil {
		return err
	}
	check("callback", callback.Secret, "callback "+name, nil)
	got, err := st.CallsSecret(ctx, id)
	check("calls secret", got, "calls "+name, err)
	settings, err := st.Proxy(ctx, id)
	if err != nil {
		return err
	}
	check("proxy", settings.Username, name, nil)
	roster, err := st.Roster(ctx, id, "digest-"+name)
	check("roster", fmt.Sprint(len(roster.People)), "2", err)
	links, err := st.AccountLinks(ctx, id)
	check("account links", fmt.Sprint(len(links.Known)), "1", err)
	states, err := st.Calls(ctx, id)
	if err != nil {
		return err
	}
	check("call", states[0].Call.Title, "Secret algebra", nil)
	check("room", states[0].Room.ID, "room "+name, nil)
	check("posted", states[0].Posted.Text, "posted "+name, nil)
	link, err := st.Link(ctx, s.chats[id])
	check("link", link, "https://vk.me/join/"+name, err)
	all, err := st.Links(ctx, id)
	check("links", all[chats.Key("teachers")], link, err)
	push, err := st.PushSecret(ctx, "f")
	check("push", push, "push f", err)
	return wrong
}

// changeKeys changes the keyset file as a command does.
func (s *safe) changeKeys(t *testing.T, change func(raw []byte) ([]byte, error)) {
	t.Helper()
	file, err := secret.LockFile(s.keyset)
	require.NoError(t, err)
	defer file.Unlock()
	require.NoError(t, file.Change(change))
}

// newPrimary adds a key and makes it the one that seals.
func (s *safe) newPrimary(t *testing.T) (id uint32) {
	t.Helper()
	s.changeKeys(t, func(raw []byte) (_ []byte, err error) {
		if raw, id, err = secret.AddKey(raw); err != nil {
			return nil, err
		}
		return secret.PromoteKey(raw, id)
	})
	return id
}

func (s *safe) removeKey(t *testing.T, id uint32) {
	t.Helper()
	s.changeKeys(t, func(raw []byte) ([]byte, error) { return secret.RemoveKey(raw, id) })
}

func using(t *testing.T, st *store.Store) map[uint32]int {
	t.Helper()
	found, err := st.StillUsing(t.Context())
	require.NoError(t, err)
	return found
}

func reseal(t *testing.T, st *store.Store) store.Resealed {
	t.Helper()
	r, err := st.Reseal(t.Context(), func(int) {})
	require.NoError(t, err)
	return r
}
