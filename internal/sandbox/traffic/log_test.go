package traffic_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

func plain(group int64, method string, code int) traffic.Entry {
	return traffic.Entry{
		GroupID: group, Method: method, ErrorCode: code,
		Calls: []traffic.Call{{Method: method, ErrorCode: code}},
	}
}

func seqs(entries []traffic.Entry) []int64 {
	return lo.Map(entries, func(e traffic.Entry, _ int) int64 { return e.Seq })
}

func TestEntriesAreGivenSinceASeqAndByCommunity(t *testing.T) {
	t.Parallel()
	log := traffic.NewLog()
	for i := range 4 {
		log.Add(plain(int64(i%2+1), "a.b", 0))
	}
	require.Equal(t, []int64{1, 2, 3, 4}, seqs(log.Entries(0, 0)))
	require.Equal(t, []int64{3, 4}, seqs(log.Entries(2, 0)))
	require.Equal(t, []int64{2, 4}, seqs(log.Entries(0, 2)))
	require.Empty(t, log.Entries(4, 0))
	require.EqualValues(t, 4, log.Seq())
}

func TestTotalsCountRequestsCallsAndErrors(t *testing.T) {
	t.Parallel()
	log := traffic.NewLog()
	log.Add(plain(1, "a.b", 100))
	log.Add(traffic.Entry{GroupID: 1, Method: "execute", Calls: []traffic.Call{
		{Method: "a.b"}, {Method: "a.c", ErrorCode: 15}, {Method: "a.c", ErrorCode: 15},
	}})
	log.Add(traffic.Entry{GroupID: 2, Method: "execute", ErrorCode: 13, Calls: []traffic.Call{{Method: "a.b"}}})
	log.Add(traffic.Entry{Method: "a.b", ErrorCode: 5})

	totals := log.Totals()
	require.Equal(t, traffic.Counts{
		Requests: map[string]int{"a.b": 2, "execute": 2},
		Calls:    map[string]int{"a.b": 3, "a.c": 2},
		Errors:   map[int]int{100: 1, 15: 2, 13: 1, 5: 1},
	}, totals.All)
	require.Equal(t, map[string]int{"a.b": 1, "execute": 1}, totals.Communities[1].Requests)
	require.Equal(t, map[int]int{13: 1}, totals.Communities[2].Errors)
	require.Equal(t, map[int]int{5: 1}, totals.Communities[0].Errors)

	log.Reset()
	require.Empty(t, log.Totals().All.Requests)
	require.Empty(t, log.Entries(0, 0))
	log.Add(plain(1, "a.b", 0))
	require.Equal(t, []int64{5}, seqs(log.Entries(0, 0)), "seq goes on")
}

func TestTheLogIsBoundedButItsTotalsAreNot(t *testing.T) {
	t.Parallel()
	log := traffic.NewLog()
	for range 50_010 {
		log.Add(plain(1, "a.b", 0))
	}
	require.Len(t, log.Entries(0, 0), 50_000)
	require.EqualValues(t, 11, log.Entries(0, 0)[0].Seq)
	require.Equal(t, 50_010, log.Totals().All.Requests["a.b"])

	full := make([]traffic.Call, 25)
	for range 8_001 {
		log.Add(traffic.Entry{GroupID: 1, Method: "execute", Calls: full})
	}
	require.Len(t, log.Entries(0, 0), 8_000, "bounded by calls")
}

func TestWaitReturnsWhenTheLogGetsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := traffic.NewLog()
		log.Add(plain(1, "a.b", 0))
		require.NoError(t, log.Wait(t.Context(), 1))

		var waiting sync.WaitGroup
		waited := make(chan error, 1)
		waiting.Go(func() { waited <- log.Wait(t.Context(), 3) })
		log.Add(plain(1, "a.b", 0))
		synctest.Wait()
		require.Empty(t, waited)
		log.Add(plain(1, "a.b", 0))
		waiting.Wait()
		require.NoError(t, <-waited)
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, traffic.NewLog().Wait(ctx, 1), context.Canceled)
}
