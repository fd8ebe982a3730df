package events

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// pruneEvery is how often old events are forgotten.
const pruneEvery = time.Hour

// Listener listens by long poll to the events of all schools that want it. It is to run in one
// of all workers: two would hear everything twice, which does no harm but is of no use.
type Listener struct {
	Store *store.Store
	// Messengers are the ways to the messengers.
	Messengers connect.Messengers
	// HTTP makes the requests of schools without a proxy; nil is a client with sensible time-outs.
	HTTP   *http.Client
	Logger *slog.Logger
	// Pause is the pause after a first failure, doubled with each further one; by default a second.
	Pause time.Duration

	hearing map[school.ID]hearing
	group   sync.WaitGroup
	pruned  time.Time
}

// hearing is a school that is being listened to.
type hearing struct {
	store.Listening
	proxySetAt time.Time
	stop       context.CancelFunc
}

// Look begins to listen to whom it should, with one goroutine each, and stops where it should not, or where
// another messenger, token or proxy has been set. It is called every few seconds; the listening ends with the context
// of the call that began it, or with Stop.
func (l *Listener) Look(ctx context.Context) error {
	wanted, err := l.Store.Listenings(ctx)
	if err != nil {
		return err
	}
	proxies, err := l.Store.ProxiesSetAt(ctx)
	if err != nil {
		return err
	}
	now := make(map[school.ID]store.Listening, len(wanted))
	for _, w := range wanted {
		now[w.School] = w
	}
	for id, h := range l.hearing {
		w, still := now[id]
		if !still || w.Messenger != h.Messenger || w.Community != h.Community || !w.TokenSetAt.Equal(h.TokenSetAt) || !proxies[id].Equal(h.proxySetAt) {
			h.stop()
			delete(l.hearing, id)
		}
	}
	if l.hearing == nil {
		l.hearing = map[school.ID]hearing{}
	}
	for _, w := range wanted {
		if _, begun := l.hearing[w.School]; begun {
			continue
		}
		logger := l.Logger.With("school", w.School)
		client, err := l.client(ctx, w, logger)
		if err != nil && !lastingly(err) {
			return err
		}
		listening, stop := context.WithCancel(ctx)
		l.hearing[w.School] = hearing{Listening: w, proxySetAt: proxies[w.School], stop: stop}
		if err != nil {
			logger.Warn("the school is not listened to until its proxy is set anew", "problem", err)
			continue
		}
		s := &stream{
			school: w.School, store: l.Store, messengers: l.Messengers, http: client, pause: cmp.Or(l.Pause, time.Second), logger: logger,
		}
		l.group.Go(func() { s.run(listening) })
	}
	if time.Since(l.pruned) < pruneEvery {
		return nil
	}
	if err := l.Store.PruneEvents(ctx); err != nil {
		return err
	}
	l.pruned = time.Now()
	return nil
}

// Stop ends all listening. Look may begin it again.
func (l *Listener) Stop() {
	for _, h := range l.hearing {
		h.stop()
	}
	l.hearing = nil
	l.group.Wait()
}
