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
	asked := map[school.ID]time.Time{}
	everyGuarded(ctx, st, "put-calls-away", overEvery, logger, func(ctx context.Context) error {
		over, err := st.CallsOver(ctx)
		if err != nil {
			return err
		}
		for _, id := range over {
			if time.Since(asked[id]) < overAgain {
				continue
			}
			if err := st.WantCalls(ctx, id, "call is over"); err != nil {
				return err
			}
			asked[id] = time.Now()
		}
		return nil
	})
}
