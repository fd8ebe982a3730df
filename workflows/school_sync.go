package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// SchoolSyncInput starts a school's lane.
type SchoolSyncInput struct {
	School school.ID `json:"school"`
	// Carried is what an earlier run has handed over.
	Carried *Carried `json:"carried,omitempty"`
}

// Carried is what a lane hands over when it continues as new.
type Carried struct {
	Pending []Request   `json:"pending,omitempty"`
	Passes  int         `json:"passes"`
	Last    *PassReport `json:"last,omitempty"`
	// Round is that of a continuous school, as of the last pass.
	Round time.Duration `json:"round,omitempty"`
	// Troubles counts the failed passes since the last good one.
	Troubles int `json:"troubles,omitempty"`
	// Generation counts the runs before this one.
	Generation int `json:"generation"`
}

// LaneStatus answers a lane's status query.
type LaneStatus struct {
	School school.ID `json:"school"`
	// Phase is what the lane is doing, in words.
	Phase string `json:"phase"`
	// Continuous tells that the lane stays open when there is nothing to do.
	Continuous bool `json:"continuous"`
	// Passes counts the lane's passes, over all runs that handed over to each other;
	// Generation counts the runs before this one; Waiting the requests for the next pass.
	Passes     int         `json:"passes"`
	Generation int         `json:"generation"`
	Waiting    int         `json:"waiting"`
	Last       *PassReport `json:"last,omitempty"`
}

// SchoolSync is a school's lane: everything that changes the school's chats runs here, one pass
// after the other. It serves resync requests until there are none and ends with the last
// pass's report, or fails with that pass's problem. The lane of a continuous school stays open:
// it asks itself for a pass now and then, and reports problems without failing.
func SchoolSync(ctx workflow.Context, in SchoolSyncInput) (PassReport, error) {
	l := &lane{school: in.School, status: LaneStatus{School: in.School, Phase: "waiting for a request"}}
	if c := in.Carried; c != nil {
		l.inbox.pending, l.round, l.troubles = c.Pending, c.Round, c.Troubles
		l.status.Passes, l.status.Last, l.status.Generation = c.Passes, c.Last, c.Generation
	}
	return l.run(ctx, in.Carried != nil)
}

type lane struct {
	school school.ID
	inbox  inbox[Request, PassReport]
	status LaneStatus
	notes  details

	// round is how long the lane of a continuous school waits before it asks itself for a pass,
	// as of the last pass; 0 is a lane that ends when there is nothing to do.
	round time.Duration
	// troubles counts the failed passes since the last good one, served the passes of this run.
	troubles int
	served   int
	// passing tells that a pass is running; decisions counts those recorded since it began.
	passing   bool
	decisions int
	// attributes are the search attributes as they were set last.
	attributes map[string]string
}

func (l *lane) run(ctx workflow.Context, carried bool) (PassReport, error) {
	l.notes = newDetails("School " + string(l.school))
	l.inbox.name = Resync
	l.inbox.complete = (*Request).complete
	l.inbox.id = func(r Request) string { return r.ID }
	l.inbox.validate = Request.Validate
	if err := l.inbox.open(ctx, "Bring the school's chats in step with its roster. Argument: a request {id, trigger, scope: {types, chats, people, calls}, verify, requestedBy}; {} is a pass over the whole school."); err != nil {
		return PassReport{}, err
	}
	if err := l.openDecisions(ctx); err != nil {
		return PassReport{}, err
	}
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (LaneStatus, error) {
		status := l.status
		status.Continuous = l.round > 0
		status.Waiting = len(l.inbox.pending) + l.inbox.signals.Len()
		return status, nil
	}, workflow.QueryHandlerOptions{Description: "What the lane is doing, how many requests wait, and how the last pass ended."})
	if err != nil {
		return PassReport{}, err
	}
	byHand := Request{ID: workflow.GetInfo(ctx).WorkflowExecution.RunID, Trigger: TriggerManual, RequestedBy: "started by hand"}
	return l.inbox.serve(ctx, service[Request, PassReport]{fallback: byHand, handle: l.pass, idle: l.idle, renew: l.renew, carried: carried})
}

// pass serves a batch of requests with one pass.
func (l *lane) pass(ctx workflow.Context, requests []Request) (PassReport, *Problem) {
	p := &pass{lane: l, requests: requests, request: Merge(requests)}
	l.passing, l.decisions = true, 0
	report := p.run(ctx)
	l.passing = false
	l.served++
	l.status.Passes++
	l.status.Last = &report
	if report.Problem == nil {
		l.troubles = 0
	} else {
		l.troubles++
	}
	if report.Expired > 0 {
		l.phase(ctx, "%d holds have expired: nobody decided on them in time; they are not done", report.Expired)
	}
	l.phase(ctx, "pass %d ended: %s", report.Epoch, report.Outcome)
	return report, report.Problem
}

// longestRest bounds how long a continuous lane rests. It rests longer and longer after passes
// that failed: what is wrong (a refused token, a roster that cannot be read) is mended by
// somebody, and that wakes the lane.
const longestRest = time.Hour

// idle keeps a continuous lane open: it waits for a request, or has itself asked for one when
// it is time for a round.
func (l *lane) idle(ctx workflow.Context) bool {
	if l.round <= 0 || ctx.Err() != nil {
		return false
	}
	rest := min(l.round<<min(l.troubles, 10), max(longestRest, l.round))
	l.phase(ctx, "waiting for a request, or for the next round in %s", rest)
	arrived, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: rest, TimerOptions: workflow.TimerOptions{Summary: "until the next round"},
	}, func() bool { return len(l.inbox.pending) > 0 || l.inbox.signals.Len() > 0 })
	if err != nil || arrived {
		return err == nil
	}
	round := Request{
		ID:      fmt.Sprintf("%s-round-%d", workflow.GetInfo(ctx).WorkflowExecution.RunID, l.served),
		Trigger: TriggerContinuous, Verify: true, RequestedBy: "continuous",
	}
	_, err = resyncSelf.run(ctx, storeOptions(l.school, TriggerContinuous, "ask this lane for the next round"), ResyncSelfInput{School: l.school, Request: round})
	if err != nil && ctx.Err() == nil {
		l.inbox.pending = append(l.inbox.pending, round) // the round takes place all the same
	}
	return ctx.Err() == nil
}

// passesPerRun is after how many passes a lane goes on in a new run, however short its history.
const passesPerRun = 500

// renew goes on in a new run when the history has grown long, after so many passes, or when
// workers of a new version are there to take the lane over.
func (l *lane) renew(ctx workflow.Context, pending []Request) error {
	info := workflow.GetInfo(ctx)
	if len(pending) == 0 && l.round <= 0 {
		return nil
	}
	if !info.GetContinueAsNewSuggested() && l.served < passesPerRun && !info.GetTargetWorkerDeploymentVersionChanged() {
		return nil
	}
	return workflow.NewContinueAsNewErrorWithOptions(ctx,
		workflow.ContinueAsNewErrorOptions{InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade},
		TypeSchoolSync, SchoolSyncInput{School: l.school, Carried: &Carried{
			Pending: pending, Passes: l.status.Passes, Last: l.status.Last, Round: l.round,
			Troubles: l.troubles, Generation: l.status.Generation + 1,
		}})
}

// attribute sets a search attribute, along with the school's the first time. One that is so already
// is left: setting it costs, and an idle round changes nothing.
func (l *lane) attribute(ctx workflow.Context, key temporal.SearchAttributeKeyKeyword, value string) {
	if l.attributes[key.GetName()] == value {
		return
	}
	updates := []temporal.SearchAttributeUpdate{key.ValueSet(value)}
	if l.attributes == nil {
		l.attributes = map[string]string{}
		updates = append(updates, schoolAttribute().ValueSet(string(l.school)))
	}
	l.attributes[key.GetName()] = value
	_ = workflow.UpsertTypedSearchAttributes(ctx, updates...)
}

func (l *lane) phase(ctx workflow.Context, format string, args ...any) {
	l.status.Phase = l.notes.add(ctx, format, args...)
}
