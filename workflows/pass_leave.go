package workflows

import "go.temporal.io/sdk/workflow"

// leaveChats ends a school's move to another messenger: the last act of the pass, after which all that is left of the pass
// is to be recorded. The Portal shows the new chats by then: where it does not, it is put off.
func (p *pass) leaveChats(ctx workflow.Context) *Problem {
	l := p.lane
	l.phase(ctx, "all chats are on the other messenger: leaving the old ones")
	served, err := leaveChats.run(ctx, messengerOptions(l.school, p.request.Trigger, p.request.Scope, "say farewell in the old chats, and take over the new ones"),
		LeaveInput{School: l.school, Epoch: p.fetched.Epoch})
	p.served.add(served)
	return problemOf(err)
}
