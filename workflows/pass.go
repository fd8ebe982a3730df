package workflows

import (
	"fmt"
	"time"

	"github.com/samber/lo"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/chats"
)

// pass brings the school's chats in step once: fetch the roster, read the messenger where a
// request wants that, and let a child workflow per chat type with work do the rest. Nothing
// to do: no child, and the pass is over.
type pass struct {
	lane     *lane
	requests []Request
	request  Request // the requests merged
	fetched  Fetched
	work     Work

	// children are those that have not ended; resting are the types of those that rest, by the
	// newest of the numbered orders. parts counts the urgent parts let through.
	children []*runningChild
	resting  map[chats.Type]bool
	orders   int
	parts    int
	// partProblem is that of an urgent part that failed: what it took out of the plans is undone.
	partProblem *Problem

	// running counts what goes on side by side and has not ended: the types' work, and the video calls'.
	running int
	// portal is what was wrong with the Portal; served what was done beside the plans; calling tells
	// that the child for the video calls is running.
	portal  *Problem
	served  Served
	calling bool
}

func (p *pass) run(ctx workflow.Context) PassReport {
	p.lane.attribute(ctx, triggerAttribute(), string(p.request.Trigger))
	problem := p.carryOut(ctx)
	report := p.record(ctx, problem)
	p.lane.attribute(ctx, outcomeAttribute(), string(report.Outcome))
	return report
}

func (p *pass) carryOut(ctx workflow.Context) *Problem {
	l, trigger := p.lane, p.request.Trigger
	l.phase(ctx, "%s request (%d in one pass): fetching the roster", trigger, len(p.requests))
	var err error
	p.fetched, err = fetchRoster.run(ctx,
		storeOptions(l.school, trigger, "fetch the roster and compare it with the chats"),
		FetchRosterInput{School: l.school, Pass: p.request, Requests: p.requests})
	if err != nil {
		problem := problemOf(err)
		if problem.lasting() {
			l.round = 0 // of a continuous school it would have come as a result
		}
		return problem
	}
	l.round = p.fetched.Round
	if p.fetched.Problem != nil {
		return p.fetched.Problem
	}
	p.work = p.fetched.Work
	p.readLinks(ctx)
	if err := ctx.Err(); err != nil {
		return problemOf(err)
	}
	if p.request.Verify && !p.fetched.Proven || p.fetched.Untried {
		l.phase(ctx, "reading the chats from the messenger")
		p.work, err = readChats.run(ctx,
			messengerOptions(l.school, trigger, p.request.Scope, "read the chats from the messenger"),
			ReadChatsInput{School: l.school, Epoch: p.fetched.Epoch, Roster: p.fetched.Roster, Scope: p.request.Scope})
		if err != nil {
			return problemOf(err)
		}
		l.phase(ctx, "read %d chats, %d could not be read", p.work.Chats, p.work.Unreadable)
		p.request.Scope = withAdopted(p.request.Scope, p.work)
	}
	return p.sync(ctx)
}

// runningChild is a child workflow that has not ended yet.
type runningChild struct {
	kind   chats.Type
	future workflow.ChildWorkflowFuture
}

// sync runs a child per chat type with work, and one for the video calls, side by side, and then
// publishes the chats. One child's trouble does not stop the others.
func (p *pass) sync(ctx workflow.Context) *Problem {
	types := lo.Filter(p.work.Types, func(t chats.Type, _ int) bool { return p.request.Scope.Covers(t) })
	calls := p.work.Calls && p.request.Scope.CoversCalls()
	if len(types) == 0 && !calls && !p.work.Publish && !p.work.Leaving {
		p.lane.phase(ctx, "nothing to do")
		return nil
	}
	p.lane.phase(ctx, "work in %v%s", types, lo.Ternary(calls, ", video calls", ""))
	var worst *Problem
	var called VideoCallReport
	group := workflow.NewWaitGroup(ctx)
	run := func(name string, f func(workflow.Context) *Problem) {
		group.Add(1)
		p.running++
		workflow.GoNamed(ctx, name, func(ctx workflow.Context) {
			defer group.Done()
			problem := f(ctx) // which takes its time: others write to worst meanwhile
			worst = lo.CoalesceOrEmpty(worst, problem)
			p.running--
		})
	}
	for _, t := range types {
		child := &runningChild{kind: t, future: p.start(ctx, t)}
		p.children = append(p.children, child)
		run(string(t), func(ctx workflow.Context) *Problem {
			problem := p.syncType(ctx, child)
			p.children = lo.Without(p.children, child)
			return problem
		})
	}
	if calls {
		run("calls", func(ctx workflow.Context) *Problem {
			var problem *Problem
			called, problem = p.serveCalls(ctx)
			return problem
		})
	}
	p.watch(ctx)
	group.Wait(ctx)
	if called.Waiting > 0 && len(types) > 0 {
		_, problem := p.serveCalls(ctx) // the chats they waited for may be there now
		worst = lo.CoalesceOrEmpty(worst, problem)
	}
	p.publishChats(ctx, len(types) > 0)
	worst = lo.CoalesceOrEmpty(worst, p.partProblem, problemOf(ctx.Err()))
	if worst == nil && p.portal == nil && p.work.Leaving {
		worst = p.leaveChats(ctx)
	}
	return worst
}

// A child of an earlier run that was cut off is given this long to end.
const (
	busyPause = 5 * time.Second
	busyTries = 12
)

// syncType runs the child of one chat type.
func (p *pass) syncType(ctx workflow.Context, child *runningChild) *Problem {
	var result ChatTypeReport
	first := true
	err := p.whenFree(ctx, string(child.kind), func() workflow.ChildWorkflowFuture {
		if !first {
			child.future = p.start(ctx, child.kind)
		}
		first = false
		return child.future
	}, &result)
	if err != nil {
		problem := problemOf(err)
		p.lane.phase(ctx, "%s: %s", child.kind, problem.Code)
		return problem
	}
	p.lane.phase(ctx, "%s: %d done, %d skipped, %d failed, %d held",
		child.kind, result.Applied.Done, result.Applied.Skipped, result.Applied.Failed, result.Holds)
	return nil
}

// whenFree runs a child as soon as one of the same id, left by an earlier run, has ended.
func (p *pass) whenFree(ctx workflow.Context, name string, start func() workflow.ChildWorkflowFuture, result any) error {
	err := start().Get(ctx, result)
	for try := 0; try < busyTries && temporal.IsWorkflowExecutionAlreadyStartedError(err); try++ {
		p.lane.phase(ctx, "%s: waiting for an earlier run's work to end", name)
		timer := workflow.NewTimerWithOptions(ctx, busyPause, workflow.TimerOptions{Summary: "let an earlier run's work end"})
		if err = timer.Get(ctx, nil); err == nil {
			err = start().Get(ctx, result)
		}
	}
	return err
}

func (p *pass) start(ctx workflow.Context, t chats.Type) workflow.ChildWorkflowFuture {
	school := p.lane.school
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          ChatTypeSyncID(school, t),
		TaskQueue:           TaskQueue,
		WaitForCancellation: true,
		// What a child is doing when its lane ends is finished or given up in order, not cut off.
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		StaticSummary:     fmt.Sprintf("%s chats of %s", t, school),
		Priority:          priority(school, p.request.Trigger),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			schoolAttribute().ValueSet(string(school)),
			chatTypeAttribute().ValueSet(string(t)),
			triggerAttribute().ValueSet(string(p.request.Trigger)),
		),
	})
	return workflow.ExecuteChildWorkflow(ctx, TypeChatTypeSync, ChatTypeSyncInput{
		School: school, Epoch: p.fetched.Epoch, Roster: p.fetched.Roster, Type: t,
		HoldCounted: p.work.HoldCounted, Scope: p.request.Scope, Trigger: p.request.Trigger,
	})
}

// record ends the pass in the store, whatever happened; also when the run was cancelled.
func (p *pass) record(ctx workflow.Context, problem *Problem) PassReport {
	return recordEnd(ctx, p.request.Trigger, RecordPassInput{
		School: p.lane.school, Epoch: p.fetched.Epoch, Requests: p.requests,
		Unreadable: p.work.Unreadable, Problem: problem, Portal: p.portal, Served: p.served,
	})
}

func recordEnd(ctx workflow.Context, t Trigger, in RecordPassInput) PassReport {
	if ctx.Err() != nil {
		ctx, _ = workflow.NewDisconnectedContext(ctx)
	}
	report, err := recordPass.run(ctx, storeOptions(in.School, t, "record the pass and answer its requests"), in)
	if err != nil {
		report = PassReport{
			School: in.School, Epoch: in.Epoch, Requests: len(in.Requests),
			Outcome: OutcomeFailed, Problem: lo.CoalesceOrEmpty(in.Problem, problemOf(err)),
		}
	}
	return report
}
