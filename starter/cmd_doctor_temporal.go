package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/api/serviceerror"

	"github.com/rollcall-edu/rollcall/internal/build"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/trouble"
	"github.com/rollcall-edu/rollcall/workflows"
)

// shortRetention is a retention with which the nightly's run may be gone before anybody looks at it.
const shortRetention = 24 * time.Hour

func (d *patient) tryTemporal(ctx context.Context) finding {
	namespace, err := temporal.Namespace()
	if err != nil {
		return wrong("its configuration cannot be read: see rollcall config")
	}
	c, err := d.app.dial(ctx, slog.New(slog.DiscardHandler))
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		return wrong("the server does not let us in: check TEMPORAL_API_KEY and the namespace's rights")
	}
	if err != nil { // what lies below says it in gRPC's own words
		at, _, _ := strings.Cut(trouble.Explain(err), " (")
		return wrong("%s: start one, or check TEMPORAL_ADDRESS and TEMPORAL_TLS", at)
	}
	d.client, d.namespace = c, namespace
	return well("the server answers")
}

func (d *patient) tryNamespace(ctx context.Context) finding {
	retention, err := temporal.Retention(ctx, d.client, d.namespace)
	switch {
	case err != nil:
		return troubled(err)
	case retention < shortRetention:
		return doubtful("%s is there and keeps closed runs for %s only: what ran at night is gone in the morning; have it keep them for 7 days", d.namespace, retention)
	}
	return well("%s is there, and keeps closed runs for %s", d.namespace, lengthy(retention))
}

// lengthy writes a duration in days, where it is of some.
func lengthy(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day != 0 {
		return d.String()
	}
	return counted(int(d/day), "day")
}

func (d *patient) trySearchAttributes(ctx context.Context) finding {
	wanted := workflows.SearchAttributes()
	missing, err := temporal.MissingSearchAttributes(ctx, d.client, d.namespace, wanted)
	switch {
	case err != nil:
		return troubled(err)
	case len(missing) > 0:
		return wrong("%d of %d are missing (%s): run: rollcall migrate", len(missing), len(wanted), some(missing))
	}
	return well("all %d are there", len(wanted))
}

func (d *patient) tryBuild(ctx context.Context) finding {
	current, err := temporal.CurrentBuild(ctx, d.client)
	if err != nil {
		return troubled(err)
	}
	if current == "" {
		return wrong("none is current, and so nothing runs: start a worker, the first becomes it")
	}
	d.build = current
	switch here, err := d.beside(); {
	case err != nil:
		return doubtful("%s is current; the worker program beside this one cannot be read", current)
	case here == "":
		return well("%s is current; there is no worker program beside this one to compare it with", current)
	case here != current:
		return doubtful("%s is current, the worker program here is %s: once workers of it run, go over to it with: rollcall workers promote %[2]s", current, here)
	}
	return well("%s is current, as here", current)
}

// buildBeside gives the build of the worker program in this program's folder, or the one that the
// environment names; "" where there is neither.
func buildBeside() (string, error) {
	if id := os.Getenv(config.EnvBuildID); id != "" {
		return id, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	worker := filepath.Join(filepath.Dir(path), "worker"+filepath.Ext(path))
	if info, err := os.Stat(worker); err != nil || !info.Mode().IsRegular() {
		return "", nil
	}
	return build.Fingerprint(worker)
}

func (d *patient) tryWorkers(ctx context.Context) finding {
	polled, err := temporal.PolledBy(ctx, d.client, d.build, d.now())
	switch {
	case err != nil:
		return troubled(err)
	case polled.Workers == 0:
		return wrong("none of build %s polls: start one, or go over to another build with: rollcall workers promote BUILD", d.build)
	case len(polled.Missing) > 0:
		return wrong("none of build %s polls %s: look at what the workers log, and start them anew", d.build, some(polled.Missing))
	}
	return well("%s of build %s, and all task queues are polled", lo.Ternary(polled.Workers == 1, "1 process", fmt.Sprintf("%d processes", polled.Workers)), d.build)
}

func (d *patient) trySchedules(ctx context.Context) finding {
	wanted, err := temporal.WantedByRegistry(ctx, d.store)
	if err != nil {
		return troubled(err)
	}
	difference, err := temporal.NewSchedules(d.client.ScheduleClient()).Difference(ctx, wanted)
	if err != nil {
		return troubled(err)
	}
	ids := func(kinds ...temporal.ChangeKind) []string {
		return lo.Map(difference.Of(kinds...), func(c temporal.Change, _ int) string { return c.ID })
	}
	apart := ids(temporal.ScheduleCreate, temporal.ScheduleUpdate, temporal.ScheduleDelete)
	foreign, unclear, unasked := ids(temporal.ScheduleForeign), ids(temporal.ScheduleUnclear), ids(temporal.ScheduleUnasked)
	return sum(fmt.Sprintf("%s, as the registry has them", counted(len(wanted.Schedules), "schedule")),
		when(len(apart) > 0, wrong("%s not as in the registry (%s): a worker mends that within half a minute; if it stays so: rollcall schedule apply",
			counted(len(apart), "schedule"), some(apart))),
		when(len(foreign) > 0, wrong("somebody else has made schedules with our ids (%s): delete them in the Temporal UI", some(foreign))),
		when(len(unclear) > 0, wrong("the registry's entry cannot be read (%s): rollcall schedule set", some(unclear))),
		when(len(unasked) > 0, doubtful("the server said nothing about some (%s): try again", some(unasked))))
}

func (d *patient) tryLanes(ctx context.Context) finding {
	rows, err := d.store.Schools(ctx, "")
	if err != nil {
		return troubled(err)
	}
	wanted := lo.FilterMap(rows, func(s store.SchoolRow, _ int) (school.ID, bool) {
		return s.ID, s.Schedule.KeepsLaneOpen() && s.TokenSet && s.Snapshot != ""
	})
	if len(wanted) == 0 {
		return well("no school is followed continuously")
	}
	open, err := temporal.OpenLanes(ctx, d.client)
	if err != nil {
		return troubled(err)
	}
	closed := lo.Reject(wanted, func(id school.ID, _ int) bool { return open[id] })
	if len(closed) > 0 {
		return wrong("%d of %d continuous lanes are not running (%s): a worker opens them within 10 seconds; if it stays so, look at what it logs",
			len(closed), len(wanted), some(closed))
	}
	return well("%s", lo.Ternary(len(wanted) == 1, "the continuous lane is running", fmt.Sprintf("all %d continuous lanes are running", len(wanted))))
}
