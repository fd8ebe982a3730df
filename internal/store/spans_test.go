package store_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

func TestSpansOfAPass(t *testing.T) {
	t.Parallel()
	st, ctx := setup(t), t.Context()
	began := time.Now().Add(-time.Minute).Truncate(time.Microsecond)
	ended := began.Add(30 * time.Second)
	span := func(name string, epoch int64, after time.Duration, attributes map[string]any) telemetry.Span {
		return telemetry.Span{
			Pass: telemetry.Pass{School: "s", Epoch: epoch}, TraceID: trace.TraceID{1}, SpanID: trace.SpanID{byte(len(name))}, ParentID: trace.SpanID{9},
			Name: name, StartedAt: began.Add(after), Duration: 1500 * time.Microsecond, Code: "budget", Attributes: attributes,
		}
	}
	activity := map[string]any{"temporalRunID": "run", "temporalActivityID": "5"}
	asks := func(id string) map[string]any {
		return map[string]any{telemetry.AttributeRequests: []string{"other", id}}
	}
	require.NoError(t, st.KeepSpans(ctx, []telemetry.Span{
		span("own", 2, 0, activity),
		span("failed before it had a number", 0, -time.Second, activity),
		span("within", 0, time.Second, map[string]any{"temporalRunID": "run", "temporalActivityID": "6"}),
		span("before", 0, -2*time.Second, map[string]any{}),
		span("after", 0, time.Minute, map[string]any{}),
		span("another pass", 1, time.Second, map[string]any{}),
		span("asked for it", 0, -time.Hour, asks("r")),
		span("asked for another", 0, time.Second, asks("x")),
	}))
	found, err := st.PassSpans(ctx, "s", 2, []string{"r"}, ended)
	require.NoError(t, err)
	require.Equal(t, []string{"asked for it", "failed before it had a number", "own", "within"},
		lo.Map(found, func(s telemetry.Span, _ int) string { return s.Name }))
	want := span("own", 2, 0, map[string]any{"temporalRunID": "run", "temporalActivityID": "5"})
	require.WithinDuration(t, want.StartedAt, found[2].StartedAt, 0)
	found[2].StartedAt = want.StartedAt
	require.Equal(t, want, found[2])

	none, err := st.PassSpans(ctx, "s", 3, nil, ended)
	require.NoError(t, err)
	require.Empty(t, none)
	gone, err := st.PruneSpans(ctx, 30*time.Minute)
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
	gone, err = st.PruneSpans(ctx, 0)
	require.NoError(t, err)
	require.EqualValues(t, 7, gone, "none is kept")
}

func TestAPassByItsEpoch(t *testing.T) {
	t.Parallel()
	st, ctx := setup(t), t.Context()
	none, err := st.Pass(ctx, "s", 0)
	require.NoError(t, err)
	require.Nil(t, none)
	first := beginPass(t, st)
	require.NoError(t, st.EndPass(ctx, "s", first, "in-step", nil, nil, []store.Asked{{ID: "r", Trigger: "manual", RequestedBy: "operator"}}))
	second := beginPass(t, st)
	newest, err := st.Pass(ctx, "s", 0)
	require.NoError(t, err)
	require.Equal(t, second, newest.Epoch)
	older, err := st.Pass(ctx, "s", first)
	require.NoError(t, err)
	require.Equal(t, first, older.Epoch)
	require.Equal(t, "in-step", *older.Outcome)
}
