package reconcile

import (
	"math/rand/v2"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/chats/rostertest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// scenario is a random input: a school whose chats were brought in step with an earlier
// roster (or never were), then drifted, and a roster that has changed meanwhile.
type scenario struct {
	before school.Roster
	world  *world
	in     Input
	// subjects is the switch of the subject chats.
	subjects bool
}

func drawScenario(t *rapid.T) *scenario {
	s := inStep(t)
	drift(t, s.world, s.before)
	s.in.Roster = unlinkSome(t, rostertest.Edit(t, s.before))
	s.in.HoldCounted = rapid.IntRange(0, 9).Draw(t, "hold counted") == 0
	s.subjects = rapid.IntRange(0, 9).Draw(t, "subject chats") > 0
	s.in.Desired = s.desired(s.in.Roster)
	s.in.Actual = s.world.mirror()
	return s
}

// inStep gives a random school whose chats are as they must be, some people being refused by
// the messenger; one time in eight a school without any chats.
func inStep(t *rapid.T) *scenario {
	roster := rostertest.Draw(t)
	s := &scenario{before: roster, world: newWorld(), subjects: true}
	s.in = Input{
		Roster: roster, Day: rostertest.Day,
		Adding: rapid.SampledFrom([]Adding{AddingUnknown, AddingGranted, AddingDenied}).Draw(t, "adding"),
		Limits: Limits{
			ChatCount: rapid.IntRange(1, 3).Draw(t, "chat count"), ChatPercent: rapid.IntRange(0, 60).Draw(t, "chat percent"),
			SchoolCount: rapid.IntRange(1, 6).Draw(t, "school count"), SchoolPercent: rapid.IntRange(0, 40).Draw(t, "school percent"),
		},
	}
	if rapid.IntRange(0, 7).Draw(t, "empty messenger") == 0 {
		return s
	}
	for _, p := range roster.People {
		if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
			s.world.refuses[p.Account] = true
		}
	}
	s.in.Desired = s.desired(roster)
	s.world.apply(t, Make(s.in), s.in.Desired)
	clear(s.world.refuses)
	s.in.Actual = s.world.mirror()
	require.Empty(t, Make(s.in).Operations, "a first plan carried out leaves nothing to do")
	return s
}

// unlinkSome lets up to three people undo their account links.
func unlinkSome(t *rapid.T, r school.Roster) school.Roster {
	for range rapid.IntRange(0, 3).Draw(t, "unlinked") {
		if len(r.People) > 0 {
			unlink(&r.People[rapid.IntRange(0, len(r.People)-1).Draw(t, "who")])
		}
	}
	return r
}

func unlink(p *school.Person) { p.Account, p.Unlinked = 0, true }

func (s *scenario) desired(r school.Roster) []chats.Chat {
	return chats.Desired(r, chats.Settings{SubjectChats: s.subjects}, rostertest.Day)
}

// again is the input after the plan was carried out.
func (s *scenario) again() Input {
	in := s.in
	in.Actual = s.world.mirror()
	return in
}

// drift lets people do what they do in a messenger.
func drift(t *rapid.T, w *world, r school.Roster) {
	for _, c := range w.mirror() {
		for range rapid.IntRange(0, 2).Draw(t, "drifts") {
			driftChat(t, w.chats[c.Key], r)
		}
	}
}

func driftChat(t *rapid.T, c *Chat, r school.Roster) {
	anybody := func(change func(*Member)) {
		if len(c.Members) > 0 {
			change(&c.Members[rapid.IntRange(0, len(c.Members)-1).Draw(t, "member")])
		}
	}
	switch rapid.IntRange(0, 8).Draw(t, "drift") {
	case 0: // somebody goes
		anybody(func(m *Member) {
			m.PutBack = rapid.Bool().Draw(t, "was put back")
			m.State, m.Admin = MemberMissing, false
		})
	case 1: // somebody comes by the link
		anybody(func(m *Member) { m.State = MemberPresent })
	case 2, 3: // rights change hands
		anybody(func(m *Member) { m.Admin = m.State == MemberPresent && !m.Admin })
	case 4: // a stranger
		join(c, school.AccountID(rapid.IntRange(9000, 9009).Draw(t, "stranger")), rapid.Bool().Draw(t, "admin"))
	case 5: // somebody of the school
		p := rapid.SampledFrom(r.People).Draw(t, "guest")
		join(c, p.Account, rapid.Bool().Draw(t, "admin"))
	case 6:
		c.Title += "?"
	case 7:
		c.State = rapid.SampledFrom([]ChatState{ChatLive, ChatLive, ChatGone}).Draw(t, "state")
	case 8: // the mirror never learned who somebody is
		anybody(func(m *Member) { m.Person, m.Reasons = "", nil })
	}
}

func join(c *Chat, account school.AccountID, admin bool) {
	known := lo.ContainsBy(c.Members, func(m Member) bool { return m.Account == account })
	if account > 0 && !known {
		c.Members = append(c.Members, Member{Account: account, State: MemberPresent, Admin: admin})
	}
}

// shuffled is the same input with every list in another order.
func shuffled(in Input, seed uint64) Input {
	random := rand.New(rand.NewPCG(seed, 1))
	in.Roster = rostertest.Shuffle(in.Roster, seed)
	in.Desired = shuffle(random, in.Desired)
	in.Actual = shuffle(random, in.Actual)
	for i := range in.Desired {
		in.Desired[i].Members = shuffle(random, in.Desired[i].Members)
		in.Desired[i].Missing = shuffle(random, in.Desired[i].Missing)
	}
	for i := range in.Actual {
		in.Actual[i].Members = shuffle(random, in.Actual[i].Members)
	}
	return in
}

func shuffle[T any](random *rand.Rand, list []T) []T {
	return lo.Map(random.Perm(len(list)), func(i, _ int) T { return list[i] })
}
