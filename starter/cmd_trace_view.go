package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

const (
	// barWidth is how many signs the whole pass is wide.
	barWidth = 24
	// requestsShown is how many of the requests that a pass served have a line each.
	requestsShown = 5
)

func (v traceView) text(p *page) {
	p.line("school %s, pass %d: %s, %s", v.School, v.Epoch, lo.CoalesceOrEmpty(v.Outcome, "unfinished (running, or cut off)"), short(v.Root.DurationMillis))
	p.line("began %s%s", v.StartedAt.Format(time.RFC3339), lo.Ternary(v.Verify, "; the chats were to be read", ""))
	for _, r := range v.Requests[:min(len(v.Requests), requestsShown)] {
		p.line("%s", r.words())
	}
	if more := len(v.Requests) - requestsShown; more > 0 {
		p.line("… and %d more", more)
	}
	p.gap()
	if len(v.Root.Children) == 0 {
		p.line("no spans of this pass are kept: they are for as long as %s says, 24h unless it is set, from when the workers were started with it", telemetry.EnvTracesKept)
		return
	}
	rows := [][]string{v.Root.row("", v.Root.DurationMillis)}
	rows = append(rows, v.Root.rows("", v.Root.DurationMillis)...)
	p.table([]string{"START", "TOOK", "WHAT", "WHEN"}, rows)
	p.gap()
	p.line("in a collector: %s", strings.Join(v.Traces, ", "))
}

func (r traceRequest) words() string {
	words := fmt.Sprintf("request %s: %s", r.ID, r.Trigger)
	if r.RequestedBy != "" {
		words += ", asked by " + r.RequestedBy
	}
	switch r.Through {
	case "outbox":
		words += ", through the outbox"
		if r.OutboxMillis != nil {
			words += " (waited " + short(float64(*r.OutboxMillis)) + ")"
		}
	case "sweep":
		words += ", through a sweep"
	case "lane":
		words += ", by the lane itself"
	}
	if r.LaneMillis != nil {
		words += ", taken up " + short(float64(*r.LaneMillis)) + " later"
	}
	return words
}

// rows are what is below a node, under each other.
func (n traceNode) rows(indent string, total float64) [][]string {
	var rows [][]string
	children := foldRequests(n.Children)
	for i, c := range children {
		last := i == len(children)-1
		rows = append(rows, c.row(indent+lo.Ternary(last, "└─ ", "├─ "), total))
		rows = append(rows, c.rows(indent+lo.Ternary(last, "   ", "│  "), total)...)
	}
	return rows
}

func (n traceNode) row(indent string, total float64) []string {
	return []string{short(n.OffsetMillis), short(n.DurationMillis), indent + n.words(), n.bar(total)}
}

func (n traceNode) words() string {
	parts := []string{n.title()}
	if n.folded > 1 {
		parts[0] += fmt.Sprintf(" ×%d", n.folded)
		parts = append(parts, short(n.foldedMillis)+" in all")
	}
	if n.Attempt > 1 {
		parts = append(parts, fmt.Sprintf("attempt %d", n.Attempt))
	}
	if n.QueueMillis != nil {
		parts = append(parts, "queue "+short(float64(*n.QueueMillis)))
	}
	if n.Calls > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", n.Calls, lo.Ternary(n.Calls == 1, "call", "calls")), n.Methods)
	}
	if n.GateMillis != nil {
		parts = append(parts, "gate "+short(float64(*n.GateMillis))+lo.Ternary(n.folded > 1, " at the most", ""))
	}
	if n.Status > 0 && n.Kind == nodePortal {
		parts = append(parts, fmt.Sprintf("HTTP %d", n.Status))
	}
	switch n.Code {
	case "":
	case codeLost:
		parts = append(parts, "LOST: its end is not on record")
	default:
		parts = append(parts, "FAILED: "+n.Code)
	}
	return strings.Join(lo.Compact(parts), " · ")
}

func (n traceNode) title() string {
	switch n.Kind {
	case nodePass:
		return "pass"
	case nodePortal:
		return "Portal: " + n.Name + " (" + n.Method + ")"
	case nodeMessenger:
		if n.Calls == 0 { // such a request is its method; others are their calls
			return cmp.Or(n.Method, n.Name)
		}
		return n.Name
	default:
		return n.Name
	}
}

// foldRequests has one node stand for neighbouring requests to the messenger of the same method with which nothing went wrong. It
// lasts from the first of them to the last.
func foldRequests(nodes []traceNode) []traceNode {
	var folded []traceNode
	for _, n := range nodes {
		n.folded, n.foldedMillis = 1, n.DurationMillis
		if len(folded) == 0 || !folded[len(folded)-1].foldsWith(n) {
			folded = append(folded, n)
			continue
		}
		all := &folded[len(folded)-1]
		all.folded++
		all.foldedMillis += n.foldedMillis
		all.DurationMillis = max(all.DurationMillis, n.OffsetMillis+n.DurationMillis-all.OffsetMillis)
		if n.GateMillis != nil {
			all.GateMillis = lo.ToPtr(max(lo.FromPtr(all.GateMillis), *n.GateMillis))
		}
	}
	return folded
}

// foldsWith tells whether two requests differ in their times alone.
func (n traceNode) foldsWith(next traceNode) bool {
	plain := func(n traceNode) bool {
		return n.Kind == nodeMessenger && n.Method != "" && n.Calls == 0 && n.Code == "" && len(n.Children) == 0
	}
	return plain(n) && plain(next) && n.Name == next.Name && n.Method == next.Method
}

// bar shows when a node was, in the whole of the pass.
func (n traceNode) bar(total float64) string {
	if total <= 0 {
		return ""
	}
	from := min(int(n.OffsetMillis/total*barWidth), barWidth-1)
	length := max(int(n.DurationMillis/total*barWidth+0.5), 1)
	length = min(length, barWidth-from)
	return strings.Repeat("·", from) + strings.Repeat("█", length) + strings.Repeat("·", barWidth-from-length)
}

// short says a time in milliseconds as shortly as it can be of use.
func short(ms float64) string {
	switch d := time.Duration(ms * float64(time.Millisecond)); {
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	default:
		return took(d)
	}
}
