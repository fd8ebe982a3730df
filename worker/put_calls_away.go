package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const (
	// overEvery is how often it is looked whether a video call is over.
	overEvery = 2 * time.Second
	// overAgain is after how long a pass is asked for again that has not put the calls away.
	overAgain = time.Minute
)

// putCallsAway asks for a pass of every school with a video call that is over, so that it is taken down.
// Of all workers, the one that holds the lock does.
func putCallsAway(ctx context.Context, st *store.Store, logger *slog.Logger) {
	w := &overWatch{store: st, now: time.Now, asked: map[school.ID]time.Time{}}
	everyGuarded(ctx, st, "put-calls-away", overEvery, logger, w.look)
}

type overWatch struct {
	store *store.Store
	now   func() time.Time
	// asked is when a pass was asked for last, by school.
	asked map[school.ID]time.Time
}

func (w *overWatch) look(ctx context.Context) error {
	over, err := w.store.CallsOver(ctx)
	if err != nil {
		return err
	}
	for _, id := range over {
		if w.now().Sub(w.asked[id]) < overAgain {
			continue
		}
		if err := w.store.WantCalls(ctx, id, "call is over"); err != nil {
			return err
		}
		w.asked[id] = w.now()
	}
	return nil
}
