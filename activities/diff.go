package activities

import (
	"context"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Diff plans one chat type and stores the plan.
func (a *Activities) Diff(ctx context.Context, in workflows.DiffInput) (workflows.StoredPlan, error) {
	var out workflows.StoredPlan
	s, err := a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster, HoldCounted: in.HoldCounted, Scope: in.Scope})
	if err != nil {
		return out, err
	}
	plan := s.Plan.Of(in.Type)
	if in.Part > 0 {
		// The pass that it is let through is about to make its chats, with everybody in them.
		plan = plan.WithoutCreations(in.PassScope)
	}
	row := store.PlanRow{School: in.School, Epoch: in.Epoch, Type: in.Type, Part: in.Part, Scope: in.Scope, Snapshot: s.Digest}
	id, existed, err := a.Store.SavePlan(ctx, row, plan, s.DesiredOf(in.Type))
	if err != nil {
		return out, err
	}
	operations := plan.Operations
	if existed {
		stored, err := a.Store.Operations(ctx, id)
		if err != nil {
			return out, err
		}
		operations = lo.Map(stored, func(o store.OperationRow, _ int) reconcile.Operation { return o.Operation })
	}
	return workflows.StoredPlan{
		ID: id, Digest: plan.Digest(), Operations: len(operations), Holds: len(plan.Holds), Slices: slicesOf(operations),
	}, nil
}

// sliceCalls is about how many messenger calls make a slice: a few full requests, so that a
// slice takes seconds and something more urgent need not wait longer.
const sliceCalls = 100

// slicesOf cuts a plan's operations into slices of whole chats.
func slicesOf(operations []reconcile.Operation) []workflows.Slice {
	var slices []workflows.Slice
	calls := 0
	for from := 0; from < len(operations); {
		to, cost, slice := chatAt(operations, from)
		if len(slices) == 0 || calls+cost > sliceCalls {
			slices = append(slices, slice)
			calls = 0
		} else {
			last := &slices[len(slices)-1]
			last.To = slice.To
			last.Chats++
			last.Membership = last.Membership || slice.Membership
			last.Roles = last.Roles || slice.Roles
		}
		calls += cost
		from = to
	}
	return slices
}

// chatAt looks at the operations of the chat that begins at from: where they end, how many
// messenger calls they take, and what kind of work they are.
func chatAt(operations []reconcile.Operation, from int) (to, cost int, slice workflows.Slice) {
	created := false
	for to = from; to < len(operations) && operations[to].Chat == operations[from].Chat; to++ {
		switch o := operations[to]; o.Kind {
		case reconcile.Create:
			created = true
			cost += 3 // make it, read its link, give it its title
		case reconcile.Add:
			cost += lo.Ternary(created, 0, 1)
		case reconcile.Ask, reconcile.Invite:
		default:
			cost++
		}
		if operations[to].Step < reconcile.StepPromote {
			slice.Membership = true
		} else {
			slice.Roles = true
		}
	}
	slice.From, slice.To, slice.Chats = from, to-1, 1
	return to, cost, slice
}
