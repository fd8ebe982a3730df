package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const (
	// linksAtOnce is how many schools' links are read at the same time.
	linksAtOnce = 8
	// shortestLook is how long a look may last at the least.
	shortestLook = 30 * time.Second
	// silentAt is from how many schools without an answer on, in a row, the Portal is taken to be away.
	silentAt = 3
)

// watchLinks reads the account links of continuous schools every so often, and has whoever is newly
// linked, or not any more, seen to at once. Of all workers, the one that holds the lock watches. The
// links of other schools are read by their passes.
func watchLinks(ctx context.Context, reader *linking.Reader, interval time.Duration, logger *slog.Logger) {
	if !reader.Portal.GivesLinks() {
		return
	}
	w := &linkWatch{reader: reader, logger: logger, limit: max(interval, shortestLook), troubled: map[school.ID]linkTrouble{}}
	everyGuarded(ctx, reader.Store, "watch-links", interval, logger, w.look)
}

type linkWatch struct {
	reader *linking.Reader
	logger *slog.Logger
	// limit is how long one look may last.
	limit time.Duration
	// next is the school with which the next look begins: the first for which the last one had no time.
	next school.ID

	mu sync.Mutex
	// silent counts, within a look, the schools without a proxy that got no answer, in a row.
	silent int
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

// look reads the links of all schools that are due. What there is no time for is left for the next look, and
// so are the schools without a proxy once the Portal does not answer: those behind one have another way.
func (w *linkWatch) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.limit)
	defer cancel()
	schools, err := w.reader.Store.LinksDue(ctx)
	if err != nil {
		return err
	}
	first := max(0, slices.IndexFunc(schools, func(s store.LinkedSchool) bool { return s.ID >= w.next }))
	w.next, w.silent = "", 0
	var group sync.WaitGroup
	slots := make(chan struct{}, linksAtOnce)
	for _, s := range slices.Concat(schools[first:], schools[:first]) {
		if w.rests(s.ID) {
			continue
		}
		slots <- struct{}{}
		if w.leaves(ctx, s) {
			<-slots
			continue
		}
		group.Go(func() {
			defer func() { <-slots }()
			w.read(ctx, s)
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

// leaves tells whether a school is left for the next look, which then begins with the first of those left.
func (w *linkWatch) leaves(ctx context.Context, s store.LinkedSchool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := ctx.Err() != nil || !s.Proxied && w.silent >= silentAt
	if left {
		w.next = cmp.Or(w.next, s.ID)
	}
	return left
}

func (w *linkWatch) read(ctx context.Context, s store.LinkedSchool) {
	id := s.ID
	result, err := w.reader.Read(ctx, id, linking.Options{Ask: true})
	if ctx.Err() != nil {
		return
	}
	if err == nil && len(result.People) > 0 {
		w.logger.Info("account links have changed", "school", id, "people", len(result.People))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !s.Proxied {
		w.silent = lo.Ternary(portal.CodeOf(err) == portal.CodeUnavailable, w.silent+1, 0)
	}
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
