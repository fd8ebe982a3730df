package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

const (
	// relayEvery is how often the outbox is looked into without having been woken: for what a
	// worker that died has left.
	relayEvery = 2 * time.Second
	// relayAtOnce is how many schools' requests are handed over side by side.
	relayAtOnce = 8
	// relayTimeout bounds the handing over of one school's requests.
	relayTimeout = 10 * time.Second
	// listenAgain is the pause before a lost listening connection is made anew.
	listenAgain = time.Second
)

// relay hands what is in the outbox to the schools' lanes. Every worker does: a row is handed over by
// whichever has it first.
func relay(ctx context.Context, st *store.Store, c client.Client, logger *slog.Logger) {
	woken := make(chan struct{}, 1)
	go func() {
		for ctx.Err() == nil {
			err := st.ListenOutbox(ctx, func() {
				select {
				case woken <- struct{}{}:
				default: // it is awake already
				}
			})
			if ctx.Err() == nil {
				logger.Warn("not listening to the outbox for a moment", "problem", err)
			}
			pause(ctx, listenAgain)
		}
	}()
	ticker := time.NewTicker(relayEvery)
	defer ticker.Stop()
	for {
		if err := relayAll(ctx, st, c); err != nil && ctx.Err() == nil {
			logger.Warn("requests wait in the outbox", "problem", err)
		}
		select {
		case <-woken:
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func relayAll(ctx context.Context, st *store.Store, c client.Client) error {
	waiting, err := st.Waiting(ctx)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	var group errgroup.Group
	group.SetLimit(relayAtOnce)
	for _, id := range waiting {
		group.Go(func() error {
			if err := relaySchool(ctx, st, c, id); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = errors.Join(failed, fmt.Errorf("school %s: %w", id, err))
			}
			return nil // the other schools go on
		})
	}
	_ = group.Wait()
	return failed
}

func relaySchool(ctx context.Context, st *store.Store, c client.Client, id school.ID) error {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	return st.Relay(ctx, id, func(ctx context.Context, wanted []store.Wanted) error {
		requests, err := requestsOf(id, wanted)
		if err != nil {
			return err
		}
		ctx, done := telemetry.Relay(ctx, id, relayed(wanted, requests, time.Now()))
		err = temporal.Resync(ctx, c, id, workflows.Merge(requests))
		done(err)
		return err
	})
}

// requestsOf are the outbox's rows as requests. Their ids are the rows': handed over twice, they
// are the same requests.
func requestsOf(id school.ID, wanted []store.Wanted) ([]workflows.Request, error) {
	requests := make([]workflows.Request, len(wanted))
	for i, w := range wanted {
		requests[i] = workflows.Request{
			ID: fmt.Sprintf("outbox-%d", w.ID), Trigger: workflows.Trigger(w.Trigger), Verify: w.Verify, RequestedBy: w.RequestedBy,
		}
		if err := json.Unmarshal(w.Scope, &requests[i].Scope); err != nil {
			return nil, fmt.Errorf("the scope of outbox row %d of school %s: %w", w.ID, id, err)
		}
	}
	return requests, nil
}

// relayed says how long each request has waited.
func relayed(wanted []store.Wanted, requests []workflows.Request, now time.Time) []telemetry.Relayed {
	return lo.Map(requests, func(r workflows.Request, i int) telemetry.Relayed {
		return telemetry.Relayed{ID: r.ID, Trigger: string(r.Trigger), Waited: max(now.Sub(wanted[i].CreatedAt), 0)}
	})
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
