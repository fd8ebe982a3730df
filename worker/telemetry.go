package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/internal/build"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/telemetry/export"
)

const (
	// measureTimeout bounds the query behind the gauges.
	measureTimeout = 5 * time.Second
	// measureIdle is after how long a worker that nobody asks for its metrics lets another one tell how the
	// districts stand.
	measureIdle = 3 * time.Minute
	// measureLock is held by the worker that tells.
	measureLock = "measure"
)

// startTelemetry has the worker export spans and metrics, as the environment says, and keep the spans of
// passes. What it gives ends that.
func startTelemetry(ctx context.Context, st *store.Store, logger *slog.Logger) (stop func(), err error) {
	kept, err := telemetry.TracesKept()
	if err != nil {
		return nil, err
	}
	id, err := build.ID()
	if err != nil {
		return nil, err
	}
	options := export.Options{Service: "rollcall-worker", Version: id, Metrics: true, Logger: logger}
	if kept > 0 {
		options.Keep = st.KeepSpans
	}
	end, err := export.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	m := &measuring{guard: guarded{store: st, name: measureLock}}
	stopMeasures, err := telemetry.Observe(m.read)
	if err != nil {
		end()
		return nil, err
	}
	return func() {
		if err := stopMeasures(); err != nil {
			logger.Warn("the measures were not ended", "problem", err)
		}
		m.rest()
		end()
	}, nil
}

// measuring reads how the districts stand while metrics are collected. Of all workers, the one that
// holds the lock tells: others would tell the same again.
type measuring struct {
	mu    sync.Mutex
	guard guarded
	idle  *time.Timer
}

func (m *measuring) read(ctx context.Context) ([]telemetry.Measures, error) {
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.idle != nil {
		m.idle.Stop()
	}
	m.idle = time.AfterFunc(measureIdle, m.rest)
	var found []telemetry.Measures
	err := m.guard.do(ctx, func() (err error) {
		found, err = m.guard.store.Measures(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(errors.New("how the districts stand was not measured"), err)
	}
	return found, nil
}

// rest lets another worker tell.
func (m *measuring) rest() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.idle != nil {
		m.idle.Stop()
	}
	m.guard.release()
}
