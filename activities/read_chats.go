package activities

import (
	"context"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// ReadChats reads the messenger's state of a school's chats into the mirror, and compares.
// All chat types are read together: their calls fill the messenger's batches better.
func (a *Activities) ReadChats(ctx context.Context, in workflows.ReadChatsInput) (workflows.Work, error) {
	beat := startBeating(ctx)
	defer beat.stop()
	read, unreadable, err := a.readChats(ctx, in)
	if err = a.remember(ctx, in.School, err); err != nil {
		return workflows.Work{}, err
	}
	s, err := a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster, Scope: in.Scope})
	if err != nil {
		return workflows.Work{}, err
	}
	work, err := a.workOf(ctx, s)
	if err != nil {
		return work, err
	}
	work.Chats, work.Unreadable = read, unreadable
	return work, nil
}

func (a *Activities) readChats(ctx context.Context, in workflows.ReadChatsInput) (read, unreadable int, err error) {
	m, _, err := a.messenger(ctx, in.School, in.Epoch)
	if err != nil {
		return 0, 0, err
	}
	before, err := a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster})
	if err != nil {
		return 0, 0, err
	}
	known := lo.Filter(before.ChatsIn(in.Scope), func(c store.MirrorChat, _ int) bool { return c.Ref != "" })
	states, err := m.Read(ctx, lo.Map(known, func(c store.MirrorChat, _ int) messenger.ChatRef { return c.Ref }))
	if err != nil {
		return 0, 0, err
	}
	effects := a.Store.NewEffects()
	var verified []int64
	for i, state := range states {
		if state.Err != nil {
			unreadable++
			effects.ChatTrouble(known[i].ID, messenger.CodeOf(state.Err))
			continue
		}
		verified = append(verified, known[i].ID)
		seen(effects, known[i], state)
	}
	effects.ChatsVerified(verified)
	return len(verified), unreadable, effects.Record(ctx)
}

// seen brings the mirror of one chat in line with what was read; what is as known is left.
func seen(effects *store.Effects, known store.MirrorChat, state messenger.ChatState) {
	if known.State == reconcile.ChatGone {
		effects.ChatTrouble(known.ID, "")
	}
	if state.Title != known.Title {
		effects.TitleSet(known.ID, state.Title)
	}
	before := lo.KeyBy(known.Members, func(m reconcile.Member) school.AccountID { return m.Account })
	for _, m := range state.Members {
		was, had := before[m.Account]
		delete(before, m.Account)
		if !had || was.State != reconcile.MemberPresent || was.Admin != m.Admin {
			effects.MemberSeen(known.ID, m)
		}
	}
	for _, gone := range before {
		if gone.State == reconcile.MemberPresent {
			effects.MemberWent(known.ID, gone.Account)
		}
	}
}
