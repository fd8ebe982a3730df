package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// sliceWork carries one slice of a stored plan out: chats and members, then admins.
type sliceWork struct {
	school  school.ID
	epoch   int64
	plan    int64
	trigger Trigger
	scope   Scope
	slice   Slice
	// note is told of each of the two steps.
	note func(format string, args ...any)
}

func (s sliceWork) run(ctx workflow.Context, name string) (Applied, error) {
	var total Applied
	in := ApplyInput{School: s.school, Epoch: s.epoch, Plan: s.plan, Slice: s.slice}
	step := func(what string, a activity[ApplyInput, Applied]) error {
		summary := fmt.Sprintf("%s (%d chats): %s", name, s.slice.Chats, what)
		applied, err := a.run(ctx, messengerOptions(s.school, s.trigger, s.scope, summary), in)
		total = total.plus(applied)
		if s.note != nil {
			s.note("%s: %d done, %d failed", summary, applied.Done, applied.Failed)
		}
		return err
	}
	if s.slice.Membership {
		if err := step("chats and members", applyMembership); err != nil {
			return total, err
		}
	}
	if s.slice.Roles {
		return total, step("admins", promoteAdmins)
	}
	return total, nil
}
