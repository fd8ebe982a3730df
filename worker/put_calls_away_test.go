package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
	"github.com/rollcall-edu/rollcall/workflows"
)

// soonOver gives a database with a call of s that ends in a moment, and one of another school that does not.
func soonOver(t *testing.T) *store.Store {
	t.Helper()
	st, ctx := storetest.New(t), t.Context()
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-2", Name: "School"}))
	reading := store.Reading{Feed: "f", Receipt: []byte("{}")}
	for i, id := range []school.ID{"s", "other"} {
		require.NoError(t, st.SetToken(ctx, id, int64(i+1), "token-"+string(id)))
		roster := school.Roster{SourceID: fmt.Sprint("org-", i+1), Name: "School"}
		reading.Schools = append(reading.Schools, store.SchoolReading{School: id, Roster: &roster, Digest: oneroster.Digest(roster)})
	}
	_, err := st.SaveReading(ctx, reading)
	require.NoError(t, err)
	call := school.Call{ID: "a", Title: "Lesson", Starts: time.Now().Add(-time.Hour), Ends: time.Now().Add(3 * time.Second), Link: "https://room.example"}
	require.NoError(t, st.TakeCalls(ctx, "s", time.Now(), []school.Call{call}))
	call.Ends = time.Now().Add(time.Hour)
	require.NoError(t, st.TakeCalls(ctx, "other", time.Now(), []school.Call{call}))
	wanted(t, st, "s")
	wanted(t, st, "other")
	return st
}

func TestCallsThatAreOverAreAskedForAgainLessAndLessOften(t *testing.T) {
	t.Parallel()
	st, now := soonOver(t), time.Now()
	w := &overWatch{store: st, now: func() time.Time { return now }, asked: map[school.ID]asking{}}
	asked := func() []workflows.Scope {
		require.NoError(t, w.look(t.Context()))
		return wanted(t, st, "s")
	}
	calls := []workflows.Scope{{Calls: true}}
	require.Eventually(t, func() bool { return len(asked()) == 1 }, patience, time.Millisecond)
	for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Empty(t, asked(), "it is asked for already")
		now = now.Add(minutes*time.Minute - 1)
		require.Empty(t, asked())
		now = now.Add(1)
		require.Equal(t, calls, asked(), "nobody has put them away")
	}
	require.Empty(t, wanted(t, st, "other"), "its call is not over")

	states, err := st.OpenCalls(t.Context(), "s")
	require.NoError(t, err)
	require.NoError(t, st.CloseCall(t.Context(), "s", "a", states[0].HeldAt))
	now = now.Add(overAtMost)
	require.Empty(t, asked(), "they are put away")
}

func TestOneOfAllWorkersPutsCallsAway(t *testing.T) {
	t.Parallel()
	st := soonOver(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{}, 2)
	for range 2 {
		go func() {
			putCallsAway(ctx, st, slog.New(slog.DiscardHandler))
			ended <- struct{}{}
		}()
	}
	var asked []workflows.Scope
	require.Eventually(t, func() bool {
		asked = append(asked, wanted(t, st, "s")...)
		return len(asked) > 0
	}, patience, time.Millisecond)
	stop()
	<-ended
	<-ended
	require.Equal(t, []workflows.Scope{{Calls: true}}, append(asked, wanted(t, st, "s")...))
}
