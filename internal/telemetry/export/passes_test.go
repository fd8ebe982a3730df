package export_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/telemetry/export"
)

// kept collects what is kept of spans.
type kept struct {
	mu    sync.Mutex
	spans []telemetry.Span
}

func (k *kept) keep(_ context.Context, spans []telemetry.Span) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spans = append(k.spans, spans...)
	return nil
}

func (k *kept) all() []telemetry.Span {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.spans
}

func provider(t *testing.T) (*trace.TracerProvider, *kept) {
	t.Helper()
	k := &kept{}
	p := trace.NewTracerProvider(trace.WithSpanProcessor(export.KeepPasses(k.keep)))
	t.Cleanup(func() { _ = p.Shutdown(context.WithoutCancel(t.Context())) })
	return p, k
}

func attempt(number int32) telemetry.Attempt {
	return telemetry.Attempt{
		Pass: telemetry.Pass{School: "s", Epoch: 7}, Activity: "ApplyMembership", WorkflowID: "school/s/parents", ActivityID: "11",
		Number: number, QueueWait: 30 * time.Millisecond,
	}
}

func TestOnlyWhatBelongsToAPassIsKept(t *testing.T) {
	t.Parallel()
	p, k := provider(t)
	ctx, activity := p.Tracer("temporal-sdk-go").Start(t.Context(), "RunActivity:ApplyMembership")
	ctx = attempt(1).Mark(ctx)
	_, request := p.Tracer(telemetry.Scope+"/internal/messenger/vk").Start(ctx, "vk execute")
	request.SetAttributes(attribute.String("vk.code", "rate-limited"), attribute.String("url.full", "https://messenger.example/?access_token=secret"))
	request.SetStatus(codes.Error, "rate-limited")
	request.End()
	_, statement := p.Tracer("github.com/exaring/otelpgx").Start(ctx, "UPDATE communities")
	statement.End()
	activity.RecordError(errors.New("an error's text"))
	activity.SetStatus(codes.Error, "an error's text")
	activity.End()
	_, other := p.Tracer(telemetry.Scope).Start(t.Context(), "vk poll")
	other.End()

	require.NoError(t, p.ForceFlush(t.Context()))
	require.Equal(t, []string{"vk execute", "RunActivity:ApplyMembership"}, lo.Map(k.all(), func(s telemetry.Span, _ int) string { return s.Name }))
	for _, s := range k.all() {
		require.Equal(t, telemetry.Pass{School: "s", Epoch: 7}, s.Pass)
		require.NotContains(t, s.Attributes, "url.full")
		require.NotContains(t, s.Attributes, telemetry.AttributeSchool)
		require.Equal(t, "ApplyMembership", s.Attributes[telemetry.AttributeActivity])
	}
	require.Equal(t, k.all()[1].SpanID, k.all()[0].ParentID)
	require.Equal(t, "rate-limited", k.all()[0].Code)
	require.Equal(t, "school/s/parents", k.all()[0].Attributes[telemetry.AttributeWorkflowID])
	require.Equal(t, "failed", k.all()[1].Code, "a text is no code")
	require.EqualValues(t, 30, k.all()[1].Attributes[telemetry.AttributeQueueWait])
}

func TestWhatHasEndedIsKeptWhileTheRestGoesOn(t *testing.T) {
	t.Parallel()
	p, k := provider(t)
	ctx, activity := p.Tracer("temporal-sdk-go").Start(t.Context(), "RunActivity:ApplyMembership")
	defer activity.End()
	_, request := p.Tracer(telemetry.Scope).Start(attempt(2).Mark(ctx), "vk execute")
	request.End()
	require.Eventually(t, func() bool { return len(k.all()) == 1 }, 2*time.Second, 10*time.Millisecond,
		"a worker that is killed now has lost nothing that ended before")
	require.NotContains(t, k.all()[0].Attributes, telemetry.AttributeQueueWait)
	require.EqualValues(t, 2, k.all()[0].Attributes[telemetry.AttributeAttempt])
}

func TestMarkingCostsNothingWhereNothingIsTraced(t *testing.T) {
	ctx := t.Context()
	require.Equal(t, ctx, attempt(1).Mark(ctx))
	require.Zero(t, testing.AllocsPerRun(100, func() { attempt(1).Mark(ctx) }))
}
