package telemetry

import (
	"fmt"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"
)

// The environment variables that are looked at here. Those of OpenTelemetry are its own, and all others of
// its SDK and exporters work too.
const (
	EnvTracesExporter  = "OTEL_TRACES_EXPORTER"
	EnvMetricsExporter = "OTEL_METRICS_EXPORTER"
	EnvDisabled        = "OTEL_SDK_DISABLED"
	EnvPropagators     = "OTEL_PROPAGATORS"
	// EnvTracesKept is how long the spans of passes are kept in the database; 0 is not at all.
	EnvTracesKept = "ROLLCALL_TRACES_KEPT"
)

// tracesKept is how long the spans of passes are kept unless the environment says otherwise.
const tracesKept = 24 * time.Hour

// TracesExported tells whether spans go to an exporter. Unless one is named they do not.
func TracesExported() bool { return exported(EnvTracesExporter) }

// MetricsExported tells whether metrics go to an exporter. Unless one is named they do not.
func MetricsExported() bool { return exported(EnvMetricsExporter) }

func exported(name string) bool {
	exporter := os.Getenv(name)
	return !disabled() && exporter != "" && exporter != "none"
}

// Propagator carries the trace from process to process and nothing else: baggage is what others put into it.
// The environment may only switch it off.
func Propagator() propagation.TextMapPropagator {
	if os.Getenv(EnvPropagators) == "none" {
		return propagation.NewCompositeTextMapPropagator()
	}
	return propagation.TraceContext{}
}

func disabled() bool { return strings.EqualFold(os.Getenv(EnvDisabled), "true") }

// TracesKept is how long the spans of passes are kept in the database, for rollcall trace; 0 is not at
// all.
func TracesKept() (time.Duration, error) {
	text := os.Getenv(EnvTracesKept)
	switch {
	case disabled():
		return 0, nil
	case text == "":
		return tracesKept, nil
	case text == "0":
		return 0, nil
	}
	kept, err := time.ParseDuration(text)
	if err != nil || kept < 0 || kept > 0 && kept < time.Minute {
		return 0, fmt.Errorf("%s must be 0 or a duration of a minute or more, such as %s", EnvTracesKept, tracesKept)
	}
	return kept, nil
}
