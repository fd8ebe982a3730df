package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/workflows"
)

func TestSlicesOf(t *testing.T) {
	t.Parallel()
	op := func(chat chats.Key, step reconcile.Step, kind reconcile.Kind) reconcile.Operation {
		return reconcile.Operation{Chat: chat, Step: step, Kind: kind}
	}
	require.Empty(t, slicesOf(nil))
	require.Equal(t, []workflows.Slice{{From: 0, To: 3, Chats: 2, Membership: true, Roles: true}}, slicesOf([]reconcile.Operation{
		op("a", reconcile.StepEnsure, reconcile.Create), op("a", reconcile.StepAdd, reconcile.Add),
		op("b", reconcile.StepPromote, reconcile.Promote), op("b", reconcile.StepRetire, reconcile.Remove),
	}))
	require.Equal(t, []workflows.Slice{{From: 0, To: 0, Chats: 1, Roles: true}}, slicesOf([]reconcile.Operation{
		op("a", reconcile.StepDemote, reconcile.Demote),
	}))
}

// Slices cover all operations in order, never split a chat, and are of bounded cost as far as
// single chats allow.
func TestSlicesCoverAndNeverSplitAChat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var operations []reconcile.Operation
		for chat := range rapid.IntRange(0, 40).Draw(t, "chats") {
			for range rapid.IntRange(1, 60).Draw(t, "operations") {
				operations = append(operations, reconcile.Operation{
					Chat: chats.Key(rune('A' + chat)), Step: reconcile.StepRemove, Kind: reconcile.Remove,
				})
			}
		}
		next := 0
		for _, s := range slicesOf(operations) {
			require.Equal(t, next, s.From)
			require.GreaterOrEqual(t, s.To, s.From)
			if s.From > 0 {
				require.NotEqual(t, operations[s.From-1].Chat, operations[s.From].Chat)
			}
			if s.Chats > 1 {
				require.LessOrEqual(t, s.To-s.From+1, sliceCalls)
			}
			next = s.To + 1
		}
		require.Equal(t, len(operations), next)
	})
}
