package reconcile

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// In all these situations the class teacher is to be art, who has no account to come with.
func TestLastAdminStaysUntilTheNextIsThere(t *testing.T) {
	t.Parallel()
	former := func(b *bench) *Member { return b.member(parentsA, "teacher-a") }
	byHand := func(b *bench, people ...school.PersonID) {
		for _, p := range people {
			b.member(parentsA, p).Admin = true
		}
	}
	withoutFormer := func(b *bench) {
		c := b.chat(parentsA)
		c.Members = lo.Reject(c.Members, func(m Member, _ int) bool { return m.Person == "teacher-a" })
	}
	demote := func(p school.PersonID, hold HoldKind) act {
		return act{Hold: hold, Kind: Demote, Chat: parentsA, Person: p, Rule: RuleNotAdmin}
	}
	waits := held(HoldLastAdmin, parentsA, "teacher-a", RuleReplaced)
	for name, tc := range map[string]situation{
		"the former class teacher waits": {func(*bench) {}, []act{waits}},
		"an admin made by hand does not make up for the next one": {
			func(b *bench) { byHand(b, "of-a1") }, []act{waits, demote("of-a1", "")},
		},
		"nor one whom a fault keeps": {
			func(b *bench) { byHand(b, "of-a1"); b.fault(school.FaultBadValue, "of-a1") },
			[]act{waits, demote("of-a1", HoldFrozen)},
		},
		"a class teacher whom a fault keeps does": {
			func(b *bench) { byHand(b, "of-a1"); b.fault(school.FaultBadValue, "teacher-a") },
			[]act{held(HoldFrozen, parentsA, "teacher-a", ""), demote("of-a1", "")},
		},
		"who had a ground stays before who had none": {
			func(b *bench) {
				b.person("teacher-a").Guardian = &school.Guardian{Students: []school.PersonID{"a1"}}
				former(b).Account, b.person("teacher-a").Account = 5000, 5000 // not for the lower number
				byHand(b, "of-a1")
			},
			[]act{demote("teacher-a", HoldLastAdmin), demote("of-a1", "")},
		},
		"of those who had none, the lowest account": {
			func(b *bench) { withoutFormer(b); byHand(b, "of-a2", "of-a1") },
			[]act{demote("of-a1", HoldLastAdmin), demote("of-a2", "")},
		},
		"whose time has ended goes all the same": {
			func(b *bench) { b.person("teacher-a").Enabled = false },
			[]act{removed(parentsA, "teacher-a", RuleEnded)},
		},
		"a stranger goes all the same": {
			func(b *bench) { withoutFormer(b); b.come(parentsA, Member{Account: 900, Admin: true}) },
			[]act{removed(parentsA, "", RuleStranger)},
		},
		"where no admin is expected, none is kept": {
			func(b *bench) { withoutFormer(b); byHand(b, "of-a1"); b.class("a").Teachers = nil },
			[]act{demote("of-a1", "")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.class("a").Teachers = []school.Enrollment{{Person: "art", Primary: true}}
			b.person("art").Account = 0
			tc.change(b)

			require.ElementsMatch(t, tc.want, lo.Filter(acts(b.plan()), func(a act, _ int) bool { return a.Chat == parentsA }))
		})
	}
}

// An admin's former account waits for the new one, a member's does not.
func TestNewAccountOfAdminIsInvited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.input.Adding = AddingDenied
	b.person("english-1").Account = 600
	waiting := held(HoldLastAdmin, englishA, "english-1", RuleAccountReplaced) // although english-2 is admin
	requireActs(b,
		act{Kind: Invite, Chat: englishA, Person: "english-1", Rule: RuleAddDenied}, waiting,
		act{Kind: Invite, Chat: room, Person: "english-1", Rule: RuleAddDenied}, removed(room, "english-1", RuleAccountReplaced),
	)
	b.sync()
	requireActs(b, waiting)

	b.member(englishA, "english-1").State = MemberPresent

	requireActs(b,
		act{Kind: Promote, Chat: englishA, Person: "english-1", Rule: RuleAdmin}, removed(englishA, "english-1", RuleAccountReplaced))
}

func TestOldAccountOfFormerAdminDoesNotWait(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.input.Adding = AddingDenied
	b.person("english-1").Account = 600
	b.person("english-1").Enabled = false

	requireActs(b, removed(englishA, "english-1", RuleAccountReplaced), removed(room, "english-1", RuleAccountReplaced))
}

func TestNextAdminComesBeforeTheLastGoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.class("a").Teachers = []school.Enrollment{{Person: "math", Primary: true}}
	fewest := b.world.admins(parentsA)
	b.world.after = func(Operation) { fewest = min(fewest, b.world.admins(parentsA)) }

	b.sync()

	require.Equal(t, 1, fewest)
	require.True(t, b.member(parentsA, "math").Admin)
	require.Nil(t, b.world.member(parentsA, b.person("teacher-a").Account))
}

func gone(b *bench, people ...school.PersonID) {
	for _, p := range people {
		for i := range b.roster.Classes {
			b.roster.Classes[i].Students = without(b.roster.Classes[i].Students, p)
		}
		for i := range b.roster.Groups {
			b.roster.Groups[i].Students = without(b.roster.Groups[i].Students, p)
		}
		depart(b, p, school.Gone)
	}
}

// counts gives how many removals of each chat are done, and how many the breaker holds.
func counts(p Plan) (done, held map[chats.Key]int) {
	chat := func(o Operation) chats.Key { return o.Chat }
	removals := lo.Filter(p.Operations, func(o Operation, _ int) bool { return o.Kind == Remove })
	holds := lo.FilterMap(p.Holds, func(h Hold, _ int) (Operation, bool) { return h.Operation, h.Kind == HoldBreaker })
	return lo.CountValuesBy(removals, chat), lo.CountValuesBy(holds, chat)
}

func TestBreakerOfAChat(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change     func(*bench)
		limits     Limits
		done, held map[chats.Key]int
	}{
		"two of seven are under the count": {
			func(b *bench) { gone(b, "of-a2", "of-a3") }, DefaultLimits(),
			map[chats.Key]int{parentsA: 2}, map[chats.Key]int{},
		},
		"three of seven are too many": {
			func(b *bench) { gone(b, "of-a2", "of-a3", "of-a4") }, DefaultLimits(),
			map[chats.Key]int{}, map[chats.Key]int{parentsA: 3},
		},
		"three are not, under the share": {
			func(b *bench) { gone(b, "of-a2", "of-a3", "of-a4") }, Limits{ChatCount: 3, ChatPercent: 43, SchoolCount: 100},
			map[chats.Key]int{parentsA: 3}, map[chats.Key]int{},
		},
		"the share is met exactly": {
			func(b *bench) { gone(b, "of-a2", "of-a3", "of-a4") }, Limits{ChatCount: 3, ChatPercent: 42, SchoolCount: 100},
			map[chats.Key]int{}, map[chats.Key]int{parentsA: 3},
		},
		"each chat for itself": {
			func(b *bench) { gone(b, "of-a2", "of-a3", "of-b2", "of-b3", "of-b4") }, DefaultLimits(),
			map[chats.Key]int{parentsA: 2}, map[chats.Key]int{parentsB: 3},
		},
		"explicit ends do not count": {
			func(b *bench) {
				for _, p := range []school.PersonID{"of-a2", "of-a3", "of-a4", "of-a5"} {
					b.person(p).Enabled = false
				}
				gone(b, "of-a6")
			}, DefaultLimits(),
			map[chats.Key]int{parentsA: 5}, map[chats.Key]int{},
		},
		"moves do not count": {
			func(b *bench) {
				for _, s := range []school.PersonID{"a2", "a3", "a4"} {
					b.class("a").Students = without(b.class("a").Students, s)
					b.class("b").Students = append(b.class("b").Students, enrolled(s)...)
				}
			}, DefaultLimits(),
			map[chats.Key]int{parentsA: 3, studentsA: 3}, map[chats.Key]int{},
		},
		"strangers do not count": {
			func(b *bench) {
				for i := range school.AccountID(5) {
					b.come(parentsA, Member{Account: 900 + i})
				}
				gone(b, "of-a2", "of-a3")
			}, DefaultLimits(),
			map[chats.Key]int{parentsA: 7}, map[chats.Key]int{},
		},
		"a chat under a new key": {
			func(b *bench) { b.class("a").CohortID = "x"; gone(b, "of-a2", "of-a3", "of-a4") }, DefaultLimits(),
			map[chats.Key]int{}, map[chats.Key]int{"parents:cohort:x": 3},
		},
		"a chat without a class": {
			func(b *bench) { b.class("a").Ended = true; gone(b, "of-a2", "of-a3", "of-a4") }, DefaultLimits(),
			map[chats.Key]int{}, map[chats.Key]int{parentsA: 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.input.Limits = tc.limits
			tc.change(b)

			p := b.plan()

			done, held := counts(p)
			require.Equal(t, tc.done, done)
			require.Equal(t, tc.held, held)
			require.False(t, p.SchoolHeld)
		})
	}
}

func TestAdditionsGoOnAndDoNotDissolveAHold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone(b, "of-a2", "of-a3", "of-a4")
	for i := range school.AccountID(7) { // as many newcomers as put the share of three under half
		b.roster.People = append(b.roster.People, school.Person{
			ID: school.PersonID("new-" + string(rune('0'+i))), Enabled: true, Account: 700 + i, Guardian: &school.Guardian{Students: []school.PersonID{"a2"}},
		})
	}
	b.input.Limits.ChatPercent = 21
	first := b.plan()
	require.Len(t, first.Holds, 3)
	require.Len(t, first.Operations, 7)

	b.sync()

	require.Empty(t, b.plan().Operations)
	require.Equal(t, first.HoldsDigest(), b.plan().HoldsDigest())
}

func TestBreakerOfTheSchool(t *testing.T) {
	t.Parallel()
	limits := Limits{ChatCount: 100, SchoolCount: 4, SchoolPercent: 10}
	four := func(b *bench) { gone(b, "of-a2", "of-a3", "of-b2", "of-b3") }
	for name, tc := range map[string]struct {
		change     func(*bench)
		done, held int
		schoolHeld bool
	}{
		"three are under the count": {func(b *bench) { gone(b, "of-a2", "of-a3", "of-b2") }, 3, 0, false},
		"four are too many":         {four, 0, 4, true},
		"a person counts once, in however many chats": {
			func(b *bench) { gone(b, "a2", "a3", "b2"); b.input.Limits.SchoolCount = 7 }, 14, 0, false, // with their guardians six
		},
		"what has ended goes on": {func(b *bench) { four(b); b.person("of-b6").Enabled = false }, 1, 4, true},
		"tripped earlier in the pass: a single one is held": {
			func(b *bench) { b.input.HoldCounted = true; gone(b, "of-a2") }, 0, 1, true,
		},
		"tripped, with nothing to hold": {func(b *bench) { b.input.HoldCounted = true }, 0, 0, true},
		"under the share":               {func(b *bench) { four(b); b.input.Limits.SchoolPercent = 50 }, 4, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.input.Limits = limits
			tc.change(b)

			p := b.plan()

			done, held := counts(p)
			require.Equal(t, tc.done, lo.Sum(lo.Values(done)))
			require.Equal(t, tc.held, lo.Sum(lo.Values(held)))
			require.Equal(t, tc.schoolHeld, p.SchoolHeld)
		})
	}
}

func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	require.Equal(t, Limits{ChatCount: 3, ChatPercent: 20, SchoolCount: 15, SchoolPercent: 5}, DefaultLimits())
}
