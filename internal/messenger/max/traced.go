package max

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// pass passes the gate and tells how long that took. A refusal has a span of its own.
func (c *Client) pass(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	err := c.gate.Pass(ctx)
	if code := messenger.CodeOf(err); code != "" {
		_, span := c.tracer.Start(ctx, "max gate", trace.WithTimestamp(began), trace.WithAttributes(attribute.String("max.code", string(code))))
		span.SetStatus(codes.Error, string(code))
		span.End()
	}
	return time.Since(began), err
}

// begin begins the span of a request. The method is a template: an address would tell who is in which chat.
func (c *Client) begin(ctx context.Context, name, method string) (context.Context, trace.Span) {
	return c.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("max.method", method)))
}

// fail marks the span of a request that failed.
func fail(span trace.Span, failure *messenger.Error) {
	span.SetAttributes(attribute.String("max.code", string(failure.Code)))
	span.SetStatus(codes.Error, string(failure.Code))
}

func count(ctx context.Context, failure *messenger.Error, calls int, took time.Duration) {
	code := ""
	if failure != nil {
		code = string(failure.Code)
	}
	telemetry.MessengerRequest(ctx, code, calls, took)
}
