package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Deployment is the name under which all workers of Rollcall are known to the server.
const Deployment = "rollcall"

// Version is the version of the workers that were built as build.
func Version(build string) worker.WorkerDeploymentVersion {
	return worker.WorkerDeploymentVersion{DeploymentName: Deployment, BuildID: build}
}

// CurrentBuild gives the build that new runs go to, "" if none was ever chosen.
func CurrentBuild(ctx context.Context, c client.Client) (string, error) {
	d, err := c.WorkerDeploymentClient().GetHandle(Deployment).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("describe the worker deployment: %w", err)
	}
	if d.Info.RoutingConfig.CurrentVersion == nil {
		return "", nil
	}
	return d.Info.RoutingConfig.CurrentVersion.BuildID, nil
}

// Promote makes a build the current one: new runs go to its workers, and continuous lanes move to
// them when they continue as new. Its workers must be running, which takes the server a moment
// to see: until the context ends, Promote tries again.
func Promote(ctx context.Context, c client.Client, build string) error {
	handle := c.WorkerDeploymentClient().GetHandle(Deployment)
	for {
		_, err := handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
		if err == nil {
			return nil
		}
		select {
		case <-time.After(promoteAgain):
		case <-ctx.Done():
			return fmt.Errorf("make build %s the current one: %w", build, err)
		}
	}
}

const promoteAgain = 200 * time.Millisecond

// Abandon ends all runs that only workers of other builds than this one could go on with, and
// gives the schools whose lanes were among them: those have to be asked for a pass.
func Abandon(ctx context.Context, c client.Client, build string) ([]school.ID, error) {
	query := fmt.Sprintf(`ExecutionStatus = 'Running' AND TemporalWorkerDeployment = '%s' AND TemporalWorkerDeploymentVersion != '%s:%s'`,
		Deployment, Deployment, build)
	var lanes []school.ID
	var token []byte
	for {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: token})
		if err != nil {
			return lanes, fmt.Errorf("list the runs of other builds: %w", err)
		}
		for _, run := range page.GetExecutions() {
			id := run.GetExecution().GetWorkflowId()
			err := c.TerminateWorkflow(ctx, id, run.GetExecution().GetRunId(), "no worker of its build is left")
			if _, ended := errors.AsType[*serviceerror.NotFound](err); err != nil && !ended {
				return lanes, fmt.Errorf("end the run of %s: %w", id, err)
			}
			if s, ok := workflows.SchoolFromSyncID(id); ok {
				lanes = append(lanes, s)
			}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			return lanes, nil
		}
	}
}
