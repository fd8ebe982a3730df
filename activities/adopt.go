package activities

import (
	"context"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// adopt reads the chats that the community was let into, and adopts those that bear the code of a chat that is
// asked for: from then on they are in the mirror, with everybody who is in them. The others wait, each with its problem,
// until something happens to them.
func (a *Activities) adopt(ctx context.Context, m messenger.Messenger, s survey.Survey) ([]chats.Key, error) {
	standings, err := a.Store.Standings(ctx, s.School.ID)
	if err != nil {
		return nil, err
	}
	due := lo.Filter(standings, func(x store.Standing, _ int) bool { return x.LookedAt == nil || x.Problem.Passing() })
	if len(due) == 0 {
		return nil, nil
	}
	states, err := m.Read(ctx, lo.Map(due, func(x store.Standing, _ int) messenger.ChatRef { return x.Ref }))
	if err != nil {
		return nil, err
	}
	asked, mirror := s.Asked(), s.Mirror.ByKey()
	effects := a.Store.NewEffects()
	var adopted []chats.Key
	var verified []int64
	for _, state := range states {
		verdict := adoption.Judge(state, asked)
		if verdict.Problem != "" {
			effects.StandingSeen(s.School.ID, state.Ref, verdict.Problem, state.Lacks)
			continue
		}
		id, err := a.Store.Adopt(ctx, s.School.ID, verdict.Key, verdict.Code, state)
		if err != nil {
			return nil, err
		}
		if id == 0 {
			effects.StandingSeen(s.School.ID, state.Ref, adoption.ProblemUsed, state.Lacks)
			continue
		}
		// Of two chats with one code only the first is adopted.
		asked[verdict.Code] = adoption.Asked{Key: verdict.Key, Adopted: true}
		adopted, verified = append(adopted, verdict.Key), append(verified, id)
		seen(effects, *mirror[verdict.Key], state)
	}
	effects.ChatsVerified(verified)
	return adopted, effects.Record(ctx)
}
