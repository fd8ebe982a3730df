package school

import (
	"fmt"
	"time"
)

// Date is a calendar day, "2026-09-01"; "" is no date. Dates compare as strings.
type Date string

// ParseDate reads an ISO 8601 day. An empty string is no date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return "", nil
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return Date(s), nil
}

// DateOf gives the day of t in t's own time zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Period is a span of days. An empty bound is open; End is exclusive, as in OneRoster.
type Period struct {
	Begin Date `json:"begin,omitempty"`
	End   Date `json:"end,omitempty"`
}

// Covers tells whether the day lies in the period.
func (p Period) Covers(day Date) bool {
	return (p.Begin == "" || p.Begin <= day) && !p.Over(day)
}

// Over tells whether the period has ended by that day: the one thing a date can prove about
// somebody who left.
func (p Period) Over(day Date) bool { return p.End != "" && p.End <= day }
