package export

import (
	"context"
	"runtime/metrics"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// What the Go runtime says of this process.
const (
	runtimeMemory     = "/memory/classes/total:bytes"
	runtimeGoroutines = "/sched/goroutines:goroutines"
)

// observeProcess has the process's memory and goroutines measured.
func observeProcess() error {
	meter := otel.Meter(telemetry.Scope)
	memory, err := meter.Int64ObservableGauge("rollcall.process.memory", metric.WithUnit("By"),
		metric.WithDescription("Memory that the process has from the operating system."))
	if err != nil {
		return err
	}
	goroutines, err := meter.Int64ObservableGauge("rollcall.process.goroutines", metric.WithUnit("{goroutine}"),
		metric.WithDescription("What the process does side by side."))
	if err != nil {
		return err
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		samples := []metrics.Sample{{Name: runtimeMemory}, {Name: runtimeGoroutines}}
		metrics.Read(samples)
		for i, gauge := range []metric.Int64Observable{memory, goroutines} {
			if samples[i].Value.Kind() == metrics.KindUint64 {
				o.ObserveInt64(gauge, int64(samples[i].Value.Uint64()))
			}
		}
		return nil
	}, memory, goroutines)
	return err
}
