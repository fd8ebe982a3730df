package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/deploy"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// asComposed is the environment that docker-compose.yml gives a worker, with the places of this machine in
// it: what it names as a file, a host or a port is elsewhere here, and it names nothing that is not here.
func asComposed(t *testing.T, collector string) []string {
	t.Helper()
	composed, err := deploy.WorkerEnvironment(filepath.Join("..", "..", "docker-compose.yml"))
	require.NoError(t, err)
	url := filepath.Join(t.TempDir(), "database-url")
	require.NoError(t, os.WriteFile(url, []byte(world.stack.DatabaseURL()+"\n"), 0o600))
	here := map[string]string{config.EnvDatabaseURL + "_FILE": url}
	for _, variable := range world.stack.Env() {
		name, value, _ := strings.Cut(variable, "=")
		here[name] = value
	}
	delete(here, config.EnvDatabaseURL)
	here["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector
	here["OTEL_EXPORTER_PROMETHEUS_HOST"] = "127.0.0.1"
	here["OTEL_EXPORTER_PROMETHEUS_PORT"] = fmt.Sprint(freePort(t))
	for _, name := range []string{config.EnvDatabaseURL + "_FILE", secret.EnvKeysetFile, "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"} {
		require.Contains(t, composed, name, "a worker cannot do without it")
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "ROLLCALL_") || strings.HasPrefix(v, "TEMPORAL_") || strings.HasPrefix(v, "OTEL_")
	})
	for name, value := range composed {
		if local, ok := here[name]; ok {
			value = local
		}
		env = append(env, name+"="+value)
	}
	// The sandbox stands for the world outside, which the file does not name.
	return append(env, config.EnvVKURL+"="+here[config.EnvVKURL], config.EnvMAXURL+"="+here[config.EnvMAXURL])
}

func freePort(t *testing.T) int {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	return free.Addr().(*net.TCPAddr).Port
}

// Two workers run as docker-compose.yml says; one is killed during a sweep, and the district ends in step.
func TestWorkersOfTheComposeFile(t *testing.T) {
	a := newArea(t, 24, nil) // not parallel: it takes the worker of all tests away
	a.settled()
	var exported atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { exported.Add(1) }))
	t.Cleanup(collector.Close)
	require.NoError(t, world.worker.stop())
	t.Cleanup(func() {
		var err error
		world.worker, err = startWorker("worker-after-compose.log")
		require.NoError(t, err)
	})
	start := func(log string) *program {
		w, err := startProgram(log, asComposed(t, collector.URL))
		require.NoError(t, err)
		return w
	}
	first, second := start("worker-composed-1.log"), start("worker-composed-2.log")
	t.Cleanup(func() { require.NoError(t, second.stop()) })
	for _, s := range a.schools { // slow enough to be met on the way
		require.NoError(t, world.stack.Sandbox().AddFault(traffic.Fault{
			GroupID: s.group, Method: traffic.AnyRequest, Mode: traffic.ModeSlow, DelayMS: 400, Times: traffic.Forever,
		}))
		t.Cleanup(func() { require.NoError(t, clearFaultsOf(s)) })
	}
	_, _, err := temporal.StartSweep(t.Context(), world.client, world.store, workflows.SweepInput{District: a.id, Trigger: workflows.TriggerDistrict})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		value, err := world.client.QueryWorkflow(t.Context(), workflows.SweepID(a.id), "", workflows.StatusQuery)
		var status workflows.SweepStatus
		return err == nil && value.Get(&status) == nil && status.InFlight > 0
	}, workTime, pollEvery)
	first.kill()
	var report workflows.SweepReport
	require.NoError(t, world.client.GetWorkflow(t.Context(), workflows.SweepID(a.id), "").Get(t.Context(), &report))
	require.Equal(t, len(a.schools), report.Counts.InStep, "%+v", report)
	require.Eventually(t, func() bool { return exported.Load() > 0 }, workTime, pollEvery, "their traces reach the collector that the file names")
}
