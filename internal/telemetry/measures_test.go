package telemetry_test

import (
	"context"
	"errors"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

func TestWhatTheDistrictsShow(t *testing.T) { // not parallel: the meter is the process's
	reader := sdkmetric.NewManualReader()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(noop.NewMeterProvider()) })
	var found []telemetry.Measures
	var problem error
	stop, err := telemetry.Observe(func(context.Context) ([]telemetry.Measures, error) { return found, problem })
	require.NoError(t, err)
	shown := func() map[string]float64 { return collected(t, reader) }
	require.Empty(t, shown(), "another process tells")

	found = []telemetry.Measures{}
	require.Equal(t, map[string]float64{"rollcall.districts": 0}, shown())

	t.Setenv(config.EnvPortalURL, "")
	t.Setenv(config.EnvLinksFile, "")
	age := lo.ToPtr(90_000.0)
	found = []telemetry.Measures{{
		District: "d", Schools: 9, Paused: 2, Unasked: 3, StaleHours: 4, StaleDay: 1, LinksAge: age, LinksUnread: age, SweepOverdue: lo.ToPtr(0.0),
	}}
	all := shown()
	for name, want := range map[string]float64{
		"rollcall.districts": 1, "rollcall.schools d": 9, "rollcall.schools.resting d paused": 2, "rollcall.schools.resting d unasked": 3,
		"rollcall.freshness.stale d hours": 4, "rollcall.freshness.stale d day": 1, "rollcall.sweep.overdue d": 0, "rollcall.holds d": 0,
	} {
		require.Contains(t, all, name)
		require.InDelta(t, want, all[name], 0, name)
	}
	require.NotContains(t, all, "rollcall.freshness.age d")

	for _, source := range []string{config.EnvPortalURL, config.EnvLinksFile} {
		require.NotContains(t, shown(), "rollcall.links.age d", "there is no Portal, or not any more")
		require.NotContains(t, shown(), "rollcall.links.unread d")
		t.Setenv(source, "set")
		require.InDelta(t, 90_000, shown()["rollcall.links.age d"], 0, source)
		require.InDelta(t, 90_000, shown()["rollcall.links.unread d"], 0, source)
		t.Setenv(source, "")
	}

	found, problem = nil, errors.New("away")
	require.Empty(t, shown())
	require.NoError(t, stop())
}

// collected are the gauges with a value, by their names and the values of their labels.
func collected(t *testing.T, reader *sdkmetric.ManualReader) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	_ = reader.Collect(t.Context(), &all) // what fails shows nothing
	shown := map[string]float64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			gauge, is := m.Data.(metricdata.Gauge[float64])
			if !is {
				continue
			}
			for _, point := range gauge.DataPoints {
				name := m.Name
				for _, label := range point.Attributes.ToSlice() {
					name += " " + label.Value.AsString()
				}
				shown[name] = point.Value
			}
		}
	}
	return shown
}
