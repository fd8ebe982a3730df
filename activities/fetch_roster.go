package activities

import (
	"context"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/workflows"
)

// FetchRoster begins a pass and tells which chat types have work.
func (a *Activities) FetchRoster(ctx context.Context, in workflows.FetchRosterInput) (workflows.Fetched, error) {
	var out workflows.Fetched
	var err error
	out.Epoch, err = a.Store.BeginPass(ctx, store.PassBegin{
		School: in.School, Request: in.Pass.ID, Trigger: string(in.Pass.Trigger), RequestedBy: in.Pass.RequestedBy,
		Verify: in.Pass.Verify, Scope: in.Pass.Scope, Requests: asked(in.Requests),
	})
	if err != nil {
		return out, err
	}
	telemetry.Begun(ctx, out.Epoch)
	row, err := a.Store.School(ctx, in.School)
	if err != nil {
		return out, err
	}
	if row.Schedule.KeepsLaneOpen() {
		out.Round = a.Round
	}
	err = a.fetch(ctx, in, &out)
	if code, message := permanent(err); code != "" && out.Round > 0 {
		out.Problem = &workflows.Problem{Code: code, Message: message}
		return out, nil
	}
	return out, err
}

// fetch surveys the school for a pass that has begun.
func (a *Activities) fetch(ctx context.Context, in workflows.FetchRosterInput, out *workflows.Fetched) error {
	s, err := a.survey(ctx, in.School, survey.Options{Scope: in.Pass.Scope})
	if err != nil {
		return err
	}
	if !s.School.TokenSet {
		return tokenMissing(in.School)
	}
	out.Roster, out.Untried = s.School.Snapshot, !s.School.TokenTried
	out.Publishes, out.LinksDue = a.publishes(s), a.linksDue(in.Requests, s)
	if out.Work, err = a.workOf(ctx, s); err != nil {
		return err
	}
	if out.Proven, err = a.proven(ctx, in, s); err != nil {
		return err
	}
	return a.Store.SetPassSnapshot(ctx, in.School, out.Epoch, out.Roster)
}

// proven tells whether a pass that a clock asked for need not read the chats: the messenger's
// events have been followed without a gap since the chats were read last. They tell nothing of
// rights given by hand; those a sweep over the district finds, which always reads.
func (a *Activities) proven(ctx context.Context, in workflows.FetchRosterInput, s survey.Survey) (bool, error) {
	clock := lo.EveryBy(in.Requests, func(r workflows.Request) bool {
		return !r.Verify || r.Trigger == workflows.TriggerSchedule || r.Trigger == workflows.TriggerContinuous
	})
	if !clock || !in.Pass.Verify {
		return false, nil
	}
	read := time.Time{}
	for _, c := range s.Mirror {
		if c.Ref == "" {
			continue
		}
		if c.VerifiedAt == nil {
			return false, nil
		}
		if read.IsZero() || c.VerifiedAt.Before(read) {
			read = *c.VerifiedAt
		}
	}
	if read.IsZero() {
		return false, nil
	}
	return a.Store.EventsProven(ctx, in.School, read)
}

// linksDue tells whether a pass reads the account links first: whether any of its requests wants that.
// Between its rounds the links of a continuous school are looked at anyway, and an event tells what it is
// about.
func (a *Activities) linksDue(requests []workflows.Request, s survey.Survey) bool {
	return a.Portal.GivesLinks() && s.School.SuccessorOf == "" && lo.SomeBy(requests, func(r workflows.Request) bool {
		told := r.Trigger == workflows.TriggerEvent || r.Trigger == workflows.TriggerContinuous
		return !r.Scope.OnlyCalls() && (s.Links.CompleteAt == nil || !told)
	})
}

// survey lays a school out as the deployment has it.
func (a *Activities) survey(ctx context.Context, id school.ID, o survey.Options) (survey.Survey, error) {
	o.LinksDue = a.Portal.GivesLinks()
	return survey.Take(ctx, a.Store, id, a.Now(), o)
}

func (a *Activities) workOf(ctx context.Context, s survey.Survey) (workflows.Work, error) {
	work := workflows.Work{Types: s.WorkTypes(), HoldCounted: s.Plan.SchoolHeld}
	var err error
	if work.Calls, err = s.CallsWork(ctx, a.Store, a.Now(), a.publishes(s)); err != nil {
		return work, err
	}
	if !work.Calls && len(work.Types) > 0 {
		if work.Calls, err = a.callsWait(ctx, s.School.ID); err != nil {
			return work, err
		}
	}
	if work.Leaving, err = a.mayLeave(ctx, s); err != nil || !a.publishes(s) {
		return work, err
	}
	publication, err := s.Publication(ctx, a.Store)
	work.Publish = publication.Any()
	return work, err
}

// publishes tells whether the school's chats and calls are shown on a Portal. A successor's are shown as those of the school
// that it takes over from.
func (a *Activities) publishes(s survey.Survey) bool {
	return a.Portal.Publishes() && s.School.SuccessorOf == ""
}

// callsWait tells whether a call waits for its chat, which a pass that changes chats may make: then the call
// is that pass's matter too.
func (a *Activities) callsWait(ctx context.Context, id school.ID) (bool, error) {
	open, err := a.Store.OpenCalls(ctx, id)
	return lo.SomeBy(open, func(s calls.State) bool { return s.Problem == calls.ProblemNoChat }), err
}

func asked(requests []workflows.Request) []store.Asked {
	return lo.Map(requests, func(r workflows.Request, _ int) store.Asked {
		return store.Asked{ID: r.ID, Trigger: string(r.Trigger), RequestedBy: r.RequestedBy}
	})
}
