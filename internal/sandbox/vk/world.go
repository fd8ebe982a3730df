package vk

import (
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

// RequestsPerSecond is what VK lets one token make.
const RequestsPerSecond = 20

// Options are what a World needs; all but Log and Faults may be left out.
type Options struct {
	// Journal is the file that keeps the state; without it the state is kept in memory only.
	Journal string
	// Now is the clock, by default the system's.
	Now func() time.Time
	// RequestsPerSecond is the limit for each token, by default VK's; negative is no limit.
	RequestsPerSecond int
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
	log     *traffic.Log
	faults  *traffic.Faults
	logger  *slog.Logger

	mu      sync.RWMutex
	state   *state
	journal *journal.Journal
}

// Open gives the world as its journal left it.
func Open(o Options) (*World, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.RequestsPerSecond == 0 {
		o.RequestsPerSecond = RequestsPerSecond
	}
	w := &World{
		now:     o.Now,
		limiter: traffic.NewLimiter(o.RequestsPerSecond, time.Second, o.Now),
		log:     o.Log,
		faults:  o.Faults,
		logger:  o.Logger,
		state:   newState(),
	}
	if o.Journal == "" {
		return w, nil
	}
	kept, err := journal.Open(o.Journal, w.state.apply, w.state.snapshot)
	if err != nil {
		return nil, err
	}
	w.journal = kept
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

// commitMember puts somebody into a chat, or in the place of what they were there.
func (w *World) commitMember(c *chat, m member) error {
	return w.commit(change{Member: &memberChange{chatKey: c.key(), Member: m}})
}

func (w *World) commitGone(c *chat, account int64, ownWill bool) error {
	return w.commit(change{Gone: &goneChange{chatKey: c.key(), Account: account, OwnWill: ownWill}})
}

// commitSettings changes what edit changes of a chat's title, link and state.
func (w *World) commitSettings(c *chat, edit func(*settingsChange)) error {
	next := settingsChange{chatKey: c.key(), Title: c.Title, Link: c.Link, State: c.State}
	edit(&next)
	return w.commit(change{Settings: &next})
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
