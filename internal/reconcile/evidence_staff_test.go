package reconcile

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestClassTeacherLeaves(t *testing.T) {
	t.Parallel()
	primary := func(p school.PersonID) []school.Enrollment { return []school.Enrollment{{Person: p, Primary: true}} }
	bothGo := func(rule Rule, then ...act) []act {
		return append(then, removed(parentsA, "teacher-a", rule), removed(studentsA, "teacher-a", rule))
	}
	takesOver := func(p school.PersonID) []act {
		var in []act
		for _, key := range []chats.Key{parentsA, studentsA} {
			in = append(in, act{Kind: Add, Chat: key, Person: p, Rule: RuleEntitled}, act{Kind: Promote, Chat: key, Person: p, Rule: RuleAdmin})
		}
		return in
	}
	run(t, map[string]situation{
		"replaced": {
			func(b *bench) { b.class("a").Teachers = primary("math") },
			bothGo(RuleReplaced, takesOver("math")...),
		},
		"ended by the enrolment": {
			func(b *bench) { end(b.class("a").Teachers, "teacher-a") },
			bothGo(RuleEnded),
		},
		"ended as class teacher, still an assistant": {
			func(b *bench) {
				end(b.class("a").Teachers, "teacher-a")
				b.class("a").Teachers = append(b.class("a").Teachers, enrolled("teacher-a")...)
			},
			bothGo(RuleEnded),
		},
		"dismissed": {
			func(b *bench) { b.person("teacher-a").Employee.Positions[0].Period.End = today },
			bothGo(RuleEnded, removed(room, "teacher-a", RuleEnded), removed(artA, "teacher-a", RuleEnded)),
		},
		"the row is lost": {
			func(b *bench) { b.class("a").Teachers = nil },
			[]act{held(HoldNoEvidence, parentsA, "teacher-a", ""), held(HoldNoEvidence, studentsA, "teacher-a", "")},
		},
		"two of them are a fault": {
			func(b *bench) {
				b.class("a").Teachers = append(b.class("a").Teachers, primary("math")...)
				b.fault(school.FaultTwoClassTeachers, "teacher-a", "math")
			},
			[]act{held(HoldFrozen, parentsA, "teacher-a", ""), held(HoldFrozen, studentsA, "teacher-a", "")},
		},
		"replaced, but a parent of the class: rights go, the person stays": {
			func(b *bench) {
				b.person("teacher-a").Guardian = &school.Guardian{Students: []school.PersonID{"a2"}}
				b.sync()
				b.class("a").Teachers = primary("math")
			},
			append(takesOver("math"), removed(studentsA, "teacher-a", RuleReplaced),
				act{Kind: Demote, Chat: parentsA, Person: "teacher-a", Rule: RuleNotAdmin}),
		},
		"a parent of the class, and the row is lost: rights stay too": {
			func(b *bench) {
				b.person("teacher-a").Guardian = &school.Guardian{Students: []school.PersonID{"a2"}}
				b.sync()
				b.class("a").Teachers = nil
			},
			[]act{
				held(HoldNoEvidence, studentsA, "teacher-a", ""),
				{Hold: HoldNoEvidence, Kind: Demote, Chat: parentsA, Person: "teacher-a", Rule: RuleNotAdmin},
			},
		},
	})
}

func TestSubjectTeacherLeaves(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"ended by the enrolment": {
			func(b *bench) { end(b.group("english-a").Teachers, "english-1") },
			[]act{removed(englishA, "english-1", RuleEnded)},
		},
		"replaced": {
			func(b *bench) { b.group("math-a").Teachers = enrolled("art") },
			[]act{
				{Kind: Add, Chat: mathA, Person: "art", Rule: RuleEntitled}, {Kind: Promote, Chat: mathA, Person: "art", Rule: RuleAdmin},
				removed(mathA, "math", RuleReplaced),
			},
		},
		"replaced beside one who stays": {
			func(b *bench) { b.group("english-a").Teachers = enrolled("english-2", "art") },
			[]act{
				{Kind: Add, Chat: englishA, Person: "art", Rule: RuleEntitled}, {Kind: Promote, Chat: englishA, Person: "art", Rule: RuleAdmin},
				removed(englishA, "english-1", RuleReplaced),
			},
		},
		"a co-teacher gone who teaches something else": {
			func(b *bench) { b.group("english-a").Teachers = enrolled("english-1") },
			[]act{removed(englishA, "english-2", RuleDropped)},
		},
		"a co-teacher gone who teaches nothing any more": {
			func(b *bench) { b.group("english-a").Teachers = enrolled("english-2") },
			[]act{held(HoldNoEvidence, englishA, "english-1", "")},
		},
		"a co-teacher gone, and a file is cut": {
			func(b *bench) {
				b.group("english-a").Teachers = enrolled("english-1")
				b.fault(school.FaultTailMissing)
			},
			[]act{held(HoldNoEvidence, englishA, "english-2", "")},
		},
		"replaced, and a file is cut": {
			func(b *bench) { b.group("math-a").Teachers = enrolled("art"); b.fault(school.FaultTailMissing) },
			[]act{
				{Kind: Add, Chat: mathA, Person: "art", Rule: RuleEntitled}, {Kind: Promote, Chat: mathA, Person: "art", Rule: RuleAdmin},
				held(HoldNoEvidence, mathA, "math", ""),
			},
		},
		"nobody teaches now": {
			func(b *bench) { b.group("math-a").Teachers = nil },
			[]act{held(HoldNoEvidence, mathA, "math", "")},
		},
		"by somebody who has no account yet: dropped, as far as we know, and waits": {
			func(b *bench) { b.group("math-a").Teachers = enrolled("art"); b.person("art").Account = 0 },
			[]act{held(HoldLastAdmin, mathA, "math", RuleDropped), held(HoldNoEvidence, room, "art", "")},
		},
		"a co-teacher who never had an account does not replace": {
			func(b *bench) {
				b.group("english-a").Teachers = enrolled("english-1", "english-2", "ghost")
				b.roster.People = append(b.roster.People, staff("ghost", 0, pedagogue))
				b.sync()
				b.group("english-a").Teachers = enrolled("english-2", "ghost")
			},
			[]act{held(HoldNoEvidence, englishA, "english-1", "")},
		},
	})
}

// The evidence that somebody was replaced must outlast the invitation of who comes after.
func TestReplacedByInvitedTeacher(t *testing.T) {
	t.Parallel()
	waits := []act{held(HoldLastAdmin, mathA, "math", RuleReplaced)}
	b := setup(t)
	b.input.Adding = AddingDenied
	b.group("math-a").Teachers = enrolled("art")
	requireActs(b, append(waits, act{Kind: Invite, Chat: mathA, Person: "art", Rule: RuleAddDenied})...)
	b.sync()
	requireActs(b, waits...)

	b.member(mathA, "art").State = MemberPresent

	requireActs(b, act{Kind: Promote, Chat: mathA, Person: "art", Rule: RuleAdmin}, removed(mathA, "math", RuleReplaced))
}

func TestStaffLeaveTeachersRoom(t *testing.T) {
	t.Parallel()
	flags := func(b *bench, clear func(*school.Employee)) { clear(b.person("admin").Employee) }
	run(t, map[string]situation{
		"disabled":       {func(b *bench) { b.person("admin").Enabled = false }, []act{removed(room, "admin", RuleEnded)}},
		"dismissed":      {func(b *bench) { b.person("admin").Employee.Positions[0].Ended = true }, []act{removed(room, "admin", RuleEnded)}},
		"gone":           {func(b *bench) { depart(b, "admin", school.Gone) }, []act{removed(room, "admin", RuleGone)}},
		"the head's end": {func(b *bench) { b.person("head").Employee.Positions[0].Period.End = today }, []act{removed(room, "head", RuleEnded)}},
		"cleared: access roles": {
			func(b *bench) { flags(b, func(e *school.Employee) { e.AccessRoles = nil }) },
			[]act{removed(room, "admin", RuleCleared)},
		},
		"cleared: one of two is not enough": {
			func(b *bench) { flags(b, func(e *school.Employee) { e.AccessRoles = e.AccessRoles[:1] }) },
			nil,
		},
		"cleared: acting head": {
			func(b *bench) { b.person("acting").Employee.ActingHead = false },
			[]act{removed(room, "acting", RuleCleared)},
		},
		"positions lost, flag kept": {
			func(b *bench) { b.person("acting").Employee.Positions = nil },
			[]act{held(HoldNoEvidence, room, "acting", "")},
		},
		"the whole staff record lost": {
			func(b *bench) { b.person("acting").Employee = nil },
			[]act{held(HoldNoEvidence, room, "acting", "")},
		},
		"no role at all is a fault": {
			func(b *bench) { b.person("admin").Employee = nil; b.fault(school.FaultNoRole, "admin") },
			[]act{held(HoldFrozen, room, "admin", "")},
		},
		"not pedagogical any more, without an end": {
			func(b *bench) { b.person("math").Employee.Positions[0].Pedagogical = false },
			[]act{held(HoldNoEvidence, room, "math", "")},
		},
		"the pedagogical position ended, another goes on": {
			func(b *bench) {
				p := b.person("math").Employee
				p.Positions[0].Period.End = today
				p.Positions = append(p.Positions, school.Position{Role: "aide"})
			},
			[]act{removed(room, "math", RuleEnded)},
		},
		"site administrator ended, still a teacher: rights go": {
			func(b *bench) { b.person("art").Employee.Positions[1].Ended = true },
			[]act{{Kind: Demote, Chat: room, Person: "art", Rule: RuleNotAdmin}},
		},
		"site administrator's row lost, still a teacher: rights stay": {
			func(b *bench) { b.person("art").Employee.Positions = b.person("art").Employee.Positions[:1] },
			[]act{{Hold: HoldNoEvidence, Kind: Demote, Chat: room, Person: "art", Rule: RuleNotAdmin}},
		},
	})
}

// That a link is lost says nothing about a person. Whoever has a ground stays, on every ground
// there is.
func TestLostLinkIsNoEvidence(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.group("english-a").Teachers = append(b.group("english-a").Teachers, enrolled("art")...) // a new colleague replaces nobody
	for i := range b.roster.People {
		if b.roster.People[i].ID != "art" {
			b.roster.People[i].Account = 0
		}
	}

	p := b.plan()

	require.Empty(t, lo.Filter(p.Operations, func(o Operation, _ int) bool { return o.Kind == Remove || o.Kind == Demote }))
	present := lo.SumBy(b.world.mirror(), func(c Chat) int { return len(c.Members) })
	require.Len(t, lo.Filter(p.Holds, func(h Hold, _ int) bool { return h.Kind == HoldNoEvidence }), present-1)
}

func TestAccountReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.person("math").Account = 600
	var want []act
	for _, key := range []chats.Key{mathA, mathB} {
		want = append(want, act{Kind: Add, Chat: key, Person: "math", Rule: RuleEntitled},
			act{Kind: Promote, Chat: key, Person: "math", Rule: RuleAdmin}, removed(key, "math", RuleAccountReplaced))
	}
	want = append(want, act{Kind: Add, Chat: room, Person: "math", Rule: RuleEntitled}, removed(room, "math", RuleAccountReplaced))

	requireActs(b, want...)

	steps := lo.FilterMap(b.plan().Operations, func(o Operation, _ int) (Kind, bool) { return o.Kind, o.Chat == mathA })
	require.Equal(t, []Kind{Add, Promote, Remove}, steps, "the old account goes last")
}
