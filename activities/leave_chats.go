package activities

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// mayLeave tells whether a school that moves can leave its chats: whether all of its successor's are there.
func (a *Activities) mayLeave(ctx context.Context, s survey.Survey) (bool, error) {
	if s.School.Successor == "" {
		return false, nil
	}
	next, err := a.survey(ctx, s.School.Successor, survey.Options{})
	return err == nil && next.Complete(), err
}

// LeaveChats makes the old links void where the messenger can, says in each chat that the school has moved, and has the successor's
// chats and community become the school's. Each message is recorded before it is sent: sent again after a lost reply it is the same
// one. A chat into which nothing can be said is left without a word.
func (a *Activities) LeaveChats(ctx context.Context, in workflows.LeaveInput) (workflows.Served, error) {
	out := workflows.Served{Done: map[string]int{}, Failed: map[string]int{}}
	beat := startBeating(ctx)
	defer beat.stop()
	s, err := a.survey(ctx, in.School, survey.Options{})
	if err != nil {
		return out, err
	}
	may, err := a.mayLeave(ctx, s)
	if err != nil || !may {
		return out, err // taken back, or taken over already; or a chat is to be made that was not before
	}
	next, err := a.Store.School(ctx, s.School.Successor)
	if err != nil {
		return out, err
	}
	farewells, err := a.Store.Farewells(ctx, in.School, newRandomID)
	if err != nil {
		return out, err
	}
	if len(farewells) > 0 {
		m, _, err := a.messenger(ctx, in.School, in.Epoch)
		if err != nil {
			return out, err
		}
		err = a.remember(ctx, in.School, a.sayFarewell(ctx, m, next.Messenger, farewells, out, beat))
		if err != nil {
			return out, err
		}
	}
	return out, a.Store.TakeOver(ctx, in.School)
}

func (a *Activities) sayFarewell(
	ctx context.Context, m messenger.Messenger, to messenger.Protocol, farewells []store.Farewell, out workflows.Served, beat *beating,
) error {
	if m.Features().ResetLink {
		resets := lo.Map(farewells, func(f store.Farewell, _ int) messenger.Call {
			return messenger.Call{Kind: messenger.CallResetLink, Chat: f.Ref}
		})
		if err := m.Do(ctx, resets, func(int, []messenger.Reply) error { return nil }); err != nil {
			return err
		}
	}
	last := lo.Map(farewells, func(f store.Farewell, _ int) messenger.Call {
		return messenger.Call{Kind: messenger.CallSendMessage, Chat: f.Ref, Text: farewellText(to), RandomID: f.RandomID}
	})
	return m.Do(ctx, last, func(first int, replies []messenger.Reply) error {
		for i, reply := range replies {
			if reply.Err != nil && retried(reply.Err) {
				continue // Do ends with it, and the next try takes it up
			}
			if reply.Err == nil {
				out.Done[workflows.ServedFarewells]++
			} else {
				out.Failed["farewell-"+string(messenger.CodeOf(reply.Err))]++
			}
			if err := a.Store.FarewellSaid(ctx, farewells[first+i].ID); err != nil {
				return err
			}
		}
		beat.advance(ctx, len(replies))
		return nil
	})
}

// farewellText has no link in it: whoever comes into the old chat later would have it.
func farewellText(to messenger.Protocol) string {
	return fmt.Sprintf("Этот чат больше не ведётся: он переехал в %s. Ссылка на новый чат — на Портале, в разделе «Чаты Сферум».", to.Name())
}
