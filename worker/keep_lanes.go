package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
)

// keepEvery is how often it is seen to that the lanes of continuous schools are open.
const keepEvery = 10 * time.Second

// keepLanes opens the lanes of continuous schools that are not open: a school has just become
// continuous, or somebody has ended the run. Of all workers, the one that holds the lock does.
func keepLanes(ctx context.Context, st *store.Store, c client.Client, logger *slog.Logger) {
	everyGuarded(ctx, st, "keep-lanes", keepEvery, logger, func(ctx context.Context) error { return openLanes(ctx, st, c, logger) })
}

func openLanes(ctx context.Context, st *store.Store, c client.Client, logger *slog.Logger) error {
	schools, err := st.Schools(ctx, "")
	if err != nil {
		return err
	}
	wanted := lo.FilterMap(schools, func(s store.SchoolRow, _ int) (school.ID, bool) {
		return s.ID, s.Schedule.KeepsLaneOpen() && s.TokenSet && s.Snapshot != ""
	})
	if len(wanted) == 0 {
		return nil
	}
	open, err := temporal.OpenLanes(ctx, c)
	if err != nil {
		return err
	}
	for _, id := range wanted {
		if open[id] {
			continue
		}
		if err := st.Want(ctx, id, "continuous", struct{}{}, true, "keeper of continuous lanes"); err != nil {
			return err
		}
		logger.Info("a continuous lane was not open: opening it", "school", id)
	}
	return nil
}
