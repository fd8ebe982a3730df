package reconcile

import (
	"slices"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
)

// byHand is the fixture on a messenger that makes no chats, without the parents' chat of class a.
func byHand(t *testing.T) *bench {
	b := setup(t)
	b.input.ByHand = true
	delete(b.world.chats, parentsA)
	return b
}

// TestAChatThatPeopleMakeIsAskedFor: once, with nobody in it: they are invited when it is there.
func TestAChatThatPeopleMakeIsAskedFor(t *testing.T) {
	t.Parallel()
	b := byHand(t)
	p := b.plan()
	require.Len(t, p.Operations, 1)
	ask := p.Operations[0]
	require.Equal(t, []any{parentsA, Ask, StepEnsure, RuleNewChat}, []any{ask.Chat, ask.Kind, ask.Step, ask.Rule})
	require.NotEmpty(t, ask.Title)

	b.world.chats[parentsA] = &Chat{Key: parentsA, Type: chats.Parents, Class: "a", Year: "2026", State: ChatAwaited, Title: ask.Title}
	require.Empty(t, b.plan().Operations, "while it is awaited, nothing is to be done")
	require.Empty(t, b.plan().Holds)
}

// TestAnAdoptedChatIsFilledByInvitation, and gets its title.
func TestAnAdoptedChatIsFilledByInvitation(t *testing.T) {
	t.Parallel()
	b := byHand(t)
	b.input.Adding = AddingDenied
	teacher := b.person("teacher-a")
	b.world.chats[parentsA] = &Chat{
		Key: parentsA, Type: chats.Parents, Class: "a", Year: "2026", State: ChatLive, Title: "5А 111-111-111",
		Members: []Member{{Account: teacher.Account, State: MemberPresent, Admin: true, Owner: true}},
	}
	p := b.plan()
	kinds := lo.CountValuesBy(p.Operations, func(o Operation) Kind { return o.Kind })
	require.Equal(t, map[Kind]int{Rename: 1, Invite: 6}, kinds, "six guardians; the teacher owns it, and is its admin")
	require.Len(t, lo.Filter(p.Notes, func(n Note, _ int) bool { return n.Account == teacher.Account }), 1, "who made it is known to belong there")
}

// TestTheOwnerCannotBeTurnedOut, whoever they are: it is said, and nobody's word makes it possible.
func TestTheOwnerCannotBeTurnedOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.come(parentsB, Member{Account: 4711, Admin: true, Owner: true})
	b.come(parentsB, Member{Account: 4712, Admin: true})
	p := b.plan()
	require.Len(t, p.Operations, 1, "another stranger goes")
	require.EqualValues(t, 4712, p.Operations[0].Account)
	require.Len(t, p.Holds, 1)
	require.Equal(t, []any{HoldOwner, Remove, RuleStranger}, []any{p.Holds[0].Kind, p.Holds[0].Operation.Kind, p.Holds[0].Operation.Rule})
	require.False(t, HoldOwner.Approvable())

	b.input.Decisions = map[HoldID]Decision{p.Holds[0].ID(): DecisionApproved}
	require.Equal(t, p.Holds, b.plan().Holds)
}

// TestAnOwnerWhoIsToBeAPlainMemberStaysAdmin, for the rights come with the chat; and there is nothing to hold.
func TestAnOwnerWhoIsToBeAPlainMemberStaysAdmin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.member(room, "math")
	m.Admin, m.Owner = true, true
	p := b.plan()
	require.Empty(t, p.Operations)
	require.Empty(t, p.Holds)
	m.Owner = false
	require.Equal(t, Demote, b.plan().Operations[0].Kind)
}

// TestANewYearIsHeldWhoeverMakesChats: which chat continues is nobody's guess.
func TestANewYearIsHeldWhoeverMakesChats(t *testing.T) {
	t.Parallel()
	b := byHand(t)
	b.chat(parentsB).Key = "parents:2025:old"
	b.chat(parentsB).Year, b.chat(parentsB).Class = "2025", "old"
	b.world.chats["parents:2025:old"] = b.world.chats[parentsB]
	delete(b.world.chats, parentsB)
	p := b.plan()
	held := lo.Filter(p.Holds, func(h Hold, _ int) bool { return h.Kind == HoldNewYear })
	require.Len(t, held, 2)
	require.True(t, lo.EveryBy(held, func(h Hold) bool { return h.Operation.Kind == Ask }))
	require.True(t, HoldNewYear.Approvable())
}

// TestAChatThatAPersonMadeAndThatIsGoneCanBeAskedForAnew: by an operator's word, because it may come back.
func TestAChatThatAPersonMadeAndThatIsGoneCanBeAskedForAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.chat(parentsA).State = ChatGone
	require.False(t, b.plan().Holds[0].Approvable(), "one that Rollcall made")
	b.input.ByHand = true
	p := b.plan()
	require.Equal(t, []any{HoldChatGone, Ask}, []any{p.Holds[0].Kind, p.Holds[0].Operation.Kind})
	require.True(t, p.Holds[0].Approvable())
	b.input.Decisions = map[HoldID]Decision{p.Holds[0].ID(): DecisionApproved}
	p = b.plan()
	require.Empty(t, p.Holds)
	require.Equal(t, Ask, p.Operations[0].Kind)
}

func TestStandingsInAScope(t *testing.T) {
	t.Parallel()
	s := Scope{Standings: true}
	require.False(t, s.Whole())
	require.True(t, s.Small())
	require.False(t, s.OnlyCalls())
	require.True(t, s.CoversStandings())
	require.False(t, s.CoversCalls())
	require.False(t, slices.ContainsFunc(chats.Types(), s.Covers), "no chat of the school is in it")
	require.Equal(t, Scope{Standings: true, Chats: []chats.Key{room}}, s.Unite(Scope{Chats: []chats.Key{room}}))
	require.True(t, s.Unite(Scope{}).Whole())
	require.True(t, Scope{}.CoversStandings())
	require.False(t, Scope{Calls: true, Standings: true}.OnlyCalls())
}
