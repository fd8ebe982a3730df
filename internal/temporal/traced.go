package temporal

import (
	"fmt"

	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// instrument has a client, and the workers on it, trace and measure what they do, as far as this process
// does either: package export has set it up by then.
func instrument(o *client.Options) error {
	if _, on := otel.GetTracerProvider().(*sdktrace.TracerProvider); on {
		tracing, err := Tracing()
		if err != nil {
			return err
		}
		o.Interceptors = append(o.Interceptors, tracing)
	}
	if _, on := otel.GetMeterProvider().(*sdkmetric.MeterProvider); on {
		o.MetricsHandler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
			Meter: otel.Meter("temporal-sdk-go"), OnError: otel.Handle, UseMonotonicCounters: true,
		})
	}
	return nil
}

// Tracing makes the interceptor that carries traces through the server: whoever asks a lane, the lane, its
// children and their activities are spans of one trace. Headers that cannot be read are left alone, and
// nothing but the trace is carried.
func Tracing() (interceptor.Interceptor, error) {
	tracer, err := opentelemetry.NewTracer(opentelemetry.TracerOptions{
		DisableQueryTracing: true, DisableBaggage: true, AllowInvalidParentSpans: true, TextMapPropagator: telemetry.Propagator(),
	})
	if err != nil {
		return nil, fmt.Errorf("trace through the Temporal server: %w", err)
	}
	return interceptor.NewTracingInterceptor(located{tracer}), nil
}

// located has the SDK's loggers name the trace and the span as ours do.
type located struct{ interceptor.Tracer }

func (l located) GetLogger(logger log.Logger, ref interceptor.TracerSpanRef) log.Logger {
	span, ok := ref.(interface{ SpanContext() trace.SpanContext })
	if !ok {
		return logger
	}
	at := span.SpanContext()
	return log.With(logger, telemetry.LogTraceID, at.TraceID().String(), telemetry.LogSpanID, at.SpanID().String())
}
