package vk

import (
	"crypto/rand"
	"fmt"
	"slices"
)

// history is how many of its latest events a community's stream keeps.
const history = 1000

// stream is what a community's listeners can be told.
type stream struct {
	// key lets somebody listen; "" until it is asked for. forgotten is a key that was good before
	// the stream was lost with it.
	key, forgotten string
	// before is the Seq of the last event that is not kept any more.
	before int64
	events []event
	// moved is closed when there is something new to look at.
	moved chan struct{}
}

func newStream() *stream { return &stream{moved: make(chan struct{})} }

// streamChange is a stream's row in the journal; its events are rows of their own.
type streamChange struct {
	Group     int64  `json:"group"`
	Key       string `json:"key,omitempty"`
	Forgotten string `json:"forgotten,omitempty"`
	Before    int64  `json:"before,omitempty"`
}

func (s *stream) row(group int64) *streamChange {
	return &streamChange{Group: group, Key: s.key, Forgotten: s.forgotten, Before: s.before}
}

// last is the Seq of the latest event, kept or not.
func (s *stream) last() int64 { return s.before + int64(len(s.events)) }

// after gives the kept events after a Seq, oldest first.
func (s *stream) after(seq int64) []event { return s.events[max(seq-s.before, 0):] }

// put makes the row true. Events up to its Before are lost.
func (s *stream) put(row *streamChange) {
	s.key, s.forgotten = row.Key, row.Forgotten
	if row.Before > s.before {
		s.events = slices.Clone(s.after(min(row.Before, s.last())))
		s.before = row.Before
	}
	s.wake()
}

func (s *stream) add(e event) error {
	if e.Seq != s.last()+1 {
		return fmt.Errorf("event %d of community %d does not follow event %d", e.Seq, e.Group, s.last())
	}
	s.events = append(s.events, e)
	if over := len(s.events) - history; over > 0 {
		s.events = slices.Delete(s.events, 0, over)
		s.before += int64(over)
	}
	s.wake()
	return nil
}

func (s *stream) wake() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// Trouble is what may befall a community's event stream.
type Trouble string

// The troubles.
const (
	TroubleLose   Trouble = "lose"   // an event was lost, and all kept ones: failed 1 for whoever listens
	TroubleExpire Trouble = "expire" // the key is no longer good: failed 2
	TroubleForget Trouble = "forget" // key and events are lost: failed 3
)

// StreamTrouble brings trouble upon a community's event stream.
type StreamTrouble struct {
	GroupID int64   `json:"group_id"`
	Trouble Trouble `json:"trouble"`
}

// TroubleStream loses events or makes the key of the long poll bad. A callback is not told of
// what was lost either.
func (w *World) TroubleStream(t StreamTrouble) (Community, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.community(t.GroupID)
	if err != nil {
		return Community{}, err
	}
	row := c.stream.row(c.ID)
	switch t.Trouble {
	case TroubleLose:
		row.Before = c.stream.last() + 1
	case TroubleExpire:
		row.Key = rand.Text()
	case TroubleForget:
		row.Key, row.Forgotten, row.Before = rand.Text(), c.stream.key, c.stream.last()+1
	default:
		return Community{}, fmt.Errorf("%w: give the trouble as lose, expire or forget", ErrInvalid)
	}
	if err := w.commit(change{Stream: row}); err != nil {
		return Community{}, err
	}
	return c.view(), nil
}
