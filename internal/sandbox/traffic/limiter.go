package traffic

import (
	"sync"
	"time"
)

// Limiter lets a key pass so many times in any stretch of time as long as the window.
// Refused attempts do not count.
type Limiter struct {
	limit  int
	window time.Duration
	now    func() time.Time

	mu     sync.Mutex
	passed map[string][]time.Time // the last passes, at most limit
}

// NewLimiter makes a limiter; without a positive limit everything passes.
func NewLimiter(limit int, window time.Duration, now func() time.Time) *Limiter {
	return &Limiter{limit: limit, window: window, now: now, passed: map[string][]time.Time{}}
}

// Allow tells whether the key may pass now, and if so counts it.
func (l *Limiter) Allow(key string) bool {
	if l.limit <= 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	last := l.passed[key]
	if len(last) == l.limit {
		if now.Sub(last[0]) < l.window {
			return false
		}
		copy(last, last[1:])
		last = last[:len(last)-1]
	}
	l.passed[key] = append(last, now)
	return true
}
