package max

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// begin begins the span of a request. The method is a template: an address would tell who is in which chat.
func (c *Client) begin(ctx context.Context, name, method string) (context.Context, trace.Span) {
	return c.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("max.method", method)))
}
