package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
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
		return errors.Join(err, pruneSpans(ctx, st))
	})
}

// pruneSpans deletes the spans that have been kept for long enough, all of them where none are kept any more.
func pruneSpans(ctx context.Context, st *store.Store) error {
	kept, err := telemetry.TracesKept()
	if err == nil {
		_, err = st.PruneSpans(ctx, kept)
	}
	return err
}
