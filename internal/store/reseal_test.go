package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestEverythingIsSealedAnew(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	_, keys := s.process(t)
	first := keys.Primary()
	counts, err := s.st.SealedBy(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, lo.Keys(store.SealedKinds()), lo.Map(counts, func(c store.SealedCount, _ int) string { return c.Kind }),
		"something of every kind is sealed here")
	require.Equal(t, map[uint32]int{first: 2*kinds + 1}, using(t, s.st))
	require.Zero(t, reseal(t, s.st).Values, "all is sealed with the primary key")

	second := s.newPrimary(t)
	var told []int
	r, err := s.st.Reseal(t.Context(), func(done int) { told = append(told, done) })
	require.NoError(t, err)
	require.Equal(t, store.Resealed{Values: 2*kinds + 1}, r)
	require.IsNonDecreasing(t, told)
	require.Equal(t, 2*kinds+1, lo.LastOrEmpty(told))
	require.Equal(t, map[uint32]int{second: 2*kinds + 1}, using(t, s.st))
	require.Zero(t, reseal(t, s.st).Values)

	s.removeKey(t, first)
	fresh, _ := s.process(t)
	s.requireAllOpens(t, fresh)
	s.requireAllOpens(t, s.st)
}

func TestSealingAnewGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	ctx := t.Context()
	_, err := raw(t, s.url).Exec(ctx, `
		INSERT INTO chats (school_id, key, type, state, title, nonce) SELECT 's', 'k' || n, 'parents', 'live', 'x', 'x' FROM generate_series(1, $1) n`,
		2*store.ResealAtATime+7)
	require.NoError(t, err)
	mirror, err := s.st.Mirror(ctx, "s", "parents")
	require.NoError(t, err)
	e := s.st.NewEffects()
	for _, c := range mirror {
		e.LinkRead(c.ID, fmt.Sprint("link ", c.ID))
	}
	require.NoError(t, e.Record(ctx))
	before := using(t, s.st)
	all := lo.Sum(lo.Values(before))

	second := s.newPrimary(t)
	interrupted, interrupt := context.WithCancel(ctx)
	r, err := s.st.Reseal(interrupted, func(done int) {
		if done > store.ResealAtATime {
			interrupt()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Greater(t, r.Values, store.ResealAtATime)
	require.Less(t, r.Values, all)
	require.Equal(t, r.Values, using(t, s.st)[second])
	s.requireAllOpens(t, s.st)

	require.Equal(t, all-r.Values, reseal(t, s.st).Values)
	require.Equal(t, map[uint32]int{second: all}, using(t, s.st))
	s.requireAllOpens(t, s.st)
	for _, c := range mirror {
		link, err := s.st.Link(ctx, c.ID)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint("link ", c.ID), link)
	}
}

func TestWhatSomebodyIsWorkingOnIsPassedOver(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	ctx := t.Context()
	_, keys := s.process(t)
	first := keys.Primary()
	tx, err := raw(t, s.url).Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, `UPDATE chats SET title = 'y' WHERE school_id = 's'`)
	require.NoError(t, err)

	s.newPrimary(t)
	require.Equal(t, 2*kinds, reseal(t, s.st).Values, "all but one, and nobody waited")
	require.Equal(t, 1, using(t, s.st)[first])
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.st.AwaitWriters(short, func([]store.Writer) {}), context.DeadlineExceeded, "somebody is still writing")
	require.NoError(t, tx.Commit(ctx))
	require.NoError(t, s.st.AwaitWriters(ctx, func([]store.Writer) {}))
	require.Equal(t, 1, reseal(t, s.st).Values)
	s.requireAllOpens(t, s.st)
}

// TestPassesGoOnDuringARotation: processes that know nothing of it go on sealing and reading, with what
// they know of the keyset at the time, and nothing ever fails.
func TestPassesGoOnDuringARotation(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	ctx := t.Context()
	_, keys := s.process(t)
	done := make(chan struct{})
	var workers sync.WaitGroup
	var rounds atomic.Int64
	var all []*secret.Keyring
	for _, id := range []school.ID{"s", "other"} {
		st, k := s.process(t)
		all = append(all, k)
		workers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				e := st.NewEffects()
				e.LinkRead(s.chats[id], "https://vk.me/join/"+string(id))
				for _, err := range []error{
					e.Record(ctx), st.SetToken(ctx, id, 42, "token "+string(id)), st.SetUserToken(ctx, id, "user "+string(id)),
					st.SetCallsSecret(ctx, id, "calls "+string(id)), s.readAll(t, st, id),
				} {
					if err != nil {
						t.Errorf("round %d: %v", n, err)
						return
					}
				}
				rounds.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return rounds.Load() > 4 }, 20*time.Second, 10*time.Millisecond)
	for range 2 {
		old, next := keys.Primary(), s.newPrimary(t)
		require.NoError(t, keys.Reload())
		for lo.SomeBy(all, func(k *secret.Keyring) bool { return k.Primary() != next }) || using(t, s.st)[old] > 0 {
			require.NoError(t, ctx.Err())
			reseal(t, s.st)
		}
		require.NoError(t, s.st.AwaitWriters(ctx, func([]store.Writer) {}))
		require.Equal(t, map[uint32]int{next: 2*kinds + 1}, using(t, s.st))
		s.removeKey(t, old)
	}
	close(done)
	workers.Wait()
	fresh, _ := s.process(t)
	s.requireAllOpens(t, fresh)
}

func TestWhatDoesNotOpenIsNamedAndLeft(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	ctx := t.Context()
	_, keys := s.process(t)
	first := keys.Primary()
	conn := raw(t, s.url)
	_, err := conn.Exec(ctx, `UPDATE communities SET token = (SELECT token FROM communities WHERE school_id = 's') WHERE school_id = 'other'`)
	require.NoError(t, err)
	_, err = conn.Exec(ctx, `UPDATE snapshots SET sealed = 'nobody sealed this' WHERE school_id = 's'`)
	require.NoError(t, err)
	second := s.newPrimary(t)
	r := reseal(t, s.st)
	require.Equal(t, 2*kinds-1, r.Values)
	require.Equal(t, []store.Unopened{
		{SealedCount: store.SealedCount{Kind: "token", Key: first, Values: 1}, Rows: []string{"other"}},
		{SealedCount: store.SealedCount{Kind: "snapshot", Values: 1}, Rows: []string{"s/digest-s"}},
	}, r.Unopened)
	require.Equal(t, map[uint32]int{0: 1, first: 1, second: 2*kinds - 1}, using(t, s.st))
	require.Equal(t, store.Resealed{Unopened: r.Unopened}, reseal(t, s.st))
}

func TestALostKeyIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	ctx := t.Context()
	_, keys := s.process(t)
	first := keys.Primary()
	_, err := s.st.Forget(ctx, first)
	require.ErrorContains(t, err, "the keyset holds key")
	s.newPrimary(t)
	s.removeKey(t, first)
	require.Equal(t, 2*kinds+1, lo.SumBy(reseal(t, s.st).Unopened, func(u store.Unopened) int { return u.Values }))

	forgotten, err := s.st.Forget(ctx, first)
	require.NoError(t, err)
	// A call goes with its room and its message, which were given up with it or before.
	require.Equal(t, map[uint32]int{first: 2}, using(t, s.st), "the proxies are left")
	require.Positive(t, forgotten)
	_, err = s.st.Proxy(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "no other way is taken")
	require.NoError(t, s.st.SetProxy(ctx, "s", nil))

	community, err := s.st.Community(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, community)
	row, err := s.st.School(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, row.Snapshot, "it is read as if for the first time")
	mirror, err := s.st.Mirror(ctx, "s")
	require.NoError(t, err)
	require.Len(t, mirror, 1, "the chat is known, and not made again")
	require.False(t, mirror[0].HasLink)

	require.NoError(t, s.st.SetToken(ctx, "s", 42, "anew"))
	r := reading(t, "digest-s", 2)
	_, err = s.st.SaveReading(ctx, r)
	require.NoError(t, err)
	_, err = s.st.Roster(ctx, "s", "digest-s")
	require.NoError(t, err)
	_, err = s.st.TakeLinks(ctx, "s", store.LinksReading{Reading: complete(1, linked(1, 700_101, 0)), Organisation: "s"}, accounts.Options{}, false)
	require.NoError(t, err)
	push(t, s.st, lesson("vc-1"))
	require.Len(t, held(t, s.st), 1)
}

func TestSealingAnewNeedsKeys(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	keyless, err := store.Open(t.Context(), s.url, nil)
	require.NoError(t, err)
	t.Cleanup(keyless.Close)
	_, err = keyless.Reseal(t.Context(), func(int) {})
	require.ErrorIs(t, err, secret.ErrNoKeyset)
	_, err = keyless.Forget(t.Context(), 1)
	require.ErrorIs(t, err, secret.ErrNoKeyset)
	require.Len(t, using(t, keyless), 1, "to count needs none")
}
