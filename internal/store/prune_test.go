package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestPruneLeavesTheNewestPass(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	_, old := newChat(t, st)
	first := []store.Asked{{ID: "old"}}
	require.NoError(t, st.EndPass(ctx, "s", 1, "changed", nil, nil, first))
	second := beginPass(t, st)
	newest, _, err := st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: second, Type: "parents"}, reconcile.Plan{}, nil)
	require.NoError(t, err)
	require.NoError(t, st.EndPass(ctx, "s", second, "changed", nil, nil, nil))
	require.NoError(t, st.Audit(ctx, "op", "looked", "s", ""))

	gone, err := st.Prune(ctx)
	require.NoError(t, err)
	require.Zero(t, gone, "nothing is old")

	const long = 400 * 24 * time.Hour
	for table, column := range map[string]string{"plans": "created_at", "requests": "answered_at", "passes": "finished_at", "audit": "at"} {
		st.Age(t, table, column, long)
	}
	gone, err = st.Prune(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 4, gone, "a plan, a request, a pass, an entry of the audit")
	passes, err := st.Passes(ctx, "s", 10)
	require.NoError(t, err)
	require.Len(t, passes, 1)
	require.Equal(t, second, passes[0].Epoch)
	ops, err := st.Operations(ctx, old)
	require.NoError(t, err)
	require.Empty(t, ops)
	again, existed, err := st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: second, Type: "parents"}, reconcile.Plan{}, nil)
	require.NoError(t, err)
	require.True(t, existed)
	require.Equal(t, newest, again)
}

func TestPruneForgetsCallsThatAreLongOver(t *testing.T) {
	t.Parallel()
	st := setup(t)
	push(t, st, lesson("vc-1"), lesson("vc-2"))
	finish(t, st, "vc-1")
	gone, err := st.Prune(t.Context())
	require.NoError(t, err)
	require.Zero(t, gone)
	st.Age(t, "calls", "ends_at", 31*24*time.Hour)
	gone, err = st.Prune(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
	require.Equal(t, []school.CallID{"vc-2"}, openIDs(t, st), "one that is not put away stays")
}
