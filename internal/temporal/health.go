package temporal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/workflows"
)

// Retention is how long a namespace keeps closed runs.
func Retention(ctx context.Context, c client.Client, namespace string) (time.Duration, error) {
	described, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return 0, fmt.Errorf("describe the namespace: %w", err)
	}
	return described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), nil
}

// MissingSearchAttributes are the search attributes that a namespace lacks, or has of another type, by
// name and sorted.
func MissingSearchAttributes(ctx context.Context, c client.Client, namespace string, wanted map[string]enumspb.IndexedValueType) ([]string, error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list the namespace's search attributes: %w", err)
	}
	missing := lo.OmitBy(wanted, func(name string, kind enumspb.IndexedValueType) bool { return have.GetCustomAttributes()[name] == kind })
	names := lo.Keys(missing)
	slices.Sort(names)
	return names, nil
}

// polledWithin is how long ago a worker that is there has asked for a task at the latest: it asks again
// after a minute without one.
const polledWithin = 2 * time.Minute

// Polled is whom a build's workers serve, as the server has seen it lately.
type Polled struct {
	// Workers is how many processes poll.
	Workers int
	// Missing are the task queues that none of them polls for all that it is for.
	Missing []string
}

// PolledBy asks which task queues the workers of a build poll.
func PolledBy(ctx context.Context, c client.Client, build string, now time.Time) (Polled, error) {
	const workflowTasks, activityTasks = enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY
	var p Polled
	workers := map[string]bool{}
	for _, q := range []struct {
		name string
		kind enumspb.TaskQueueType
	}{
		{workflows.TaskQueue, workflowTasks}, {workflows.TaskQueue, activityTasks}, {workflows.MessengerTaskQueue, activityTasks},
		{workflows.UrgentTaskQueue, activityTasks}, {workflows.WaitTaskQueue, activityTasks},
	} {
		described, err := c.DescribeTaskQueue(ctx, q.name, q.kind)
		if err != nil {
			return p, fmt.Errorf("describe the task queue %s: %w", q.name, err)
		}
		there := lo.Filter(described.GetPollers(), func(x *taskqueuepb.PollerInfo, _ int) bool {
			o := x.GetDeploymentOptions()
			return o.GetDeploymentName() == Deployment && o.GetBuildId() == build && now.Sub(x.GetLastAccessTime().AsTime()) < polledWithin
		})
		for _, x := range there {
			workers[x.GetIdentity()] = true
		}
		if len(there) == 0 && !slices.Contains(p.Missing, q.name) {
			p.Missing = append(p.Missing, q.name)
		}
	}
	p.Workers = len(workers)
	return p, nil
}
