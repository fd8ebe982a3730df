package activities

import (
	"context"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/workflows"
)

// callDesk is a school's calls laid out for one step. What a step finds to do is in the store, and
// what it does is recorded there before the next act: a later try goes on where this one ended.
type callDesk struct {
	a      *Activities
	in     workflows.PublishInput
	survey survey.Survey
	items  []calls.Item
	means  calls.Means
	now    time.Time
	beat   *beating
	served workflows.Served
}

// callStep runs a step over a school's calls.
func (a *Activities) callStep(
	ctx context.Context, in workflows.PublishInput, step func(*callDesk, context.Context) error,
) (workflows.Served, error) {
	d := &callDesk{a: a, in: in, now: a.Now(), beat: startBeating(ctx)}
	defer d.beat.stop()
	d.served = workflows.Served{Done: map[string]int{}, Failed: map[string]int{}}
	states, err := a.Store.OpenCalls(ctx, in.School)
	if err != nil || len(states) == 0 {
		return d.served, err
	}
	if d.survey, err = a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster}); err != nil {
		return d.served, err
	}
	if d.means, err = survey.CallMeans(ctx, a.Store, d.survey, a.Portal.Publishes()); err != nil {
		return d.served, err
	}
	d.items = d.survey.CallsAmong(states)
	return d.served, step(d, ctx)
}

// due are the calls about which something of a kind is to be done.
func (d *callDesk) due(is func(calls.Todo) bool) []calls.Item {
	return lo.Filter(d.items, func(i calls.Item, _ int) bool { return is(i.Todo(d.now, d.means)) })
}

// countWaiting counts the calls whose chat is not there.
func (d *callDesk) countWaiting() {
	d.served.Waiting = lo.CountBy(d.items, func(i calls.Item) bool { return i.Obstacle(d.now, d.means) == calls.ProblemNoChat })
}

func (d *callDesk) done(ctx context.Context, kind string) {
	d.served.Done[kind]++
	d.beat.advance(ctx, 1)
}

// PublishCalls has the Portal show calls, and those that are over or cancelled not any more. That it
// is asked to is recorded first: what it may show is taken down later whatever was lost.
func (a *Activities) PublishCalls(ctx context.Context, in workflows.PublishInput) (workflows.Served, error) {
	return a.callStep(ctx, in, func(d *callDesk, ctx context.Context) error {
		due := d.due(func(t calls.Todo) bool { return t.Publish || t.Remove })
		if len(due) == 0 {
			return nil
		}
		p, err := a.publisher(ctx, in.School, in.Epoch)
		if err != nil {
			return err
		}
		for _, item := range due {
			if err := d.publish(ctx, p, item); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *callDesk) publish(ctx context.Context, p *publisher, item calls.Item) error {
	id, call, todo := d.in.School, item.Call.ID, item.Todo(d.now, d.means)
	if todo.Remove {
		err := p.act(ctx, func(x portal.Publisher) error { return x.RemoveCall(ctx, item.ShownIn, string(call)) })
		if err != nil {
			return d.refused(err)
		}
		d.done(ctx, workflows.ServedRemoved)
		if err := d.a.Store.SetShown(ctx, id, call, "", time.Time{}); err != nil || !todo.Publish {
			return err
		}
	}
	if item.Shown == "" || todo.Remove {
		if err := d.a.Store.SetAsked(ctx, id, call, p.organisation); err != nil {
			return err
		}
	}
	shown := item.Published()
	err := p.act(ctx, func(x portal.Publisher) error { return x.PutCall(ctx, p.organisation, shown) })
	if err != nil {
		return d.refused(err)
	}
	d.done(ctx, workflows.ServedCalls)
	if item.ShownAt == nil {
		published := lo.CoalesceOrEmpty(item.Call.Published, item.HeldAt)
		telemetry.CallShown(ctx, d.a.Now().Sub(published))
	}
	return d.a.Store.SetShown(ctx, id, call, calls.Digest(shown), item.Call.Published)
}

// refused counts an error that is one call's matter: the others go on. Any other it gives back.
func (d *callDesk) refused(err error) error {
	if portal.CodeOf(err) != portal.CodeBadRequest {
		return err
	}
	d.served.Failed[string(portal.CodeBadRequest)]++
	return nil
}

// CloseCalls puts away the calls about which nothing is left to do, and records what keeps others from
// being seen.
func (a *Activities) CloseCalls(ctx context.Context, in workflows.PublishInput) (workflows.Served, error) {
	return a.callStep(ctx, in, func(d *callDesk, ctx context.Context) error {
		d.countWaiting()
		for _, item := range d.items {
			if item.Todo(d.now, d.means) == (calls.Todo{Close: true}) {
				if err := a.Store.CloseCall(ctx, in.School, item.Call.ID, item.HeldAt); err != nil {
					return err
				}
				continue
			}
			obstacle := item.Obstacle(d.now, d.means)
			if obstacle == item.Problem {
				continue
			}
			if err := a.Store.SetCallProblem(ctx, in.School, item.Call.ID, obstacle); err != nil {
				return err
			}
		}
		return nil
	})
}
