package traffic_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

func TestNoWindowHoldsMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	var now time.Duration
	limiter := traffic.NewLimiter(3, time.Second, func() time.Time { return time.Unix(0, 0).Add(now) })
	var passed []time.Duration
	for range 400 {
		if limiter.Allow("a") {
			passed = append(passed, now)
		}
		now += 7 * time.Millisecond
	}
	for i := range len(passed) - 3 {
		require.GreaterOrEqual(t, passed[i+3]-passed[i], time.Second)
	}
	require.Len(t, passed, 9, "three in each of the 2.8 seconds begun")
}

func TestTheWindowSlides(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	limiter := traffic.NewLimiter(2, time.Second, func() time.Time { return now })
	at := func(ms int64) bool {
		now = time.UnixMilli(ms)
		return limiter.Allow("a")
	}
	require.True(t, at(0))
	require.True(t, at(900))
	require.False(t, at(999))
	require.True(t, at(1000), "the first is out of the window, and the refusal did not count")
	require.False(t, at(1899))
	require.True(t, at(1900))
}

func TestKeysAreLimitedByThemselves(t *testing.T) {
	t.Parallel()
	limiter := traffic.NewLimiter(1, time.Second, func() time.Time { return time.Unix(0, 0) })
	require.True(t, limiter.Allow("a"))
	require.False(t, limiter.Allow("a"))
	require.True(t, limiter.Allow("b"))
}

func TestWithoutALimitEverythingPasses(t *testing.T) {
	t.Parallel()
	limiter := traffic.NewLimiter(0, time.Second, time.Now)
	for range 100 {
		require.True(t, limiter.Allow("a"))
	}
}
