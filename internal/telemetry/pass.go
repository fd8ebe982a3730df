package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Scope is the name of our own instruments and, with what follows it, of our tracers.
const Scope = "github.com/rollcall-edu/rollcall"

// Attributes of spans that have to do with passes.
const (
	AttributeSchool = "rollcall.school"
	// AttributeEpoch numbers the pass; it is absent where a span belongs to none, or it is not known to which.
	AttributeEpoch = "rollcall.epoch"
	// AttributeRequests are the ids of the requests that a span asks a lane for, and AttributeWaits how
	// long each has waited in the outbox until then, in milliseconds.
	AttributeRequests = "rollcall.requests"
	AttributeWaits    = "rollcall.waits_ms"
	// AttributeAttempt counts an activity's attempts from 1; AttributeQueueWait is how long the first one
	// waited for a worker, in milliseconds.
	AttributeAttempt   = "rollcall.attempt"
	AttributeActivity  = "rollcall.activity"
	AttributeQueueWait = "rollcall.queue_wait_ms"
	// AttributeWorkflowID, AttributeRunID and AttributeActivityID are as Temporal's own tracing names them.
	AttributeWorkflowID = "temporalWorkflowID"
	AttributeRunID      = "temporalRunID"
	AttributeActivityID = "temporalActivityID"
	// AttributeProblem is the code with which a span ended.
	AttributeProblem = "rollcall.problem"
)

// SpanRelay is the span of requests being handed from the outbox to a lane.
const SpanRelay = "relay"

// Pass is what spans belong to: a school, and its pass by the epoch, 0 where that is not known.
type Pass struct {
	School school.ID
	Epoch  int64
}

// Attributes are the pass as attributes of a span.
func (p Pass) Attributes() []attribute.KeyValue {
	var kvs []attribute.KeyValue
	if p.School != "" {
		kvs = append(kvs, attribute.String(AttributeSchool, string(p.School)))
	}
	if p.Epoch > 0 {
		kvs = append(kvs, attribute.Int64(AttributeEpoch, p.Epoch))
	}
	return kvs
}

type inheritedKey struct{}

// Inherited are the attributes that our spans begun with the context have besides their own: those of the
// attempt that the context is within.
func Inherited(ctx context.Context) []attribute.KeyValue {
	kvs, _ := ctx.Value(inheritedKey{}).([]attribute.KeyValue)
	return kvs
}

// Attempt is one attempt of an activity.
type Attempt struct {
	Pass
	// Activity is the activity's type. WorkflowID and ActivityID tell it from others.
	Activity, WorkflowID, ActivityID string
	// Asks are the ids of the requests for which it asks a lane, if that is what it does.
	Asks []string
	// Number counts from 1; QueueWait is how long the first one waited for a worker.
	Number    int32
	QueueWait time.Duration
}

// Mark puts an attempt on the span that the context is in, and on our spans below it: whose attempt they are of
// is known also where its own span never ended.
func (a Attempt) Mark(ctx context.Context) context.Context {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() || a.School == "" {
		return ctx
	}
	kvs := append(a.Attributes(), attribute.Int(AttributeAttempt, int(a.Number)), attribute.String(AttributeActivity, a.Activity))
	span.SetAttributes(kvs...)
	if a.Number == 1 {
		span.SetAttributes(attribute.Int64(AttributeQueueWait, max(a.QueueWait, 0).Milliseconds()))
	}
	if len(a.Asks) > 0 {
		span.SetAttributes(attribute.StringSlice(AttributeRequests, a.Asks))
	}
	return context.WithValue(ctx, inheritedKey{}, append(kvs,
		attribute.String(AttributeWorkflowID, a.WorkflowID), attribute.String(AttributeActivityID, a.ActivityID)))
}

// Begun tells that the pass which the context's span begins has this epoch.
func Begun(ctx context.Context, epoch int64) {
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int64(AttributeEpoch, epoch))
}

// Problem puts the code of what went wrong on the span that the context is in.
func Problem(ctx context.Context, code string) {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String(AttributeProblem, code))
}

// Relayed is a request that is handed from the outbox to a lane.
type Relayed struct {
	ID, Trigger string
	Waited      time.Duration
}

// Relay begins the span, and counts the waits, of requests being handed to a school's lane. Done ends it.
func Relay(ctx context.Context, id school.ID, requests []Relayed) (in context.Context, done func(error)) {
	ids, waits := make([]string, len(requests)), make([]int64, len(requests))
	for i, r := range requests {
		ids[i], waits[i] = r.ID, r.Waited.Milliseconds()
	}
	in, span := otel.Tracer(Scope).Start(ctx, SpanRelay, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(
		attribute.String(AttributeSchool, string(id)), attribute.StringSlice(AttributeRequests, ids), attribute.Int64Slice(AttributeWaits, waits)))
	return in, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "unavailable")
			span.SetAttributes(attribute.String(AttributeProblem, "unavailable"))
		} else {
			for _, r := range requests {
				outboxWaited(ctx, r)
			}
		}
		span.End()
	}
}

// Span is a span that has ended, as it is kept for rollcall trace.
type Span struct {
	Pass
	TraceID trace.TraceID
	SpanID  trace.SpanID
	// ParentID is zero for a span that has no parent.
	ParentID  trace.SpanID
	Name      string
	StartedAt time.Time
	Duration  time.Duration
	// Code is what went wrong, "" for nothing.
	Code       string
	Attributes map[string]any
}
