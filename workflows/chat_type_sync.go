package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// ChatTypeSyncInput starts the work on one chat type of a pass.
type ChatTypeSyncInput struct {
	School      school.ID  `json:"school"`
	Epoch       int64      `json:"epoch"`
	Roster      string     `json:"roster"`
	Type        chats.Type `json:"type"`
	HoldCounted bool       `json:"holdCounted,omitempty"`
	Scope       Scope      `json:"scope"`
	Trigger     Trigger    `json:"trigger"`
}

// ChatTypeReport is what became of one chat type in a pass.
type ChatTypeReport struct {
	Plan    int64   `json:"plan"`
	Applied Applied `json:"applied"`
	Holds   int     `json:"holds,omitempty"`
}

// ChatTypeSync plans one chat type and carries the plan out, slice by slice. Inside a chat
// the order is: make it, bring people in, promote, demote, turn out.
func ChatTypeSync(ctx workflow.Context, in ChatTypeSyncInput) (ChatTypeReport, error) {
	return (&chatTypeSync{in: in, notes: newDetails(fmt.Sprintf("%s chats of %s", in.Type, in.School))}).run(ctx)
}

type chatTypeSync struct {
	in     ChatTypeSyncInput
	plan   StoredPlan
	report ChatTypeReport
	notes  details
	pauses pauses
}

func (s *chatTypeSync) run(ctx workflow.Context) (ChatTypeReport, error) {
	s.pauses.open(ctx)
	plan, err := diff.run(ctx,
		storeOptions(s.in.School, s.in.Trigger, fmt.Sprintf("plan the %s chats", s.in.Type)),
		DiffInput{School: s.in.School, Epoch: s.in.Epoch, Roster: s.in.Roster, Type: s.in.Type, HoldCounted: s.in.HoldCounted, Scope: s.in.Scope})
	if err != nil {
		return s.report, fail(problemOf(err))
	}
	s.plan = plan
	s.report.Plan, s.report.Holds = plan.ID, plan.Holds
	s.notes.add(ctx, "plan %d: %d operations in %d slices, %d held", plan.ID, plan.Operations, len(plan.Slices), plan.Holds)
	for i, slice := range plan.Slices {
		if err := s.pauses.between(ctx, s.in.Type); err != nil {
			return s.report, s.end(ctx, err)
		}
		if err := s.apply(ctx, i, slice); err != nil {
			return s.report, s.end(ctx, err)
		}
	}
	s.notes.add(ctx, "done")
	return s.report, nil
}

func (s *chatTypeSync) apply(ctx workflow.Context, i int, slice Slice) error {
	work := sliceWork{
		school: s.in.School, epoch: s.in.Epoch, plan: s.plan.ID, trigger: s.in.Trigger, scope: s.in.Scope, slice: slice,
		note: func(format string, args ...any) { s.notes.add(ctx, format, args...) },
	}
	applied, err := work.run(ctx, fmt.Sprintf("slice %d of %d", i+1, len(s.plan.Slices)))
	s.report.Applied = s.report.Applied.plus(applied)
	return err
}

func (s *chatTypeSync) end(ctx workflow.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fail(problemOf(err))
}
