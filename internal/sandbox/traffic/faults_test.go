package traffic_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// setup gives faults with these in force.
func setup(t *testing.T, armed ...traffic.Fault) *traffic.Faults {
	t.Helper()
	faults := &traffic.Faults{}
	for _, f := range armed {
		require.NoError(t, faults.Add(f))
	}
	return faults
}

func TestAFaultStrikesAfterItsSkipsAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	faults := setup(t, traffic.Fault{Method: "a.b", Mode: traffic.ModeDrop, Skip: 1, Times: 2})
	var struck []bool
	for range 5 {
		_, ok := faults.Call(1, "a.b")
		struck = append(struck, ok)
	}
	require.Equal(t, []bool{false, true, true, false, false}, struck)
	require.Empty(t, faults.Armed())
}

func TestAFaultStrikesOnceByDefault(t *testing.T) {
	t.Parallel()
	faults := setup(t, traffic.Fault{Method: "a.b", Mode: traffic.ModeSlow, DelayMS: 1500})
	f, ok := faults.Call(1, "a.b")
	require.True(t, ok)
	require.Equal(t, 1500*time.Millisecond, f.Delay())
	_, ok = faults.Call(1, "a.b")
	require.False(t, ok)
}

func TestAFaultCanLastForEver(t *testing.T) {
	t.Parallel()
	faults := setup(t, traffic.Fault{Method: "a.b", Mode: traffic.ModeDrop, Times: traffic.Forever})
	for range 10 {
		_, ok := faults.Call(1, "a.b")
		require.True(t, ok)
	}
	faults.Clear()
	_, ok := faults.Call(1, "a.b")
	require.False(t, ok)
}

func TestAnyRequestLeavesInnerCallsAlone(t *testing.T) {
	t.Parallel()
	faults := setup(t, traffic.Fault{Method: traffic.AnyRequest, Mode: traffic.ModeDrop, Times: 2})
	_, ok := faults.Call(1, "a.b")
	require.False(t, ok)
	_, ok = faults.Request(1, "execute")
	require.True(t, ok)
	_, ok = faults.Request(1, "a.b")
	require.True(t, ok)
}

func TestAFaultMayConcernOneCommunity(t *testing.T) {
	t.Parallel()
	faults := setup(t, traffic.Fault{Method: "a.b", Mode: traffic.ModeDrop, GroupID: 2})
	_, ok := faults.Call(1, "a.b")
	require.False(t, ok)
	_, ok = faults.Call(2, "a.b")
	require.True(t, ok)
}

func TestTheFirstOfSeveralFaultsStrikesFirst(t *testing.T) {
	t.Parallel()
	faults := setup(t,
		traffic.Fault{Method: "a.b", Mode: traffic.ModeError, ErrorCode: 10},
		traffic.Fault{Method: "a.b", Mode: traffic.ModeHTTP500})
	first, _ := faults.Call(1, "a.b")
	second, _ := faults.Call(1, "a.b")
	require.Equal(t, []traffic.Mode{traffic.ModeError, traffic.ModeHTTP500}, []traffic.Mode{first.Mode, second.Mode})
	require.Equal(t, 10, first.ErrorCode)
}

func TestWrongFaultsAreRefused(t *testing.T) {
	t.Parallel()
	for advice, wrong := range map[string]traffic.Fault{
		"method":     {Mode: traffic.ModeDrop},
		"modes":      {Method: "a.b", Mode: "explode"},
		"error_code": {Method: "a.b", Mode: traffic.ModeError},
		"delay_ms":   {Method: "a.b", Mode: traffic.ModeSlow},
		"times":      {Method: "a.b", Mode: traffic.ModeDrop, Times: -2},
	} {
		faults := setup(t)
		require.ErrorContains(t, faults.Add(wrong), advice)
		require.Empty(t, faults.Armed())
	}
}
