package activities

import (
	"context"
	"slices"

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
	asked, mirror := s.Asked(), s.Mirror.ByKey()
	effects := a.Store.NewEffects()
	due := dueStandings(standings)
	known := lo.SliceToMap(s.Mirror, func(c store.MirrorChat) (messenger.ChatRef, bool) { return c.Ref, true })
	due = lo.Filter(due, func(x store.Standing, _ int) bool {
		if known[x.Ref] { // it was adopted while its last event was taken
			effects.StandingGone(s.School.ID, x.Ref)
		}
		return !known[x.Ref]
	})
	if len(due) == 0 {
		return nil, effects.Record(ctx)
	}
	states, err := m.Read(ctx, lo.Map(due, func(x store.Standing, _ int) messenger.ChatRef { return x.Ref }))
	if err != nil {
		return nil, err
	}
	var adopted []chats.Key
	var verified []int64
	for i, state := range states {
		verdict := adoption.Judge(state, asked)
		if verdict.Problem == adoption.ProblemClosed {
			effects.StandingGone(s.School.ID, state.Ref)
			continue
		}
		if verdict.Problem != "" {
			effects.StandingSeen(s.School.ID, due[i], verdict.Problem, state)
			continue
		}
		id, err := a.Store.Adopt(ctx, s.School.ID, verdict.Key, verdict.Code, state)
		if err != nil {
			return nil, err
		}
		if id == 0 {
			effects.StandingSeen(s.School.ID, due[i], adoption.ProblemUsed, state)
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

// lookedAgain is how many standings that were looked at before are read in one pass: whoever lets the bot into many chats must not
// use up what the school's own need.
const lookedAgain = 20

// dueStandings are those where something has happened, and of the others those that may be adopted by now, the longest not looked at first.
func dueStandings(all []store.Standing) []store.Standing {
	due, seen := lo.FilterReject(all, func(x store.Standing, _ int) bool { return x.LookedAt == nil })
	seen = lo.Filter(seen, func(x store.Standing, _ int) bool { return x.Problem.Passing() })
	slices.SortStableFunc(seen, func(a, b store.Standing) int { return a.LookedAt.Compare(*b.LookedAt) })
	return append(due, lo.Slice(seen, 0, lookedAgain)...)
}
