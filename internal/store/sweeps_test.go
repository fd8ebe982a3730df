package store_test

import (
	"fmt"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// addSchools registers so many schools with tokens in a district of their own, and gives their ids.
func addSchools(t *testing.T, st *store.Store, district school.DistrictID, n int) []school.ID {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, st.AddDistrict(ctx, school.District{ID: district}))
	return lo.Times(n, func(i int) school.ID {
		id := school.ID(fmt.Sprintf("%s-%02d", district, i))
		require.NoError(t, st.AddSchool(ctx, school.School{ID: id, District: district, Feed: "f", SourceID: string(id)}))
		require.NoError(t, st.SetToken(ctx, id, int64(i+1), "token"))
		return id
	})
}

func TestSweepIsRecorded(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	addSchools(t, st, "big", 3)
	begin := func(id string) {
		t.Helper()
		b := store.SweepBegin{ID: id, WorkflowID: "sweep/" + id, District: "big", Trigger: "district", RequestedBy: "operator"}
		for range 2 { // a retry changes nothing
			schools, err := st.BeginSweep(ctx, b)
			require.NoError(t, err)
			require.Equal(t, 3, schools)
		}
	}
	begin("a")
	begin("b")
	rows, err := st.Sweeps(ctx, "big", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"b", "a"}, lo.Map(rows, func(r store.SweepRow, _ int) string { return r.ID }))
	require.Nil(t, rows[0].FinishedAt)
	require.Nil(t, rows[0].Report)
	require.Equal(t, "sweep/b", rows[0].WorkflowID)
	require.Equal(t, "district", rows[0].Trigger)
	require.Equal(t, "operator", rows[0].RequestedBy)

	require.NoError(t, st.EndSweep(ctx, "b", 4, map[string]int{"n": 1}))
	rows, err = st.Sweeps(ctx, "big", 1)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.NotNil(t, rows[0].FinishedAt)
	require.Equal(t, 4, rows[0].Schools)
	require.JSONEq(t, `{"n": 1}`, string(rows[0].Report))
	rows, err = st.UnfinishedSweeps(ctx, "big")
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, lo.Map(rows, func(r store.SweepRow, _ int) string { return r.ID }))

	rows, err = st.Sweeps(ctx, "d", 10)
	require.NoError(t, err)
	require.Empty(t, rows, "another district's")
	_, err = st.BeginSweep(ctx, store.SweepBegin{ID: "c", District: "nowhere"})
	var missing *store.NotFoundError
	require.ErrorAs(t, err, &missing)
}

func TestSchoolsArePagedWithoutGapOrRepetition(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	want := addSchools(t, st, "big", 7)
	for limit := 1; limit <= 8; limit++ {
		var got []school.ID
		after, left := school.ID(""), 1
		for left > 0 {
			page, l, err := st.SchoolsPage(ctx, "big", after, limit)
			require.NoError(t, err)
			require.NotEmpty(t, page)
			require.LessOrEqual(t, len(page), limit)
			got = append(got, page...)
			require.Equal(t, 7-len(got), l)
			after, left = page[len(page)-1], l
		}
		require.Equal(t, want, got)
	}
	page, left, err := st.SchoolsPage(ctx, "nowhere", "", 10)
	require.NoError(t, err)
	require.Empty(t, page)
	require.Zero(t, left)
}

func TestStalestSchoolsAreThoseLongestWithoutAGoodPass(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	ids := addSchools(t, st, "big", 6)
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "no-token", District: "big", Feed: "f", SourceID: "no-token"}))
	pass := func(i int, outcome string, scope any) {
		t.Helper()
		epoch, err := st.BeginPass(ctx, store.PassBegin{School: ids[i], Request: fmt.Sprint(outcome, i), Scope: scope})
		require.NoError(t, err)
		require.NoError(t, st.EndPass(ctx, ids[i], epoch, outcome, nil, nil, nil))
	}
	whole, part := struct{}{}, map[string][]string{"types": {"parents"}}
	pass(3, "held", whole)
	pass(1, "in-step", whole)
	pass(5, "changed", whole)
	pass(3, "partial", whole) // is no good pass,
	pass(3, "failed", whole)  // nor is this,
	pass(3, "in-step", part)  // and this says nothing of the rest of the school
	pass(0, "partial", whole)

	stalest, err := st.StalestSchools(ctx, "big", 5)
	require.NoError(t, err)
	require.Equal(t, []school.ID{ids[0], ids[2], ids[4], ids[3], ids[1]}, lo.Map(stalest, func(s store.StaleSchool, _ int) school.ID { return s.School }))
	for i, s := range stalest {
		require.Equal(t, i < 3, s.LastGood == nil, "%s", s.School)
	}
}

func TestReplyToARequest(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	reply, err := st.RequestReply(ctx, "s", "r")
	require.NoError(t, err)
	require.Nil(t, reply, "nobody has taken it up")

	asked := []store.Asked{{ID: "r", Trigger: "district"}}
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: "r", Scope: struct{}{}, Requests: asked})
	require.NoError(t, err)
	reply, err = st.RequestReply(ctx, "s", "r")
	require.NoError(t, err)
	require.Equal(t, &store.RequestReply{}, reply, "the pass runs")

	problem := &store.Problem{Code: "TokenRefused", Message: "set a new one"}
	require.NoError(t, st.EndPass(ctx, "s", epoch, "failed", problem, nil, asked))
	reply, err = st.RequestReply(ctx, "s", "r")
	require.NoError(t, err)
	require.Equal(t, &store.RequestReply{Outcome: "failed", Problem: problem}, reply)
	outcome, err := st.RequestOutcome(ctx, "s", "r")
	require.NoError(t, err)
	require.Equal(t, "failed", outcome)
}
