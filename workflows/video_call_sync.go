package workflows

import (
	"fmt"
	"time"

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
	// Problem is what kept a room from being made or a message from being sent, Portal what was wrong
	// with the Portal.
	Problem *Problem `json:"problem,omitempty"`
	Portal  *Problem `json:"portal,omitempty"`
}

// roomsPatience is how long what needs no new room waits for the rooms. Mostly they are there in a
// moment, and then everything is done in one go.
const roomsPatience = 3 * time.Second

// VideoCallSync serves a school's video calls: rooms are made where a call brings none; then, side by
// side, the links go into the chats and onto the Portal, from where what is over or cancelled is taken
// down. Each step finds in the store what is still to be done, and records each act before the
// next, so that whatever fails when, a call has one room, one message and one place on the Portal.
// A step that cannot be done, or takes long, does not keep the others from being done.
func VideoCallSync(ctx workflow.Context, in VideoCallSyncInput) (VideoCallReport, error) {
	s := &videoCallSync{in: in, notes: newDetails("video calls of " + string(in.School))}
	roomed, rooms := false, Served{}
	workflow.GoNamed(ctx, "rooms", func(ctx workflow.Context) {
		rooms = s.step(ctx, "make and close rooms", makeRooms, roomOptions, &s.report.Problem)
		roomed = true
	})
	inTime, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: roomsPatience, TimerOptions: workflow.TimerOptions{Summary: "what needs no new room does not wait longer"},
	}, func() bool { return roomed })
	if err != nil {
		return s.report, err
	}
	s.show(ctx)
	if err := workflow.Await(ctx, func() bool { return roomed }); err != nil {
		return s.report, err
	}
	if !inTime && rooms.Done[ServedRooms] > 0 {
		s.show(ctx)
	}
	s.step(ctx, "put away what is done", closeCalls, closeOptions, &s.report.Problem)
	return s.report, ctx.Err()
}

type videoCallSync struct {
	in     VideoCallSyncInput
	report VideoCallReport
	notes  details
}

// show sends the links into the chats and publishes them on the Portal, side by side.
func (s *videoCallSync) show(ctx workflow.Context) {
	both := workflow.NewWaitGroup(ctx)
	both.Add(1)
	workflow.GoNamed(ctx, "chats", func(ctx workflow.Context) {
		defer both.Done()
		s.step(ctx, "send the links into the chats", announceCalls, messengerOptions, &s.report.Problem)
	})
	if s.in.Portal {
		s.step(ctx, "publish on the Portal", publishCalls, portalOptions, &s.report.Portal)
	}
	both.Wait(ctx)
}

func (s *videoCallSync) step(
	ctx workflow.Context, what string, a activity[PublishInput, Served],
	options func(school.ID, Trigger, Scope, string) workflow.ActivityOptions, problem **Problem,
) Served {
	if ctx.Err() != nil {
		return Served{}
	}
	served, err := a.run(ctx, options(s.in.School, s.in.Trigger, Scope{Calls: true}, what),
		PublishInput{School: s.in.School, Epoch: s.in.Epoch, Roster: s.in.Roster})
	s.report.add(served)
	*problem = lo.CoalesceOrEmpty(*problem, problemOf(err))
	switch {
	case err != nil:
		s.notes.add(ctx, "%s: %s", what, problemOf(err).Code)
	case len(served.Done)+len(served.Failed) > 0:
		s.notes.add(ctx, "%s: %s", what, fmt.Sprint(served.Done, served.Failed)) // maps are printed in order of their keys
	}
	return served
}

// closeOptions are those of a step that uses PostgreSQL alone.
func closeOptions(id school.ID, t Trigger, _ Scope, summary string) workflow.ActivityOptions {
	return storeOptions(id, t, summary)
}
