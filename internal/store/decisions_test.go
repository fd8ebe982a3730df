package store_test

import (
	"testing"

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

	expired, err := st.ExpireHolds(ctx, "s")
	require.NoError(t, err)
	require.Zero(t, expired)
	st.Age(t, "holds", "since", store.HoldLasts)
	expired, err = st.ExpireHolds(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, 2, expired)
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
