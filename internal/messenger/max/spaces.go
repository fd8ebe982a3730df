package max

import (
	"context"
	"sync"
	"time"
)

// spacing is the least time between two messages to one chat: MAX takes 2 in a second.
const spacing = 550 * time.Millisecond

// spaces keeps messages to one chat apart. The zero value is ready.
type spaces struct {
	mu   sync.Mutex
	next map[int64]time.Time // by chat
}

// await waits for a message's turn.
func (s *spaces) await(ctx context.Context, chat int64) error {
	s.mu.Lock()
	now := time.Now()
	turn := s.next[chat]
	if turn.Before(now) {
		turn = now
	}
	if s.next == nil {
		s.next = map[int64]time.Time{}
	}
	s.next[chat] = turn.Add(spacing)
	s.mu.Unlock()
	timer := time.NewTimer(turn.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
