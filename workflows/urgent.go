package workflows

import (
	"fmt"

	"github.com/samber/lo"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/chats"
)

// A long pass lets small urgent requests through: its children rest between two slices, the
// urgent part is planned and carried out under the same epoch, and the children go on. What the
// part has planned anew is left out of the children's plans.

// watch waits for the children to end, letting urgent requests through meanwhile. A pass that is
// small itself ends sooner than anything could be let through.
func (p *pass) watch(ctx workflow.Context) {
	if p.request.Scope.Small() && !p.request.Scope.Calls {
		return
	}
	inbox := &p.lane.inbox
	for {
		_ = workflow.Await(ctx, func() bool {
			return p.running == 0 || inbox.signals.Len() > 0 || lo.ContainsBy(inbox.pending, Request.urgent)
		})
		if p.running == 0 || ctx.Err() != nil {
			return
		}
		inbox.receive(ctx)
		if requests := inbox.take(Request.urgent); len(requests) > 0 {
			p.letThrough(ctx, requests)
		}
	}
}

// letThrough serves urgent requests in the middle of the pass.
func (p *pass) letThrough(ctx workflow.Context, requests []Request) {
	p.parts++
	part := &urgentPart{pass: p, number: p.parts, requests: requests, request: Merge(requests)}
	p.lane.phase(ctx, "letting an urgent request through (part %d)", part.number)
	var problem *Problem
	if part.request.Scope.OnlyCalls() { // which keep out of the children's way
		problem = part.syncCalls(ctx)
	} else {
		p.rest(ctx)
		problem = part.carryOut(ctx)
		p.order(ctx, false)
		p.partProblem = lo.CoalesceOrEmpty(p.partProblem, problem)
	}
	report := part.record(ctx, problem)
	p.lane.inbox.answer(requests, report, report.Problem)
	p.lane.phase(ctx, "urgent part %d ended: %s", part.number, report.Outcome)
}

// rest has the children rest and waits until each does, or has ended.
func (p *pass) rest(ctx workflow.Context) {
	p.resting = map[chats.Type]bool{}
	p.order(ctx, true)
	answers := workflow.GetSignalChannel(ctx, Paused)
	rested := func() bool { return lo.EveryBy(p.children, func(c *runningChild) bool { return p.resting[c.kind] }) }
	for !rested() && ctx.Err() == nil {
		_ = workflow.Await(ctx, func() bool { return answers.Len() > 0 || rested() })
		var a pauseAnswer
		for answers.ReceiveAsync(&a) {
			p.resting[a.Type] = p.resting[a.Type] || a.Number == p.orders
		}
	}
}

// order tells the children to rest or to go on. One that cannot be told has ended, or has not
// begun: that is rest.
func (p *pass) order(ctx workflow.Context, rest bool) {
	p.orders++
	children := p.children
	futures := lo.Map(children, func(c *runningChild, _ int) workflow.Future {
		return c.future.SignalChildWorkflow(ctx, Pause, pauseOrder{Number: p.orders, Rest: rest})
	})
	for i, f := range futures {
		if err := f.Get(ctx, nil); err != nil {
			p.resting[children[i].kind] = true
		}
	}
}

// urgentPart is what is let through: some requests, served by plans of their own.
type urgentPart struct {
	pass       *pass
	number     int
	requests   []Request
	request    Request
	unreadable int
	calls      VideoCallReport
}

func (u *urgentPart) carryOut(ctx workflow.Context) *Problem {
	school, trigger := u.pass.lane.school, u.request.Trigger
	if u.request.Verify {
		work, err := readChats.run(ctx, messengerOptions(school, trigger, u.request.Scope, "read the chats of the urgent request"),
			ReadChatsInput{School: school, Epoch: u.pass.fetched.Epoch, Scope: u.request.Scope})
		if err != nil {
			return problemOf(err)
		}
		u.unreadable = work.Unreadable
		u.request.Scope = withAdopted(u.request.Scope, work)
	}
	types := lo.Filter(chats.Types(), func(t chats.Type, _ int) bool { return u.request.Scope.Covers(t) })
	for _, t := range types {
		if problem := u.sync(ctx, t); problem != nil {
			return problem
		}
	}
	if u.request.Scope.CoversCalls() {
		return u.syncCalls(ctx)
	}
	return nil
}

func (u *urgentPart) syncCalls(ctx workflow.Context) *Problem {
	var problem *Problem
	u.calls, problem = u.pass.syncCalls(ctx, u.request.Trigger)
	return lo.CoalesceOrEmpty(problem, u.calls.Problem)
}

func (u *urgentPart) sync(ctx workflow.Context, t chats.Type) *Problem {
	p := u.pass
	plan, err := diff.run(ctx, storeOptions(p.lane.school, u.request.Trigger, fmt.Sprintf("plan the urgent part of the %s chats", t)),
		DiffInput{
			School: p.lane.school, Epoch: p.fetched.Epoch, Type: t, HoldCounted: p.work.HoldCounted,
			Scope: u.request.Scope, Part: u.number, PassScope: p.request.Scope,
		})
	if err != nil {
		return problemOf(err)
	}
	for _, slice := range plan.Slices {
		s := sliceWork{school: p.lane.school, epoch: p.fetched.Epoch, plan: plan.ID, trigger: u.request.Trigger, scope: u.request.Scope, slice: slice}
		if _, err := s.run(ctx, fmt.Sprintf("urgent part %d", u.number)); err != nil {
			return problemOf(err)
		}
	}
	return nil
}

func (u *urgentPart) record(ctx workflow.Context, problem *Problem) PassReport {
	return recordEnd(ctx, u.request.Trigger, RecordPassInput{
		School: u.pass.lane.school, Epoch: u.pass.fetched.Epoch, Part: u.number, Requests: u.requests,
		Unreadable: u.unreadable, Problem: problem, Portal: u.calls.Portal, Served: u.calls.Served,
	})
}
