package export_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/telemetry/export"
)

// page is what a worker's metrics page showed, the once that it was asked for: instruments belong to the
// process.
var page map[string][]string

// served gives the labels of all metrics that a worker serves by Prometheus' exporter, by name. Each instrument has
// been used once.
func served(t *testing.T) map[string][]string {
	t.Helper()
	if page != nil {
		return page
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(free.Addr().String())
	require.NoError(t, err)
	require.NoError(t, free.Close())
	t.Setenv(telemetry.EnvMetricsExporter, "prometheus")
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1")
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_PORT", port)
	stop, err := export.Start(t.Context(), export.Options{Service: "rollcall-worker", Version: "build-1", Metrics: true, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer stop()
	useOurs(t)
	useTemporals(t)
	useLibraries(t)

	response, err := http.Get("http://127.0.0.1:" + port + "/metrics")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	found := map[string][]string{"up": {"job", "instance"}} // Prometheus' own
	series := regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? `)
	label := regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="`)
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if match := series.FindStringSubmatch(lines.Text()); match != nil {
			labels := lo.Map(label.FindAllStringSubmatch(match[2], -1), func(m []string, _ int) string { return m[1] })
			found[match[1]] = lo.Uniq(append(append(found[match[1]], labels...), "job", "instance"))
		}
	}
	require.NoError(t, lines.Err())
	page = found
	return page
}

func useOurs(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	telemetry.PassEnded(ctx, "changed", "manual", time.Second)
	telemetry.Operations(ctx, "add", "failed", "member-refused", 1)
	telemetry.MessengerRequest(ctx, "", 25, time.Second)
	telemetry.GatePassed(ctx, "taken", time.Second, time.Second)
	telemetry.PortalRequest(ctx, "publish a call", "", time.Second)
	telemetry.CallShown(ctx, time.Second)
	telemetry.SweepEnded(ctx, "in-step", map[string]int{"in-step": 1, "failed": 0})
	_, done := telemetry.Relay(ctx, "s", []telemetry.Relayed{{ID: "outbox-1", Trigger: "event", Waited: time.Second}})
	done(nil)
	t.Setenv(config.EnvPortalURL, "http://portal.example")
	age := lo.ToPtr(3600.0)
	stop, err := telemetry.Observe(func(context.Context) ([]telemetry.Measures, error) {
		return []telemetry.Measures{{District: "d", FreshnessAge: age, LinksAge: age, LinksUnread: age, OutboxAge: age, FeedAge: age, SweepAge: age, SweepOverdue: age}}, nil
	})
	require.NoError(t, err)
	_ = stop // it is asked for after this
}

// useTemporals records what the SDK's clients and workers record: the names and labels are found in its source, so that
// a later version with others is noticed.
func useTemporals(t *testing.T) {
	t.Helper()
	handler := opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: otel.Meter("temporal-sdk-go"), UseMonotonicCounters: true}).
		WithTags(map[string]string{
			"namespace": "n", "task_queue": "rollcall", "worker_type": "ActivityWorker", "poller_type": "activity_task", "activity_type": "Diff",
			"workflow_type": "SchoolSync", "failure_reason": "NonDeterminismError", "operation": "SignalWorkflowExecution", "status_code": "UNAVAILABLE",
		})
	source := sdkSource(t)
	known := func(name string) string {
		require.Contains(t, source, fmt.Sprintf("%q", strings.TrimPrefix(name, "temporal_")), "the SDK has no metric %s", name)
		return name
	}
	for _, name := range []string{"temporal_worker_task_slots_used", "temporal_worker_task_slots_available", "temporal_num_pollers", "temporal_sticky_cache_size"} {
		handler.Gauge(known(name)).Update(1)
	}
	for _, name := range []string{"temporal_activity_schedule_to_start_latency", "temporal_activity_execution_latency", "temporal_workflow_task_schedule_to_start_latency"} {
		handler.Timer(known(name)).Record(time.Second)
	}
	handler.Counter(known("temporal_activity_execution_failed")).Inc(1)
	handler.Counter(known("temporal_workflow_task_execution_failed")).Inc(1)
	require.Contains(t, source, `TemporalRequest + "_failure"`)
	require.Contains(t, source, `TemporalRequest + "_latency"`)
	handler.Counter("temporal_request_failure").Inc(1)
	handler.Timer("temporal_request_latency").Record(time.Second)
}

// useLibraries makes one statement and one request to the endpoint for events.
func useLibraries(t *testing.T) {
	t.Helper()
	st, err := store.Open(t.Context(), pgtest.Database(t), nil)
	require.NoError(t, err)
	defer st.Close()
	_, err = st.Migrate(t.Context())
	require.NoError(t, err)
	_, err = st.Waiting(t.Context())
	require.NoError(t, err)
	recorder := httptest.NewRecorder()
	events.Endpoint{Store: st, Logger: slog.New(slog.DiscardHandler)}.Handler().
		ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/feeds/f", strings.NewReader("{}")))
	require.Equal(t, http.StatusForbidden, recorder.Code)
}

func sdkSource(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk").Output()
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "internal", "common", "metrics", "constants.go"))
	require.NoError(t, err)
	return string(raw)
}
