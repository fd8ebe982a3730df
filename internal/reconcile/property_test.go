package reconcile

import (
	"slices"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/chats/rostertest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Carrying a plan out gives the desired chats exactly, what is held or waits excepted.
func TestPlanGivesTheDesiredChats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		p := Make(s.in)

		s.world.apply(t, p, s.in.Desired)

		holds := lo.GroupBy(p.Holds, func(h Hold) chats.Key { return h.Operation.Chat })
		for _, d := range s.in.Desired {
			requireDesired(t, d, s.world.chats[d.Key], holds[d.Key])
		}
	})
}

func requireDesired(t *rapid.T, d chats.Chat, c *Chat, holds []Hold) {
	t.Helper()
	heldAs := func(kind Kind, account school.AccountID) bool {
		return lo.ContainsBy(holds, func(h Hold) bool { return h.Operation.Kind == kind && h.Operation.Account == account })
	}
	if c == nil {
		require.True(t, len(d.NotYet) > 0 || heldAs(Create, 0), "a chat that is not there has a reason")
		return
	}
	if c.State == ChatGone {
		require.True(t, heldAs(Create, 0), "a lost chat is held")
		return
	}
	require.Equal(t, d.Title, c.Title)
	members := lo.KeyBy(c.Members, func(m Member) school.AccountID { return m.Account })
	for _, want := range d.Members {
		m, known := members[want.Account]
		delete(members, want.Account)
		require.True(t, known, "everybody desired is on record")
		require.Equal(t, want.Person, m.Person)
		require.Subset(t, m.Reasons, want.Reasons)
		if m.State != MemberPresent {
			require.Contains(t, []MemberState{MemberInvited, MemberRefused, MemberLeft}, m.State)
			continue
		}
		require.Equal(t, want.Role == chats.RoleAdmin || heldAs(Demote, want.Account), m.Admin)
	}
	for _, m := range members {
		require.True(t, m.State != MemberPresent || heldAs(Remove, m.Account), "nobody else is there, or the removal is held")
	}
}

// A plan carried out leaves nothing to do, and the same things held.
func TestPlanIsSettled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		p := Make(s.in)

		s.world.apply(t, p, s.in.Desired)

		again := Make(s.again())
		require.Empty(t, again.Operations)
		require.Empty(t, again.Notes)
		require.Empty(t, again.Rekeys)
		require.Equal(t, p.Holds, again.Holds)
		require.False(t, again.Work(p.HoldsDigest()))
	})
}

// After no operation is a chat without an admin that had one, unless somebody went who had no
// claim to it, or nobody is to be its admin.
func TestNoChatLosesItsLastAdmin(t *testing.T) {
	t.Parallel()
	noClaim := []Rule{RuleStranger, RuleEnded, RuleGone, RuleMoved, RuleWithdrawn}
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		desired := lo.KeyBy(s.in.Desired, func(d chats.Chat) chats.Key { return d.Key })
		s.world.after = func(o Operation) {
			if o.Kind != Demote && o.Kind != Remove || s.world.admins(o.Chat) > 0 {
				return
			}
			d := desired[o.Chat]
			for _, want := range d.Members {
				m := s.world.member(o.Chat, want.Account)
				here := m != nil && m.State == MemberPresent
				require.False(t, here && want.Role == chats.RoleAdmin && o.Step > StepPromote, "a desired admin is here, and no admin")
			}
			expected := slices.ContainsFunc(d.Members, func(m chats.Member) bool { return m.Role == chats.RoleAdmin }) ||
				slices.ContainsFunc(d.Missing, func(m chats.Missing) bool { return m.Role == chats.RoleAdmin })
			went := o.Kind == Remove && (o.Step == StepRemove || slices.Contains(noClaim, o.Rule) || !givesAdmin(o.Reasons))
			require.True(t, went || !expected, "the last admin went by %s %s", o.Kind, o.Rule)
		}

		s.world.apply(t, Make(s.in), s.in.Desired)
	})
}

// Every operation but those on the chat itself names a person's account, which is positive:
// the community's own is in no mirror and no desired chat, and so in no plan.
func TestPlanNamesPeopleOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		accounts := map[school.AccountID]bool{}
		for _, c := range s.in.Actual {
			for _, m := range c.Members {
				require.Positive(t, m.Account)
				accounts[m.Account] = true
			}
		}
		for _, d := range s.in.Desired {
			for _, m := range d.Members {
				require.Positive(t, m.Account)
				accounts[m.Account] = true
			}
		}
		for _, o := range everyOperation(Make(s.in)) {
			if o.Kind == Create || o.Kind == Rename {
				require.Zero(t, o.Account)
				require.NotEmpty(t, o.Title)
				continue
			}
			require.True(t, accounts[o.Account], "an operation's account is in the input")
		}
	})
}

func everyOperation(p Plan) []Operation {
	return append(slices.Clone(p.Operations), lo.Map(p.Holds, func(h Hold, _ int) Operation { return h.Operation })...)
}

func TestOrderOfInputDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		other := shuffled(s.in, rapid.Uint64().Draw(t, "seed"))

		require.Equal(t, Make(s.in), Make(other))
		require.Equal(t, Make(s.in).Digest(), Make(other).Digest())
	})
}

func TestInputIsLeftAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		roster, actual := rostertest.Copy(s.in.Roster), s.world.mirror()
		first := Make(s.in)

		require.Equal(t, first, Make(s.in))
		require.Equal(t, actual, s.in.Actual)
		require.Equal(t, roster, rostertest.Copy(s.in.Roster))
	})
}

// Whatever rows of one kind are lost, nobody goes who had a place by the undamaged roster.
func TestDamageTurnsNobodyOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := inStep(t)
		s.in.Limits = Limits{ChatCount: 1000, SchoolCount: 1000} // the breaker must not be what saves them
		entitled := map[chats.Key]map[school.AccountID]bool{}
		for _, d := range s.desired(s.before) {
			entitled[d.Key] = lo.SliceToMap(d.Members, func(m chats.Member) (school.AccountID, bool) { return m.Account, true })
		}
		s.in.Roster = rostertest.Damage(t, s.before)
		s.in.Desired, s.in.Actual = s.desired(s.in.Roster), s.world.mirror()

		for _, o := range Make(s.in).Operations {
			if o.Kind == Remove {
				require.False(t, entitled[o.Chat][o.Account], "%s is turned out of %s: %s", o.Person, o.Chat, o.Rule)
			}
			require.NotEqual(t, Demote, o.Kind, "rights of %s in %s", o.Person, o.Chat)
		}
	})
}

// Whoever undoes their link goes out of every chat, unless a guard holds it; once they link the same
// account again, everything is as it was.
func TestLinkUndoneAndMadeAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := inStep(t)
		s.in.Adding, s.in.Limits = AddingGranted, Limits{ChatCount: 1000, SchoolCount: 1000}
		linked := s.in.Roster
		if len(linked.People) == 0 {
			return
		}
		who := rapid.IntRange(0, len(linked.People)-1).Draw(t, "who")
		id := linked.People[who].ID
		carryOut := func(r school.Roster) Plan {
			s.in.Roster, s.in.Desired = r, s.desired(r)
			p := Make(s.again())
			s.world.apply(t, p, s.in.Desired)
			return p
		}
		carryOut(linked)
		before, first := s.world.mirror(), Make(s.again())
		undone := rostertest.Copy(linked)
		unlink(&undone.People[who])

		p := carryOut(undone)

		for _, c := range s.world.mirror() {
			for _, m := range c.Members {
				held := lo.ContainsBy(p.Holds, func(h Hold) bool { return h.Operation.Chat == c.Key && h.Operation.Account == m.Account })
				require.True(t, m.Person != id || m.State != MemberPresent || held, "still in %s", c.Key)
			}
		}

		carryOut(linked)

		require.Equal(t, before, s.world.mirror())
		require.Equal(t, first, Make(s.again()))
	})
}

// The plans of the chat types are the plan, cut in pieces.
func TestPlansOfTypesAreAPartition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Make(drawScenario(t).in)

		var together Plan
		for _, of := range chats.Types() {
			part := p.Of(of)
			for _, o := range everyOperation(part) {
				require.Equal(t, of, o.Type)
			}
			together.Rekeys = append(together.Rekeys, part.Rekeys...)
			together.Notes = append(together.Notes, part.Notes...)
			together.Operations = append(together.Operations, part.Operations...)
			together.Holds = append(together.Holds, part.Holds...)
		}
		together.sort()
		together.SchoolHeld = p.SchoolHeld

		require.Equal(t, p.Digest(), together.Digest())
	})
}

// Inside a chat the plan keeps the order of its steps.
func TestStepsAreInOrder(t *testing.T) {
	t.Parallel()
	steps := map[Kind][]Step{
		Create: {StepEnsure}, Rename: {StepEnsure}, Add: {StepAdd}, Invite: {StepAdd},
		Promote: {StepPromote}, Demote: {StepDemote}, Remove: {StepRemove, StepRetire},
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Make(drawScenario(t).in)

		require.True(t, slices.IsSortedFunc(p.Operations, compareOperations))
		for _, o := range p.Operations {
			require.Contains(t, steps[o.Kind], o.Step)
		}
	})
}
