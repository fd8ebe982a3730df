package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// The names of the ids in a log.
const (
	LogTraceID = "trace_id"
	LogSpanID  = "span_id"
)

// located adds to each record the ids of the trace and the span that its context is in.
type located struct{ slog.Handler }

func (l located) Handle(ctx context.Context, r slog.Record) error {
	if at := trace.SpanContextFromContext(ctx); at.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String(LogTraceID, at.TraceID().String()), slog.String(LogSpanID, at.SpanID().String()))
	}
	return l.Handler.Handle(ctx, r)
}

func (l located) WithAttrs(attrs []slog.Attr) slog.Handler {
	return located{l.Handler.WithAttrs(attrs)}
}
func (l located) WithGroup(name string) slog.Handler { return located{l.Handler.WithGroup(name)} }
