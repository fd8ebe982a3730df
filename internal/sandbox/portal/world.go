package portal

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/sandbox/journal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// RequestsPerSecond is what the Portal lets one key make.
const RequestsPerSecond = 50

// Options are what a World needs; all but Log and Faults may be left out.
type Options struct {
	// Journal is the file that keeps the state; without it the state is kept in memory only.
	Journal string
	// Now is the clock, by default the system's.
	Now func() time.Time
	// RequestsPerSecond is the limit for each key, by default the Portal's; negative is no limit.
	RequestsPerSecond int
	// Log gets every request, Faults may disturb it.
	Log    *traffic.Log
	Faults *traffic.Faults
	// Logger is told of trouble of the stand-in's own.
	Logger *slog.Logger
}

// World is the Portal with everything in it.
type World struct {
	now     func() time.Time
	limiter *traffic.Limiter
	log     *traffic.Log
	faults  *traffic.Faults
	logger  *slog.Logger
	mux     *http.ServeMux

	mu       sync.RWMutex
	state    *state
	journal  *journal.Journal
	readings readings
	writes   writes
	moved    chan struct{} // closed at the next change
}

// Open gives the world as its journal left it.
func Open(o Options) (*World, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &World{
		now:     o.Now,
		limiter: traffic.NewLimiter(cmp.Or(o.RequestsPerSecond, RequestsPerSecond), time.Second, o.Now),
		log:     o.Log,
		faults:  o.Faults,
		logger:  o.Logger,
		mux:     http.NewServeMux(),
		state:   newState(),
		moved:   make(chan struct{}),
	}
	if o.Journal != "" {
		kept, err := journal.Open(o.Journal, w.state.apply, w.state.snapshot)
		if err != nil {
			return nil, err
		}
		w.journal = kept
	}
	w.routes()
	return w, nil
}

// Close lets the journal go. Nothing may be changed after it.
func (w *World) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.journal.Close()
}

// commit makes changes, on disk first. The caller holds the lock.
func (w *World) commit(changes ...change) error {
	if len(changes) == 0 {
		return nil
	}
	if err := w.journal.Append(lo.ToAnySlice(changes)...); err != nil {
		w.logger.Error("the state cannot be kept: make room for its journal", "error", err)
		return err
	}
	for _, ch := range changes {
		if err := w.state.apply(ch); err != nil {
			return err
		}
	}
	close(w.moved)
	w.moved = make(chan struct{})
	return nil
}

// moment gives the time, in microseconds, and later than every moment before. The caller holds
// the lock.
func (w *World) moment() time.Time {
	at := w.now().UTC().Truncate(time.Microsecond)
	if !at.After(w.state.latest) {
		at = w.state.latest.Add(time.Microsecond)
	}
	w.state.latest = at
	return at
}

func (w *World) organisation(id string) (*organisation, error) {
	o, ok := w.state.organisations[id]
	if !ok {
		return nil, fmt.Errorf("this organisation is %w: register it first", ErrUnknown)
	}
	return o, nil
}
