package vk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/sandbox/journal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// What VK lets one token make, a community's or a person's.
const (
	RequestsPerSecond       = 20
	PersonRequestsPerSecond = 3
)

// Options are what a World needs; all but Log and Faults may be left out.
type Options struct {
	// Journal is the file that keeps the state; without it the state is kept in memory only.
	Journal string
	// Now is the clock, by default the system's.
	Now func() time.Time
	// RequestsPerSecond is the limit for each token of whatever kind, by default VK's; negative is no limit.
	RequestsPerSecond int
	// CallbackPause is the pause before an event is sent again to an address that did not take
	// it, by default a second.
	CallbackPause time.Duration
	// Log gets every request, Faults may disturb it.
	Log    *traffic.Log
	Faults *traffic.Faults
	// Logger is told of trouble of the stand-in's own.
	Logger *slog.Logger
}

// World is the messenger with everything in it.
type World struct {
	now     func() time.Time
	limiter *traffic.Limiter
	// personLimiter is for people's tokens.
	personLimiter *traffic.Limiter

	log    *traffic.Log
	faults *traffic.Faults
	logger *slog.Logger

	// life ends with Close, and with it whatever goes on beside the requests.
	life          context.Context
	end           context.CancelFunc
	tasks         sync.WaitGroup
	callbackPause time.Duration

	mu       sync.RWMutex
	state    *state
	journal  *journal.Journal
	couriers map[int64]context.CancelFunc // by community
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
		now:           o.Now,
		limiter:       traffic.NewLimiter(cmp.Or(o.RequestsPerSecond, RequestsPerSecond), time.Second, o.Now),
		personLimiter: traffic.NewLimiter(cmp.Or(o.RequestsPerSecond, PersonRequestsPerSecond), time.Second, o.Now),
		log:           o.Log,
		faults:        o.Faults,
		logger:        o.Logger,
		callbackPause: cmp.Or(o.CallbackPause, callbackPause),
		state:         newState(),
		couriers:      map[int64]context.CancelFunc{},
	}
	if o.Journal != "" {
		kept, err := journal.Open(o.Journal, w.state.apply, w.state.snapshot)
		if err != nil {
			return nil, err
		}
		w.journal = kept
	}
	w.life, w.end = context.WithCancel(context.Background())
	for _, c := range w.state.communities {
		w.sendEvents(c)
	}
	return w, nil
}

// Close ends long polls and the sending of events, and lets the journal go. Nothing may be changed
// after it.
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

// commitSeen makes a change that people see in a chat, and tells the community.
func (w *World) commitSeen(c *chat, ch change, seen happening) error {
	if e := w.told(c, seen); e != nil {
		return w.commit(ch, change{Event: e})
	}
	return w.commit(ch)
}

// commitNewcomer puts somebody into a chat; the action says how they came.
func (w *World) commitNewcomer(c *chat, m member, action string) error {
	return w.commitSeen(c, change{Member: &memberChange{chatKey: c.key(), Member: m}},
		happening{action: action, from: m.InvitedBy, member: m.ID})
}

// commitRole puts a member in the place of what they were in a chat. Nobody is told.
func (w *World) commitRole(c *chat, m member) error {
	return w.commit(change{Member: &memberChange{chatKey: c.key(), Member: m}})
}

// commitGone takes somebody out of a chat: by is who removed them, or they themselves.
func (w *World) commitGone(c *chat, account, by int64) error {
	return w.commitSeen(c, change{Gone: &goneChange{chatKey: c.key(), Account: account, OwnWill: account == by}},
		happening{action: actionKick, from: by, member: account})
}

// commitSettings changes what edit changes of a chat's title, link and state; by is who did it.
func (w *World) commitSettings(c *chat, by int64, edit func(*settingsChange)) error {
	next := settingsChange{chatKey: c.key(), Title: c.Title, Link: c.Link, State: c.State}
	edit(&next)
	return w.commitSeen(c, change{Settings: &next}, c.happens(next, by))
}

func (c *chat) key() chatKey { return chatKey{Group: c.Group, Chat: c.ID} }

// fingerprint stands for a token wherever it is kept.
func fingerprint(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (w *World) community(group int64) (*community, error) {
	c, ok := w.state.communities[group]
	if !ok {
		return nil, fmt.Errorf("community %d is %w: register it first", group, ErrUnknown)
	}
	return c, nil
}
