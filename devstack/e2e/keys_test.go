package e2e

import (
	"encoding/json"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// The keyset is rotated in the middle of a running sweep: nothing fails, and all that was sealed opens.
func TestKeysAreRotatedInTheMiddleOfASweep(t *testing.T) {
	a := newArea(t, 24, nil) // not parallel: all tests share the keyset
	a.settled()
	for _, s := range a.schools { // slow enough to be met on the way
		require.NoError(t, world.stack.Sandbox().AddFault(traffic.Fault{
			GroupID: s.group, Method: traffic.AnyRequest, Mode: traffic.ModeSlow, DelayMS: 800, Times: traffic.Forever,
		}))
		t.Cleanup(func() { require.NoError(t, clearFaultsOf(s)) })
	}
	_, _, err := temporal.StartSweep(t.Context(), world.client, world.store, workflows.SweepInput{District: a.id, Trigger: workflows.TriggerDistrict})
	require.NoError(t, err)
	under := func() bool {
		value, err := world.client.QueryWorkflow(t.Context(), workflows.SweepID(a.id), "", workflows.StatusQuery)
		var status workflows.SweepStatus
		return err == nil && value.Get(&status) == nil && status.InFlight > 0
	}
	require.Eventually(t, under, workTime, pollEvery)
	before := keyIDs(t)
	out, err := rollcall(t.Context(), "", "keys", "rotate")
	require.NoError(t, err, out)
	t.Log("\n" + out)
	var report workflows.SweepReport
	require.NoError(t, world.client.GetWorkflow(t.Context(), workflows.SweepID(a.id), "").Get(t.Context(), &report))
	require.Equal(t, len(a.schools), report.Counts.InStep, "%+v", report)
	after := keyIDs(t)
	require.Len(t, after, 1)
	require.NotEqual(t, before, after, "another key, and the one before is gone")
	for _, s := range a.schools {
		community, err := world.store.Community(t.Context(), s.id)
		require.NoError(t, err)
		require.Equal(t, s.token, community.Token)
	}
	a.schools[0].resync(true, workflows.OutcomeInStep)
}

// keyIDs are the ids of the keys in the keyset.
func keyIDs(t *testing.T) []uint32 {
	t.Helper()
	type key struct{ Key uint32 }
	out, err := rollcall(t.Context(), "", "keys", "list", "-o", "json")
	require.NoError(t, err)
	var list struct{ Keys []key }
	require.NoError(t, json.Unmarshal([]byte(out), &list), out)
	ids := lo.Map(list.Keys, func(k key, _ int) uint32 { return k.Key })
	require.NotContains(t, ids, uint32(0), out)
	return ids
}
