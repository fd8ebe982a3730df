package activities

import (
	"context"
	"errors"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// executor carries out one slice of a stored plan. The replies to each request are recorded, in
// the mirror and on the plan's operations as one act, before the next request is made: so a
// later try finds only what is really still to be done.
type executor struct {
	a      *Activities
	in     workflows.ApplyInput
	m      messenger.Messenger
	mirror map[chats.Key]*store.MirrorChat
	adding reconcile.Adding
	beat   *beating
	// doubts are people whom the messenger refused, until it is seen that they are not in the
	// chat already.
	doubts []task
	// applied counts this attempt's work.
	applied workflows.Applied
}

// execute runs a part of the work on a slice with everything it needs.
func (a *Activities) execute(
	ctx context.Context, in workflows.ApplyInput, work func(*executor, context.Context) error,
) (workflows.Applied, error) {
	x := &executor{a: a, in: in, beat: startBeating(ctx)}
	defer x.beat.stop()
	m, community, err := a.messenger(ctx, in.School, in.Epoch)
	if err != nil {
		return x.applied, err
	}
	x.m, x.adding = m, community.Adding
	mirror, err := a.Store.Mirror(ctx, in.School)
	if err != nil {
		return x.applied, err
	}
	x.mirror = mirror.ByKey()
	err = a.remember(ctx, in.School, work(x, ctx))
	return x.applied, err
}

// pending loads the slice's operations of these steps that are still to be done.
func (x *executor) pending(ctx context.Context, steps ...reconcile.Step) ([]store.OperationRow, error) {
	return x.a.Store.PendingOperations(ctx, x.in.Plan, x.in.Slice.From, x.in.Slice.To, steps...)
}

// task is one messenger call and what it is for.
type task struct {
	call messenger.Call
	chat *store.MirrorChat
	op   *store.OperationRow // nil for a call of our own need, such as reading a link
	// with are operations that the call serves besides: adds given along with a creation.
	with []store.OperationRow
}

// errPlanAgain ends a run of calls early: what is left must be thought over.
var errPlanAgain = errors.New("plan the remaining calls again")

// run makes the calls. It is done when all are settled; errPlanAgain asks for another round.
func (x *executor) run(ctx context.Context, tasks []task) error {
	if len(tasks) == 0 {
		return nil
	}
	calls := lo.Map(tasks, func(t task, _ int) messenger.Call { return t.call })
	return x.m.Do(ctx, calls, func(first int, replies []messenger.Reply) error {
		effects := x.a.Store.NewEffects()
		before := x.adding
		for i, reply := range replies {
			x.settle(effects, tasks[first+i], reply)
		}
		if err := effects.Record(ctx); err != nil {
			return err
		}
		x.beat.advance(ctx, len(replies))
		if x.adding == before {
			return nil
		}
		if err := x.a.Store.SetAdding(ctx, x.in.School, x.adding); err != nil {
			return err
		}
		return lo.Ternary(x.adding == reconcile.AddingDenied, errPlanAgain, nil)
	})
}

// settle takes one reply in.
func (x *executor) settle(e *store.Effects, t task, reply messenger.Reply) {
	if reply.Err != nil {
		x.refused(e, t, messenger.CodeOf(reply.Err), reply.Err)
		return
	}
	switch t.call.Kind {
	case messenger.CallCreateChat:
		x.made(e, t, reply)
	case messenger.CallInviteLink, messenger.CallResetLink:
		e.LinkRead(t.chat.ID, reply.Link)
		t.chat.HasLink = reply.Link != ""
	case messenger.CallSetTitle:
		e.TitleSet(t.chat.ID, t.call.Title)
		x.done(e, t.op)
	case messenger.CallAddMember:
		x.adding = reconcile.AddingGranted
		x.present(e, t.chat, t.op)
	case messenger.CallRemoveMember:
		e.MemberRemoved(t.chat.ID, t.call.Account)
		x.forget(t.chat, t.call.Account)
		x.done(e, t.op)
	case messenger.CallPromote, messenger.CallDemote:
		admin := t.call.Kind == messenger.CallPromote
		e.AdminIs(t.chat.ID, t.call.Account, admin)
		x.setAdmin(t.chat, t.call.Account, admin)
		x.done(e, t.op)
	}
}

// refused takes in that one call failed. What concerns the request or the token stays pending:
// Do ends with it, and the activity's next try takes it up.
func (x *executor) refused(e *store.Effects, t task, code messenger.Code, err error) {
	if t.op == nil {
		return
	}
	failure, _ := errors.AsType[*messenger.Error](err)
	switch {
	case code == messenger.CodeAddDenied:
		x.adding = reconcile.AddingDenied
		x.invited(e, t.chat, t.op)
	case code == messenger.CodeMemberRefused && t.op.Kind == reconcile.Add:
		x.doubts = append(x.doubts, t)
	case code == messenger.CodeMemberAbsent:
		x.absent(e, t)
	case failure == nil || failure.Scope() == messenger.ScopeRetry:
	case failure.Scope() == messenger.ScopeChat:
		e.ChatTrouble(t.chat.ID, code)
		t.chat.State = reconcile.ChatGone
		x.endAll(e, t, code)
	case failure.Scope() == messenger.ScopeMember, failure.Scope() == messenger.ScopeCall, code == messenger.CodeBadRequest:
		x.endAll(e, t, code)
	}
}

// absent: the person was not in the chat after all. To be turned out, that is success; to be
// given rights, they have to come back first.
func (x *executor) absent(e *store.Effects, t task) {
	if t.op.Kind == reconcile.Remove {
		e.MemberRemoved(t.chat.ID, t.call.Account)
		x.forget(t.chat, t.call.Account)
		x.done(e, t.op)
		return
	}
	e.MemberWent(t.chat.ID, t.call.Account)
	x.end(e, t.op, store.OperationSkipped, messenger.CodeMemberAbsent)
}

// made takes in a created chat: it exists under its nonce, with those who could be added.
func (x *executor) made(e *store.Effects, t task, reply messenger.Reply) {
	e.ChatMade(t.chat.ID, reply.Chat)
	e.LinkRead(t.chat.ID, reply.Link)
	t.chat.Ref, t.chat.State, t.chat.Title = reply.Chat, reconcile.ChatLive, t.chat.Nonce
	t.chat.HasLink = reply.Link != ""
	in := lo.Keyify(reply.Added)
	for i := range t.with {
		if _, added := in[t.with[i].Account]; added {
			x.present(e, t.chat, &t.with[i])
		}
	}
}

func (x *executor) present(e *store.Effects, chat *store.MirrorChat, op *store.OperationRow) {
	e.MemberIs(chat.ID, reconcile.MemberPresent, op.Operation, op.Rule == reconcile.RulePutBack)
	x.forget(chat, op.Account)
	chat.Members = append(chat.Members, reconcile.Member{
		Account: op.Account, Person: op.Person, Reasons: op.Reasons, State: reconcile.MemberPresent,
	})
	x.done(e, op)
}

func (x *executor) invited(e *store.Effects, chat *store.MirrorChat, op *store.OperationRow) {
	state := lo.Ternary(op.Rule == reconcile.RuleLeft, reconcile.MemberLeft, reconcile.MemberInvited)
	e.MemberIs(chat.ID, state, op.Operation, false)
	x.end(e, op, store.OperationDone, lo.Ternary(op.Kind == reconcile.Add, messenger.CodeAddDenied, ""))
}

func (x *executor) done(e *store.Effects, op *store.OperationRow) {
	if op != nil {
		x.end(e, op, store.OperationDone, "")
	}
}

func (x *executor) end(e *store.Effects, op *store.OperationRow, state store.OperationState, code messenger.Code) {
	e.Operation(x.in.Plan, op.Seq, state, code)
	switch state {
	case store.OperationDone:
		x.applied.Done++
	case store.OperationSkipped:
		x.applied.Skipped++
	case store.OperationFailed:
		x.applied.Failed++
	}
}

func (x *executor) endAll(e *store.Effects, t task, code messenger.Code) {
	x.end(e, t.op, store.OperationFailed, code)
	for i := range t.with {
		x.end(e, &t.with[i], store.OperationFailed, code)
	}
}

func (x *executor) forget(chat *store.MirrorChat, account school.AccountID) {
	chat.Members = lo.Filter(chat.Members, func(m reconcile.Member, _ int) bool { return m.Account != account })
}

func (x *executor) setAdmin(chat *store.MirrorChat, account school.AccountID, admin bool) {
	for i := range chat.Members {
		if chat.Members[i].Account == account {
			chat.Members[i].Admin = admin
		}
	}
}

// isPresent tells whether an account is in the chat, as far as we know.
func isPresent(chat *store.MirrorChat, account school.AccountID) bool {
	return lo.ContainsBy(chat.Members, func(m reconcile.Member) bool {
		return m.Account == account && m.State == reconcile.MemberPresent
	})
}
