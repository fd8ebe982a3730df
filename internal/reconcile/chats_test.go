package reconcile

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// newClass adds class c with a teacher, one student and their guardian.
func newClass(b *bench) {
	b.roster.People = append(b.roster.People,
		school.Person{ID: "c1", Enabled: true, Account: 301, Student: &school.Student{}},
		school.Person{ID: "of-c1", Enabled: true, Account: 351, Guardian: &school.Guardian{Students: []school.PersonID{"c1"}}})
	b.roster.Classes = append(b.roster.Classes, school.Class{
		ID: "c", Title: "1C", Teachers: []school.Enrollment{{Person: "art", Primary: true}}, Students: enrolled("c1"),
	})
}

func made(key chats.Key, people ...school.PersonID) []act {
	all := []act{
		{Kind: Create, Chat: key, Rule: RuleNewChat},
		{Kind: Add, Chat: key, Person: "art", Rule: RuleEntitled}, {Kind: Promote, Chat: key, Person: "art", Rule: RuleAdmin},
	}
	for _, p := range people {
		all = append(all, act{Kind: Add, Chat: key, Person: p, Rule: RuleEntitled})
	}
	return all
}

func TestNewChat(t *testing.T) {
	t.Parallel()
	const parentsC, studentsC = chats.Key("parents:2026:c"), chats.Key("students:2026:c")
	both := append(made(parentsC, "of-c1"), made(studentsC, "c1")...)
	lastYear := Chat{Key: "parents:2025:old", Type: chats.Parents, Class: "old", Year: "2025", State: ChatLive}
	held := func(kind HoldKind, key chats.Key) act {
		return act{Hold: kind, Kind: Create, Chat: key, Rule: RuleNewChat}
	}
	run(t, map[string]situation{
		"made with its people": {newClass, both},
		"people are given along although adding is denied": {
			func(b *bench) { b.input.Adding = AddingDenied; newClass(b) }, both,
		},
		"not yet, without a class teacher": {
			func(b *bench) { newClass(b); b.class("c").Teachers = nil }, nil,
		},
		"begun, and the answer lost: finished": {
			func(b *bench) {
				newClass(b)
				b.world.chats[parentsC] = &Chat{Key: parentsC, Type: chats.Parents, Class: "c", Year: "2026", State: ChatCreating}
			}, both,
		},
		"begun, and there is a reason against it since: finished": {
			func(b *bench) {
				newClass(b)
				b.world.chats[parentsC] = &Chat{Key: parentsC, Type: chats.Parents, Class: "c", Year: "2026", State: ChatCreating}
				b.world.chats[lastYear.Key] = &lastYear
				b.class("c").Students = nil
			},
			made(parentsC),
		},
		"a new year, and nothing says which chat goes on: held": {
			func(b *bench) { newClass(b); c := lastYear; b.world.chats[c.Key] = &c },
			append(made(studentsC, "c1"), held(HoldNewYear, parentsC)),
		},
		"the same where last year's chats were known by cohort": {
			func(b *bench) {
				newClass(b)
				c := lastYear
				c.Key, c.Year = "parents:cohort:x", ""
				b.world.chats[c.Key] = &c
			},
			append(made(studentsC, "c1"), held(HoldNewYear, parentsC)),
		},
		"a class with a cohort of its own is new": {
			func(b *bench) { newClass(b); b.class("c").CohortID = "c"; c := lastYear; b.world.chats[c.Key] = &c },
			append(made("parents:cohort:c", "of-c1"), made("students:cohort:c", "c1")...),
		},
		"a chat we have no access to any more: held": {
			func(b *bench) { b.chat(parentsA).State = ChatGone; b.chat(parentsA).Title = "other" },
			[]act{held(HoldChatGone, parentsA)},
		},
	})
}

func TestChatIsKept(t *testing.T) {
	t.Parallel()
	rename := func(key chats.Key) act { return act{Kind: Rename, Chat: key, Rule: RuleTitle} }
	run(t, map[string]situation{
		"renamed class, renamed chats": {
			func(b *bench) { b.class("a").Title = "2A" }, []act{rename(parentsA), rename(studentsA)},
		},
		"renamed by hand": {
			func(b *bench) { b.chat(room).Title = "Staff" }, []act{rename(room)},
		},
		"without a class teacher": {
			func(b *bench) { end(b.class("a").Teachers, "teacher-a") },
			[]act{removed(parentsA, "teacher-a", RuleEnded), removed(studentsA, "teacher-a", RuleEnded)},
		},
		"5A becomes 6A with its cohort": {
			func(b *bench) {
				b.class("a").CohortID = "x"
				b.sync()
				b.roster.Year.ID = "2027"
				b.roster.Groups, b.roster.Classes = nil, []school.Class{*b.class("a")}
				b.class("a").ID, b.class("a").Title = "a-2027", "2A"
			},
			[]act{rename("parents:cohort:x"), rename("students:cohort:x")},
		},
	})
}

// A link lost at the turn of the year is still no move: the chat has last year's class on
// record.
func TestCohortChatAtTurnOfYear(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.class("a").CohortID = "x"
	b.sync()
	b.roster.Year.ID, b.class("a").ID = "2027", "a-2027"
	b.person("a2").Account = 0

	p := b.plan()

	require.Contains(t, acts(p), held(HoldNoEvidence, "students:cohort:x", "a2", ""))
	require.NotContains(t, lo.Map(p.Operations, func(o Operation, _ int) Kind { return o.Kind }), Remove)
}

func TestRekey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.class("a").CohortID = "x"

	p := b.plan()

	require.Equal(t, []Rekey{
		{Type: chats.Parents, From: parentsA, To: "parents:cohort:x"},
		{Type: chats.Students, From: studentsA, To: "students:cohort:x"},
	}, p.Rekeys)
	require.Empty(t, p.Operations)
	b.sync()
	require.False(t, b.plan().Work(""))

	b.class("a").CohortID = ""
	require.Equal(t, []Rekey{
		{Type: chats.Parents, From: "parents:cohort:x", To: parentsA, Year: "2026"},
		{Type: chats.Students, From: "students:cohort:x", To: studentsA, Year: "2026"},
	}, b.plan().Rekeys)
}

func TestRekeyedChatIsReconciledUnderItsNewKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.class("a").CohortID = "x"
	b.person("a2").Enabled = false
	b.come(studentsA, Member{Account: 900})

	got := acts(b.plan())

	require.Subset(t, got, []act{
		removed("students:cohort:x", "a2", RuleEnded), removed("parents:cohort:x", "of-a2", RuleEnded), removed("students:cohort:x", "", RuleStranger),
	})
	require.NotContains(t, lo.Map(got, func(a act, _ int) chats.Key { return a.Chat }), studentsA)
}

// A chat without a class: nobody comes in, rights stay; who left the school or never belonged
// goes, and everybody else stays without a word.
func TestDormantChat(t *testing.T) {
	t.Parallel()
	closeClass := func(b *bench) { b.class("a").Ended = true }
	vanish := func(b *bench) { b.roster.Classes = b.roster.Classes[1:] }
	run(t, map[string]situation{
		"nothing happens":            {closeClass, nil},
		"nor if the class is lost":   {vanish, nil},
		"a missing member stays out": {func(b *bench) { closeClass(b); b.member(studentsA, "a2").State = MemberMissing }, nil},
		"rights stay, given or taken": {
			func(b *bench) {
				closeClass(b)
				b.member(studentsA, "a2").Admin = true
				b.member(studentsA, "teacher-a").Admin = false
			}, nil,
		},
		"a stranger goes": {
			func(b *bench) { closeClass(b); b.come(studentsA, Member{Account: 900}) },
			[]act{removed(studentsA, "", RuleStranger)},
		},
		"who left the school goes":     {func(b *bench) { closeClass(b); b.person("a2").Enabled = false }, goesEverywhere(RuleEnded)},
		"a fault keeps them, silently": {func(b *bench) { vanish(b); b.fault(school.FaultNoClass, "a2") }, nil},
		"who moved on when the class was closed stays": {
			func(b *bench) {
				closeClass(b)
				b.class("b").Students = append(b.class("b").Students, enrolled("a2")...)
			},
			[]act{{Kind: Add, Chat: studentsB, Person: "a2", Rule: RuleEntitled}, {Kind: Add, Chat: parentsB, Person: "of-a2", Rule: RuleEntitled}},
		},
		"a new account does not come in, so the old one stays": {
			func(b *bench) {
				b.roster.Classes, b.roster.Groups = nil, nil
				b.person("a2").Account = 600
			}, nil,
		},
		"a gone one is let be": {
			func(b *bench) {
				closeClass(b)
				b.chat(studentsA).State = ChatGone
				b.come(studentsA, Member{Account: 900})
			}, nil,
		},
	})
}

// Until somebody says which chats go on in the new year, the old ones wait with their people:
// that everybody is in a class of the new year is not a move.
func TestChatsOfLastYearWaitForTheirClasses(t *testing.T) {
	t.Parallel()
	for name, ids := range map[string]map[school.ClassID]school.ClassID{
		"classes with new ids":               {"a": "a-2027", "b": "b-2027"},
		"ids that other classes have by now": {"a": "b", "b": "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.roster.Year.ID = "2027"
			b.roster.Groups = nil
			for i := range b.roster.Classes {
				b.roster.Classes[i].ID = ids[b.roster.Classes[i].ID]
			}
			var want []act
			for _, of := range []chats.Type{chats.Parents, chats.Students} {
				for _, class := range b.roster.Classes {
					want = append(want, act{Hold: HoldNewYear, Kind: Create, Chat: chats.KeyOf(of, "", "2027", class.ID), Rule: RuleNewChat})
				}
			}
			requireActs(b, want...)

			b.person("a2").Enabled = false
			requireActs(b, append(want, goesEverywhere(RuleEnded)...)...)
		})
	}
}
