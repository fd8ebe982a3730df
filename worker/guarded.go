package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edu/rollcall/internal/store"
)

// guarded does things only while it holds a lock that one of all workers has.
type guarded struct {
	store *store.Store
	name  string
	lock  *store.Lock
}

// do calls f if this worker has the lock, or gets it.
func (g *guarded) do(ctx context.Context, f func() error) error {
	if g.lock != nil && !g.lock.Held(ctx) {
		g.release()
	}
	if g.lock == nil {
		lock, err := g.store.Lock(ctx, g.name)
		if err != nil || lock == nil {
			return err
		}
		g.lock = lock
	}
	return f()
}

// everyGuarded calls f now and every so often until the context ends, of all workers in the one
// that holds the lock of that name. A failure is logged and tried again the next time.
func everyGuarded(
	ctx context.Context, st *store.Store, name string, interval time.Duration, logger *slog.Logger, f func(context.Context) error,
) {
	guard := &guarded{store: st, name: name}
	defer guard.release()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := guard.do(ctx, func() error { return f(ctx) })
		if err != nil && ctx.Err() == nil {
			logger.Warn("tried again soon", "what", name, "problem", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (g *guarded) release() {
	if g.lock != nil {
		g.lock.Release()
		g.lock = nil
	}
}
