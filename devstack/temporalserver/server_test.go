package temporalserver

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/log"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
	"github.com/rollcall-edu/rollcall/internal/pgcluster"
)

func postgres(t *testing.T) *pgcluster.Cluster {
	t.Helper()
	c, err := pgcluster.Start(t.Context(), pgcluster.Options{Dir: filepath.Join(t.TempDir(), "postgres"), Ephemeral: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop(context.WithoutCancel(t.Context()))) })
	return c
}

// stop ends a server within a bound, also after the test's context is over.
func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	require.NoError(t, s.Stop(ctx))
}

func dial(t *testing.T, s *Server) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{HostPort: s.Address(), Namespace: Namespace, Logger: silent{}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestServerKeepsItsDataOverARestart(t *testing.T) {
	t.Parallel()
	opts := Options{Databases: postgres(t), LogFile: filepath.Join(t.TempDir(), "temporal.log")}

	first, err := Start(t.Context(), opts)
	require.NoError(t, err)
	c := dial(t, first)
	described, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
	require.NoError(t, err)
	require.Equal(t, Retention, described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "school/1", TaskQueue: "nobody-polls"}, "SchoolSync")
	require.NoError(t, err)
	stop(t, first)

	second, err := Start(t.Context(), opts)
	require.NoError(t, err)
	defer stop(t, second)
	kept, err := dial(t, second).DescribeWorkflowExecution(t.Context(), "school/1", "")
	require.NoError(t, err)
	require.Equal(t, run.GetRunID(), kept.GetWorkflowExecutionInfo().GetExecution().GetRunId())
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, kept.GetWorkflowExecutionInfo().GetStatus())
	require.FileExists(t, opts.LogFile)
}

func TestMigrateUpgradesAnOlderSchema(t *testing.T) {
	t.Parallel()
	db := postgres(t)
	persistence, err := persistenceConfig(db)
	require.NoError(t, err)
	require.NoError(t, db.CreateDatabase(t.Context(), MainDatabase))
	require.NoError(t, migrateDatabase(persistence.DataStores[MainDatabase].SQL, mainSchema, "1.17", log.NewNoopLogger()))

	// The server itself refuses to start on an older schema than its own.
	s, err := Start(t.Context(), Options{Databases: db})
	require.NoError(t, err)
	stop(t, s)
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	free, err := port.Free()
	require.NoError(t, err)
	l, err := net.Listen("tcp4", port.Address(free))
	require.NoError(t, err)
	defer l.Close()

	_, err = choosePorts(free)
	taken, ok := errors.AsType[*port.TakenError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, free, taken.Port)
}

func TestSQLConfigNeverShowsThePassword(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://rollcall:sesame@host:bad port/x", "host=h password=sesame", ""} {
		_, err := sqlConfig(dsn, 1)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sesame")
	}
	cfg, err := sqlConfig("postgres://rollcall:p%40ss@127.0.0.1:5433/temporal?sslmode=disable", 7)
	require.NoError(t, err)
	require.Equal(t, "p@ss", cfg.Password)
	require.Equal(t, "127.0.0.1:5433", cfg.ConnectAddr)
	require.Equal(t, "temporal", cfg.DatabaseName)
	require.Equal(t, map[string]string{"sslmode": "disable"}, cfg.ConnectAttributes)
}
