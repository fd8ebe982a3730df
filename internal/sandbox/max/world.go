package max

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/sandbox/journal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// What MAX lets one token do.
const (
	RequestsPerSecond = 30
	// MessagesPerSecond is for each chat.
	MessagesPerSecond = 2
)

// webhookPause is the pause before an event is sent again, unless told. MAX waits from a minute to hours.
const webhookPause = time.Second

// Options are what a World needs; all but Log and Faults may be left out.
type Options struct {
	// Journal is the file that keeps the state; without it the state is kept in memory only.
	Journal string
	// Now is the clock, by default the system's.
	Now func() time.Time
	// RequestsPerSecond is the limit for each token, by default MAX's; negative is no limit, of messages neither.
	RequestsPerSecond int
	// WebhookPause is the pause before an event is sent again to an address that did not take it, by default a second.
	WebhookPause time.Duration
	// Log gets every request, Faults may disturb it.
	Log    *traffic.Log
	Faults *traffic.Faults
	// Logger is told of trouble of the stand-in's own.
	Logger *slog.Logger
}

// World is the messenger with everything in it.
type World struct {
	now      func() time.Time
	limiter  *traffic.Limiter
	messages *traffic.Limiter // by chat

	log    *traffic.Log
	faults *traffic.Faults
	logger *slog.Logger
	mux    *http.ServeMux

	// life ends with Close, and with it whatever goes on beside the requests.
	life         context.Context
	end          context.CancelFunc
	tasks        sync.WaitGroup
	webhookPause time.Duration

	mu       sync.RWMutex
	state    *state
	journal  *journal.Journal
	couriers map[address]context.CancelFunc
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
		now:          o.Now,
		limiter:      traffic.NewLimiter(cmp.Or(o.RequestsPerSecond, RequestsPerSecond), time.Second, o.Now),
		messages:     traffic.NewLimiter(lo.Ternary(o.RequestsPerSecond < 0, 0, MessagesPerSecond), time.Second, o.Now),
		log:          o.Log,
		faults:       o.Faults,
		logger:       o.Logger,
		mux:          http.NewServeMux(),
		webhookPause: cmp.Or(o.WebhookPause, webhookPause),
		state:        newState(),
		couriers:     map[address]context.CancelFunc{},
	}
	if o.Journal != "" {
		kept, err := journal.Open(o.Journal, w.state.apply, w.state.snapshot)
		if err != nil {
			return nil, err
		}
		w.journal = kept
	}
	w.routes()
	w.life, w.end = context.WithCancel(context.Background())
	for _, b := range w.state.bots {
		for _, s := range b.Subscriptions {
			w.sendEvents(b, s)
		}
	}
	return w, nil
}

// Close ends long polls and the sending of events, and lets the journal go. Nothing may be changed after it.
func (w *World) Close() error {
	w.end()
	w.tasks.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.journal.Close()
}

// commit makes changes, on disk first. The caller holds the lock.
func (w *World) commit(changes ...change) error {
	if err := w.journal.Append(lo.ToAnySlice(changes)...); err != nil {
		w.logger.Error("the state cannot be kept: make room for its journal", "error", err)
		return err
	}
	for _, ch := range changes {
		if err := w.state.apply(ch); err != nil {
			return err
		}
	}
	return nil
}

// tick is when something happens, in ms: later than all before, so that what MAX tells bots, which has no ids, is
// never twice the same.
func (w *World) tick() int64 { return max(w.now().UnixMilli(), w.state.moved+1) }

// fingerprint stands for a token wherever it is kept.
func fingerprint(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (w *World) bot(id int64) (*bot, error) {
	b, ok := w.state.bots[id]
	if !ok {
		return nil, fmt.Errorf("bot %d is %w: register it first", id, ErrUnknown)
	}
	return b, nil
}

// chat gives a chat that is not closed.
func (w *World) chat(id int64) (*chat, error) {
	c, ok := w.state.chats[id]
	switch {
	case !ok:
		return nil, fmt.Errorf("chat %d is %w", id, ErrUnknown)
	case c.Closed:
		return nil, fmt.Errorf("%w: chat %d is closed", ErrConflict, id)
	}
	return c, nil
}
