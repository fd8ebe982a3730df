package traffic

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// The log's bounds: the oldest entries go first.
const (
	maxEntries = 50_000
	maxCalls   = 200_000
)

// Entry is a request that was answered, or left without an answer on purpose.
type Entry struct {
	// Seq counts up from 1, without gaps, also over a Reset.
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// GroupID is 0 where the token was not good.
	GroupID int64 `json:"group_id"`
	// Organisation is whom a request to the Portal is about; its GroupID is 0.
	Organisation string `json:"organisation,omitempty"`
	Method       string `json:"method"`
	// Calls are what was performed or refused: one for a plain method, those of the script for
	// an execute. Their params hold no token.
	Calls []Call `json:"calls"`
	// ErrorCode is that of the request as a whole.
	ErrorCode int `json:"error_code,omitempty"`
	// Fault is what disturbed the request or, with a plain method, its call.
	Fault      Mode   `json:"fault,omitempty"`
	RemoteAddr string `json:"remote_addr"`
}

// Call is one call to a method.
type Call struct {
	Method    string            `json:"method"`
	Params    map[string]string `json:"params"`
	ErrorCode int               `json:"error_code,omitempty"`
	Fault     Mode              `json:"fault,omitempty"`
}

// Counts are numbers by method and by error code.
type Counts struct {
	// Requests counts what came over the wire.
	Requests map[string]int `json:"requests"`
	// Calls counts plain methods and the calls inside every execute.
	Calls map[string]int `json:"calls"`
	// Errors counts failed calls, and requests that failed as a whole.
	Errors map[int]int `json:"errors"`
}

func newCounts() Counts {
	return Counts{Requests: map[string]int{}, Calls: map[string]int{}, Errors: map[int]int{}}
}

func (c Counts) clone() Counts {
	cloned := newCounts()
	c.addTo(cloned)
	return cloned
}

func (c Counts) addTo(sum Counts) {
	addAll(sum.Requests, c.Requests)
	addAll(sum.Calls, c.Calls)
	addAll(sum.Errors, c.Errors)
}

func addAll[K comparable](sum, part map[K]int) {
	for key, n := range part {
		sum[key] += n
	}
}

func (c Counts) count(e Entry) {
	c.Requests[e.Method]++
	for _, call := range e.Calls {
		c.Calls[call.Method]++
		if call.ErrorCode != 0 {
			c.Errors[call.ErrorCode]++
		}
	}
	plain := len(e.Calls) == 1 && e.Calls[0].Method == e.Method
	if e.ErrorCode != 0 && !plain {
		c.Errors[e.ErrorCode]++
	}
}

// Totals are the counts since the start or the last Reset, also of entries that have left the log.
type Totals struct {
	All Counts `json:"all"`
	// Communities are by group id; 0 holds what came without a good token.
	Communities map[int64]Counts `json:"communities"`
}

// Log records requests.
type Log struct {
	mu      sync.Mutex
	seq     int64
	entries []Entry
	calls   int
	counts  map[int64]Counts
	moved   chan struct{} // closed at the next entry
}

// NewLog makes an empty log.
func NewLog() *Log {
	return &Log{counts: map[int64]Counts{}, moved: make(chan struct{})}
}

// Add records an entry, which becomes the log's own, and gives it its Seq.
func (l *Log) Add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	e.Seq = l.seq
	l.entries = append(l.entries, e)
	l.calls += len(e.Calls)
	for len(l.entries) > maxEntries || l.calls > maxCalls && len(l.entries) > 1 {
		l.calls -= len(l.entries[0].Calls)
		l.entries[0] = Entry{}
		l.entries = l.entries[1:]
	}
	if _, ok := l.counts[e.GroupID]; !ok {
		l.counts[e.GroupID] = newCounts()
	}
	l.counts[e.GroupID].count(e)
	close(l.moved)
	l.moved = make(chan struct{})
}

// Entries gives the entries after seq that are still there, oldest first; of one community, or
// of all if group is 0.
func (l *Log) Entries(seq, group int64) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, found := slices.BinarySearchFunc(l.entries, seq, func(e Entry, seq int64) int { return cmp.Compare(e.Seq, seq) })
	if found {
		from++
	}
	picked := []Entry{}
	for _, e := range l.entries[from:] {
		if group == 0 || e.GroupID == group {
			picked = append(picked, e)
		}
	}
	return picked
}

// Seq is that of the last entry, 0 if there was none.
func (l *Log) Seq() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

// Wait returns when the log has reached seq, or with the context's error.
func (l *Log) Wait(ctx context.Context, seq int64) error {
	for {
		l.mu.Lock()
		reached, moved := l.seq >= seq, l.moved
		l.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Totals gives the counts.
func (l *Log) Totals() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	totals := Totals{All: newCounts(), Communities: map[int64]Counts{}}
	for group, counts := range l.counts {
		counts.addTo(totals.All)
		totals.Communities[group] = counts.clone()
	}
	return totals
}

// Reset empties the log and its counts. Seq goes on from where it is.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.calls = nil, 0
	l.counts = map[int64]Counts{}
}
