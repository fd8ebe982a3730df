package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/workflows"
)

func TestOneOfAllWorkersTellsHowTheDistrictsStand(t *testing.T) {
	t.Parallel()
	st := storetest.New(t)
	first := &measuring{guard: guarded{store: st, name: measureLock}}
	second := &measuring{guard: guarded{store: st, name: measureLock}}
	t.Cleanup(second.rest)
	for range 2 {
		found, err := first.read(t.Context())
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.EqualValues(t, "d", found[0].District)
		found, err = second.read(t.Context())
		require.NoError(t, err)
		require.Empty(t, found, "it would tell the same again")
	}
	first.rest()
	require.Eventually(t, func() bool {
		found, err := second.read(t.Context())
		return err == nil && len(found) == 1
	}, patience, 10*time.Millisecond)
}

func TestTheWorkerKeepsSpansAndForgetsThem(t *testing.T) { // not parallel: the tracer is the process's
	st, ctx := storetest.New(t), t.Context()
	stop, err := startTelemetry(ctx, st, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })
	_, done := telemetry.Relay(ctx, "s", []telemetry.Relayed{{ID: "outbox-1", Trigger: "event", Waited: time.Second}})
	done(nil)
	stop()
	kept := func() int {
		spans, err := st.PassSpans(ctx, "s", 1, []string{"outbox-1"}, time.Now())
		require.NoError(t, err)
		return len(spans)
	}
	require.Equal(t, 1, kept())
	require.NoError(t, pruneSpans(ctx, st))
	require.Equal(t, 1, kept(), "a day has not passed")
	t.Setenv(telemetry.EnvTracesKept, "0")
	require.NoError(t, pruneSpans(ctx, st))
	require.Zero(t, kept())

	otel.SetTracerProvider(noop.NewTracerProvider())
	stop, err = startTelemetry(ctx, st, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	stop()
	_, on := otel.GetTracerProvider().(*sdktrace.TracerProvider)
	require.False(t, on)
	t.Setenv(telemetry.EnvTracesKept, "for ever")
	_, err = startTelemetry(ctx, st, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, telemetry.EnvTracesKept)
}

func TestWhatIsRelayedSaysHowLongItWaited(t *testing.T) {
	t.Parallel()
	now := time.Now()
	wanted := []store.Wanted{{ID: 1, Trigger: "event", CreatedAt: now.Add(-2 * time.Second)}, {ID: 2, Trigger: "event", CreatedAt: now.Add(time.Second)}}
	requests := []workflows.Request{{ID: "outbox-1", Trigger: workflows.TriggerEvent}, {ID: "outbox-2", Trigger: workflows.TriggerEvent}}
	require.Equal(t, []telemetry.Relayed{
		{ID: "outbox-1", Trigger: "event", Waited: 2 * time.Second}, {ID: "outbox-2", Trigger: "event"},
	}, relayed(wanted, requests, now))
}
