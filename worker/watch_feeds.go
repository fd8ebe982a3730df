package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// watchEvery is how often the feeds are looked at. A look costs a stat a file and stays out
// of every history.
const watchEvery = 2 * time.Second

// watchFeeds asks for a reading of every feed whose files have changed. Of all workers, the
// one that holds the lock watches.
func watchFeeds(ctx context.Context, st *store.Store, c client.Client, logger *slog.Logger) {
	w := &feedWatch{store: st, client: c, logger: logger, asked: map[school.FeedID]string{}}
	defer w.release()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			logger.Warn("the feeds could not be looked at", "problem", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

type feedWatch struct {
	store  *store.Store
	client client.Client
	logger *slog.Logger
	lock   *store.Lock
	// asked is the file set for which a reading was asked last: once each.
	asked map[school.FeedID]string
}

func (w *feedWatch) look(ctx context.Context) error {
	if w.lock != nil && !w.lock.Held(ctx) {
		w.release()
	}
	if w.lock == nil {
		lock, err := w.store.Lock(ctx, "watch-feeds")
		if err != nil || lock == nil {
			return err
		}
		w.lock = lock
	}
	feeds, err := w.store.Feeds(ctx)
	if err != nil {
		return err
	}
	for _, f := range feeds {
		if err := w.lookAt(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (w *feedWatch) lookAt(ctx context.Context, f store.FeedRow) error {
	now, err := oneroster.Fingerprint(f.Location)
	if err != nil {
		now = "unreadable" // a state like any other: a reading will say what is wrong
	}
	if now == f.Fingerprint || now == w.asked[f.ID] || f.ReadAt == nil {
		return nil // as it was, asked for already, or never read: the first reading is a person's
	}
	request := workflows.ReadRequest{ID: rand.Text(), Trigger: workflows.TriggerEvent, RequestedBy: "feed watch"}
	if err := temporal.ReadFeed(ctx, w.client, f.ID, request); err != nil {
		return err
	}
	w.asked[f.ID] = now
	w.logger.Info("the feed's files have changed: reading", "feed", f.ID)
	return nil
}

func (w *feedWatch) release() {
	if w.lock != nil {
		w.lock.Release()
		w.lock = nil
	}
}
