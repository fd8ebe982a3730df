package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

const (
	// listenEvery is how often it is looked which schools are to be listened to.
	listenEvery = 5 * time.Second
	// messengerLock is held by the worker that listens.
	messengerLock = "listen-to-messenger"
)

// startEvents takes in what happens elsewhere: it opens the endpoint, where it has an address, and
// listens to the messenger. What it gives ends both and waits for it.
func startEvents(ctx context.Context, settings config.Config, messengers connect.Messengers, st *store.Store, c client.Client, logger *slog.Logger) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	if settings.EventsAddress != "" {
		listener, err := net.Listen("tcp", settings.EventsAddress)
		if err != nil {
			cancel()
			return nil, fmt.Errorf("the endpoint for events cannot be opened: give another address in %s: %w", config.EnvEventsAddress, err)
		}
		endpoint := events.Endpoint{
			Store: st, Now: time.Now, Logger: logger, CallsSecret: st.CallsSecret, TakeCalls: st.TakeCalls,
			ReadFeed: func(ctx context.Context, id school.FeedID) error {
				request := workflows.ReadRequest{ID: rand.Text(), Trigger: workflows.TriggerEvent, RequestedBy: "roster push"}
				return temporal.ReadFeed(ctx, c, id, request)
			},
		}
		logger.Info("the endpoint for events is open", "address", listener.Addr().String())
		group.Go(func() {
			if err := events.Serve(ctx, listener, endpoint.Handler(), logger); err != nil {
				logger.Error("the endpoint for events is closed", "problem", err)
			}
		})
	}
	group.Go(func() { listenToMessenger(ctx, st, messengers, logger) })
	return func() {
		cancel()
		group.Wait()
	}, nil
}

// listenToMessenger listens to the events of all schools that want it. Of all workers, the one that
// holds the lock does: one lock for all schools and not one for each, because a lock holds a
// connection to the database, and long polls are cheap.
func listenToMessenger(ctx context.Context, st *store.Store, messengers connect.Messengers, logger *slog.Logger) {
	listener := &events.Listener{Store: st, Messengers: messengers, Logger: logger}
	guard := &guarded{store: st, name: messengerLock}
	defer guard.release()
	defer listener.Stop()
	ticker := time.NewTicker(listenEvery)
	defer ticker.Stop()
	for {
		err := guard.do(ctx, func() error { return listener.Look(ctx) })
		if err != nil && ctx.Err() == nil {
			logger.Warn("it was not looked which schools are to be listened to", "problem", err)
		}
		if guard.lock == nil {
			listener.Stop() // another worker may be listening
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
