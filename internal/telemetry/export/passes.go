package export

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

const (
	// keepEvery is how often the spans of passes that have ended are stored: what a worker did up to a second
	// before it was killed is there.
	keepEvery = time.Second
	// keepTimeout bounds one storing.
	keepTimeout = 10 * time.Second
	// keepQueue is how many ended spans wait at the most; more are dropped, and passes do not wait.
	keepQueue = 8192
	keepBatch = 1024
)

// passes is a processor that puts what a span belongs to on it, and hands those that belong to a school on.
type passes struct{ trace.SpanProcessor }

// KeepPasses gives a processor that has the spans of passes kept, those of statements to the database left
// out, within 2 s of their end.
func KeepPasses(keep func(context.Context, []telemetry.Span) error) trace.SpanProcessor {
	return passes{trace.NewBatchSpanProcessor(keeper{keep}, trace.WithBatchTimeout(keepEvery), trace.WithExportTimeout(keepTimeout),
		trace.WithMaxQueueSize(keepQueue), trace.WithMaxExportBatchSize(keepBatch))}
}

// OnStart implements trace.SpanProcessor.
func (p passes) OnStart(parent context.Context, s trace.ReadWriteSpan) {
	if ours(s) {
		s.SetAttributes(telemetry.Inherited(parent)...)
	}
	p.SpanProcessor.OnStart(parent, s)
}

// OnEnd implements trace.SpanProcessor.
func (p passes) OnEnd(s trace.ReadOnlySpan) {
	for _, kv := range s.Attributes() {
		if kv.Key == telemetry.AttributeSchool {
			p.SpanProcessor.OnEnd(s)
			return
		}
	}
}

func ours(s trace.ReadOnlySpan) bool {
	return strings.HasPrefix(s.InstrumentationScope().Name, telemetry.Scope)
}

// keeper stores spans.
type keeper struct {
	keep func(context.Context, []telemetry.Span) error
}

// ExportSpans implements trace.SpanExporter.
func (k keeper) ExportSpans(ctx context.Context, ended []trace.ReadOnlySpan) error {
	spans := make([]telemetry.Span, len(ended))
	for i, s := range ended {
		spans[i] = kept(s)
	}
	return k.keep(ctx, spans)
}

// Shutdown implements trace.SpanExporter.
func (keeper) Shutdown(context.Context) error { return nil }

// kept is a span as it is stored: with codes and without texts.
func kept(s trace.ReadOnlySpan) telemetry.Span {
	span := telemetry.Span{
		TraceID: s.SpanContext().TraceID(), SpanID: s.SpanContext().SpanID(), ParentID: s.Parent().SpanID(),
		Name: s.Name(), StartedAt: s.StartTime(), Duration: max(s.EndTime().Sub(s.StartTime()), 0), Code: codeOf(s), Attributes: map[string]any{},
	}
	for _, kv := range s.Attributes() {
		switch {
		case kv.Key == telemetry.AttributeSchool:
			span.School = school.ID(kv.Value.AsString())
		case kv.Key == telemetry.AttributeEpoch:
			span.Epoch = kv.Value.AsInt64()
		case allowed(kv):
			span.Attributes[string(kv.Key)] = kv.Value.AsInterface()
		}
	}
	return span
}

// codeAttributes hold what went wrong, the first one there is.
var codeAttributes = []attribute.Key{telemetry.AttributeProblem, "vk.code", "max.code", "portal.code"}

// unnamed is the code of a span that failed and does not say how.
const unnamed = "failed"

func codeOf(s trace.ReadOnlySpan) string {
	for _, key := range codeAttributes {
		for _, kv := range s.Attributes() {
			if kv.Key == key {
				return kv.Value.AsString()
			}
		}
	}
	return failure(s)
}
