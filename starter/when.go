package main

import (
	"fmt"
	"time"

	"github.com/samber/lo"
)

// utc gives a time in the one zone that all JSON is in.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	return lo.ToPtr(t.UTC())
}

// ago says how long ago something was, "" if it never was.
func ago(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	const day = 24 * time.Hour
	switch d := max(now.Sub(*t), 0); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	default:
		return fmt.Sprintf("%d days ago", d/day)
	}
}
