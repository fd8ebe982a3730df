package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/trouble"
)

// stopTimeout bounds how long the end of a process waits for what is still to be exported.
const stopTimeout = 5 * time.Second

// Options are what a program wants of telemetry.
type Options struct {
	// Service and Version name the program; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before.
	Service, Version string
	// Metrics tells that the program has metrics: a command that ends at once has none.
	Metrics bool
	// Keep stores the spans of passes; nil is a program that keeps none.
	Keep   func(context.Context, []telemetry.Span) error
	Logger *slog.Logger
}

// Start sets telemetry up for this process, as the environment says. What it gives ends it, with what
// there is still to export, and waits 5 s at the most.
func Start(ctx context.Context, o Options) (stop func(), err error) {
	otel.SetErrorHandler(&seldom{logger: o.Logger, said: map[string]time.Time{}})
	otel.SetTextMapPropagator(telemetry.Propagator())
	named, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", o.Service), attribute.String("service.version", o.Version), attribute.String("service.instance.id", instance())),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES cannot be read: write key=value,key=value: %w", err)
	}
	var ends []func(context.Context) error
	stop = func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		for _, end := range ends {
			if err := end(last); err != nil {
				otel.Handle(err)
			}
		}
	}
	spans, err := tracing(ctx, o, named)
	if err != nil {
		return nil, err
	}
	if spans != nil {
		ends = append(ends, spans.Shutdown)
		otel.SetTracerProvider(spans)
	}
	numbers, err := metering(ctx, o, named)
	if err != nil {
		stop()
		return nil, err
	}
	if numbers != nil {
		ends = append(ends, numbers.Shutdown)
		otel.SetMeterProvider(numbers)
		if err := observeProcess(); err != nil {
			otel.Handle(err)
		}
	}
	return stop, nil
}

// tracing gives a provider, nil where nobody wants spans.
func tracing(ctx context.Context, o Options, named *resource.Resource) (*trace.TracerProvider, error) {
	var options []trace.TracerProviderOption
	if o.Keep != nil {
		options = append(options, trace.WithSpanProcessor(KeepPasses(o.Keep)))
	}
	if telemetry.TracesExported() {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s and the OTEL_EXPORTER_OTLP_* variables cannot be followed (use otlp, console or none): %w", telemetry.EnvTracesExporter, err)
		}
		options = append(options, trace.WithBatcher(cleaned{exporter}))
	}
	if len(options) == 0 {
		return nil, nil
	}
	return trace.NewTracerProvider(append(options, trace.WithResource(named))...), nil
}

// metering gives a provider, nil where nobody wants metrics.
func metering(ctx context.Context, o Options, named *resource.Resource) (*metric.MeterProvider, error) {
	if !o.Metrics || !telemetry.MetricsExported() {
		return nil, nil
	}
	reader, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s and the OTEL_EXPORTER_* variables cannot be followed (use prometheus, otlp, console or none): %w", telemetry.EnvMetricsExporter, err)
	}
	return metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(named), metric.WithView(Views()...)), nil
}

// Views bound the labels of what the endpoint measures, and give the times that Temporal's SDK measures buckets from a millisecond to a minute: those that
// there would be by default begin at 5 s.
func Views() []metric.View {
	return []metric.View{metric.NewView(
		// Who asks chooses the host's name: no label may hold it.
		metric.Instrument{Name: "http.server.*"},
		metric.Stream{AttributeFilter: attribute.NewAllowKeysFilter("http.request.method", "http.response.status_code", "http.route")},
	), metric.NewView(
		metric.Instrument{Name: "temporal_*", Kind: metric.InstrumentKindHistogram},
		metric.Stream{Aggregation: metric.AggregationExplicitBucketHistogram{
			Boundaries: []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
		}},
	)}
}

// instance tells processes of the same service apart.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// seldom logs what goes wrong with telemetry, each kind once a minute at the most: a collector that is away
// must not fill the log.
type seldom struct {
	logger *slog.Logger
	mu     sync.Mutex
	said   map[string]time.Time
}

const seldomEvery = time.Minute

// Handle implements otel.ErrorHandler.
func (s *seldom) Handle(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	kind := fmt.Sprintf("%T", err)
	s.mu.Lock()
	again := time.Since(s.said[kind]) > seldomEvery
	if again {
		s.said[kind] = time.Now()
	}
	s.mu.Unlock()
	if again {
		s.logger.Warn("telemetry is incomplete", "problem", trouble.Explain(err))
	}
}
