package temporal_test

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

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// sweepServer knows runs by workflow id, and starts no second one under an id.
type sweepServer struct {
	client.Client
	runs    map[string]*workflowpb.WorkflowExecutionInfo
	broken  error
	hidden  bool // a run that Describe does not show yet
	started []workflows.SweepInput
	signals []string
}

func (s *sweepServer) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	info := s.runs[id]
	switch {
	case s.broken != nil:
		return nil, s.broken
	case info == nil || s.hidden:
		return nil, serviceerror.NewNotFound("workflow not found")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, nil
}

func (s *sweepServer) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if info := s.runs[o.ID]; info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("running", "request", info.GetExecution().GetRunId())
	}
	s.started = append(s.started, args[0].(workflows.SweepInput))
	return newRun{}, nil
}

func (s *sweepServer) SignalWorkflow(_ context.Context, id, run, signal string, _ any) error {
	s.signals = append(s.signals, id+run+" "+signal)
	return nil
}

type newRun struct{ client.WorkflowRun }

func (newRun) GetRunID() string { return "new" }

func run(first, id string, status enumspb.WorkflowExecutionStatus) *workflowpb.WorkflowExecutionInfo {
	return &workflowpb.WorkflowExecutionInfo{FirstRunId: first, Execution: &commonpb.WorkflowExecution{RunId: id}, Status: status}
}

// record is what the store has of sweeps that have not ended.
type record []store.SweepRow

func (r record) UnfinishedSweeps(context.Context, school.DistrictID) ([]store.SweepRow, error) {
	return r, nil
}

const (
	alive = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	dead  = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
)

func TestStartSweepFindsTheOneThatRuns(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 10, 15, 2, 30, 0, 0, time.UTC)
	nightly := store.SweepRow{ID: "n1", WorkflowID: "sweep/district/d-2026-10-15T02:30:00Z", Trigger: "schedule", RequestedBy: "schedule", StartedAt: began}
	byHand := store.SweepRow{ID: "m1", WorkflowID: "sweep/district/d", Trigger: "district", RequestedBy: "operator", StartedAt: began}
	for name, c := range map[string]struct {
		record record
		runs   map[string]*workflowpb.WorkflowExecutionInfo
		hidden bool
		want   *temporal.RunningSweep // nil: a new one is started
	}{
		"there was never one": {},
		"the nightly one runs, in a later run": {
			record: record{nightly},
			runs:   map[string]*workflowpb.WorkflowExecutionInfo{nightly.WorkflowID: run("n1", "n3", alive)},
			want:   &temporal.RunningSweep{WorkflowID: nightly.WorkflowID, RunID: "n3", Trigger: "schedule", RequestedBy: "schedule", StartedAt: began},
		},
		"the nightly one was cut off": {
			record: record{nightly},
			runs:   map[string]*workflowpb.WorkflowExecutionInfo{nightly.WorkflowID: run("n1", "n3", dead)},
		},
		"what was cut off is forgotten by the server": {record: record{nightly, byHand}},
		"one by hand was cut off, a later one runs": {
			record: record{{ID: "m2", WorkflowID: byHand.WorkflowID, Trigger: "district", RequestedBy: "later", StartedAt: began}, byHand},
			runs:   map[string]*workflowpb.WorkflowExecutionInfo{byHand.WorkflowID: run("m2", "m2", alive)},
			want:   &temporal.RunningSweep{WorkflowID: byHand.WorkflowID, RunID: "m2", Trigger: "district", RequestedBy: "later", StartedAt: began},
		},
		"one by hand is not on record yet": {
			record: record{byHand},
			runs:   map[string]*workflowpb.WorkflowExecutionInfo{byHand.WorkflowID: run("m2", "m2", alive)},
			want:   &temporal.RunningSweep{WorkflowID: byHand.WorkflowID, RunID: "m2", StartedAt: time.Unix(0, 0).UTC()},
		},
		"one is started in the same moment": {
			runs:   map[string]*workflowpb.WorkflowExecutionInfo{byHand.WorkflowID: run("m2", "m2", alive)},
			hidden: true,
			want:   &temporal.RunningSweep{WorkflowID: byHand.WorkflowID, RunID: "m2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sweepServer{runs: c.runs, hidden: c.hidden}
			in := workflows.SweepInput{District: "d", Trigger: workflows.TriggerDistrict, RequestedBy: "operator"}
			got, already, err := temporal.StartSweep(t.Context(), s, c.record, in)
			require.NoError(t, err)
			require.Equal(t, c.want != nil, already)
			if c.want == nil {
				require.Equal(t, []workflows.SweepInput{in}, s.started)
				require.Equal(t, temporal.RunningSweep{WorkflowID: "sweep/district/d", RunID: "new", Trigger: "district", RequestedBy: "operator"}, got)
				return
			}
			require.Empty(t, s.started)
			require.Equal(t, *c.want, got)
		})
	}
}

func TestAServerThatDoesNotAnswerStartsNothing(t *testing.T) {
	t.Parallel()
	s := &sweepServer{broken: errors.New("no answer")}
	_, _, err := temporal.StartSweep(t.Context(), s, record{{ID: "n1", WorkflowID: "x"}}, workflows.SweepInput{District: "d"})
	require.ErrorContains(t, err, "look whether sweep x is running")
	require.Empty(t, s.started)
}

func TestSignalSweepGoesToTheRunThatThereIs(t *testing.T) {
	t.Parallel()
	s := &sweepServer{}
	require.NoError(t, temporal.SignalSweep(t.Context(), s, "sweep/district/d", workflows.PauseSweep))
	require.Equal(t, []string{"sweep/district/d pause"}, s.signals)
}
