package reconcile

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// decide takes an operator's word on some holds of the present plan, the others wait.
func decide(b *bench, d Decision, which func(Hold) bool) {
	b.input.Decisions = lo.SliceToMap(b.plan().Holds, func(h Hold) (HoldID, Decision) {
		return h.ID(), lo.Ternary(which(h), d, DecisionWaiting)
	})
}

func all(Hold) bool { return true }

func TestApprovedRemovalsAreDoneAndTheOthersStayHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone(b, "of-a2", "of-a3", "of-a4")
	decide(b, DecisionApproved, func(h Hold) bool { return h.Operation.Person == "of-a3" })
	require.ElementsMatch(t, []act{
		removed(parentsA, "of-a3", RuleGone),
		held(HoldBreaker, parentsA, "of-a2", RuleGone), held(HoldBreaker, parentsA, "of-a4", RuleGone),
	}, acts(b.plan()))
	b.sync()
	done, held := counts(b.plan())
	require.Empty(t, done, "two alone would be under the breaker's limit, but nobody has released them")
	require.Len(t, held, 1)
}

func TestRejectedAndExpiredHoldsStay(t *testing.T) {
	t.Parallel()
	for _, d := range []Decision{DecisionRejected, DecisionExpired, DecisionWaiting} {
		b := setup(t)
		gone(b, "of-a2", "of-a3", "of-a4")
		before := b.plan()
		decide(b, d, all)
		require.Equal(t, before, b.plan(), d)
	}
}

func TestHoldDissolvesWhenTheSourceRecovers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	people, departed := b.roster.People, b.roster.Departed
	gone(b, "of-a2", "of-a3", "of-a4")
	decide(b, DecisionRejected, all)
	b.roster.People, b.roster.Departed = people, departed
	whole := setup(t)
	b.roster = whole.roster
	require.Empty(t, acts(b.plan()))
}

func TestApprovalStandsInForEvidence(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.class("a").Students = without(b.class("a").Students, "a2") // a student without a class: a fault as a rule
	holds := b.plan().Holds
	require.NotEmpty(t, holds)
	decide(b, DecisionApproved, all)
	p := b.plan()
	require.Empty(t, p.Holds)
	require.Len(t, p.Operations, len(holds))
	for _, o := range p.Operations {
		require.Equal(t, RuleApproved, o.Rule)
	}
}

func TestSomeHoldsCannotBeApproved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.class("a").Teachers = []school.Enrollment{{Person: "art", Primary: true}}
	b.person("art").Account = 0
	before := b.plan()
	last := func(h Hold) bool { return h.Kind == HoldLastAdmin }
	require.True(t, lo.SomeBy(before.Holds, last))
	decide(b, DecisionApproved, last)
	require.Equal(t, before, b.plan(), "a chat keeps its last admin")

	b = setup(t)
	b.chat(parentsA).State = ChatGone
	before = b.plan()
	require.NotEmpty(t, before.Holds)
	decide(b, DecisionApproved, all)
	require.Equal(t, before, b.plan(), "a chat that is gone is brought back in the messenger")
}

// One group dropped is a decision, several are held: and stay so when one of them is approved.
func TestRejectedSiblingOfAnApprovedDropStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, id := range []school.ClassID{"math-a", "english-a"} {
		b.group(id).Students = without(b.group(id).Students, "a2")
	}
	for _, rest := range []Decision{DecisionRejected, DecisionWaiting} {
		b.input.Decisions = nil
		b.input.Decisions = lo.SliceToMap(b.plan().Holds, func(h Hold) (HoldID, Decision) {
			return h.ID(), lo.Ternary(h.Operation.Chat == mathA, DecisionApproved, rest)
		})
		require.ElementsMatch(t, []act{
			removed(mathA, "a2", RuleDropped), held(HoldNoEvidence, englishA, "a2", RuleDropped),
		}, acts(b.plan()))
	}
	b.sync()
	require.Equal(t, []act{held(HoldNoEvidence, englishA, "a2", RuleDropped)}, acts(b.plan()))
}
