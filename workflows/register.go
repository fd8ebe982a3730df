package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Register puts every workflow into a worker, a test environment or a replayer.
func Register(r worker.WorkflowRegistry) {
	r.RegisterWorkflowWithOptions(SchoolSync, workflow.RegisterOptions{Name: TypeSchoolSync})
	r.RegisterWorkflowWithOptions(ChatTypeSync, workflow.RegisterOptions{Name: TypeChatTypeSync})
	r.RegisterWorkflowWithOptions(VideoCallSync, workflow.RegisterOptions{Name: TypeVideoCallSync})
	r.RegisterWorkflowWithOptions(FeedSync, workflow.RegisterOptions{Name: TypeFeedSync})
	r.RegisterWorkflowWithOptions(Sweep, workflow.RegisterOptions{Name: TypeSweep})
}
