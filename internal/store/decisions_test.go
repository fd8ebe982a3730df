package store_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestDecisionsOnHolds(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	hold := func(kind reconcile.HoldKind, account school.AccountID) reconcile.Hold {
		return reconcile.Hold{Kind: kind, Operation: reconcile.Operation{
			Chat: "parents:c", Type: chats.Parents, Step: reconcile.StepRemove, Kind: reconcile.Remove, Account: account, Rule: reconcile.RuleGone,
		}}
	}
	save := func(scope reconcile.Scope, p reconcile.Plan) {
		_, _, err := st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: beginPass(t, st), Type: chats.Parents, Scope: scope}, p, nil)
		require.NoError(t, err)
	}
	one, two, last := hold(reconcile.HoldBreaker, 1), hold(reconcile.HoldBreaker, 2), hold(reconcile.HoldLastAdmin, 3)
	save(reconcile.Scope{}, reconcile.Plan{Holds: []reconcile.Hold{one, two, last}})
	holds, err := st.Holds(ctx, "s")
	require.NoError(t, err)
	id := func(account school.AccountID) int64 {
		h, found := lo.Find(holds, func(h store.HoldRow) bool { return h.Operation.Account == account })
		require.True(t, found)
		return h.ID
	}
	seen, err := st.HoldsDigest(ctx, "s")
	require.NoError(t, err)

	var missing *store.NotFoundError
	require.ErrorAs(t, st.Decide(ctx, "s", seen, []int64{id(1), 4711}, reconcile.DecisionApproved, "op"), &missing)
	var final *store.NotApprovableError
	require.ErrorAs(t, st.Decide(ctx, "s", seen, []int64{id(1), id(3)}, reconcile.DecisionApproved, "op"), &final)
	require.ErrorContains(t, final, "next admin")
	require.NoError(t, st.Decide(ctx, "s", seen, []int64{id(1)}, reconcile.DecisionApproved, "op"))
	require.ErrorIs(t, st.Decide(ctx, "s", seen, []int64{id(2)}, reconcile.DecisionApproved, "op"), store.ErrStaleHolds)
	counts, err := st.HoldCounts(ctx)
	require.NoError(t, err)
	require.Equal(t, map[school.ID]int{"s": 2}, counts, "what was decided waits no longer")
	decisions, err := st.Decisions(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, map[reconcile.HoldID]reconcile.Decision{
		one.ID(): reconcile.DecisionApproved, two.ID(): reconcile.DecisionWaiting, last.ID(): reconcile.DecisionWaiting,
	}, decisions)

	rest := []reconcile.Hold{two, last}
	save(reconcile.Scope{People: []school.PersonID{"somebody"}}, reconcile.Plan{Holds: rest})
	save(reconcile.Scope{}, reconcile.Plan{Holds: rest, Operations: []reconcile.Operation{one.Operation}})
	after, err := st.Decisions(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, decisions, after, "an approval stays until it is done")
	save(reconcile.Scope{}, reconcile.Plan{Holds: rest})
	after, err = st.Decisions(ctx, "s")
	require.NoError(t, err)
	require.NotContains(t, after, one.ID())

	expired, err := st.SettleHolds(ctx, "s", 0)
	require.NoError(t, err)
	require.Zero(t, expired)
	st.Age(t, "holds", "since", store.HoldLasts)
	expired, err = st.SettleHolds(ctx, "s", 0)
	require.NoError(t, err)
	require.Equal(t, 1, expired, "the one that a word could have released")
}

// What becomes of an approval: it is done, it meets another guard, or it lapses.
func TestApprovalsAreSettled(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	operation := reconcile.Operation{Chat: "parents:c", Type: chats.Parents, Step: reconcile.StepRemove, Kind: reconcile.Remove, Account: 1, Rule: reconcile.RuleDropped}
	first, second := reconcile.Hold{Kind: reconcile.HoldNoEvidence, Operation: operation}, reconcile.Hold{Kind: reconcile.HoldBreaker, Operation: operation}
	var plan int64
	var epoch int64
	save := func(p reconcile.Plan) {
		epoch = beginPass(t, st)
		var err error
		plan, _, err = st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: epoch, Type: chats.Parents}, p, nil)
		require.NoError(t, err)
	}
	states := func() map[reconcile.HoldKind]reconcile.Decision {
		holds, err := st.Holds(ctx, "s")
		require.NoError(t, err)
		return lo.SliceToMap(holds, func(h store.HoldRow) (reconcile.HoldKind, reconcile.Decision) { return h.Kind, h.State })
	}
	approve := func(kind reconcile.HoldKind) {
		holds, err := st.Holds(ctx, "s")
		require.NoError(t, err)
		h, _ := lo.Find(holds, func(h store.HoldRow) bool { return h.Kind == kind })
		seen, err := st.HoldsDigest(ctx, "s")
		require.NoError(t, err)
		for range 2 { // its answer may have been lost
			require.NoError(t, st.Decide(ctx, "s", seen, []int64{h.ID}, reconcile.DecisionApproved, "op"))
		}
	}
	settle := func() {
		_, err := st.SettleHolds(ctx, "s", epoch)
		require.NoError(t, err)
	}
	save(reconcile.Plan{Holds: []reconcile.Hold{first}})
	approve(reconcile.HoldNoEvidence)
	save(reconcile.Plan{Holds: []reconcile.Hold{second}})
	require.Equal(t, map[reconcile.HoldKind]reconcile.Decision{
		reconcile.HoldNoEvidence: reconcile.DecisionApproved, reconcile.HoldBreaker: reconcile.DecisionWaiting,
	}, states(), "it is held by another guard now, and the first word still counts")
	approve(reconcile.HoldBreaker)

	st.Age(t, "holds", "decided_at", 25*time.Hour)
	settle()
	require.Equal(t, map[reconcile.HoldKind]reconcile.Decision{
		reconcile.HoldNoEvidence: reconcile.DecisionWaiting, reconcile.HoldBreaker: reconcile.DecisionWaiting,
	}, states(), "not done within a day")
	approve(reconcile.HoldNoEvidence)
	approve(reconcile.HoldBreaker)

	save(reconcile.Plan{Operations: []reconcile.Operation{operation}})
	settle()
	require.Len(t, states(), 2, "not done yet")
	e := st.NewEffects()
	e.Operation(plan, 0, store.OperationDone, "")
	require.NoError(t, e.Record(ctx))
	settle()
	require.Empty(t, states())
}

func TestUrgentPartSupersedesWhatItCovers(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	chat, plan := newChat(t, st) // one chat to be made, one person to be added
	operations, err := st.Operations(ctx, plan)
	require.NoError(t, err)
	part := func(n int, s reconcile.Scope) {
		_, _, err := st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: 1, Type: chats.Parents, Part: n, Scope: s}, reconcile.Plan{}, nil)
		require.NoError(t, err)
	}
	pending := func() int {
		ops, err := st.PendingOperations(ctx, plan, 0, len(operations), reconcile.StepEnsure, reconcile.StepAdd)
		require.NoError(t, err)
		return len(ops)
	}
	part(1, reconcile.Scope{People: []school.PersonID{"p"}})
	require.Equal(t, 2, pending(), "a chat that is still to be made is the pass's own business")
	e := st.NewEffects()
	e.ChatMade(chat.ID, "7")
	require.NoError(t, e.Record(ctx))
	part(2, reconcile.Scope{People: []school.PersonID{"q"}})
	require.Equal(t, 2, pending(), "somebody else")
	part(3, reconcile.Scope{People: []school.PersonID{"p"}})
	require.Equal(t, 1, pending())
	part(4, reconcile.Scope{Chats: []chats.Key{"parents:c"}})
	require.Zero(t, pending())
}
