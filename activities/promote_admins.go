package activities

import (
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
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

// retire demotes, and removes former admins.
func (x *executor) retire(ctx context.Context) error {
	waiting, err := x.unconfirmed(ctx)
	if err != nil {
		return err
	}
	ops, err := x.pending(ctx, reconcile.StepDemote, reconcile.StepRetire)
	if err != nil {
		return err
	}
	kept := lastAdmins(ops, waiting, x.mirror)
	return x.changeRoles(ctx, func(chat *store.MirrorChat, op *store.OperationRow) (messenger.Call, messenger.Code) {
		if kept[op.Seq] {
			return messenger.Call{}, codeLastAdmin
		}
		if op.Kind == reconcile.Remove {
			return removal(chat, op), ""
		}
		return messenger.Call{Kind: messenger.CallDemote, Chat: chat.Ref, Account: op.Account}, ""
	}, reconcile.StepDemote, reconcile.StepRetire)
}

// unconfirmed are the people, by chat, whose promotion was planned and did not succeed.
func (x *executor) unconfirmed(ctx context.Context) (map[chats.Key][]school.PersonID, error) {
	ops, err := x.a.Store.Operations(ctx, x.in.Plan)
	if err != nil {
		return nil, err
	}
	people := map[chats.Key][]school.PersonID{}
	for _, o := range ops {
		if o.Kind == reconcile.Promote && o.State != store.OperationDone {
			people[o.Chat] = append(people[o.Chat], o.Person)
		}
	}
	return people, nil
}

// lastAdmins are the operations, by number, that are not carried out: a chat that waits for a
// promotion keeps one of the admins it has, the last to go, and somebody who is to be admin under a
// new account keeps the old one until then. People whose own time has ended go all the same, and are
// not counted on.
func lastAdmins(
	ops []store.OperationRow, waiting map[chats.Key][]school.PersonID, mirror map[chats.Key]*store.MirrorChat,
) map[int]bool {
	admins := map[chats.Key]map[school.AccountID]bool{}
	for key := range waiting {
		if chat := mirror[key]; chat != nil {
			present := lo.Filter(chat.Members, func(m reconcile.Member, _ int) bool { return m.Admin && m.State == reconcile.MemberPresent })
			admins[key] = lo.SliceToMap(present, func(m reconcile.Member) (school.AccountID, bool) { return m.Account, true })
		}
	}
	kept := map[int]bool{}
	var others []store.OperationRow
	for _, o := range ops {
		switch {
		case !o.MayWait():
			delete(admins[o.Chat], o.Account)
		case o.Rule == reconcile.RuleAccountReplaced && slices.Contains(waiting[o.Chat], o.Person):
			kept[o.Seq] = true
		default:
			others = append(others, o)
		}
	}
	for _, o := range others {
		left := admins[o.Chat]
		if !left[o.Account] {
			continue
		}
		if len(left) == 1 {
			kept[o.Seq] = true
			continue
		}
		delete(left, o.Account)
	}
	return kept
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
