package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Sweeps is the record of sweeps; the store is one.
type Sweeps interface {
	UnfinishedSweeps(context.Context, school.DistrictID) ([]store.SweepRow, error)
}

// RunningSweep is a sweep over a district that is running.
type RunningSweep struct {
	WorkflowID string
	// RunID is that of its current run.
	RunID     string
	StartedAt time.Time
	// Trigger and RequestedBy say what asked for it; "" where it is so new that this is not yet
	// on record.
	Trigger     string
	RequestedBy string
}

// FindSweep finds the sweep over a district that is running, nil if there is none. The record
// knows it by any workflow id; but only the server knows whether what is not recorded as ended
// runs or was cut off.
func FindSweep(ctx context.Context, c client.Client, record Sweeps, id school.DistrictID) (*RunningSweep, error) {
	rows, err := record.UnfinishedSweeps(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		found, first, err := running(ctx, c, row.WorkflowID)
		if err != nil {
			return nil, err
		}
		if found != nil && first == row.ID {
			found.Trigger, found.RequestedBy, found.StartedAt = row.Trigger, row.RequestedBy, row.StartedAt
			return found, nil
		}
	}
	// One that a person has just started may not be on record yet.
	found, _, err := running(ctx, c, workflows.SweepID(id))
	return found, err
}

// running looks whether a workflow is running, and gives the id of its first run.
func running(ctx context.Context, c client.Client, workflowID string) (found *RunningSweep, first string, err error) {
	answer, err := c.DescribeWorkflowExecution(ctx, workflowID, "")
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("look whether sweep %s is running: %w", workflowID, err)
	}
	info := answer.GetWorkflowExecutionInfo()
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, "", nil
	}
	return &RunningSweep{
		WorkflowID: workflowID, RunID: info.GetExecution().GetRunId(), StartedAt: info.GetStartTime().AsTime(),
	}, info.GetFirstRunId(), nil
}

// StartSweep starts a sweep over a district. Where one is running, whoever started it, none is
// started, and that one is given; already tells which.
func StartSweep(ctx context.Context, c client.Client, record Sweeps, in workflows.SweepInput) (s RunningSweep, already bool, err error) {
	found, err := FindSweep(ctx, c, record, in.District)
	if err != nil {
		return s, false, err
	}
	if found != nil {
		return *found, true, nil
	}
	// The one that exists is used: the error is how its existence is told from a new start.
	id := workflows.SweepID(in.District)
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: workflows.TaskQueue,
		StaticSummary:                            "all schools of district " + string(in.District),
		TypedSearchAttributes:                    workflows.SweepSearchAttributes(in),
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.TypeSweep, in)
	if exists, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return RunningSweep{WorkflowID: id, RunID: exists.RunId}, true, nil
	}
	if err != nil {
		return s, false, err
	}
	return RunningSweep{WorkflowID: id, RunID: run.GetRunID(), Trigger: string(in.Trigger), RequestedBy: in.RequestedBy}, false, nil
}

// SignalSweep gives a running sweep one of the signals workflows.PauseSweep, ResumeSweep and
// CancelSweep.
func SignalSweep(ctx context.Context, c client.Client, workflowID, signal string) error {
	return c.SignalWorkflow(ctx, workflowID, "", signal, nil)
}
