package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func mirrorOf(t *testing.T, st *store.Store) store.MirrorChat {
	t.Helper()
	mirror, err := st.Mirror(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, mirror, 1)
	return mirror[0]
}

func TestPlanMakesTheIntentAndIsResumed(t *testing.T) {
	t.Parallel()
	st := setup(t)
	chat, plan := newChat(t, st)
	require.Equal(t, reconcile.ChatCreating, chat.State)
	require.Contains(t, chat.Nonce, "1А · Родители · ")
	require.False(t, chat.Asked)
	require.Empty(t, chat.Ref)

	row := store.PlanRow{School: "s", Epoch: 1, Type: chats.Parents, Snapshot: "x"}
	again, existed, err := st.SavePlan(t.Context(), row, reconcile.Plan{}, nil)
	require.NoError(t, err)
	require.True(t, existed)
	require.Equal(t, plan, again)

	require.NoError(t, st.AskForChats(t.Context(), []int64{chat.ID}))
	require.True(t, mirrorOf(t, st).Asked)
}

func TestEffectsOnTheMirrorAndThePlan(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	chat, plan := newChat(t, st)
	ops, err := st.Operations(ctx, plan)
	require.NoError(t, err)

	e := st.NewEffects()
	e.ChatMade(chat.ID, "7")
	e.LinkRead(chat.ID, "https://example.test/join/secret")
	e.MemberIs(chat.ID, reconcile.MemberPresent, ops[1].Operation, false)
	e.AdminIs(chat.ID, 11, true)
	e.Operation(plan, 1, store.OperationDone, "")
	require.NoError(t, e.Record(ctx))

	chat = mirrorOf(t, st)
	require.Equal(t, reconcile.ChatLive, chat.State)
	require.EqualValues(t, "7", chat.Ref)
	require.Equal(t, chat.Nonce, chat.Title)
	require.Equal(t, []reconcile.Member{{
		Account: 11, Person: "p", Reasons: ops[1].Reasons, State: reconcile.MemberPresent, Admin: true,
	}}, chat.Members)
	link, err := st.Link(ctx, chat.ID)
	require.NoError(t, err)
	require.Equal(t, "https://example.test/join/secret", link)

	pending, err := st.PendingOperations(ctx, plan, 0, 10, reconcile.StepEnsure, reconcile.StepAdd)
	require.NoError(t, err)
	require.Len(t, pending, 1)
	require.Equal(t, reconcile.Create, pending[0].Kind)
	counts, err := st.CountOperations(ctx, "s", 1, 0)
	require.NoError(t, err)
	require.ElementsMatch(t, []store.OperationCount{{"add", store.OperationDone, "", 1}, {"create", store.OperationPending, "", 1}}, counts)
}

func TestMemberStates(t *testing.T) {
	t.Parallel()
	st := setup(t)
	chat, plan := newChat(t, st)
	ops, err := st.Operations(t.Context(), plan)
	require.NoError(t, err)
	add := ops[1].Operation
	only := func() reconcile.Member {
		members := mirrorOf(t, st).Members
		require.Len(t, members, 1)
		return members[0]
	}
	record := func(f func(*store.Effects)) {
		t.Helper()
		e := st.NewEffects()
		f(e)
		require.NoError(t, e.Record(t.Context()))
	}

	record(func(e *store.Effects) { e.MemberIs(chat.ID, reconcile.MemberInvited, add, false) })
	require.Equal(t, reconcile.MemberInvited, only().State)
	record(func(e *store.Effects) { e.MemberSeen(chat.ID, messenger.Member{Account: 11, Admin: true}) })
	require.Equal(t, reconcile.Member{Account: 11, Person: "p", Reasons: add.Reasons, State: reconcile.MemberPresent, Admin: true}, only())
	record(func(e *store.Effects) { e.MemberWent(chat.ID, 11) })
	require.Equal(t, reconcile.MemberMissing, only().State)
	require.False(t, only().Admin)
	record(func(e *store.Effects) { e.MemberIs(chat.ID, reconcile.MemberPresent, add, true) })
	require.True(t, only().PutBack)
	record(func(e *store.Effects) { e.MemberRefused(chat.ID, add, messenger.CodeMemberRefused) })
	require.Equal(t, reconcile.MemberRefused, only().State)
	record(func(e *store.Effects) { e.MemberRemoved(chat.ID, 11) })
	require.Empty(t, mirrorOf(t, st).Members)
	record(func(e *store.Effects) { e.MemberSeen(chat.ID, messenger.Member{Account: 12}) })
	require.Equal(t, reconcile.Member{Account: 12, Reasons: []chats.Reason{}, State: reconcile.MemberPresent}, only(), "a stranger has no person")

	record(func(e *store.Effects) { e.ChatTrouble(chat.ID, messenger.CodeChatGone) })
	require.Equal(t, reconcile.ChatGone, mirrorOf(t, st).State)
	require.Equal(t, messenger.CodeChatGone, mirrorOf(t, st).Problem)
}

func TestHoldsKeepTheirSince(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	hold := func(account school.AccountID) reconcile.Hold {
		return reconcile.Hold{Kind: reconcile.HoldFrozen, Faults: []school.FaultCode{school.FaultNoClass}, Operation: reconcile.Operation{
			Chat: "parents:c", Type: chats.Parents, Kind: reconcile.Remove, Account: account, Rule: reconcile.RuleGone,
		}}
	}
	save := func(p reconcile.Plan) {
		_, _, err := st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: beginPass(t, st), Type: chats.Parents}, p, nil)
		require.NoError(t, err)
	}
	save(reconcile.Plan{Holds: []reconcile.Hold{hold(1)}})
	before, err := st.Holds(ctx, "s")
	require.NoError(t, err)
	require.Len(t, before, 1)

	two := reconcile.Plan{Holds: []reconcile.Hold{hold(1), hold(2)}}
	save(two)
	after, err := st.Holds(ctx, "s")
	require.NoError(t, err)
	require.Len(t, after, 2)
	require.Equal(t, before[0].Since, after[0].Since)
	require.Equal(t, hold(2).Operation, after[1].Operation)
	digests, err := st.HoldDigests(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, map[chats.Type]string{chats.Parents: two.HoldsDigest()}, digests)

	save(reconcile.Plan{})
	after, err = st.Holds(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, after)
	digests, err = st.HoldDigests(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, reconcile.Plan{}.HoldsDigest(), digests[chats.Parents])
}

func TestPassIsRecordedAndItsRequestsAnswered(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	asked := []store.Asked{{ID: "r1", Trigger: "manual", RequestedBy: "op"}, {ID: "r2", Trigger: "event"}}
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: "r1", Trigger: "manual", RequestedBy: "op", Verify: true, Scope: struct{}{}, Requests: asked})
	require.NoError(t, err)
	require.NoError(t, st.SetPassSnapshot(ctx, "s", epoch, "digest"))
	require.NoError(t, st.EndPass(ctx, "s", epoch, "changed", nil, map[string]int{"n": 1}, asked))
	last, err := st.LastPasses(ctx)
	require.NoError(t, err)
	require.Equal(t, "changed", *last["s"].Outcome)
	require.Equal(t, "digest", *last["s"].Snapshot)
	require.Equal(t, 2, last["s"].Requests)
	require.NotNil(t, last["s"].FinishedAt)

	var missing *store.NotFoundError
	_, err = st.BeginPass(ctx, store.PassBegin{School: "nowhere", Scope: struct{}{}})
	require.ErrorAs(t, err, &missing)
	require.NoError(t, st.EndPass(ctx, "nowhere", 0, "failed", nil, nil, asked), "there is nothing to record, and that is no failure")
}

func TestBeginningAPassAgain(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	begin := func(request string) int64 {
		epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: request, Scope: struct{}{}})
		require.NoError(t, err)
		return epoch
	}
	first := begin("a")
	require.Equal(t, first, begin("a"), "a retry goes on with the pass it began")
	second := begin("b")
	require.Greater(t, second, first)
	passes, err := st.Passes(ctx, "s", 10)
	require.NoError(t, err)
	require.Len(t, passes, 2)
	require.Nil(t, passes[0].FinishedAt)
	require.Equal(t, "failed", *passes[1].Outcome, "nobody will end it any more")

	require.NoError(t, st.EndPass(ctx, "s", 0, "failed", nil, nil, []store.Asked{{ID: "c"}, {ID: "b"}}))
	passes, err = st.Passes(ctx, "s", 1)
	require.NoError(t, err)
	require.NotNil(t, passes[0].FinishedAt, "its beginning was not confirmed, but its request is known")
}

func TestLockIsHeldByOne(t *testing.T) {
	t.Parallel()
	st := setup(t)
	first, err := st.Lock(t.Context(), "x")
	require.NoError(t, err)
	require.True(t, first.Held(t.Context()))
	second, err := st.Lock(t.Context(), "x")
	require.NoError(t, err)
	require.Nil(t, second)
	other, err := st.Lock(t.Context(), "y")
	require.NoError(t, err)
	require.NotNil(t, other)
	other.Release()
	first.Release()
	require.Eventually(t, func() bool {
		again, err := st.Lock(t.Context(), "x")
		if err != nil || again == nil {
			return false
		}
		again.Release()
		return true
	}, 5*1e9, 5*1e6)
}
