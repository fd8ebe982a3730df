package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func beginPass(t *testing.T, st *store.Store) int64 {
	t.Helper()
	epoch, err := st.BeginPass(t.Context(), store.PassBegin{School: "s", Request: rand.Text(), Trigger: "manual", Scope: struct{}{}})
	require.NoError(t, err)
	return epoch
}

func TestGateRefusesWhoeverIsOvertaken(t *testing.T) {
	t.Parallel()
	st := setup(t)
	first := beginPass(t, st)
	stale := st.Gate("s", first)
	require.NoError(t, stale.Pass(t.Context()))
	second := beginPass(t, st)
	require.Greater(t, second, first)
	require.Equal(t, messenger.CodeFenced, messenger.CodeOf(stale.Pass(t.Context())))
	require.NoError(t, st.Gate("s", second).Pass(t.Context()))
}

// Requests of many workers on one token never exceed 20 in any second.
func TestGatePacesAToken(t *testing.T) {
	t.Parallel()
	st := setup(t)
	gate := st.Gate("s", beginPass(t, st))
	var mu sync.Mutex
	var times []time.Time
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			for range 10 {
				if err := gate.Pass(t.Context()); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				times = append(times, time.Now())
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.SortFunc(times, time.Time.Compare)
	require.Len(t, times, 60)
	for i := range len(times) - 20 {
		require.Greater(t, times[i+20].Sub(times[i]), time.Second, "requests %d to %d", i, i+20)
	}
	require.Less(t, times[59].Sub(times[0]), 5*time.Second, "and the budget is used")
}

func TestGateGivesUpWhenTheWaitIsLong(t *testing.T) {
	t.Parallel()
	st := setup(t)
	gate := st.Gate("s", beginPass(t, st))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	var refused *messenger.Error
	var group sync.WaitGroup
	for range 60 { // more than two seconds' worth at once
		group.Go(func() {
			err := gate.Pass(ctx)
			if e, ok := errors.AsType[*messenger.Error](err); ok {
				mu.Lock()
				refused = e
				mu.Unlock()
				cancel() // whoever waits may go
			}
		})
	}
	group.Wait()
	require.NotNil(t, refused)
	require.Equal(t, messenger.CodeBudget, refused.Code)
	require.GreaterOrEqual(t, refused.RetryAfter, 2*time.Second, "it is refused because it would wait longer than that")
}

func TestGateRefusesAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	pass := st.Gate("s", beginPass(t, st))
	of := func(activity string, attempt int32) *store.Gate {
		gate, err := pass.For(ctx, activity, attempt)
		require.NoError(t, err)
		return gate
	}
	first, other := of("a", 1), of("b", 1)
	require.NoError(t, first.Pass(ctx))
	second := of("a", 2)
	require.Equal(t, messenger.CodeFenced, messenger.CodeOf(first.Pass(ctx)))
	require.NoError(t, second.Pass(ctx))
	require.NoError(t, other.Pass(ctx), "another activity of the same pass goes on")
}

func TestCheckRefusesWhoeverIsOvertaken(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	of := func(pass *store.Gate, activity string, attempt int32) *store.Gate {
		gate, err := pass.For(ctx, activity, attempt)
		require.NoError(t, err)
		return gate
	}
	pass := st.Gate("s", beginPass(t, st))
	first, other := of(pass, "a", 1), of(pass, "b", 1)
	require.NoError(t, first.Check(ctx))
	second := of(pass, "a", 2)
	require.Equal(t, messenger.CodeFenced, messenger.CodeOf(first.Check(ctx)), "a later attempt has begun")
	require.NoError(t, second.Check(ctx))
	require.NoError(t, other.Check(ctx), "another activity of the same pass goes on")

	later := st.Gate("s", beginPass(t, st))
	for _, stale := range []*store.Gate{pass, first, second, other} {
		require.Equal(t, messenger.CodeFenced, messenger.CodeOf(stale.Check(ctx)), "a later pass has begun")
	}
	require.NoError(t, later.Check(ctx))
	require.Error(t, st.Gate("nowhere", 1).Check(ctx))
}

func TestCheckTakesNothingFromTheBudget(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	gate := st.Gate("s", beginPass(t, st))
	require.NoError(t, gate.Pass(t.Context()))
	conn := raw(t, url)
	turn := func() []string { return texts(t, conn, `SELECT next_request_at::text FROM communities`) }
	before := turn()
	for range 100 {
		require.NoError(t, gate.Check(t.Context()))
	}
	require.Equal(t, before, turn())
}
