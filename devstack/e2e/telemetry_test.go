package e2e

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/workflows"
)

// One pass as a tree, from who asked to the messenger's requests, with no collector.
func TestAPassIsShownAsATree(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	_, err := world.stack.Sandbox().AddByHand(vk.Seat{GroupID: s.group, ChatID: s.anyChat().ChatID, Account: 779_001})
	require.NoError(t, err)
	s.cli("", "resync", string(s.id), "--verify", "--wait")
	var tree string
	require.Eventually(t, func() bool {
		tree = s.cli("", "trace", string(s.id))
		return strings.Contains(tree, "RecordPass")
	}, workTime, pollEvery)
	t.Log("\n" + tree)
	for _, part := range []string{"FetchRoster", "ReadLinks", "ReadChats", "ChatTypeSync", "ApplyMembership", remove, "Portal"} {
		require.Contains(t, tree, part)
	}
}

// A worker serves its metrics; each has a name of ours or Temporal's, and no school is a label.
func TestAWorkerServesItsMetrics(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	w, err := startWorker("worker-metrics.log", second, "OTEL_METRICS_EXPORTER=prometheus",
		"OTEL_EXPORTER_PROMETHEUS_HOST=127.0.0.1", fmt.Sprintf("OTEL_EXPORTER_PROMETHEUS_PORT=%d", port))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.stop()) })
	s := newSiteInStep(t, nil)
	page := func() string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", port), nil)
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return ""
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return string(body)
	}
	// Two workers share the passes: this one ends some of them.
	require.Eventually(t, func() bool {
		s.resync(true, workflows.OutcomeInStep)
		return strings.Contains(page(), "rollcall_pass_duration_seconds_count") && strings.Contains(page(), "temporal_")
	}, workTime, pollEvery)
	require.NotRegexp(t, regexp.MustCompile(`"s-[a-z0-9]{8}`), page())
}
