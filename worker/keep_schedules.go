package main

import (
	"context"
	"log/slog"
	"time"
	_ "time/tzdata" // cron expressions are in the districts' time zones, whatever the machine has

	"github.com/samber/lo"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
)

// schedulesEvery is how often the server's schedules are compared with the registry. Where
// nothing has changed that is one listing.
const schedulesEvery = 30 * time.Second

// keepSchedules keeps the server's schedules equal to the registry. Of all workers, the one that
// holds the lock does.
func keepSchedules(ctx context.Context, st *store.Store, c client.Client, logger *slog.Logger) {
	k := &scheduleKeeper{store: st, schedules: temporal.NewSchedules(c.ScheduleClient()), logger: logger}
	everyGuarded(ctx, st, "keep-schedules", schedulesEvery, logger, k.keep)
}

type scheduleKeeper struct {
	store     *store.Store
	schedules *temporal.Schedules
	logger    *slog.Logger
	// warned are the troubles that have been logged: each is said once.
	warned []temporal.Change
}

// keep compares once and carries out what it finds.
func (k *scheduleKeeper) keep(ctx context.Context) error {
	wanted, err := temporal.WantedByRegistry(ctx, k.store)
	if err != nil {
		return err
	}
	difference, err := k.schedules.Difference(ctx, wanted)
	if err != nil {
		return err
	}
	k.warn(difference.Of(temporal.ScheduleForeign, temporal.ScheduleUnclear, temporal.ScheduleUnasked))
	done, err := k.schedules.Apply(ctx, difference)
	if len(done) > 0 {
		k.logger.Info("the schedules follow the registry", "created", ids(done, temporal.ScheduleCreate),
			"updated", ids(done, temporal.ScheduleUpdate), "deleted", ids(done, temporal.ScheduleDelete))
	}
	return err
}

// warn says which schedules cannot be kept.
func (k *scheduleKeeper) warn(troubles temporal.Difference) {
	for _, t := range troubles {
		known := lo.ContainsBy(k.warned, func(w temporal.Change) bool { return w.ID == t.ID && w.Why == t.Why })
		if !known {
			k.logger.Warn("a schedule is left as it is", "schedule", t.ID, "problem", t.Why)
		}
	}
	k.warned = troubles
}

func ids(d temporal.Difference, kind temporal.ChangeKind) []string {
	return lo.Map(d.Of(kind), func(c temporal.Change, _ int) string { return c.ID })
}
