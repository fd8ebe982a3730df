package workflows

import (
	"github.com/samber/lo"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The Portal's part in a pass. Trouble with it is told in the report, and keeps nothing else from
// being done: chats stay in step with the account links that were read last.

// readLinks reads the account links where that is due.
func (p *pass) readLinks(ctx workflow.Context) {
	if !p.fetched.LinksDue {
		return
	}
	l, trigger := p.lane, p.request.Trigger
	l.phase(ctx, "reading the account links from the Portal")
	read, err := readLinks.run(ctx, linksOptions(l.school, trigger, p.request.Scope, "read the account links from the Portal"),
		ReadLinksInput{School: l.school, Roster: p.fetched.Roster, Scope: p.request.Scope})
	if err != nil {
		p.portalTrouble(ctx, problemOf(err))
		return
	}
	p.work = read.Work
	l.phase(ctx, "account links: %d changed", read.Changed)
}

// publishChats has the Portal show the chats as the pass leaves them.
func (p *pass) publishChats(ctx workflow.Context, changed bool) {
	if !p.fetched.Publishes || !p.work.Publish && !changed || ctx.Err() != nil {
		return
	}
	served, err := publishChats.run(ctx, portalOptions(p.lane.school, p.request.Trigger, p.request.Scope, "publish the chats on the Portal"),
		PublishInput{School: p.lane.school, Epoch: p.fetched.Epoch, Roster: p.fetched.Roster})
	p.served.add(served)
	p.portalTrouble(ctx, problemOf(err))
}

func (p *pass) portalTrouble(ctx workflow.Context, problem *Problem) {
	if problem == nil || ctx.Err() != nil {
		return
	}
	p.portal = lo.CoalesceOrEmpty(p.portal, problem)
	p.lane.phase(ctx, "the Portal: %s", problem.Code)
}

// serveCalls serves the video calls as a part of the pass.
func (p *pass) serveCalls(ctx workflow.Context) (VideoCallReport, *Problem) {
	report, problem := p.syncCalls(ctx, p.request.Trigger)
	p.served.add(report.Served)
	p.portalTrouble(ctx, report.Portal)
	return report, lo.CoalesceOrEmpty(problem, report.Problem)
}

// syncCalls runs the child that serves the school's video calls; one at a time.
func (p *pass) syncCalls(ctx workflow.Context, t Trigger) (VideoCallReport, *Problem) {
	if err := workflow.Await(ctx, func() bool { return !p.calling }); err != nil {
		return VideoCallReport{}, problemOf(err)
	}
	p.calling = true
	defer func() { p.calling = false }()
	school := p.lane.school
	child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          VideoCallSyncID(school),
		TaskQueue:           TaskQueue,
		WaitForCancellation: true,
		ParentClosePolicy:   enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		StaticSummary:       "video calls of " + string(school),
		Priority:            priority(school, t),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			schoolAttribute().ValueSet(string(school)), triggerAttribute().ValueSet(string(t)),
		),
	})
	in := VideoCallSyncInput{School: school, Epoch: p.fetched.Epoch, Roster: p.fetched.Roster, Trigger: t, Portal: p.fetched.Publishes}
	var report VideoCallReport
	err := p.whenFree(ctx, "video calls", func() workflow.ChildWorkflowFuture {
		return workflow.ExecuteChildWorkflow(child, TypeVideoCallSync, in)
	}, &report)
	if err != nil {
		p.lane.phase(ctx, "video calls: %s", problemOf(err).Code)
		return report, problemOf(err)
	}
	return report, nil
}
