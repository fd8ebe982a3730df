package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/workflows"
)

// traceView is one pass as a tree.
type traceView struct {
	School      school.ID  `json:"school"`
	Epoch       int64      `json:"epoch"`
	Trigger     string     `json:"trigger"`
	RequestedBy string     `json:"requestedBy"`
	Verify      bool       `json:"verify"`
	StartedAt   time.Time  `json:"startedAt"`
	FinishedAt  *time.Time `json:"finishedAt"`
	// Outcome is "" while the pass is running, and where it was cut off.
	Outcome string `json:"outcome"`
	// Traces are the ids by which a collector knows what is shown.
	Traces   []string       `json:"traces"`
	Requests []traceRequest `json:"requests"`
	Root     traceNode      `json:"root"`
}

// traceRequest is a request that the pass served.
type traceRequest struct {
	ID          string `json:"id"`
	Trigger     string `json:"trigger"`
	RequestedBy string `json:"requestedBy"`
	// Through is how it came to the lane: outbox, sweep, lane (which asked itself); "" is directly, from
	// the command line or the Temporal UI.
	Through string `json:"through"`
	// OutboxMillis is how long it waited in the outbox, LaneMillis how long from there until the pass took
	// it up; null where that is not known.
	OutboxMillis *int64    `json:"outboxMillis"`
	LaneMillis   *int64    `json:"laneMillis"`
	TakenUpAt    time.Time `json:"takenUpAt"`
}

// The kinds of nodes.
const (
	nodePass      = "pass"
	nodeWorkflow  = "workflow"
	nodeActivity  = "activity"
	nodeMessenger = "messenger"
	nodePortal    = "portal"
	nodeOther     = "other"
)

// codeLost is the code of an attempt of which no end is on record: its worker was lost, or it is running.
const codeLost = "lost"

// traceNode is a part of a pass. Times are in milliseconds, offsets from the beginning of the pass.
type traceNode struct {
	Kind           string  `json:"kind"`
	Name           string  `json:"name"`
	OffsetMillis   float64 `json:"offsetMillis"`
	DurationMillis float64 `json:"durationMillis"`
	// Code is what went wrong, "" for nothing.
	Code string `json:"code"`
	// Attempt counts an activity's attempts from 1; QueueMillis is how long the first waited for a worker.
	Attempt     int    `json:"attempt,omitempty"`
	QueueMillis *int64 `json:"queueMillis,omitempty"`
	// Method is the request's, Calls how many of the messenger's calls it made and Methods which; GateMillis
	// is how long it waited for the token's budget before; Status is HTTP's.
	Method     string      `json:"method,omitempty"`
	Calls      int         `json:"calls,omitempty"`
	Methods    string      `json:"methods,omitempty"`
	GateMillis *int64      `json:"gateMillis,omitempty"`
	Status     int         `json:"status,omitempty"`
	Children   []traceNode `json:"children"`

	began, ended time.Time
	// folded is how many requests the node stands for in a table, foldedMillis how long they took together.
	folded       int
	foldedMillis float64
}

// assembleTrace makes a tree of what is on record of a pass.
func assembleTrace(pass store.PassRow, requests []store.PassRequest, spans []telemetry.Span) traceView {
	asks, work := lo.FilterReject(spans, func(s telemetry.Span, _ int) bool { return len(listOf[string](s, telemetry.AttributeRequests)) > 0 })
	b := traceBuilder{children: lo.GroupBy(work, func(s telemetry.Span) string { return s.ParentID.String() })}
	began, ended := pass.StartedAt, lo.FromPtrOr(pass.FinishedAt, pass.StartedAt)
	for _, s := range work {
		began, ended = earlier(began, s.StartedAt), later(ended, s.StartedAt.Add(s.Duration))
	}
	root := traceNode{Kind: nodePass, Name: string(pass.School), began: began, ended: ended, Children: b.workflows(pass.School, work)}
	root.settle(began)
	return traceView{
		School: pass.School, Epoch: pass.Epoch, Trigger: pass.Trigger, RequestedBy: pass.RequestedBy, Verify: pass.Verify,
		StartedAt: pass.StartedAt.UTC(), FinishedAt: utc(pass.FinishedAt), Outcome: lo.FromPtr(pass.Outcome),
		Traces:   lo.Uniq(lo.Map(work, func(s telemetry.Span, _ int) string { return s.TraceID.String() })),
		Requests: lo.Map(requests, func(r store.PassRequest, _ int) traceRequest { return requestOf(r, asks) }),
		Root:     root,
	}
}

func requestOf(r store.PassRequest, asks []telemetry.Span) traceRequest {
	v := traceRequest{ID: r.ID, Trigger: r.Trigger, RequestedBy: r.RequestedBy, TakenUpAt: r.ReceivedAt.UTC()}
	for _, s := range asks {
		place := slices.Index(listOf[string](s, telemetry.AttributeRequests), r.ID)
		if place < 0 {
			continue
		}
		switch {
		case s.Name == telemetry.SpanRelay:
			v.Through = "outbox"
			if waits := listOf[float64](s, telemetry.AttributeWaits); place < len(waits) {
				v.OutboxMillis = lo.ToPtr(int64(waits[place]))
			}
			v.LaneMillis = lo.ToPtr(max(r.ReceivedAt.Sub(s.StartedAt), 0).Milliseconds())
		case textOf(s, telemetry.AttributeActivity) == "ResyncSelf":
			v.Through = "lane"
		default:
			v.Through = "sweep"
		}
	}
	return v
}

type traceBuilder struct {
	// children are spans by the id of their parent.
	children map[string][]telemetry.Span
}

// workflows gives the lane's part of a pass, with its children's inside.
func (b traceBuilder) workflows(id school.ID, work []telemetry.Span) []traceNode {
	known := lo.SliceToMap(work, func(s telemetry.Span) (string, bool) { return s.SpanID.String(), true })
	of := map[string][]traceNode{} // by workflow id
	seen := map[attemptKey]bool{}
	for parent, orphans := range b.children {
		if first := orphans[0]; !known[parent] && !isActivity(first) {
			key := keyOf(first)
			seen[key] = true
			of[key.workflow] = append(of[key.workflow], b.lost(orphans))
		}
	}
	activities := lo.Filter(work, func(s telemetry.Span, _ int) bool { return isActivity(s) })
	for _, s := range activities {
		seen[keyOf(s)] = true
	}
	for _, s := range activities {
		node, key := b.node(s), keyOf(s)
		for key.attempt--; key.attempt > 0 && !seen[key]; key.attempt-- { // of these nothing had ended
			gone := traceNode{Kind: nodeActivity, Name: node.Name, Attempt: key.attempt, Code: codeLost, began: node.began, ended: node.began, Children: []traceNode{}}
			of[key.workflow] = append(of[key.workflow], gone)
			seen[key] = true
		}
		of[key.workflow] = append(of[key.workflow], node)
	}
	lane := workflows.SchoolSyncID(id)
	main := traceNode{Kind: nodeWorkflow, Name: workflows.TypeSchoolSync, Children: of[lane]}
	for workflow, nodes := range of {
		if workflow == lane {
			continue
		}
		child := traceNode{Kind: nodeWorkflow, Name: workflowName(workflow), Children: nodes}
		child.span()
		main.Children = append(main.Children, child)
	}
	if len(main.Children) == 0 {
		return []traceNode{}
	}
	main.span()
	return []traceNode{main}
}

// attemptKey tells the attempts of a pass's activities apart.
type attemptKey struct {
	workflow, activity string
	attempt            int
}

func keyOf(s telemetry.Span) attemptKey {
	return attemptKey{
		textOf(s, telemetry.AttributeWorkflowID), textOf(s, telemetry.AttributeActivityID), int(numberOf(s, telemetry.AttributeAttempt)),
	}
}

// workflowName is the type of a lane's child, and the chat type it is about.
func workflowName(id string) string {
	part := id[strings.LastIndexByte(id, '/')+1:]
	if part == "calls" {
		return workflows.TypeVideoCallSync
	}
	return workflows.TypeChatTypeSync + " " + part
}

func isActivity(s telemetry.Span) bool { return strings.HasPrefix(s.Name, activityPrefix) }

// activityPrefix begins the names that Temporal's tracing gives the spans of activities.
const activityPrefix = "RunActivity:"

// lost is an attempt of which only requests have ended.
func (b traceBuilder) lost(orphans []telemetry.Span) traceNode {
	n := traceNode{
		Kind: nodeActivity, Name: textOf(orphans[0], telemetry.AttributeActivity), Attempt: int(numberOf(orphans[0], telemetry.AttributeAttempt)),
		Code: codeLost, Children: lo.Map(orphans, func(s telemetry.Span, _ int) traceNode { return b.node(s) }),
	}
	n.span()
	return n
}

func (b traceBuilder) node(s telemetry.Span) traceNode {
	n := traceNode{
		Kind: nodeOther, Name: s.Name, Code: s.Code, began: s.StartedAt, ended: s.StartedAt.Add(s.Duration),
		Status:   int(numberOf(s, "http.response.status_code")),
		Children: lo.Map(b.children[s.SpanID.String()], func(c telemetry.Span, _ int) traceNode { return b.node(c) }),
	}
	switch {
	case isActivity(s):
		n.Kind, n.Name = nodeActivity, strings.TrimPrefix(s.Name, activityPrefix)
		n.Attempt, n.QueueMillis = int(numberOf(s, telemetry.AttributeAttempt)), millisOf(s, telemetry.AttributeQueueWait)
	case strings.HasPrefix(s.Name, "vk "), strings.HasPrefix(s.Name, "max "):
		of, _, _ := strings.Cut(s.Name, " ")
		n.Kind, n.Method, n.Methods = nodeMessenger, textOf(s, of+".method"), textOf(s, of+".methods")
		n.Calls, n.GateMillis = int(numberOf(s, of+".calls")), millisOf(s, of+".gate_wait_ms")
	case strings.HasPrefix(s.Name, "portal: "):
		n.Kind, n.Name, n.Method = nodePortal, strings.TrimPrefix(s.Name, "portal: "), textOf(s, "http.request.method")
	}
	return n
}

// span has a node last from the first of its children to the last.
func (n *traceNode) span() {
	n.began, n.ended = n.Children[0].began, n.Children[0].ended
	for _, c := range n.Children[1:] {
		n.began, n.ended = earlier(n.began, c.began), later(n.ended, c.ended)
	}
}

// settle sorts what is below a node by time and turns times into offsets.
func (n *traceNode) settle(zero time.Time) {
	n.OffsetMillis, n.DurationMillis = millis(n.began.Sub(zero)), millis(n.ended.Sub(n.began))
	slices.SortStableFunc(n.Children, func(a, b traceNode) int {
		return cmp.Or(a.began.Compare(b.began), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Attempt, b.Attempt))
	})
	for i := range n.Children {
		n.Children[i].settle(zero)
	}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func earlier(a, b time.Time) time.Time { return lo.Ternary(b.Before(a), b, a) }
func later(a, b time.Time) time.Time   { return lo.Ternary(b.After(a), b, a) }

// The attributes of a span are as they come out of JSON.

func textOf(s telemetry.Span, key string) string {
	text, _ := s.Attributes[key].(string)
	return text
}

func numberOf(s telemetry.Span, key string) float64 {
	n, _ := s.Attributes[key].(float64)
	return n
}

func millisOf(s telemetry.Span, key string) *int64 {
	if _, there := s.Attributes[key]; !there {
		return nil
	}
	return lo.ToPtr(int64(numberOf(s, key)))
}

func listOf[T any](s telemetry.Span, key string) []T {
	list, _ := s.Attributes[key].([]any)
	return lo.FilterMap(list, func(item any, _ int) (T, bool) {
		value, ok := item.(T)
		return value, ok
	})
}
