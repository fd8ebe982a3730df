package temporal

import (
	"context"
	"fmt"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

// OpenLanes are the schools whose lanes are running, as far as the server's list of runs, which lags
// a moment behind, knows.
func OpenLanes(ctx context.Context, c client.Client) (map[school.ID]bool, error) {
	open := map[school.ID]bool{}
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", workflows.TypeSchoolSync)
	var token []byte
	for {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: token})
		if err != nil {
			return nil, fmt.Errorf("list the running lanes: %w", err)
		}
		for _, run := range page.GetExecutions() {
			if id, ok := workflows.SchoolFromSyncID(run.GetExecution().GetWorkflowId()); ok {
				open[id] = true
			}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			return open, nil
		}
	}
}
