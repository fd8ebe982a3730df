package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// linksAtOnce is how many schools' links are read at the same time.
const linksAtOnce = 8

// watchLinks reads the account links of continuous schools every so often, and has whoever is newly
// linked, or not any more, seen to at once. Of all workers, the one that holds the lock watches. The
// links of other schools are read by their passes.
func watchLinks(ctx context.Context, reader *linking.Reader, interval time.Duration, logger *slog.Logger) {
	if !reader.Portal.GivesLinks() {
		return
	}
	w := &linkWatch{reader: reader, logger: logger, troubled: map[school.ID]linkTrouble{}}
	everyGuarded(ctx, reader.Store, "watch-links", interval, logger, w.look)
}

type linkWatch struct {
	reader *linking.Reader
	logger *slog.Logger

	mu sync.Mutex
	// troubled are the schools whose last reading failed.
	troubled map[school.ID]linkTrouble
}

// linkTrouble is how often a school's reading failed in a row, and when it is tried again.
type linkTrouble struct {
	times int
	until time.Time
}

// longestLinkRest bounds how long a school rests whose links cannot be read: its passes try too.
const longestLinkRest = 5 * time.Minute

func (w *linkWatch) look(ctx context.Context) error {
	schools, err := w.reader.Store.LinksDue(ctx)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, linksAtOnce)
	for _, id := range schools {
		if w.rests(id) {
			continue
		}
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			w.read(ctx, id)
		})
	}
	group.Wait()
	return nil
}

func (w *linkWatch) rests(id school.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reader.Now().Before(w.troubled[id].until)
}

func (w *linkWatch) read(ctx context.Context, id school.ID) {
	result, err := w.reader.Read(ctx, id, linking.Options{Ask: true})
	if ctx.Err() != nil {
		return
	}
	if err == nil && len(result.People) > 0 {
		w.logger.Info("account links have changed", "school", id, "people", len(result.People))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.troubled, id)
		return
	}
	t := w.troubled[id]
	t.times++
	t.until = w.reader.Now().Add(min(time.Second<<min(t.times, 10), longestLinkRest))
	if t.times == 1 {
		w.logger.Warn("account links could not be read", "school", id, "problem", linksTrouble(err))
	}
	w.troubled[id] = t
}

// linksTrouble is what a log may say about an error.
func linksTrouble(err error) string {
	if bad, ok := errors.AsType[*accounts.BadReadError](err); ok {
		return bad.Error()
	}
	if e, ok := errors.AsType[*portal.Error](err); ok {
		return e.Error()
	}
	return "the database, or a key: see the passes of the school"
}
