package max

import (
	"encoding/json"
	"fmt"
	"slices"
)

// history is how many of its latest events a bot can still be told.
const history = 10_000

// event is an update that a bot gets, and its own row in the journal.
type event struct {
	Bot int64 `json:"bot"`
	// Seq counts the bot's events from 1.
	Seq  int64      `json:"seq"`
	Type UpdateType `json:"type"`
	At   int64      `json:"at"` // ms
	// Update is as it is sent.
	Update json.RawMessage `json:"update"`
}

// droppedChange says from where on a bot's events are kept.
type droppedChange struct {
	Bot    int64 `json:"bot"`
	Before int64 `json:"before"`
}

// stream is what a bot can be told.
type stream struct {
	// before is the Seq of the last event that is not kept any more.
	before int64
	events []event
	// moved is closed when there is something new to look at.
	moved chan struct{}
}

func newStream() *stream { return &stream{moved: make(chan struct{})} }

// last is the Seq of the latest event, kept or not.
func (s *stream) last() int64 { return s.before + int64(len(s.events)) }

// after gives the kept events after a Seq, oldest first.
func (s *stream) after(seq int64) []event {
	return s.events[min(max(seq-s.before, 0), int64(len(s.events))):]
}

func (s *stream) add(e event) error {
	if e.Seq != s.last()+1 {
		return fmt.Errorf("event %d of bot %d does not follow event %d", e.Seq, e.Bot, s.last())
	}
	s.events = append(s.events, e)
	if over := len(s.events) - history; over > 0 {
		s.events = slices.Delete(s.events, 0, over)
		s.before += int64(over)
	}
	s.wake()
	return nil
}

// drop loses events up to a Seq.
func (s *stream) drop(before int64) {
	if before > s.before {
		s.events = slices.Clone(s.after(before))
		s.before = before
	}
}

func (s *stream) wake() {
	close(s.moved)
	s.moved = make(chan struct{})
}
