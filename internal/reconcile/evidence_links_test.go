package reconcile

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// A link that the Portal says was undone turns out of every chat, as nothing but its own word does.
func TestUnlinked(t *testing.T) {
	t.Parallel()
	unlinked := func(people ...school.PersonID) func(*bench) {
		return func(b *bench) {
			for _, id := range people {
				unlink(b.person(id))
			}
		}
	}
	and := func(changes ...func(*bench)) func(*bench) {
		return func(b *bench) {
			for _, change := range changes {
				change(b)
			}
		}
	}
	everywhere := func(person school.PersonID, hold HoldKind, rule Rule, keys ...chats.Key) []act {
		return lo.Map(keys, func(key chats.Key, _ int) act { return held(hold, key, person, rule) })
	}
	a2 := []chats.Key{studentsA, mathA, englishA, artA}
	run(t, map[string]situation{
		"a student": {unlinked("a2"), everywhere("a2", "", RuleUnlinked, a2...)},
		"no account, and no word of the Portal: no evidence": {
			func(b *bench) { b.person("a2").Account = 0 }, everywhere("a2", HoldNoEvidence, "", a2...),
		},
		"whom a fault names: frozen": {
			and(unlinked("a2"), func(b *bench) { b.fault(school.FaultNoClass, "a2") }),
			everywhere("a2", HoldFrozen, RuleUnlinked, a2...),
		},
		"and disabled: the end that is not counted": {
			and(unlinked("a2"), func(b *bench) { b.person("a2").Enabled = false }),
			append(everywhere("a2", "", RuleEnded, a2...), removed(parentsA, "of-a2", RuleEnded)),
		},
		"and dropped a group: one rule for all chats": {
			and(unlinked("a2"), func(b *bench) {
				for _, id := range []school.ClassID{"math-a", "art-a"} {
					b.group(id).Students = without(b.group(id).Students, "a2")
				}
			}),
			everywhere("a2", "", RuleUnlinked, a2...),
		},
		"not in the chat any more: nothing to do": {
			and(func(b *bench) {
				for _, key := range a2 {
					b.member(key, "a2").State = MemberMissing
				}
			}, unlinked("a2")),
			nil,
		},
		"the last admin stays until the next is there": {
			unlinked("teacher-a"),
			append(everywhere("teacher-a", HoldLastAdmin, RuleUnlinked, parentsA, studentsA, artA), removed(room, "teacher-a", RuleUnlinked)),
		},
		"an admin beside others goes": {
			unlinked("english-1"), everywhere("english-1", "", RuleUnlinked, englishA, room),
		},
		"an admin whose time has ended goes": {
			and(unlinked("teacher-a"), func(b *bench) { b.person("teacher-a").Enabled = false }),
			everywhere("teacher-a", "", RuleEnded, parentsA, studentsA, artA, room),
		},
		"out of a chat without a class too": {
			and(unlinked("of-a2"), func(b *bench) { b.class("a").Ended = true }),
			[]act{removed(parentsA, "of-a2", RuleUnlinked)},
		},
		"three of a chat at once: the breaker": {
			unlinked("of-a2", "of-a3", "of-a4"),
			lo.Map([]school.PersonID{"of-a2", "of-a3", "of-a4"}, func(p school.PersonID, _ int) act {
				return held(HoldBreaker, parentsA, p, RuleUnlinked)
			}),
		},
		"the account is somebody else's by now": {
			func(b *bench) {
				account := b.person("of-a2").Account
				unlink(b.person("of-a2"))
				b.person("of-b2").Account = account
			},
			[]act{
				removed(parentsA, "of-a2", RuleUnlinked),
				removed(parentsB, "of-b2", RuleAccountReplaced), {Kind: Add, Chat: parentsB, Person: "of-b2", Rule: RuleEntitled},
			},
		},
		"another account while the roster has the old one: neither goes": {
			and(func(b *bench) { b.person("of-a2").Account = 600; b.fault(school.FaultAccountsDiffer, "of-a2") }),
			[]act{{Kind: Add, Chat: parentsA, Person: "of-a2", Rule: RuleEntitled}, held(HoldFrozen, parentsA, "of-a2", RuleAccountReplaced)},
		},
		"whose identity two people have: frozen": {
			func(b *bench) { b.person("of-a2").Account = 0; b.fault(school.FaultSharedIdentity, "of-a2", "of-a3") },
			[]act{held(HoldFrozen, parentsA, "of-a2", "")},
		},
	})
}

// Somebody unlinked who is also gone from a group is no classmate whose row was lost, before they are
// turned out as little as after.
func TestUnlinkedClassmateIsExplained(t *testing.T) {
	t.Parallel()
	b := setup(t)
	moveToB(b)
	b.come(artA, Member{Account: b.person("b2").Account, Person: "b2", Reasons: []chats.Reason{{Code: chats.ReasonStudent}}})
	unlink(b.person("b2"))
	before := b.plan()
	require.Subset(t, acts(before), []act{removed(artA, "b2", RuleUnlinked), removed(artA, "a2", RuleMoved)})

	b.sync()

	require.Empty(t, b.plan().Operations)
	require.Equal(t, before.HoldsDigest(), b.plan().HoldsDigest())
}

// Whoever is unlinked keeps their place: they are reported as not linked, and come back by themselves.
func TestUnlinkedIsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	account := b.person("of-a2").Account
	unlink(b.person("of-a2"))
	b.sync()
	chat, _ := lo.Find(b.desired(), func(c chats.Chat) bool { return c.Key == parentsA })
	require.Equal(t, []chats.Missing{{
		Person: "of-a2", Role: chats.RoleMember, Reasons: []chats.Reason{{Code: chats.ReasonGuardian, Of: "a2"}}, Why: chats.WhyNotLinked,
	}}, chat.Missing)

	b.person("of-a2").Account, b.person("of-a2").Unlinked = account, false

	requireActs(b, act{Kind: Add, Chat: parentsA, Person: "of-a2", Rule: RuleEntitled})
}
