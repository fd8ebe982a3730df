package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The labels of our metrics. Each has few values: a school is never one, and neither is a person.
const (
	labelOutcome  = "outcome"
	labelTrigger  = "trigger"
	labelKind     = "kind"
	labelResult   = "result"
	labelCode     = "code"
	labelDistrict = "district"
)

// CodeOK is the code of what went well.
const CodeOK = "ok"

// Until an SDK is set up the instruments count nothing and cost next to nothing.
var (
	meter = otel.Meter(Scope)

	passDuration = seconds("rollcall.pass.duration", "How long passes took, by outcome and by what asked for them.",
		0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
	operations = counter("rollcall.operations", "{operation}",
		"What passes did to chats and on the Portal, by kind, result (done, skipped, failed) and code.")
	messengerRequests = seconds("rollcall.messenger.request.duration", "How long the messenger took to answer, by code.",
		0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
	messengerCalls = counter("rollcall.messenger.calls", "{call}", "Calls of the messenger's API that were made, many in a request.")
	gateWaits      = seconds("rollcall.messenger.gate.wait", "How long requests waited for their token's budget, by result (taken, budget, fenced, error).",
		0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 5)
	budgetUsed = must(meter.Float64Counter("rollcall.messenger.budget.used", metric.WithUnit("s"),
		metric.WithDescription("Budget of tokens that was used: its rate is how many tokens' whole budget is in use.")))
	portalRequests = seconds("rollcall.portal.request.duration", "How long the Portal took to answer, by kind and code.",
		0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
	outboxWaits = seconds("rollcall.outbox.wait", "How long requests waited in the outbox until they were handed to a lane.",
		0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 15, 60, 300)
	publicationLag = seconds("rollcall.call.publication.lag", "How long video calls took from their publication until the Portal showed them.",
		0.5, 1, 2, 3, 5, 10, 20, 30, 60, 300, 1800)
	sweeps      = counter("rollcall.sweeps", "{sweep}", "Sweeps over districts that ended, by outcome.")
	sweptSchool = counter("rollcall.sweep.schools", "{school}", "Schools that sweeps asked for a pass, by outcome.")
)

func seconds(name, description string, bounds ...float64) metric.Float64Histogram {
	return must(meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), metric.WithExplicitBucketBoundaries(bounds...)))
}

func counter(name, unit, description string) metric.Int64Counter {
	return must(meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description)))
}

// must is for instruments, whose names are checked by the tests.
func must[T any](instrument T, err error) T {
	if err != nil {
		panic(err)
	}
	return instrument
}

func with(kvs ...string) metric.MeasurementOption {
	attributes := make([]attribute.KeyValue, 0, len(kvs)/2)
	for i := 0; i+1 < len(kvs); i += 2 {
		attributes = append(attributes, attribute.String(kvs[i], kvs[i+1]))
	}
	return metric.WithAttributeSet(attribute.NewSet(attributes...))
}

// PassEnded counts a pass that ended.
func PassEnded(ctx context.Context, outcome, trigger string, took time.Duration) {
	passDuration.Record(ctx, took.Seconds(), with(labelOutcome, outcome, labelTrigger, trigger))
}

// Operations counts what a pass did. Code is "" for what went well.
func Operations(ctx context.Context, kind, result, code string, n int) {
	operations.Add(ctx, int64(n), with(labelKind, kind, labelResult, result, labelCode, orOK(code)))
}

// MessengerRequest counts a request to the messenger with this many calls in it.
func MessengerRequest(ctx context.Context, code string, calls int, took time.Duration) {
	messengerRequests.Record(ctx, took.Seconds(), with(labelCode, orOK(code)))
	messengerCalls.Add(ctx, int64(calls))
}

// GatePassed counts a request's wait at the gate of its token. Used is what it took of the token's
// budget, 0 where it was refused; the result is then why.
func GatePassed(ctx context.Context, result string, waited, used time.Duration) {
	gateWaits.Record(ctx, waited.Seconds(), with(labelResult, result))
	if used > 0 {
		budgetUsed.Add(ctx, used.Seconds())
	}
}

// PortalRequest counts a request to the Portal; kind is what was to be done.
func PortalRequest(ctx context.Context, kind, code string, took time.Duration) {
	portalRequests.Record(ctx, took.Seconds(), with(labelKind, kind, labelCode, orOK(code)))
}

// CallShown counts a video call that the Portal shows for the first time.
func CallShown(ctx context.Context, lag time.Duration) {
	publicationLag.Record(ctx, max(lag, 0).Seconds())
}

// SweepEnded counts a sweep over a district, and its schools by outcome.
func SweepEnded(ctx context.Context, outcome string, schools map[string]int) {
	sweeps.Add(ctx, 1, with(labelOutcome, outcome))
	for of, n := range schools {
		if n > 0 {
			sweptSchool.Add(ctx, int64(n), with(labelOutcome, of))
		}
	}
}

func outboxWaited(ctx context.Context, r Relayed) {
	outboxWaits.Record(ctx, max(r.Waited, 0).Seconds(), with(labelTrigger, r.Trigger))
}

func orOK(code string) string {
	if code == "" {
		return CodeOK
	}
	return code
}
