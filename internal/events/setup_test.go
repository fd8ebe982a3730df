package events_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
)

const (
	group = 5
	token = "token-of-five"
)

// patience is how long a test waits for what must come about.
const patience = time.Minute

// bench is a store with the feed f and the school s in it: its community is 5, and its one chat is the
// messenger's chat 1.
type bench struct {
	t      *testing.T
	store  *store.Store
	logged *log
	logger *slog.Logger
}

func setup(t *testing.T) *bench {
	t.Helper()
	st := storetest.New(t)
	b := &bench{t: t, store: st, logged: &log{}}
	b.logger = slog.New(slog.NewTextHandler(b.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.addSchool("s", group, token)
	b.addChat("s", "1")
	return b
}

func (b *bench) addSchool(id school.ID, community int64, token string) {
	b.t.Helper()
	ctx := b.t.Context()
	require.NoError(b.t, b.store.AddSchool(ctx, school.School{ID: id, District: "d", Feed: "f", SourceID: string(id), Name: "School"}))
	require.NoError(b.t, b.store.SetToken(ctx, id, community, token))
}

// addChat puts a chat into the school's mirror.
func (b *bench) addChat(id school.ID, ref messenger.ChatRef) {
	b.t.Helper()
	ctx := b.t.Context()
	epoch, err := b.store.BeginPass(ctx, store.PassBegin{School: id, Request: "r", Trigger: "manual", Scope: struct{}{}})
	require.NoError(b.t, err)
	key := chats.KeyOf(chats.Parents, "", "2026", "1a")
	plan := reconcile.Plan{Operations: []reconcile.Operation{
		{Chat: key, Type: chats.Parents, Step: reconcile.StepEnsure, Kind: reconcile.Create, Title: "1A", Rule: reconcile.RuleNewChat},
	}}
	desired := []chats.Chat{{Key: key, Type: chats.Parents, Class: "1a", Year: "2026", Title: "1A"}}
	_, _, err = b.store.SavePlan(ctx, store.PlanRow{School: id, Epoch: epoch, Type: chats.Parents, Snapshot: "x"}, plan, desired)
	require.NoError(b.t, err)
	mirror, err := b.store.Mirror(ctx, id)
	require.NoError(b.t, err)
	e := b.store.NewEffects()
	e.ChatMade(mirror[0].ID, ref)
	require.NoError(b.t, e.Record(ctx))
}

// outbox empties a school's outbox and gives the chats whose reading was asked for, row by row.
func (b *bench) outbox(id school.ID) [][]string {
	b.t.Helper()
	asked := [][]string{}
	require.NoError(b.t, b.store.Relay(b.t.Context(), id, func(_ context.Context, wanted []store.Wanted) error {
		for _, w := range wanted {
			require.Equal(b.t, "event", w.Trigger)
			require.True(b.t, w.Verify)
			var scope struct{ Chats []string }
			require.NoError(b.t, json.Unmarshal(w.Scope, &scope))
			asked = append(asked, scope.Chats)
		}
		return nil
	}))
	return asked
}

// log is what was logged.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// httpPost posts a form, as name, value, name, value, and gives the answer.
func httpPost(t *testing.T, address string, pairs ...string) (string, error) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	response, err := http.PostForm(address, form)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
