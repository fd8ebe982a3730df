package vk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// begin begins the span of a request: how many calls it makes, and which, by method.
func (c *Client) begin(ctx context.Context, calls []apiCall, waited time.Duration) (context.Context, trace.Span) {
	return c.tracer.Start(ctx, "vk execute", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("vk.method", methodExecute), attribute.Int("vk.calls", len(calls)), attribute.String("vk.methods", methodsOf(calls)),
		attribute.Int64("vk.gate_wait_ms", waited.Milliseconds())))
}

// methodsOf counts calls by method, in the order in which the methods come: messages.createChat×2.
func methodsOf(calls []apiCall) string {
	var methods []string
	counts := map[string]int{}
	for _, call := range calls {
		if counts[call.method]++; counts[call.method] == 1 {
			methods = append(methods, call.method)
		}
	}
	for i, method := range methods {
		if n := counts[method]; n > 1 {
			methods[i] = fmt.Sprintf("%s×%d", method, n)
		}
	}
	return strings.Join(methods, " ")
}
