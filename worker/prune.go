package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edu/rollcall/internal/store"
)

// pruneEvery is how often what has been kept long enough is deleted.
const pruneEvery = time.Hour

// prune deletes what has been kept long enough. Of all workers, the one that holds the lock does.
func prune(ctx context.Context, st *store.Store, logger *slog.Logger) {
	everyGuarded(ctx, st, "prune", pruneEvery, logger, func(ctx context.Context) error {
		gone, err := st.Prune(ctx)
		if gone > 0 {
			logger.Info("old records were deleted", "rows", gone)
		}
		return err
	})
}
