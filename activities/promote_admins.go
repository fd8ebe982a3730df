package activities

import (
	"context"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// PromoteAdmins sets the admin rights of the slice's chats: all promotions first, and only
// when they are confirmed the demotions and the removal of former admins.
func (a *Activities) PromoteAdmins(ctx context.Context, in workflows.ApplyInput) (workflows.Applied, error) {
	return a.execute(ctx, in, func(x *executor, ctx context.Context) error {
		if err := x.promote(ctx); err != nil {
			return err
		}
		return x.retire(ctx)
	})
}

// codeLastAdmin is the code of an operation that would have left a chat without its admin.
const codeLastAdmin messenger.Code = "last-admin"

func (x *executor) promote(ctx context.Context) error {
	return x.changeRoles(ctx, func(chat *store.MirrorChat, op *store.OperationRow) (messenger.Call, messenger.Code) {
		if !isPresent(chat, op.Account) {
			return messenger.Call{}, messenger.CodeMemberAbsent
		}
		return messenger.Call{Kind: messenger.CallPromote, Chat: chat.Ref, Account: op.Account}, ""
	}, reconcile.StepPromote)
}

// retire demotes, and removes former admins. A chat whose promotion did not come about keeps
// the admin it has, unless the person's own time has ended: then they go all the same.
func (x *executor) retire(ctx context.Context) error {
	waiting, err := x.unconfirmed(ctx)
	if err != nil {
		return err
	}
	return x.changeRoles(ctx, func(chat *store.MirrorChat, op *store.OperationRow) (messenger.Call, messenger.Code) {
		spared := op.Kind == reconcile.Demote || op.Rule == reconcile.RuleReplaced
		if spared && waiting[op.Chat] && otherAdmins(chat, op) == 0 {
			return messenger.Call{}, codeLastAdmin
		}
		kind := lo.Ternary(op.Kind == reconcile.Demote, messenger.CallDemote, messenger.CallRemoveMember)
		return messenger.Call{Kind: kind, Chat: chat.Ref, Account: op.Account}, ""
	}, reconcile.StepDemote, reconcile.StepRetire)
}

// unconfirmed are the chats of the slice in which a promotion was planned and did not succeed.
func (x *executor) unconfirmed(ctx context.Context) (map[chats.Key]bool, error) {
	ops, err := x.a.Store.Operations(ctx, x.in.Plan)
	if err != nil {
		return nil, err
	}
	failed := lo.Filter(ops, func(o store.OperationRow, _ int) bool {
		return o.Kind == reconcile.Promote && o.State != store.OperationDone
	})
	return lo.SliceToMap(failed, func(o store.OperationRow) (chats.Key, bool) { return o.Chat, true }), nil
}

func otherAdmins(chat *store.MirrorChat, op *store.OperationRow) int {
	return lo.CountBy(chat.Members, func(m reconcile.Member) bool {
		return m.Account != op.Account && m.Admin && m.State == reconcile.MemberPresent
	})
}

// changeRoles makes the calls of some steps; an operation for which call gives a code is skipped
// with it.
func (x *executor) changeRoles(
	ctx context.Context, call func(*store.MirrorChat, *store.OperationRow) (messenger.Call, messenger.Code), steps ...reconcile.Step,
) error {
	ops, err := x.pending(ctx, steps...)
	if err != nil {
		return err
	}
	effects := x.a.Store.NewEffects()
	var tasks []task
	for i := range ops {
		op := &ops[i]
		chat := x.mirror[op.Chat]
		if chat == nil || chat.Ref == "" || chat.State == reconcile.ChatGone {
			x.end(effects, op, store.OperationSkipped, messenger.CodeChatGone)
			continue
		}
		c, skip := call(chat, op)
		if skip != "" {
			x.end(effects, op, store.OperationSkipped, skip)
			continue
		}
		tasks = append(tasks, task{call: c, chat: chat, op: op})
	}
	if err := effects.Record(ctx); err != nil {
		return err
	}
	return x.run(ctx, tasks)
}
