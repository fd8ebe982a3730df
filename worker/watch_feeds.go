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
	w := &feedWatch{store: st, client: c, logger: logger, asked: map[school.FeedID]ask{}}
	everyGuarded(ctx, st, "watch-feeds", watchEvery, logger, w.look)
}

type feedWatch struct {
	store  *store.Store
	client client.Client
	logger *slog.Logger
	// asked is the reading asked for last.
	asked map[school.FeedID]ask
}

type ask struct {
	fingerprint string
	at          time.Time
}

// askAgain is how long a reading may take to become known before it is asked for again: the
// run that was asked may have failed before it could record anything.
const askAgain = 2 * time.Minute

func (w *feedWatch) look(ctx context.Context) error {
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
		now = oneroster.UnreadableFingerprint // a state like any other: a reading will say what is wrong
	}
	last := w.asked[f.ID]
	if now == f.Fingerprint || f.ReadAt == nil || now == last.fingerprint && time.Since(last.at) < askAgain {
		return nil // as it was, never read (the first reading is a person's), or asked for just now
	}
	request := workflows.ReadRequest{ID: rand.Text(), Trigger: workflows.TriggerEvent, RequestedBy: "feed watch"}
	if err := temporal.ReadFeed(ctx, w.client, f.ID, request); err != nil {
		return err
	}
	w.asked[f.ID] = ask{fingerprint: now, at: time.Now()}
	w.logger.Info("the feed's files have changed: reading", "feed", f.ID)
	return nil
}
