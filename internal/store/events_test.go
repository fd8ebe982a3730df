package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// liveChat registers a chat that the messenger calls 7, and ends the pass that made it.
func liveChat(t *testing.T, st *store.Store) {
	t.Helper()
	chat, _ := newChat(t, st)
	e := st.NewEffects()
	e.ChatMade(chat.ID, "7")
	require.NoError(t, e.Record(t.Context()))
	endPass(t, st, "changed")
	st.Age(t, "passes", "finished_at", time.Minute)
}

func endPass(t *testing.T, st *store.Store, outcome string) {
	t.Helper()
	passes, err := st.Passes(t.Context(), "s", 1)
	require.NoError(t, err)
	require.NoError(t, st.EndPass(t.Context(), "s", passes[0].Epoch, outcome, nil, struct{}{}, nil))
}

// outbox empties the outbox and gives what was in it.
func outbox(t *testing.T, st *store.Store) []store.Wanted {
	t.Helper()
	var all []store.Wanted
	require.NoError(t, st.Relay(t.Context(), "s", func(_ context.Context, wanted []store.Wanted) error {
		all = wanted
		return nil
	}))
	return all
}

func take(t *testing.T, st *store.Store, e messenger.Event) bool {
	t.Helper()
	fresh, err := st.TakeEvent(t.Context(), "s", e)
	require.NoError(t, err)
	return fresh
}

func TestAnEventAsksForAReadingOfItsChatOnce(t *testing.T) {
	t.Parallel()
	st := setup(t)
	liveChat(t, st)
	joined := messenger.Event{ID: "e1", Kind: messenger.EventJoined, Chat: "7"}
	require.True(t, take(t, st, joined))
	require.False(t, take(t, st, joined), "the messenger tells it again")
	wanted := outbox(t, st)
	require.Len(t, wanted, 1)
	require.Equal(t, "event", wanted[0].Trigger)
	require.JSONEq(t, `{"chats":["parents:c"]}`, string(wanted[0].Scope))
	require.True(t, wanted[0].Verify)
	require.Equal(t, "messenger event", wanted[0].RequestedBy)

	require.False(t, take(t, st, joined), "also after it has been handed over")
	require.True(t, take(t, st, messenger.Event{ID: "e2", Kind: messenger.EventOther, Chat: "8"}))
	require.Empty(t, outbox(t, st), "a chat that nobody knows")
	_, err := st.TakeEvent(t.Context(), "nowhere", joined)
	require.Error(t, err)
}

func TestAnEventToldTwiceAtOnceIsTakenOnce(t *testing.T) {
	t.Parallel()
	st := setup(t)
	liveChat(t, st)
	var fresh atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			ok, err := st.TakeEvent(t.Context(), "s", messenger.Event{ID: "e1", Kind: messenger.EventLeft, Chat: "7"})
			if err != nil {
				t.Error(err)
			}
			if ok {
				fresh.Add(1)
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 1, fresh.Load())
	require.Len(t, outbox(t, st), 1)
}

// A pass removes people and renames chats; to read after each of its calls would double its work.
func TestWhatAPassOfOursDoesIsNotReadAgain(t *testing.T) {
	t.Parallel()
	st := setup(t)
	liveChat(t, st)
	own := func(id string) messenger.Event {
		return messenger.Event{ID: id, Kind: messenger.EventRemoved, Chat: "7", Own: true}
	}
	take(t, st, own("nobody's pass"))
	require.Len(t, outbox(t, st), 1, "somebody acted in the community's name")

	beginPass(t, st)
	take(t, st, own("during"))
	require.Empty(t, outbox(t, st))
	take(t, st, messenger.Event{ID: "another's", Kind: messenger.EventJoined, Chat: "7"})
	require.Len(t, outbox(t, st), 1)

	endPass(t, st, "changed")
	take(t, st, own("just after"))
	require.Empty(t, outbox(t, st), "events may come late")
	st.Age(t, "passes", "finished_at", time.Minute)
	take(t, st, own("long after"))
	require.Len(t, outbox(t, st), 1)
}

func TestTakingAnEventWakesTheRelay(t *testing.T) {
	t.Parallel()
	st := setup(t)
	liveChat(t, st)
	ctx, cancel := context.WithCancel(t.Context())
	woken, ended := make(chan struct{}, 100), make(chan struct{})
	go func() {
		_ = st.ListenOutbox(ctx, func() { woken <- struct{}{} })
		close(ended)
	}()
	require.Eventually(t, func() bool { // it listens from some moment on
		take(t, st, messenger.Event{ID: time.Now().String(), Kind: messenger.EventJoined, Chat: "7"})
		return len(woken) > 0
	}, 10*time.Second, 20*time.Millisecond)
	cancel()
	<-ended
}

func TestOldEventsAreForgotten(t *testing.T) {
	t.Parallel()
	st := setup(t)
	require.True(t, take(t, st, messenger.Event{ID: "old", Chat: "7"}))
	st.Age(t, "events", "taken_at", 24*time.Hour)
	require.True(t, take(t, st, messenger.Event{ID: "new", Chat: "7"}))
	require.NoError(t, st.PruneEvents(t.Context()))
	require.True(t, take(t, st, messenger.Event{ID: "old", Chat: "7"}))
	require.False(t, take(t, st, messenger.Event{ID: "new", Chat: "7"}))
}

func TestWhoIsListenedTo(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	listenings := func() []store.Listening {
		all, err := st.Listenings(ctx)
		require.NoError(t, err)
		return all
	}
	require.NoError(t, st.SetLongPoll(ctx, "s", true))
	require.Empty(t, listenings(), "no token yet")
	require.NoError(t, st.SetToken(ctx, "s", 42, "token"))
	first := listenings()
	require.Len(t, first, 1)
	require.Equal(t, school.ID("s"), first[0].School)
	require.EqualValues(t, 42, first[0].Community)
	require.NoError(t, st.SetToken(ctx, "s", 42, "another"))
	require.NotEqual(t, first[0].TokenSetAt, listenings()[0].TokenSetAt)
	require.NoError(t, st.SetLongPoll(ctx, "s", false))
	require.Empty(t, listenings())
	var missing *store.NotFoundError
	require.ErrorAs(t, st.SetLongPoll(ctx, "nowhere", true), &missing)
}

func TestWhatAStreamProves(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	proven := func(since time.Time) bool {
		t.Helper()
		ok, err := st.EventsProven(ctx, "s", since)
		require.NoError(t, err)
		return ok
	}
	began := func() { t.Helper(); require.NoError(t, st.StreamBegan(ctx, "s")) }
	confirmed := func() { t.Helper(); require.NoError(t, st.StreamConfirmed(ctx, "s")) }
	before := time.Now().Add(-time.Hour)
	later := func() time.Time { return time.Now().Add(time.Second) } // the same machine's clock

	began()
	require.False(t, proven(later()), "nobody is to listen")
	require.NoError(t, st.SetLongPoll(ctx, "s", true))
	require.False(t, proven(later()), "nobody has listened yet")
	began()
	require.True(t, proven(later()))
	require.False(t, proven(before), "what was before it began is not known")

	st.Age(t, "communities", "events_since", 2*time.Hour)
	confirmed()
	require.True(t, proven(before), "a confirmation leaves the beginning where it is")
	st.Age(t, "communities", "events_until", 0)
	require.False(t, proven(before), "not heard of for a minute")
	confirmed()
	require.True(t, proven(before))
	began()
	require.False(t, proven(before), "a gap")
	require.True(t, proven(later()))

	require.NoError(t, st.SetLongPoll(ctx, "s", true))
	require.True(t, proven(later()), "on already")
	require.NoError(t, st.SetLongPoll(ctx, "s", false))
	confirmed()
	require.NoError(t, st.SetLongPoll(ctx, "s", true))
	require.False(t, proven(later()), "a late word of a stream that was ended")
	confirmed()
	require.True(t, proven(later()))
	ok, err := st.EventsProven(ctx, "nowhere", later())
	require.NoError(t, err)
	require.False(t, ok)
}

func TestThePacerIsNotOvertaken(t *testing.T) {
	t.Parallel()
	st := setup(t)
	pacer := st.Pacer("s")
	beginPass(t, st)
	require.NoError(t, pacer.Pass(t.Context()))
	gate := st.Gate("s", beginPass(t, st))
	require.NoError(t, pacer.Pass(t.Context()))
	require.Error(t, st.Pacer("nowhere").Pass(t.Context()))

	// They share one budget: neither half alone would be too much for it.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var refused atomic.Bool
	var group sync.WaitGroup
	for i := range 60 {
		group.Go(func() {
			err := []messenger.Gate{pacer, gate}[i%2].Pass(ctx)
			if e, ok := errors.AsType[*messenger.Error](err); ok && e.Code == messenger.CodeBudget {
				refused.Store(true)
				cancel() // whoever waits may go
			}
		})
	}
	group.Wait()
	require.True(t, refused.Load())
}
