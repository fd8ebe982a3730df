// Package traced has the spans and measures that all adapters of package messenger share. A span's attributes begin with the
// protocol's name; none names a person, a chat or a token.
package traced

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// Tracer traces the requests of one protocol.
type Tracer struct {
	trace.Tracer
	Protocol messenger.Protocol
}

// Attribute is the full name of one of the protocol's attributes.
func (t Tracer) Attribute(name string) attribute.Key {
	return attribute.Key(string(t.Protocol) + "." + name)
}

// Pass passes the gate and tells how long that took. A refusal has a span of its own.
func (t Tracer) Pass(ctx context.Context, gate messenger.Gate) (time.Duration, error) {
	began := time.Now()
	err := gate.Pass(ctx)
	if code := messenger.CodeOf(err); code != "" {
		_, span := t.Start(ctx, string(t.Protocol)+" gate", trace.WithTimestamp(began))
		t.Fail(span, code)
		span.End()
	}
	return time.Since(began), err
}

// Fail marks the span of something that failed.
func (t Tracer) Fail(span trace.Span, code messenger.Code) {
	span.SetAttributes(t.Attribute("code").String(string(code)))
	span.SetStatus(codes.Error, string(code))
}

// Count measures a request that carried some of the port's calls; failure is nil where it succeeded.
func Count(ctx context.Context, failure *messenger.Error, calls int, took time.Duration) {
	code := ""
	if failure != nil {
		code = string(failure.Code)
	}
	telemetry.MessengerRequest(ctx, code, calls, took)
}
