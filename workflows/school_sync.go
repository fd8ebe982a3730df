package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// SchoolSyncInput starts a school's lane.
type SchoolSyncInput struct {
	School school.ID `json:"school"`
}

// LaneStatus answers a lane's status query.
type LaneStatus struct {
	School school.ID `json:"school"`
	// Phase is what the lane is doing, in words.
	Phase string `json:"phase"`
	// Passes counts the passes of this run; Waiting the requests for the next.
	Passes  int         `json:"passes"`
	Waiting int         `json:"waiting"`
	Last    *PassReport `json:"last,omitempty"`
}

// SchoolSync is a school's lane: everything that changes the school's chats runs here, one pass
// after the other. It serves resync requests until there are none and ends with the last
// pass's report, or fails with that pass's problem.
func SchoolSync(ctx workflow.Context, in SchoolSyncInput) (PassReport, error) {
	l := &lane{school: in.School, status: LaneStatus{School: in.School, Phase: "waiting for a request"}}
	return l.run(ctx)
}

type lane struct {
	school school.ID
	inbox  inbox[Request, PassReport]
	status LaneStatus
	notes  details
}

func (l *lane) run(ctx workflow.Context) (PassReport, error) {
	l.notes = newDetails("School " + string(l.school))
	l.inbox.name = Resync
	l.inbox.complete = (*Request).complete
	l.inbox.id = func(r Request) string { return r.ID }
	l.inbox.validate = Request.Validate
	if err := l.inbox.open(ctx, "Bring the school's chats in step with its roster. Argument: a request {id, trigger, scope: {types}, verify, requestedBy}; {} is a pass over the whole school."); err != nil {
		return PassReport{}, err
	}
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (LaneStatus, error) {
		status := l.status
		status.Waiting = len(l.inbox.pending) + l.inbox.signals.Len()
		return status, nil
	}, workflow.QueryHandlerOptions{Description: "What the lane is doing, how many requests wait, and how the last pass ended."})
	if err != nil {
		return PassReport{}, err
	}
	byHand := Request{ID: workflow.GetInfo(ctx).WorkflowExecution.RunID, Trigger: TriggerManual, RequestedBy: "started by hand"}
	return l.inbox.serve(ctx, byHand, l.pass)
}

// pass serves a batch of requests with one pass.
func (l *lane) pass(ctx workflow.Context, requests []Request) (PassReport, *Problem) {
	p := &pass{lane: l, requests: requests, request: merge(requests)}
	report := p.run(ctx)
	l.status.Passes++
	l.status.Last = &report
	l.phase(ctx, "pass %d ended: %s", report.Epoch, report.Outcome)
	return report, report.Problem
}

func (l *lane) phase(ctx workflow.Context, format string, args ...any) {
	l.status.Phase = l.notes.add(ctx, format, args...)
}
