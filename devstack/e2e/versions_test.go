package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// buildOf is the build on which a lane's current run is.
func (s *site) buildOf() string {
	s.t.Helper()
	d, err := world.client.DescribeWorkflowExecution(s.t.Context(), workflows.SchoolSyncID(s.id), "")
	require.NoError(s.t, err)
	return d.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId()
}

// A continuous lane moves to a new build of the workers and back, and loses nothing on the way.
func TestContinuousLaneMovesBetweenBuilds(t *testing.T) {
	s := newContinuousSite(t) // not parallel: it changes the current build
	old, err := temporal.CurrentBuild(t.Context(), world.client)
	require.NoError(t, err)
	require.NotEmpty(t, old)
	require.Equal(t, old, s.buildOf())
	const next = "e2e-next"
	worker, err := startWorker("worker-next.log", second, "ROLLCALL_BUILD_ID="+next)
	require.NoError(t, err)

	var ids []string
	move := func(to string) {
		require.Contains(t, s.cli("", "workers", "promote", to), to)
		require.Eventually(t, func() bool {
			id := fmt.Sprintf("move-%s-%d", to, len(ids))
			ids = append(ids, id)
			require.NoError(t, temporal.Resync(t.Context(), world.client, s.id, workflows.Request{ID: id}))
			return s.buildOf() == to
		}, workTime, 10*pollEvery)
		s.await(func(l workflows.LaneStatus) bool { return l.Continuous && strings.HasPrefix(l.Phase, "waiting") })
	}
	move(next)
	require.Contains(t, s.cli("", "workers", "show"), next)
	move(old)
	s.requireAnswered(ids)

	// What has begun on the other build ends there, before its worker goes.
	require.Eventually(t, func() bool {
		query := fmt.Sprintf("ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion = '%s:%s'", temporal.Deployment, next)
		page, err := world.client.ListWorkflow(context.WithoutCancel(t.Context()), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		return err == nil && len(page.GetExecutions()) == 0
	}, workTime, pollEvery)
	require.NoError(t, worker.stop())
	s.resync(true, workflows.OutcomeInStep)
}
