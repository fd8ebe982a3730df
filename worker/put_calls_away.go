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
	// overAgain is after how long a pass is asked for again that has not put the calls away; then after
	// twice as long, and so on up to overAtMost: the school's own passes try too.
	overAgain  = time.Minute
	overAtMost = time.Hour
)

// putCallsAway asks for a pass of every school with a video call that is over, so that it is taken down.
// Of all workers, the one that holds the lock does.
func putCallsAway(ctx context.Context, st *store.Store, logger *slog.Logger) {
	w := &overWatch{store: st, now: time.Now, asked: map[school.ID]asking{}}
	everyGuarded(ctx, st, "put-calls-away", overEvery, logger, w.look)
}

type overWatch struct {
	store *store.Store
	now   func() time.Time
	asked map[school.ID]asking
}

// asking is when a pass may be asked for again, and how long is waited after that.
type asking struct {
	again time.Time
	pause time.Duration
}

func (w *overWatch) look(ctx context.Context) error {
	over, err := w.store.CallsOver(ctx)
	if err != nil {
		return err
	}
	asked := map[school.ID]asking{} // who has put the calls away begins anew the next time
	defer func() { w.asked = asked }()
	for _, id := range over {
		last := w.asked[id]
		if w.now().Before(last.again) {
			asked[id] = last
			continue
		}
		if err := w.store.WantCalls(ctx, id, "call is over"); err != nil {
			return err
		}
		pause := min(max(2*last.pause, overAgain), overAtMost)
		asked[id] = asking{again: w.now().Add(pause), pause: pause}
	}
	return nil
}
