package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/activity"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// How often the store is asked for a reply: a pass with nothing to do ends in a fraction of a
// second, and one that takes longer is in no such hurry.
const (
	replyPause        = 50 * time.Millisecond
	longestReplyPause = time.Second
)

// workerStopping has a wait begun anew on another worker.
type workerStopping struct{}

func (*workerStopping) Error() string { return "the worker stops" }

// ResyncSchool asks a school's lane for a pass, starting the lane if it is not running, and waits
// for the pass's end. A school without a token is skipped. A try that finds the request taken
// up asks no second time; one that comes before that repeats the request under its id.
func (a *Activities) ResyncSchool(ctx context.Context, in workflows.ResyncSchoolInput) (workflows.ResyncReply, error) {
	return a.resyncSchool(ctx, in, func() error {
		return temporal.Resync(ctx, activity.GetClient(ctx), in.School, in.Request)
	})
}

func (a *Activities) resyncSchool(ctx context.Context, in workflows.ResyncSchoolInput, ask func() error) (workflows.ResyncReply, error) {
	beat := startBeating(ctx)
	defer beat.stop()
	var out workflows.ResyncReply
	row, err := a.Store.School(ctx, in.School)
	if err != nil {
		return out, err
	}
	if !row.TokenSet {
		out.Outcome = workflows.OutcomeSkipped
		return out, nil
	}
	known, err := a.Store.RequestReply(ctx, in.School, in.Request.ID)
	if err != nil {
		return out, err
	}
	if known == nil {
		if err := ask(); err != nil {
			return out, err
		}
		beat.advance(ctx, 1)
	}
	return a.awaitReply(ctx, in)
}

// awaitReply waits for the end of the pass that serves a request.
func (a *Activities) awaitReply(ctx context.Context, in workflows.ResyncSchoolInput) (workflows.ResyncReply, error) {
	// Counted from when the activity was scheduled, so that the tries share the time.
	waiting, stop := context.WithDeadline(ctx, activity.GetInfo(ctx).ScheduledTime.Add(in.Within()))
	defer stop()
	for pause := replyPause; ; pause = min(2*pause, longestReplyPause) {
		reply, err := a.Store.RequestReply(ctx, in.School, in.Request.ID)
		if err != nil {
			return workflows.ResyncReply{}, err
		}
		if reply != nil && reply.Outcome != "" {
			return replied(*reply), nil
		}
		if waiting.Err() != nil {
			return notReached(in, reply), ctx.Err()
		}
		select {
		case <-time.After(pause):
		case <-waiting.Done():
		case <-activity.GetWorkerStopChannel(ctx):
			return workflows.ResyncReply{}, &workerStopping{}
		}
	}
}

func replied(r store.RequestReply) workflows.ResyncReply {
	out := workflows.ResyncReply{Outcome: workflows.Outcome(r.Outcome)}
	if r.Problem != nil {
		out.Problem = &workflows.Problem{Code: r.Problem.Code, Message: r.Problem.Message}
	}
	return out
}

// notReached says what the school was doing when its time was over.
func notReached(in workflows.ResyncSchoolInput, reply *store.RequestReply) workflows.ResyncReply {
	what := lo.Ternary(reply == nil,
		"no pass of school %s took the request up within %s: see whether its lane, %s, is busy, and whether workers are running",
		"the pass of school %s did not end within %s: it goes on, see its lane, %s")
	return workflows.ResyncReply{Outcome: workflows.OutcomeNotReached, Problem: &workflows.Problem{
		Code:    workflows.ProblemNotReached,
		Message: fmt.Sprintf(what, in.School, in.Within(), workflows.SchoolSyncID(in.School)),
	}}
}
