package main

import (
	"context"

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

func (g *guarded) release() {
	if g.lock != nil {
		g.lock.Release()
		g.lock = nil
	}
}
