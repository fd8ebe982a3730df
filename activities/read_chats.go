package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
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
	read, err := a.readChats(ctx, in)
	if err = a.remember(ctx, in.School, err); err != nil {
		return workflows.Work{}, err
	}
	scope := in.Scope
	if len(read.adopted) > 0 {
		scope = scope.Unite(reconcile.Scope{Chats: read.adopted})
	}
	s, err := a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster, Scope: scope})
	if err != nil {
		return workflows.Work{}, err
	}
	work, err := a.workOf(ctx, s)
	if err != nil {
		return work, err
	}
	work.Chats, work.Unreadable, work.Adopted = read.chats, read.unreadable, read.adopted
	return work, nil
}

// reading is what a reading of the messenger found.
type reading struct {
	chats, unreadable int
	adopted           []chats.Key
}

func (a *Activities) readChats(ctx context.Context, in workflows.ReadChatsInput) (read reading, err error) {
	m, _, err := a.messenger(ctx, in.School, in.Epoch)
	if err != nil {
		return read, err
	}
	before, err := a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster})
	if err != nil {
		return read, err
	}
	known := lo.Filter(before.ChatsIn(in.Scope), func(c store.MirrorChat, _ int) bool { return c.Ref != "" })
	states, err := m.Read(ctx, lo.Map(known, func(c store.MirrorChat, _ int) messenger.ChatRef { return c.Ref }))
	if err != nil {
		return read, err
	}
	effects := a.Store.NewEffects()
	var verified []int64
	for i, state := range states {
		if state.Err != nil {
			read.unreadable++
			unread(effects, known[i], state)
			continue
		}
		verified = append(verified, known[i].ID)
		seen(effects, known[i], state)
	}
	effects.ChatsVerified(verified)
	read.chats = len(verified)
	if err := a.readInvites(ctx, m, known, states, effects); err != nil {
		return read, err
	}
	if err := effects.Record(ctx); err != nil || !in.Scope.CoversStandings() {
		return read, err
	}
	read.adopted, err = a.adopt(ctx, m, before)
	return read, err
}

// seen brings the mirror of one chat in line with what was read; what is as known is left.
func seen(effects *store.Effects, known store.MirrorChat, state messenger.ChatState) {
	if known.State == reconcile.ChatGone {
		effects.ChatTrouble(known.ID, "")
	}
	if !slices.Equal(state.Lacks, known.Lacks) {
		effects.RightsAre(known.ID, state.Lacks)
	}
	if state.Title != known.Title {
		effects.TitleSet(known.ID, state.Title)
	}
	before := lo.KeyBy(known.Members, func(m reconcile.Member) school.AccountID { return m.Account })
	for _, m := range state.Members {
		was, had := before[m.Account]
		delete(before, m.Account)
		if !had || was.State != reconcile.MemberPresent || was.Admin != m.Admin || was.Owner != m.Owner {
			effects.MemberSeen(known.ID, m)
		}
	}
	for _, gone := range before {
		if gone.State == reconcile.MemberPresent {
			effects.MemberWent(known.ID, gone.Account)
		}
	}
}

// unread takes in that a chat could not be read. It is gone only where the messenger says so of this chat.
func unread(effects *store.Effects, known store.MirrorChat, state messenger.ChatState) {
	if failure, ok := errors.AsType[*messenger.Error](state.Err); !ok || failure.Scope() != messenger.ScopeChat {
		return
	}
	effects.ChatTrouble(known.ID, messenger.CodeOf(state.Err))
	effects.RightsAre(known.ID, state.Lacks)
}

// readInvites reads the invite links of chats that have none on record: who is invited could not come. One that the messenger does not give is
// asked for at the next reading again.
func (a *Activities) readInvites(
	ctx context.Context, m messenger.Messenger, known []store.MirrorChat, states []messenger.ChatState, effects *store.Effects,
) error {
	var linkless []store.MirrorChat
	for i, c := range known {
		if !c.HasLink && states[i].Err == nil {
			linkless = append(linkless, c)
		}
	}
	if len(linkless) == 0 {
		return nil
	}
	calls := lo.Map(linkless, func(c store.MirrorChat, _ int) messenger.Call {
		return messenger.Call{Kind: messenger.CallInviteLink, Chat: c.Ref}
	})
	return m.Do(ctx, calls, func(first int, replies []messenger.Reply) error {
		for i, reply := range replies {
			effects.LinkRead(linkless[first+i].ID, reply.Link)
		}
		return nil
	})
}
