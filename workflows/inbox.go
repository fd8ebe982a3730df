package workflows

import (
	"fmt"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/sdk/workflow"
)

// inbox takes the requests of a workflow that many may ask: by signal, where nobody waits for
// the answer, and by update, where somebody does. It owns the one way in which such a
// workflow ends, so that no request is ever lost: whatever is delivered is served, and the
// signal channel is drained as the very last act, with no yield before the return.
type inbox[R, A any] struct {
	name    string
	signals workflow.ReceiveChannel
	// complete fills in what a sender may leave out; the id is one of the run's own making.
	complete func(r *R, id string)
	id       func(R) string
	// validate refuses an update; a signal cannot be refused, so a bad one is dropped.
	validate func(R) error

	pending []R
	unnamed int
	// busy counts handlers of other updates that have not ended.
	busy int
	// refused is what was wrong with the last signal that was dropped.
	refused *Problem
	answers map[string]reply[A]
	waiting map[string]int
}

type reply[A any] struct {
	answer  A
	problem *Problem
}

// firstRequest is how long a run waits for the request that it was started for. A run that
// was started by hand, without one, then serves the fallback.
const firstRequest = time.Minute

// open registers the update handler. It must be called before the workflow first yields.
func (b *inbox[R, A]) open(ctx workflow.Context, description string) error {
	b.signals = workflow.GetSignalChannelWithOptions(ctx, b.name, workflow.SignalChannelOptions{Description: description})
	b.answers = map[string]reply[A]{}
	b.waiting = map[string]int{}
	return workflow.SetUpdateHandlerWithOptions(ctx, b.name, b.ask, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, r R) error {
			b.complete(&r, workflow.GetCurrentUpdateInfo(ctx).ID)
			return b.validate(r)
		},
		Description: description + " The answer is the report.",
	})
}

// ask is the update handler: it queues the request and waits for the pass that serves it.
func (b *inbox[R, A]) ask(ctx workflow.Context, r R) (A, error) {
	b.complete(&r, workflow.GetCurrentUpdateInfo(ctx).ID)
	id := b.id(r)
	b.pending = append(b.pending, r)
	b.waiting[id]++
	var got reply[A]
	err := workflow.Await(ctx, func() (answered bool) {
		got, answered = b.answers[id]
		return answered
	})
	if b.waiting[id]--; b.waiting[id] == 0 {
		delete(b.waiting, id)
		delete(b.answers, id)
	}
	if err != nil {
		return got.answer, err
	}
	return got.answer, fail(got.problem)
}

// receive takes in the signals that are there. It does not yield.
func (b *inbox[R, A]) receive(ctx workflow.Context) {
	for {
		var r R
		if !b.signals.ReceiveAsync(&r) {
			return
		}
		b.unnamed++
		b.complete(&r, fmt.Sprintf("%s-%d", workflow.GetInfo(ctx).WorkflowExecution.RunID, b.unnamed))
		if err := b.validate(r); err != nil {
			workflow.GetLogger(ctx).Warn("a signal asks for what cannot be done and is dropped", "signal", b.name, "problem", err)
			b.refused = &Problem{Code: ProblemBadRequest, Message: err.Error()}
			continue
		}
		b.pending = append(b.pending, r)
	}
}

// take removes the waiting requests that match, and gives them.
func (b *inbox[R, A]) take(match func(R) bool) []R {
	taken := lo.Filter(b.pending, func(r R, _ int) bool { return match(r) })
	b.pending = lo.Reject(b.pending, func(r R, _ int) bool { return match(r) })
	return taken
}

// answer gives those who wait for these requests their answer.
func (b *inbox[R, A]) answer(requests []R, answer A, problem *Problem) {
	for _, r := range requests {
		if id := b.id(r); b.waiting[id] > 0 {
			b.answers[id] = reply[A]{answer: answer, problem: problem}
		}
	}
}

// service is what an inbox does with its requests.
type service[R, A any] struct {
	// fallback is served by a run that was started without a request.
	fallback R
	// handle serves a batch.
	handle func(workflow.Context, []R) (A, *Problem)
	// idle, where it is set, is called when there are no requests: it waits for some and tells
	// whether the run stays open.
	idle func(workflow.Context) bool
	// renew gives the error by which the run continues as new with what is pending, or nil
	// while it need not.
	renew func(ctx workflow.Context, pending []R) error
	// carried tells that the run goes on with what an earlier one has handed over.
	carried bool
}

// serve handles batches of requests until there are none, and gives the last one's result.
// Requests that come while one batch is being handled make up the next. A run that got nothing
// but signals it had to drop fails with what was wrong with them.
func (b *inbox[R, A]) serve(ctx workflow.Context, s service[R, A]) (A, error) {
	var last A
	var problem *Problem
	served := s.carried
	if !served {
		b.first(ctx, s.fallback)
	}
	for {
		b.receive(ctx)
		if served {
			if err := b.renew(ctx, s); err != nil {
				return last, err
			}
		}
		if len(b.pending) == 0 {
			if served && s.idle != nil && s.idle(ctx) {
				continue
			}
			if err := b.settle(ctx); err != nil {
				return last, err
			}
			if b.receive(ctx); len(b.pending) == 0 {
				if !served {
					problem = lo.CoalesceOrEmpty(b.refused, &Problem{Code: ProblemBadRequest, Message: "the signal's argument is not a request: give an object, or {}"})
				}
				return last, b.end(ctx, problem)
			}
		}
		batch := b.pending
		b.pending = nil
		served = true
		last, problem = s.handle(ctx, batch)
		b.answer(batch, last, problem)
	}
}

// first waits for the request that the run was started for.
func (b *inbox[R, A]) first(ctx workflow.Context, fallback R) {
	arrived, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: firstRequest, TimerOptions: workflow.TimerOptions{Summary: "wait for the request this run was started for"},
	}, func() bool { return len(b.pending) > 0 || b.signals.Len() > 0 })
	if err == nil && !arrived && b.busy == 0 {
		b.pending = append(b.pending, fallback)
	}
}

// settle waits until everybody who was answered has got the answer, and other handlers have
// ended, also when the run was cancelled.
func (b *inbox[R, A]) settle(ctx workflow.Context) error {
	settled, _ := workflow.NewDisconnectedContext(ctx)
	return workflow.Await(settled, func() bool { return len(b.answers) == 0 && b.busy == 0 })
}

// renew continues the run as new where it is time to, unless somebody waits for an answer who has
// not been served: those requests are served first. Between the last look at the signals and
// the return nothing yields.
func (b *inbox[R, A]) renew(ctx workflow.Context, s service[R, A]) error {
	if ctx.Err() != nil || s.renew(ctx, b.pending) == nil {
		return nil
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	if b.receive(ctx); len(b.waiting) > 0 {
		return nil
	}
	return s.renew(ctx, b.pending)
}

// end is the error a run ends with.
func (b *inbox[R, A]) end(ctx workflow.Context, problem *Problem) error {
	if err := ctx.Err(); err != nil {
		return err // cancelled: the run's status shall say so
	}
	return fail(problem)
}
