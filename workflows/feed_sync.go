package workflows

import (
	"slices"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// FeedSyncInput starts a feed's owner.
type FeedSyncInput struct {
	Feed school.FeedID `json:"feed"`
	// Pending are the requests that an earlier run has handed over.
	Pending []ReadRequest `json:"pending,omitempty"`
}

// FeedStatus answers a feed's status query.
type FeedStatus struct {
	Feed    school.FeedID `json:"feed"`
	Phase   string        `json:"phase"`
	Waiting int           `json:"waiting"`
	Last    *FeedReport   `json:"last,omitempty"`
}

// FeedSync owns a feed: it waits until the files have come to rest, reads them as one whole,
// stores a snapshot per school, and with it the request for a pass of each school that changed. A bad reading
// changes nothing and fails the run with what is wrong and what to do.
func FeedSync(ctx workflow.Context, in FeedSyncInput) (FeedReport, error) {
	f := &feed{id: in.Feed, status: FeedStatus{Feed: in.Feed, Phase: "waiting for a request"}}
	return f.run(ctx, in)
}

type feed struct {
	id     school.FeedID
	inbox  inbox[ReadRequest, FeedReport]
	status FeedStatus
	notes  details
}

// How long a file set must have kept its shape, and how often it may be found moving before
// the reading is given up.
const (
	settleTime  = time.Second
	settleTries = 120
	readTries   = 5
)

func (f *feed) run(ctx workflow.Context, in FeedSyncInput) (FeedReport, error) {
	f.notes = newDetails("Feed " + string(f.id))
	f.inbox.name, f.inbox.pending = Read, in.Pending
	f.inbox.complete = (*ReadRequest).complete
	f.inbox.id = func(r ReadRequest) string { return r.ID }
	f.inbox.validate = func(r ReadRequest) error { return r.Trigger.validate() }
	if err := f.inbox.open(ctx, "Read the feed. Argument: a request {id, trigger, acceptDrop, requestedBy}; {} is a plain reading."); err != nil {
		return FeedReport{}, err
	}
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (FeedStatus, error) {
		status := f.status
		status.Waiting = len(f.inbox.pending) + f.inbox.signals.Len()
		return status, nil
	}, workflow.QueryHandlerOptions{Description: "What the feed's owner is doing, and how the last reading ended."})
	if err != nil {
		return FeedReport{}, err
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, feedAttribute().ValueSet(string(f.id))); err != nil {
		return FeedReport{}, err
	}
	byHand := ReadRequest{ID: workflow.GetInfo(ctx).WorkflowExecution.RunID, Trigger: TriggerManual, RequestedBy: "started by hand"}
	return f.inbox.serve(ctx, service[ReadRequest, FeedReport]{fallback: byHand, handle: f.read, renew: f.renew, carried: len(in.Pending) > 0})
}

// renew goes on in a new run when the history has grown long.
func (f *feed) renew(ctx workflow.Context, pending []ReadRequest) error {
	if len(pending) == 0 || !workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
		return nil
	}
	return workflow.NewContinueAsNewError(ctx, TypeFeedSync, FeedSyncInput{Feed: f.id, Pending: pending})
}

// read serves a batch of requests with one reading.
func (f *feed) read(ctx workflow.Context, requests []ReadRequest) (FeedReport, *Problem) {
	accepted := lo.Map(requests, func(r ReadRequest, _ int) string { return r.AcceptDrop })
	report, problem := f.readWhole(ctx, accepted)
	report.Feed = f.id
	if problem != nil {
		f.phase(ctx, "%s: %s", problem.Code, problem.Message)
		return report, problem
	}
	f.status.Last = &report
	f.phase(ctx, "read: %d of %d schools changed and are asked for a pass, %d could not be taken over", len(report.Changed), report.Schools, len(report.Problems))
	return report, nil
}

func (f *feed) readWhole(ctx workflow.Context, accepted []string) (FeedReport, *Problem) {
	for range readTries {
		fingerprint, problem := f.settled(ctx)
		if problem != nil {
			return FeedReport{}, problem
		}
		f.phase(ctx, "reading")
		report, err := readFeed.run(ctx, feedOptions("read the feed and store a snapshot per school"),
			ReadFeedInput{Feed: f.id, Fingerprint: fingerprint, AcceptDrop: slices.Contains(accepted, fingerprint)})
		if err != nil || !report.Moved {
			return report, problemOf(err)
		}
		f.phase(ctx, "the files changed while they were read: once more")
	}
	return FeedReport{}, neverStable()
}

// settled waits until two looks in a row find the same file set.
func (f *feed) settled(ctx workflow.Context) (string, *Problem) {
	f.phase(ctx, "waiting for the files to come to rest")
	look := func() (string, error) {
		return lookAtFeed.run(ctx, storeOptions("", TriggerEvent, "look at the feed's files"), f.id)
	}
	last, err := look()
	if err != nil {
		return "", problemOf(err)
	}
	for range settleTries {
		timer := workflow.NewTimerWithOptions(ctx, settleTime, workflow.TimerOptions{Summary: "let the files come to rest"})
		if err := timer.Get(ctx, nil); err != nil {
			return "", problemOf(err)
		}
		now, err := look()
		if err != nil {
			return "", problemOf(err)
		}
		if now == last {
			return now, nil
		}
		last = now
	}
	return "", neverStable()
}

func neverStable() *Problem {
	return &Problem{Code: ProblemFeedNeverStable, Message: "the files of the feed keep changing: have the export write them elsewhere and move them into place"}
}

func (f *feed) phase(ctx workflow.Context, format string, args ...any) {
	f.status.Phase = f.notes.add(ctx, format, args...)
}
