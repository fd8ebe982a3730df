package vk

import (
	"context"
	"fmt"
	"strings"
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
		_, span := c.tracer.Start(ctx, "vk gate", trace.WithTimestamp(began), trace.WithAttributes(attribute.String("vk.code", string(code))))
		span.SetStatus(codes.Error, string(code))
		span.End()
	}
	return time.Since(began), err
}

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

func (c *Client) count(ctx context.Context, failure *messenger.Error, calls int, took time.Duration) {
	code := ""
	if failure != nil {
		code = string(failure.Code)
	}
	telemetry.MessengerRequest(ctx, code, calls, took)
}
