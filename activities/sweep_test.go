package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

// call runs one activity and gives its result, or its error.
func call[O any](t *testing.T, env *testsuite.TestActivityEnvironment, name string, in any) (out O, err error) {
	t.Helper()
	value, err := env.ExecuteActivity(name, in)
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

func TestSweepIsRecordedFromItsBeginningToItsReport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	env := b.activityEnvironment(nil)
	ctx := t.Context()
	for i := range 4 {
		id := school.ID(fmt.Sprintf("more-%d", i))
		require.NoError(t, b.store.AddSchool(ctx, school.School{ID: id, District: "d", Feed: "f", SourceID: string(id)}))
	}
	begin := workflows.BeginSweepInput{Sweep: "run", WorkflowID: "sweep/district/d", District: "d", Trigger: workflows.TriggerDistrict, RequestedBy: "operator"}
	schools, err := call[int](t, env, "BeginSweep", begin)
	require.NoError(t, err)
	require.Equal(t, 5, schools)

	page, err := call[workflows.SchoolsPage](t, env, "SchoolsPage", workflows.SchoolsPageInput{District: "d", Limit: 3})
	require.NoError(t, err)
	require.Equal(t, workflows.SchoolsPage{Schools: []school.ID{"more-0", "more-1", "more-2"}, Left: 2}, page)
	page, err = call[workflows.SchoolsPage](t, env, "SchoolsPage", workflows.SchoolsPageInput{District: "d", After: "more-2", Limit: 3})
	require.NoError(t, err)
	require.Equal(t, workflows.SchoolsPage{Schools: []school.ID{"more-3", "s"}}, page)

	end := workflows.EndSweepInput{Sweep: "run", District: "d", Report: workflows.SweepReport{
		District: "d", Outcome: workflows.OutcomeInStep, Schools: 6, Counts: workflows.SweepCounts{InStep: 2, Skipped: 4},
	}}
	report, err := call[workflows.SweepReport](t, env, "EndSweep", end)
	require.NoError(t, err)
	require.Equal(t, []workflows.StaleSchool{{School: "s"}}, report.Stalest, "the others have no token")
	rows, err := b.store.Sweeps(ctx, "d", 1)
	require.NoError(t, err)
	require.NotNil(t, rows[0].FinishedAt)
	require.Equal(t, 6, rows[0].Schools)
	var stored workflows.SweepReport
	require.NoError(t, json.Unmarshal(rows[0].Report, &stored))
	require.Equal(t, report, stored)

	begin.District = "nowhere"
	_, err = call[int](t, env, "BeginSweep", begin)
	requireType(t, err, workflows.ProblemDistrictUnknown)
}

func TestReportNamesTheEndOfTheLastGoodPass(t *testing.T) {
	t.Parallel()
	b := setup(t)
	env := b.activityEnvironment(nil)
	b.roster(big(1, 1))
	b.mustPass(false, workflows.OutcomeChanged)
	passes, err := b.store.Passes(t.Context(), "s", 1)
	require.NoError(t, err)
	report, err := call[workflows.SweepReport](t, env, "EndSweep", workflows.EndSweepInput{Sweep: "run", District: "d"})
	require.NoError(t, err)
	require.Len(t, report.Stalest, 1)
	require.WithinDuration(t, *passes[0].FinishedAt, *report.Stalest[0].LastGood, 0)
}

func requireType(t *testing.T, err error, code string) {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, code, application.Type())
	require.True(t, application.NonRetryable())
}
