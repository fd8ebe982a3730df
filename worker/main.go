// Command worker hosts Rollcall's workflows and activities. Besides it watches the feeds, hands the
// outbox to the lanes, keeps schedules and continuous lanes, and takes events in. Any number of
// workers may run against one Temporal cluster and one PostgreSQL.
//
// It is configured by the environment: ROLLCALL_DATABASE_URL, ROLLCALL_KEYSET_FILE or
// ROLLCALL_KEYSET, ROLLCALL_VK_URL and ROLLCALL_MAX_URL (only to point at a stand-in), and Temporal's own TEMPORAL_*.
// ROLLCALL_MAX_CA_FILE names the root that MAX's certificates end in, and ROLLCALL_MAX_ADDING says that its
// bots may add people.
// ROLLCALL_PORTAL_URL with ROLLCALL_PORTAL_KEY_FILE name the Portal, and ROLLCALL_LINKS_FILE a file
// with account links in place of its own; ROLLCALL_LINKS_EVERY says how often links are looked at.
// ROLLCALL_EVENTS_ADDRESS opens an endpoint for messengers' callbacks and for pushes of rosters,
// ROLLCALL_CONTINUOUS_ROUND says how long a continuous lane waits before it looks by itself, and
// ROLLCALL_BUILD_ID names the build. OpenTelemetry's OTEL_* say where spans and metrics go, and
// ROLLCALL_TRACES_KEPT how long the spans of passes are kept for rollcall trace.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/activities"
	"github.com/rollcall-edu/rollcall/internal/build"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	portalconnect "github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/trouble"
	"github.com/rollcall-edu/rollcall/workflows"
)

const usage = `worker hosts Rollcall's workflows and activities, and runs until it is told to stop (Ctrl-C). It takes no
arguments and is configured by the environment: see "rollcall config", and "rollcall doctor" for how it does.
`

func main() {
	if len(os.Args) > 1 {
		help := os.Args[1] == "--help" || os.Args[1] == "-h" || os.Args[1] == "help"
		fmt.Fprint(os.Stderr, usage)
		os.Exit(lo.Ternary(help, 0, 2))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", trouble.Explain(err))
		os.Exit(1)
	}
}

// stopTimeout is how long running activities may take to notice that the worker stops. One
// messenger request is the longest they wait for.
const stopTimeout = 20 * time.Second

func run(ctx context.Context) error {
	settings, err := config.FromEnvironment()
	if err != nil {
		return err
	}
	logger := telemetry.Logger(os.Stderr, settings.LogLevel, settings.LogFormat)
	for _, warning := range settings.Warnings() {
		logger.Warn("configuration", "warning", warning)
	}
	keys, err := secret.FromEnvironment()
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, settings.DatabaseURL, keys)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.CheckKeys(ctx); err != nil {
		return err
	}
	stopTelemetry, err := startTelemetry(ctx, st, logger)
	if err != nil {
		return err
	}
	defer stopTelemetry()
	c, err := temporal.Dial(ctx, logger)
	if err != nil {
		return err
	}
	defer c.Close()
	messengers, err := connect.New(settings)
	if err != nil {
		return err
	}
	stopEvents, err := startEvents(ctx, settings, messengers, st, c, logger)
	if err != nil {
		return err
	}
	defer stopEvents()
	portal, err := portalconnect.New(settings)
	if err != nil {
		return err
	}
	go watchLinks(ctx, &linking.Reader{Store: st, Portal: portal, Proxies: &proxy.Clients{}, Now: time.Now}, settings.LinksEvery, logger)
	return serve(ctx, c, &activities.Activities{
		Store: st, Messengers: messengers, Portal: portal, Round: settings.Round, Now: time.Now,
	}, logger)
}

// serve polls the task queues until the context ends or one of the workers fails.
func serve(ctx context.Context, c client.Client, a *activities.Activities, logger *slog.Logger) error {
	failed := make(chan error, 4)
	id, err := build.ID()
	if err != nil {
		return err
	}
	options := func() worker.Options {
		return worker.Options{
			WorkerStopTimeout: stopTimeout,
			Interceptors:      []interceptor.WorkerInterceptor{activities.Interceptor()},
			OnFatalError:      func(err error) { failed <- err },
			DeploymentOptions: versioned(id),
		}
	}
	main := worker.New(c, workflows.TaskQueue, options())
	workflows.Register(main)
	activities.Register(main, a)
	only := func(queue string, slots int) worker.Worker { // activities only
		o := options()
		o.DisableWorkflowWorker = true
		o.MaxConcurrentActivityExecutionSize = slots
		w := worker.New(c, queue, o)
		activities.Register(w, a)
		return w
	}
	all := []worker.Worker{main, only(workflows.MessengerTaskQueue, 100), only(workflows.UrgentTaskQueue, 20), only(workflows.WaitTaskQueue, 5000)}
	for _, w := range all {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start polling: %w", err)
		}
		defer w.Stop()
	}
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	go watchFeeds(watching, a.Store, c, logger)
	go keepSchedules(watching, a.Store, c, logger)
	go relay(watching, a.Store, c, logger)
	go keepLanes(watching, a.Store, c, logger)
	go putCallsAway(watching, a.Store, logger)
	go prune(watching, a.Store, logger)
	go promoteFirst(watching, c, id, logger)
	logger.Info("worker is up", "build", id, "queues", []string{workflows.TaskQueue, workflows.MessengerTaskQueue, workflows.UrgentTaskQueue, workflows.WaitTaskQueue})
	select {
	case <-ctx.Done():
		logger.Info("worker stops")
		return nil
	case err := <-failed:
		return errors.Join(errors.New("a worker gave up"), err)
	}
}
