package temporal

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Resync asks a school's lane for a pass, starting it if it is not running, and does not wait.
func Resync(ctx context.Context, c client.Client, id school.ID, r workflows.Request) error {
	_, err := c.SignalWithStartWorkflow(ctx, workflows.SchoolSyncID(id), workflows.Resync, r,
		lane(id), workflows.TypeSchoolSync, workflows.SchoolSyncInput{School: id})
	return err
}

// ResyncAndWait asks a school's lane for a pass and waits for its report. A pass that failed
// is an error that holds the problem's code as the type of a temporal.ApplicationError.
func ResyncAndWait(ctx context.Context, c client.Client, id school.ID, r workflows.Request) (workflows.PassReport, error) {
	return askAndWait[workflows.PassReport](ctx, c, workflows.Resync, r.ID, r,
		lane(id), workflows.TypeSchoolSync, workflows.SchoolSyncInput{School: id})
}

// Decide gives an operator's word on holds to a school's lane, under an id of its own, and waits
// until it is recorded. A decision that is refused is an error that says why.
func Decide(ctx context.Context, c client.Client, id school.ID, decision string, d workflows.Decision) error {
	_, err := askAndWait[int](ctx, c, workflows.Decide, decision, d,
		lane(id), workflows.TypeSchoolSync, workflows.SchoolSyncInput{School: id})
	return err
}

// ReadFeed asks a feed's owner for a reading and does not wait.
func ReadFeed(ctx context.Context, c client.Client, id school.FeedID, r workflows.ReadRequest) error {
	_, err := c.SignalWithStartWorkflow(ctx, workflows.FeedSyncID(id), workflows.Read, r,
		feed(id), workflows.TypeFeedSync, workflows.FeedSyncInput{Feed: id})
	return err
}

// ReadFeedAndWait asks a feed's owner for a reading and waits for its report.
func ReadFeedAndWait(ctx context.Context, c client.Client, id school.FeedID, r workflows.ReadRequest) (workflows.FeedReport, error) {
	return askAndWait[workflows.FeedReport](ctx, c, workflows.Read, r.ID, r,
		feed(id), workflows.TypeFeedSync, workflows.FeedSyncInput{Feed: id})
}

func askAndWait[A any](
	ctx context.Context, c client.Client, update, id string, request any, o client.StartWorkflowOptions, workflowType string, input any,
) (A, error) {
	var answer A
	o.WorkflowIDConflictPolicy = enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.NewWithStartWorkflowOperation(o, workflowType, input),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: id, UpdateName: update, Args: []any{request}, WaitForStage: client.WorkflowUpdateStageAccepted,
		},
	})
	if err != nil {
		return answer, err
	}
	return answer, handle.Get(ctx, &answer)
}

func lane(id school.ID) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflows.SchoolSyncID(id), TaskQueue: workflows.TaskQueue, StaticSummary: "chats of school " + string(id),
	}
}

func feed(id school.FeedID) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: workflows.FeedSyncID(id), TaskQueue: workflows.TaskQueue, StaticSummary: "roster feed " + string(id),
	}
}
