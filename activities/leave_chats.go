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

// mayLeave tells whether a school that moves can leave its chats: whether all of its successor's are there, or people have been told already.
// What is wrong with the successor is its own lane's to say.
func (a *Activities) mayLeave(ctx context.Context, s survey.Survey) (bool, error) {
	if s.School.Successor == "" {
		return false, nil
	}
	if leaving, err := a.Store.Leaving(ctx, s.School.ID); err != nil || leaving {
		return leaving, err
	}
	next, err := a.survey(ctx, s.School.Successor, survey.Options{})
	if code, _ := permanent(err); code != "" {
		return false, nil
	}
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
	farewells, err := a.Store.Farewells(ctx, in.School, in.Epoch, newRandomID)
	if err != nil {
		return out, err
	}
	if len(farewells) > 0 {
		m, _, err := a.messenger(ctx, in.School, in.Epoch)
		if err != nil {
			return out, err
		}
		x := leaver{a: a, messenger: m, text: farewellText(next.Messenger, a.Portal.Publishes()), served: out, beat: beat}
		if err := a.remember(ctx, in.School, x.leave(ctx, farewells)); err != nil {
			return out, err
		}
	}
	return out, a.Store.TakeOver(ctx, in.School)
}

// leaver leaves chats.
type leaver struct {
	a         *Activities
	messenger messenger.Messenger
	text      string
	served    workflows.Served
	beat      *beating
}

func (x *leaver) leave(ctx context.Context, farewells []store.Farewell) error {
	if x.messenger.Features().ResetLink {
		resets := lo.Map(farewells, func(f store.Farewell, _ int) messenger.Call {
			return messenger.Call{Kind: messenger.CallResetLink, Chat: f.Ref}
		})
		if err := x.messenger.Do(ctx, resets, func(int, []messenger.Reply) error { return nil }); err != nil {
			return err
		}
	}
	last := lo.Map(farewells, func(f store.Farewell, _ int) messenger.Call {
		return messenger.Call{Kind: messenger.CallSendMessage, Chat: f.Ref, Text: x.text, RandomID: f.RandomID}
	})
	return x.messenger.Do(ctx, last, func(first int, replies []messenger.Reply) error {
		for i, reply := range replies {
			if reply.Err != nil && retried(reply.Err) {
				continue // Do ends with it, and the next try takes it up
			}
			if reply.Err == nil {
				x.served.Done[workflows.ServedFarewells]++
			} else {
				x.served.Failed["farewell-"+string(messenger.CodeOf(reply.Err))]++
			}
			if err := x.a.Store.FarewellSaid(ctx, farewells[first+i].ID); err != nil {
				return err
			}
		}
		x.beat.advance(ctx, len(replies))
		return nil
	})
}

// farewellText has no link in it: whoever comes into the old chat later would have it.
func farewellText(to messenger.Protocol, portal bool) string {
	where := "Ссылку на новый чат даст классный руководитель."
	if portal {
		where = "Ссылка на новый чат — на Портале, в разделе «Чаты Сферум»."
	}
	return fmt.Sprintf("Этот чат больше не ведётся: он переехал в %s. %s", to.Name(), where)
}
