package main

import (
	"fmt"
	"time"

	"github.com/samber/lo"
)

func (v callsView) text(p *page) {
	p.line("%s (%s); times are those of %s", v.Name, v.School, v.zone)
	p.gap()
	if len(v.Calls) == 0 {
		p.line("%s", lo.Ternary(v.all, "no video call is on record", "no video call is coming or waits to be put away; see those of the last days with --all"))
	} else {
		p.table(v.header(), lo.Map(v.Calls, func(c callView, _ int) []string { return c.row(v) }))
	}
	p.gap()
	p.line("%s", v.lag())
}

func (v callsView) header() []string {
	header := []string{"ID", "TITLE", "WHEN", "CLASS", "TEACHER", "ROOM", "ANNOUNCED IN", "ON THE PORTAL SINCE", "LAG", "STATE", "PROBLEM"}
	return lo.Ternary(v.showLinks, append(header, "LINK"), header)
}

func (c callView) row(v callsView) []string {
	row := []string{
		string(c.ID), c.Title, span(c.Starts, c.Ends, v.zone), lo.CoalesceOrEmpty(c.ClassTitle, string(c.Class)), lo.FromPtr(c.Teacher).String(),
		c.Room.Words, c.announced(), c.since(v.zone), lag(c.LagSeconds), c.state(), lo.FromPtr(c.Problem).Words,
	}
	return lo.Ternary(v.showLinks, append(row, c.Link), row)
}

func (c callView) announced() string {
	if c.Announced != nil {
		return c.Announced.Title
	}
	return "not: " + lo.FromPtr(c.Unannounced).Words
}

func (c callView) since(zone *time.Location) string {
	switch {
	case c.ShownAt == nil:
		return ""
	case !c.Shown:
		return stamp(c.ShownAt, zone) + ", not any more"
	default:
		return stamp(c.ShownAt, zone)
	}
}

func (c callView) state() string {
	if c.Cancelled && c.State.Code == string(callPutAway) {
		return c.State.Words + ", " + callStateWords[callCancelled]
	}
	return c.State.Words
}

// span is from when to when; the day is said once where it is one.
func span(from, to time.Time, zone *time.Location) string {
	from, to = from.In(zone), to.In(zone)
	end := lo.Ternary(from.Format(time.DateOnly) == to.Format(time.DateOnly), to.Format("15:04"), stamp(&to, zone))
	return stamp(&from, zone) + "–" + end
}

// lag is a wait in seconds, "" for none.
func lag(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return took(time.Duration(*seconds * float64(time.Second)))
}

// lag says how long calls took to be seen.
func (v callsView) lag() string {
	switch {
	case !v.Portal && v.Lag == nil:
		return "no Portal is configured: calls are announced in chats alone"
	case v.Lag == nil:
		return "the Portal has shown no call in the last 7 days"
	default:
		return v.Lag.words()
	}
}

func (l lagView) words() string {
	return fmt.Sprintf("the last 7 days: %d calls were shown on the Portal; half of them within %s of their publication, 95 of 100 within %s, and within %s of our taking them in",
		l.Calls, lag(&l.P50), lag(&l.P95), lag(&l.HeldP95))
}
