package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// fakeSweeps answers as a server would on which sweeps run.
type fakeSweeps struct {
	client.Client
	// running are the first runs' ids, by workflow id.
	running map[string]string
	started []workflows.SweepInput
	waited  []string
	signals []string
	// report and problem are how a sweep ends that is waited for.
	report  workflows.SweepReport
	problem error
	// lost is what signals are answered with.
	lost error
}

func (f *fakeSweeps) Close() {}

func (f *fakeSweeps) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	first, there := f.running[id]
	if !there {
		return nil, serviceerror.NewNotFound("workflow not found")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		FirstRunId: first, Execution: &commonpb.WorkflowExecution{RunId: "current-" + first}, Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
	}}, nil
}

func (f *fakeSweeps) ExecuteWorkflow(_ context.Context, _ client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	f.started = append(f.started, args[0].(workflows.SweepInput))
	return fakeSweepRun{fake: f}, nil
}

func (f *fakeSweeps) GetWorkflow(_ context.Context, id, run string) client.WorkflowRun {
	f.waited = append(f.waited, id+" "+run)
	return fakeSweepRun{fake: f}
}

func (f *fakeSweeps) SignalWorkflow(_ context.Context, id, _, signal string, _ any) error {
	f.signals = append(f.signals, id+" "+signal)
	return f.lost
}

func (f *fakeSweeps) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, errors.New("nobody answers")
}

type fakeSweepRun struct {
	client.WorkflowRun
	fake *fakeSweeps
}

func (fakeSweepRun) GetRunID() string { return "new" }

func (r fakeSweepRun) Get(_ context.Context, value any) error {
	*value.(*workflows.SweepReport) = r.fake.report
	return r.fake.problem
}

func setupSweeps(t *testing.T) (*bench, *fakeSweeps) {
	t.Helper()
	b, f := setupDatabase(t), &fakeSweeps{running: map[string]string{}}
	b.register()
	b.client = f
	return b, f
}

// nightly puts a sweep that runs by the schedule on record.
func (b *bench) nightly() (workflowID string) {
	b.t.Helper()
	workflowID = "sweep/district/d-2026-10-15T02:30:00Z"
	_, err := b.store().BeginSweep(b.t.Context(), store.SweepBegin{
		ID: "n", WorkflowID: workflowID, District: "d", Trigger: "schedule", RequestedBy: "schedule",
	})
	require.NoError(b.t, err)
	return workflowID
}

func TestDistrictResync(t *testing.T) {
	t.Parallel()
	b, f := setupSweeps(t)
	require.Contains(t, b.refused(exitUsage, "district", "resync", "nowhere"), "rollcall district add")
	require.Equal(t, sweepStarted{District: "d", WorkflowID: "sweep/district/d"}, decode[sweepStarted](b, "district", "resync", "d"))
	require.Equal(t, []workflows.SweepInput{{District: "d", Trigger: workflows.TriggerDistrict, RequestedBy: "operator"}}, f.started)
	require.Equal(t, "a sweep over district d has been started; see how it goes with: rollcall district report d\n", b.ok("district", "resync", "d"))
	require.Empty(t, f.waited)
}

func TestDistrictResyncWhereASweepRuns(t *testing.T) {
	t.Parallel()
	b, f := setupSweeps(t)
	id := b.nightly()
	f.running[id] = "n"
	require.Contains(t, b.ok("district", "resync", "d"), "is running already ("+id+")")
	require.Empty(t, f.started)

	f.report = workflows.SweepReport{Schools: 1, Counts: workflows.SweepCounts{InStep: 1}, Outcome: workflows.OutcomeInStep}
	require.Equal(t, "1 schools: 1 in step (in-step)\n", b.ok("district", "resync", "d", "--wait"))
	require.Contains(t, b.err, "waiting for that one")
	require.Equal(t, []string{id + " current-n"}, f.waited)
	require.Empty(t, f.started)
}

func TestDistrictResyncAndWait(t *testing.T) {
	t.Parallel()
	b, f := setupSweeps(t)
	for name, c := range map[string]struct {
		counts workflows.SweepCounts
		code   int
	}{
		"no schools":                 {workflows.SweepCounts{}, exitOK},
		"in step, changed, no token": {workflows.SweepCounts{InStep: 3, Changed: 2, Skipped: 1}, exitOK},
		"held":                       {workflows.SweepCounts{InStep: 3, Held: 1}, exitIncomplete},
		"partial":                    {workflows.SweepCounts{Partial: 1}, exitIncomplete},
		"failed":                     {workflows.SweepCounts{Failed: 1}, exitIncomplete},
		"not reached":                {workflows.SweepCounts{NotReached: 1}, exitIncomplete},
	} {
		f.report = workflows.SweepReport{Counts: c.counts, Schools: c.counts.Sum()}
		require.Equal(t, c.code, b.run("district", "resync", "d", "--wait"), name)
		require.Empty(t, b.err, name)
	}
	never := time.Time{}
	f.report = fixtureSweepReport(&never)
	f.report.Stalest = f.report.Stalest[:1]
	require.Equal(t, exitIncomplete, b.run("district", "resync", "d", "--wait"))
	require.Equal(t, ""+
		"700 schools: 640 in step, 3 failed, 57 not reached (cancelled)\n"+
		"\n"+
		"FAILED SCHOOL  PROBLEM\n"+
		"s1             TokenRefused\n"+
		"s2             RosterMissing\n"+
		"and 1 more: see: rollcall status\n"+
		"\n"+
		"SLOWEST SCHOOL  TOOK\n"+
		"s3              2m5s\n"+
		"s4              1.2s\n"+
		"\n"+
		"LONGEST WITHOUT A GOOD PASS  LAST ONE\n"+
		"s5                           never\n", b.out)
	require.Equal(t, exitIncomplete, b.run("district", "resync", "d", "--wait", "-o", "json"))
	require.Contains(t, b.out, `"cancelled": true`)

	f.problem = errors.New("the history is gone")
	require.Contains(t, b.refused(exitFailed, "district", "resync", "d", "--wait"), "the history is gone")
}

func fixtureSweepReport(last *time.Time) workflows.SweepReport {
	return workflows.SweepReport{
		District: "d", Outcome: workflows.OutcomePartial, Cancelled: true, Schools: 700,
		Counts:       workflows.SweepCounts{InStep: 640, Failed: 3, NotReached: 57},
		Failures:     []workflows.SweepFailure{{School: "s1", Code: workflows.ProblemTokenRefused}, {School: "s2", Code: workflows.ProblemRosterMissing}},
		MoreFailures: 1,
		Slowest:      []workflows.SchoolTook{{School: "s3", Millis: 125_000}, {School: "s4", Millis: 1_234}},
		Stalest:      []workflows.StaleSchool{{School: "s5"}, {School: "s6", LastGood: last}},
	}
}

func TestDistrictReport(t *testing.T) {
	t.Parallel()
	b, _ := setupSweeps(t)
	ctx, st := t.Context(), b.store()
	require.Contains(t, b.ok("district", "report", "d"), "rollcall district resync d")
	require.Equal(t, districtReport{District: "d", Sweeps: []sweepView{}}, decode[districtReport](b, "district", "report", "d"))
	require.Contains(t, b.refused(exitUsage, "district", "report", "d", "--last", "0"), "positive")

	_, err := st.BeginSweep(ctx, store.SweepBegin{ID: "m", WorkflowID: "sweep/district/d", District: "d", Trigger: "district", RequestedBy: "operator"})
	require.NoError(t, err)
	b.now = time.Now().Add(3*24*time.Hour + time.Hour)
	last := b.now.Add(-12 * 24 * time.Hour)
	require.NoError(t, st.EndSweep(ctx, "m", 700, fixtureSweepReport(&last)))
	b.nightly()
	text := b.ok("district", "report", "d")
	require.Regexp(t, `^STARTED +TOOK +TRIGGER +BY +SCHOOLS +IN STEP +CHANGED +HELD +PARTIAL +FAILED +NOT REACHED +SKIPPED +ENDED\n`+
		`3 days ago +- +schedule +schedule +1 +- +- +- +- +- +- +- +unfinished\n`+
		`3 days ago +\S+s +district +operator +700 +640 +- +- +- +3 +57 +- +cancelled\n`, text)
	require.Contains(t, text, "\nof the sweep that began 3 days ago:\n\nFAILED SCHOOL  PROBLEM\ns1             TokenRefused\n")
	require.Regexp(t, `s6 +12 days ago\n$`, text)

	v := decode[districtReport](b, "district", "report", "d")
	require.Len(t, v.Sweeps, 2)
	require.Nil(t, v.Sweeps[0].Report)
	require.Nil(t, v.Sweeps[0].FinishedAt)
	require.Equal(t, 640, v.Sweeps[1].Report.Counts.InStep)
	require.Len(t, decode[districtReport](b, "district", "report", "d", "--last", "1").Sweeps, 1)
	execute(t, b, `UPDATE sweeps SET report = '[]' WHERE id = 'm'`)
	require.Contains(t, b.refused(exitFailed, "district", "report", "d"), "newer version")
}

func TestDistrictPauseResumeAndCancel(t *testing.T) {
	t.Parallel()
	b, f := setupSweeps(t)
	require.Equal(t, "rollcall: no sweep over district d is running: see the last ones with: rollcall district report d\n",
		b.refused(exitFailed, "district", "pause", "d"))
	id := b.nightly()
	require.Contains(t, b.refused(exitFailed, "district", "pause", "d"), "no sweep over district d is running", "it was cut off")

	f.running[id] = "n"
	require.Equal(t, "the sweep over district d is asked to pause ("+id+")\n", b.ok("district", "pause", "d"))
	require.Contains(t, b.ok("district", "resume", "d"), "is asked to go on")
	require.Equal(t, steered{District: "d", WorkflowID: id, Signal: "cancel"}, decode[steered](b, "district", "cancel", "d"))
	require.Equal(t, []string{id + " pause", id + " resume", id + " cancel"}, f.signals)

	f.lost = serviceerror.NewNotFound("workflow execution already completed")
	require.Contains(t, b.refused(exitFailed, "district", "pause", "d"), "no sweep over district d is running", "it has just ended")
	require.Contains(t, b.refused(exitUsage, "district", "cancel", "nowhere"), "rollcall district add")
}

func TestSweepViewsHaveNoNullLists(t *testing.T) {
	t.Parallel()
	for _, v := range []view{
		districtReport{Sweeps: []sweepView{}}, sweepEnded{sweepReport: viewSweepReport(workflows.SweepReport{})},
	} {
		_, asJSON := written(t, v)
		require.NotContains(t, asJSON, "null")
	}
}

func TestPhaseOfASweep(t *testing.T) {
	t.Parallel()
	counts := workflows.SweepCounts{InStep: 30, Failed: 2}
	for want, status := range map[string]workflows.SweepStatus{
		"0 of 0 schools": {},
		"32 of 700 schools: 30 in step, 2 failed":            {Ended: 32, Schools: 700, Counts: counts},
		"32 of 700 schools: 30 in step, 2 failed; paused":    {Ended: 32, Schools: 700, Counts: counts, Paused: true},
		"32 of 700 schools: 30 in step, 2 failed; cancelled": {Ended: 32, Schools: 700, Counts: counts, Paused: true, Cancelled: true},
	} {
		require.Equal(t, want, phaseOf(status))
	}
}
