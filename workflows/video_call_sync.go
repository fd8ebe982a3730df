package workflows

import (
	"fmt"

	"github.com/samber/lo"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// VideoCallSyncInput starts the work on a school's video calls.
type VideoCallSyncInput struct {
	School  school.ID `json:"school"`
	Epoch   int64     `json:"epoch"`
	Roster  string    `json:"roster"`
	Trigger Trigger   `json:"trigger"`
	// Portal tells whether there is one to publish on.
	Portal bool `json:"portal,omitempty"`
}

// VideoCallReport is what became of a school's video calls in a pass.
type VideoCallReport struct {
	Served
	// Problem is that of the Portal or of the messenger where it kept a step from being done.
	Problem *Problem `json:"problem,omitempty"`
}

// VideoCallSync serves a school's video calls: rooms are made where a call brings none; then, side by
// side, the links go into the chats and onto the Portal, from where what is over or cancelled is taken
// down. Each step finds in the store what is still to be done, and records each act before the
// next, so that whatever fails when, a call has one room, one message and one place on the Portal.
// A step that cannot be done does not keep the others from being done.
func VideoCallSync(ctx workflow.Context, in VideoCallSyncInput) (VideoCallReport, error) {
	s := &videoCallSync{in: in, notes: newDetails("video calls of " + string(in.School))}
	s.step(ctx, "make and close rooms", makeRooms, messengerOptions)
	both := workflow.NewWaitGroup(ctx)
	both.Add(1)
	workflow.GoNamed(ctx, "chats", func(ctx workflow.Context) {
		defer both.Done()
		s.step(ctx, "send the links into the chats", announceCalls, messengerOptions)
	})
	if in.Portal {
		s.step(ctx, "publish on the Portal", publishCalls, portalOptions)
	}
	both.Wait(ctx)
	s.step(ctx, "put away what is done", closeCalls, func(id school.ID, t Trigger, _ Scope, summary string) workflow.ActivityOptions {
		return storeOptions(id, t, summary)
	})
	return s.report, ctx.Err()
}

type videoCallSync struct {
	in     VideoCallSyncInput
	report VideoCallReport
	notes  details
}

func (s *videoCallSync) step(
	ctx workflow.Context, what string, a activity[PublishInput, Served],
	options func(school.ID, Trigger, Scope, string) workflow.ActivityOptions,
) {
	if ctx.Err() != nil {
		return
	}
	served, err := a.run(ctx, options(s.in.School, s.in.Trigger, Scope{Calls: true}, what),
		PublishInput{School: s.in.School, Epoch: s.in.Epoch, Roster: s.in.Roster})
	s.report.add(served)
	s.report.Problem = lo.CoalesceOrEmpty(s.report.Problem, problemOf(err))
	switch {
	case err != nil:
		s.notes.add(ctx, "%s: %s", what, problemOf(err).Code)
	case len(served.Done)+len(served.Failed) > 0:
		s.notes.add(ctx, "%s: %s", what, fmt.Sprint(served.Done, served.Failed)) // maps are printed in order of their keys
	}
}
