package store

import (
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Stale tells whether a school in Moscow whose last good pass ended at a time is stale, by hours and by days.
func Stale(schedule school.Schedule, nightly string, good, now time.Time) (hours, day bool) {
	next := clocks{}.of(schedule, nightly, "Europe/Moscow")
	return late(next, good, staleHours, now), late(next, good, staleDay, now)
}
