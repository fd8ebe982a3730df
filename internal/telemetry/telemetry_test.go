package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

func TestWhatIsLoggedInASpanBearsItsIDs(t *testing.T) {
	t.Parallel()
	at := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{7: 2}})
	within := trace.ContextWithSpanContext(context.Background(), at)
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		logger := telemetry.Logger(&out, "info", format).With("school", "s")
		logger.InfoContext(within, "inside")
		require.Contains(t, out.String(), "00000000000000000000000000000001")
		require.Contains(t, out.String(), "0000000000000002")
		require.Contains(t, out.String(), "school")
		out.Reset()
		logger.InfoContext(context.Background(), "outside")
		require.NotContains(t, out.String(), telemetry.LogTraceID)
		logger.DebugContext(within, "unheard")
		require.NotContains(t, out.String(), "unheard")
	}
	require.False(t, telemetry.Logger(&bytes.Buffer{}, "error", "text").Enabled(within, slog.LevelWarn))
}

func TestNothingIsExportedUnlessAnExporterIsNamed(t *testing.T) {
	for exporter, want := range map[string]bool{"": false, "none": false, "otlp": true, "console": true} {
		t.Setenv(telemetry.EnvTracesExporter, exporter)
		t.Setenv(telemetry.EnvMetricsExporter, exporter)
		require.Equal(t, want, telemetry.TracesExported(), exporter)
		require.Equal(t, want, telemetry.MetricsExported(), exporter)
	}
	t.Setenv(telemetry.EnvDisabled, "TRUE")
	require.False(t, telemetry.TracesExported())
	require.False(t, telemetry.MetricsExported())
	kept, err := telemetry.TracesKept()
	require.NoError(t, err)
	require.Zero(t, kept)
}

func TestHowLongSpansAreKept(t *testing.T) {
	for text, want := range map[string]string{"": "24h0m0s", "0": "0s", "0s": "0s", "1h30m": "1h30m0s"} {
		t.Setenv(telemetry.EnvTracesKept, text)
		kept, err := telemetry.TracesKept()
		require.NoError(t, err)
		require.Equal(t, want, kept.String(), text)
	}
	for _, text := range []string{"a day", "-1h", "5s", "24"} {
		t.Setenv(telemetry.EnvTracesKept, text)
		_, err := telemetry.TracesKept()
		require.ErrorContains(t, err, telemetry.EnvTracesKept, text)
	}
}
