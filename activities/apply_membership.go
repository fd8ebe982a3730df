package activities

import (
	"context"
	"errors"

	"github.com/samber/lo"
	"go.temporal.io/sdk/activity"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// ApplyMembership makes the slice's chats, sets titles, brings people in and turns plain
// members out.
func (a *Activities) ApplyMembership(ctx context.Context, in workflows.ApplyInput) (workflows.Applied, error) {
	return a.execute(ctx, in, func(x *executor, ctx context.Context) error {
		if activity.GetInfo(ctx).Attempt > 1 {
			if err := x.lookAgain(ctx); err != nil {
				return err
			}
		}
		if err := x.createChats(ctx); err != nil {
			return err
		}
		for {
			err := x.changeMembers(ctx)
			if err != nil && !errors.Is(err, errPlanAgain) {
				return err
			}
			if doubted := x.clearDoubts(ctx); doubted != nil || err == nil {
				return doubted
			}
		}
	})
}

// lookAgain reads the chats into which people are still to be brought: an earlier try may have
// brought them in without our learning of it, and the messenger refuses to do so twice.
func (x *executor) lookAgain(ctx context.Context) error {
	ops, err := x.pending(ctx, reconcile.StepAdd)
	if err != nil {
		return err
	}
	effects := x.a.Store.NewEffects()
	if err := x.seatPresent(ctx, effects, ops); err != nil {
		return err
	}
	return effects.Record(ctx)
}

// clearDoubts reads the chats into which people could not be brought. The messenger gives one
// and the same code where somebody is there already, brought in by hand since the last
// reading, and where they cannot be added; whoever is there is seated, the others are refused.
func (x *executor) clearDoubts(ctx context.Context) error {
	doubts := x.doubts
	x.doubts = nil
	if len(doubts) == 0 {
		return nil
	}
	effects := x.a.Store.NewEffects()
	if err := x.seatPresent(ctx, effects, lo.Map(doubts, func(t task, _ int) store.OperationRow { return *t.op })); err != nil {
		return err
	}
	for _, t := range doubts {
		if !isPresent(t.chat, t.op.Account) {
			effects.MemberRefused(t.chat.ID, t.op.Operation, messenger.CodeMemberRefused)
			x.end(effects, t.op, store.OperationFailed, messenger.CodeMemberRefused)
		}
	}
	return effects.Record(ctx)
}

// seatPresent reads the chats of some operations that bring people in, and takes in who is
// there already.
func (x *executor) seatPresent(ctx context.Context, effects *store.Effects, ops []store.OperationRow) error {
	byChat := lo.GroupBy(ops, func(o store.OperationRow) chats.Key { return o.Chat })
	doubtful := lo.FilterMap(ops, func(o store.OperationRow, _ int) (*store.MirrorChat, bool) {
		chat := x.mirror[o.Chat]
		return chat, chat != nil && chat.Ref != ""
	})
	doubtful = lo.Uniq(doubtful)
	states, err := x.m.Read(ctx, lo.Map(doubtful, func(c *store.MirrorChat, _ int) messenger.ChatRef { return c.Ref }))
	if err != nil {
		return err
	}
	for i, state := range states {
		if state.Err == nil {
			x.seat(effects, doubtful[i], state, byChat[doubtful[i].Key])
		}
	}
	return nil
}

// createChats makes the chats that are to be made, each under its nonce. One that the messenger
// was asked for before, without our learning the answer, is looked for first.
func (x *executor) createChats(ctx context.Context) error {
	ops, err := x.pending(ctx, reconcile.StepEnsure, reconcile.StepAdd)
	if err != nil {
		return err
	}
	byChat := lo.GroupBy(ops, func(o store.OperationRow) chats.Key { return o.Chat })
	unmade := lo.Filter(ops, func(o store.OperationRow, _ int) bool {
		chat := x.mirror[o.Chat]
		return o.Kind == reconcile.Create && chat != nil && chat.Ref == ""
	})
	asked := lo.FilterMap(unmade, func(o store.OperationRow, _ int) (*store.MirrorChat, bool) {
		return x.mirror[o.Chat], x.mirror[o.Chat].Asked
	})
	if err := x.findChats(ctx, asked, byChat); err != nil {
		return err
	}
	var tasks []task
	for i, o := range unmade {
		chat := x.mirror[o.Chat]
		if chat.Ref != "" {
			continue // found
		}
		with := lo.Filter(byChat[o.Chat], func(o store.OperationRow, _ int) bool { return o.Step == reconcile.StepAdd })
		tasks = append(tasks, task{chat: chat, op: &unmade[i], with: with, call: messenger.Call{
			Kind: messenger.CallCreateChat, Title: chat.Nonce,
			Accounts: lo.Map(with, func(o store.OperationRow, _ int) school.AccountID { return o.Account }),
		}})
	}
	ids := lo.Map(tasks, func(t task, _ int) int64 { return t.chat.ID })
	if err := x.a.Store.AskForChats(ctx, ids); err != nil {
		return err
	}
	return x.run(ctx, tasks)
}

// findChats looks for chats by their nonces and takes over those that are there, with whoever
// is in them already.
func (x *executor) findChats(ctx context.Context, asked []*store.MirrorChat, ops map[chats.Key][]store.OperationRow) error {
	if len(asked) == 0 {
		return nil
	}
	refs, err := x.m.FindByTitle(ctx, lo.Map(asked, func(c *store.MirrorChat, _ int) string { return c.Nonce }))
	if err != nil {
		return err
	}
	found := lo.Filter(asked, func(c *store.MirrorChat, _ int) bool { return refs[c.Nonce] != "" })
	if len(found) == 0 {
		return nil
	}
	states, err := x.m.Read(ctx, lo.Map(found, func(c *store.MirrorChat, _ int) messenger.ChatRef { return refs[c.Nonce] }))
	if err != nil {
		return err
	}
	effects := x.a.Store.NewEffects()
	for i, state := range states {
		if state.Err != nil {
			return state.Err
		}
		x.takeOver(effects, found[i], state, ops[found[i].Key])
	}
	return effects.Record(ctx)
}

func (x *executor) takeOver(e *store.Effects, chat *store.MirrorChat, state messenger.ChatState, ops []store.OperationRow) {
	e.ChatMade(chat.ID, state.Ref)
	chat.Ref, chat.State, chat.Title = state.Ref, reconcile.ChatLive, chat.Nonce
	x.seat(e, chat, state, ops)
}

// seat takes in who is in a chat, as far as people were to be brought into it.
func (x *executor) seat(e *store.Effects, chat *store.MirrorChat, state messenger.ChatState, ops []store.OperationRow) {
	expected := lo.SliceToMap(ops, func(o store.OperationRow) (school.AccountID, store.OperationRow) { return o.Account, o })
	for _, m := range state.Members {
		if op, ok := expected[m.Account]; ok && op.Step == reconcile.StepAdd {
			x.present(e, chat, &op)
		}
		e.MemberSeen(chat.ID, m)
	}
}

// changeMembers sets titles, reads missing links, adds, invites and removes.
func (x *executor) changeMembers(ctx context.Context) error {
	ops, err := x.pending(ctx, reconcile.StepEnsure, reconcile.StepAdd, reconcile.StepRemove)
	if err != nil {
		return err
	}
	effects := x.a.Store.NewEffects()
	var tasks []task
	linked := map[chats.Key]bool{}
	for i := range ops {
		op := &ops[i]
		chat := x.mirror[op.Chat]
		if op.Kind == reconcile.Ask {
			x.done(effects, op) // it is on record with its code since the plan is
			continue
		}
		if chat == nil || chat.Ref == "" || chat.State == reconcile.ChatGone {
			x.end(effects, op, store.OperationSkipped, messenger.CodeChatGone)
			continue
		}
		if !chat.HasLink && !linked[op.Chat] {
			linked[op.Chat] = true
			tasks = append(tasks, task{chat: chat, call: messenger.Call{Kind: messenger.CallInviteLink, Chat: chat.Ref}})
		}
		if call, ok := x.membershipCall(chat, op); ok {
			tasks = append(tasks, task{call: call, chat: chat, op: op})
		} else {
			x.invited(effects, chat, op)
		}
	}
	if err := effects.Record(ctx); err != nil {
		return err
	}
	return x.run(ctx, tasks)
}

// membershipCall is the call an operation needs; an invitation needs none.
func (x *executor) membershipCall(chat *store.MirrorChat, op *store.OperationRow) (messenger.Call, bool) {
	switch op.Kind {
	case reconcile.Create, reconcile.Rename:
		return messenger.Call{Kind: messenger.CallSetTitle, Chat: chat.Ref, Title: op.Title}, true
	case reconcile.Add:
		return messenger.Call{Kind: messenger.CallAddMember, Chat: chat.Ref, Account: op.Account}, x.adding != reconcile.AddingDenied
	case reconcile.Remove:
		return removal(chat, op), true
	default:
		return messenger.Call{}, false
	}
}

// removal turns somebody out. A stranger has the link, and must not come back by it.
func removal(chat *store.MirrorChat, op *store.OperationRow) messenger.Call {
	return messenger.Call{
		Kind: messenger.CallRemoveMember, Chat: chat.Ref, Account: op.Account, Block: op.Rule == reconcile.RuleStranger,
	}
}
