package reconcile

import (
	"testing"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// What a2 and their guardian are in: everything but the other class.
func goesEverywhere(rule Rule) []act {
	return []act{
		removed(parentsA, "of-a2", rule), removed(studentsA, "a2", rule),
		removed(mathA, "a2", rule), removed(englishA, "a2", rule), removed(artA, "a2", rule),
	}
}

func staysEverywhere(kind HoldKind) []act {
	return []act{
		held(HoldNoEvidence, parentsA, "of-a2", ""), held(kind, studentsA, "a2", ""),
		held(kind, mathA, "a2", ""), held(kind, englishA, "a2", ""), held(kind, artA, "a2", ""),
	}
}

// outOfEverything takes a2 out of all enrolments.
func outOfEverything(b *bench) {
	b.class("a").Students = without(b.class("a").Students, "a2")
	for _, id := range []school.ClassID{"math-a", "english-a", "art-a"} {
		b.group(id).Students = without(b.group(id).Students, "a2")
	}
}

func depart(b *bench, id school.PersonID, standing school.Standing) {
	b.forget(id)
	b.roster.Departed = append(b.roster.Departed, school.Departure{Person: id, Standing: standing})
}

func TestStudentLeavesSchool(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"ended: disabled":                  {func(b *bench) { b.person("a2").Enabled = false }, goesEverywhere(RuleEnded)},
		"ended: the role's end date":       {func(b *bench) { b.person("a2").Student.Period.End = today }, goesEverywhere(RuleEnded)},
		"ended: the role's status":         {func(b *bench) { b.person("a2").Student.Ended = true }, goesEverywhere(RuleEnded)},
		"not on the day before the end":    {func(b *bench) { b.person("a2").Student.Period.End = tomorrow }, nil},
		"gone from users, roles and rows":  {func(b *bench) { outOfEverything(b); depart(b, "a2", school.Gone) }, goesEverywhere(RuleGone)},
		"moved to another school":          {func(b *bench) { outOfEverything(b); depart(b, "a2", school.Elsewhere) }, goesEverywhere(RuleMoved)},
		"gone, and nobody can say where":   {func(b *bench) { outOfEverything(b); depart(b, "a2", school.Unclear) }, staysEverywhere(HoldNoEvidence)},
		"gone, and never heard of":         {func(b *bench) { outOfEverything(b); b.forget("a2") }, staysEverywhere(HoldNoEvidence)},
		"out of all classes is a fault":    {func(b *bench) { outOfEverything(b); b.fault(school.FaultNoClass, "a2") }, staysEverywhere(HoldFrozen)},
		"out of all classes, no evidence":  {outOfEverything, staysEverywhere(HoldNoEvidence)},
		"a fault freezes even an end":      {func(b *bench) { b.person("a2").Enabled = false; b.fault(school.FaultBadValue, "a2") }, staysEverywhere(HoldFrozen)},
		"a user row lost keeps everything": {func(b *bench) { b.forget("a2"); b.fault(school.FaultUnknownPerson, "a2") }, []act{held(HoldFrozen, studentsA, "a2", ""), held(HoldFrozen, mathA, "a2", ""), held(HoldFrozen, englishA, "a2", ""), held(HoldFrozen, artA, "a2", "")}},
	})
}

func TestStudentLeavesClass(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"ended: the enrolment's end date": {
			func(b *bench) { end(b.class("a").Students, "a2") },
			[]act{removed(studentsA, "a2", RuleEnded), removed(parentsA, "of-a2", RuleEnded)},
		},
		"ended: the enrolment's status": {
			func(b *bench) { b.class("a").Students[1].Ended = true },
			[]act{removed(studentsA, "a2", RuleEnded), removed(parentsA, "of-a2", RuleEnded)},
		},
		"moved to the other class, groups and all": {
			moveToB,
			[]act{
				removed(studentsA, "a2", RuleMoved), removed(parentsA, "of-a2", RuleMoved),
				removed(mathA, "a2", RuleMoved), removed(englishA, "a2", RuleMoved), // taken in the other group
				removed(artA, "a2", RuleMoved), // not taught in class b: nobody left in the group comes from there
				{Kind: Add, Chat: studentsB, Person: "a2", Rule: RuleEntitled}, {Kind: Add, Chat: parentsB, Person: "of-a2", Rule: RuleEntitled},
				{Kind: Add, Chat: mathB, Person: "a2", Rule: RuleEntitled}, {Kind: Add, Chat: "subject:2026:english-b", Person: "a2", Rule: RuleEntitled},
			},
		},
		"a class that has ended is no place to have moved to": {
			func(b *bench) {
				b.class("a").Students = without(b.class("a").Students, "a2")
				b.roster.Classes = append(b.roster.Classes, school.Class{ID: "old", Ended: true, Students: enrolled("a2")})
			},
			[]act{held(HoldNoEvidence, studentsA, "a2", ""), held(HoldNoEvidence, parentsA, "of-a2", "")},
		},
		"in two classes at once nobody goes": {
			func(b *bench) {
				b.class("b").Students = append(b.class("b").Students, enrolled("a2")...)
				b.fault(school.FaultTwoClasses, "a2")
			},
			[]act{
				{Kind: Add, Chat: studentsB, Person: "a2", Rule: RuleEntitled}, {Kind: Add, Chat: parentsB, Person: "of-a2", Rule: RuleEntitled},
			},
		},
	})
}

func moveToB(b *bench) {
	outOfEverything(b)
	b.class("b").Students = append(b.class("b").Students, enrolled("a2")...)
	for _, id := range []school.ClassID{"math-b", "english-b"} {
		b.group(id).Students = append(b.group(id).Students, enrolled("a2")...)
	}
}

func drop(b *bench, group school.ClassID, people ...school.PersonID) {
	b.group(group).Students = without(b.group(group).Students, people...)
}

func TestStudentLeavesGroup(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"ended: the enrolment's end date": {
			func(b *bench) { end(b.group("math-a").Students, "a2") },
			[]act{removed(mathA, "a2", RuleEnded)},
		},
		"dropped one group, all else stands": {
			func(b *bench) { drop(b, "art-a", "a2") },
			[]act{removed(artA, "a2", RuleDropped)},
		},
		"dropped several at once": {
			func(b *bench) { drop(b, "art-a", "a2"); drop(b, "math-a", "a2") },
			[]act{held(HoldNoEvidence, artA, "a2", RuleDropped), held(HoldNoEvidence, mathA, "a2", RuleDropped)},
		},
		"each dropped another one": {
			func(b *bench) { drop(b, "art-a", "a2"); drop(b, "math-a", "a3") },
			[]act{removed(artA, "a2", RuleDropped), removed(mathA, "a3", RuleDropped)},
		},
		"a file with its end cut off": {
			func(b *bench) { drop(b, "art-a", "a2"); b.fault(school.FaultTailMissing) },
			[]act{held(HoldNoEvidence, artA, "a2", "")},
		},
		"without a class it is no decision": {
			func(b *bench) {
				drop(b, "art-a", "a2")
				b.class("a").Students = without(b.class("a").Students, "a2")
			},
			[]act{
				held(HoldNoEvidence, artA, "a2", ""), held(HoldNoEvidence, studentsA, "a2", ""), held(HoldNoEvidence, parentsA, "of-a2", ""),
			},
		},
		"the same subject in another group": {
			func(b *bench) {
				drop(b, "math-a", "a2")
				b.group("math-b").Students = append(b.group("math-b").Students, enrolled("a2")...)
			},
			[]act{removed(mathA, "a2", RuleMoved), {Kind: Add, Chat: mathB, Person: "a2", Rule: RuleEntitled}},
		},
		"but not in a group that has ended": {
			func(b *bench) {
				drop(b, "math-a", "a2")
				b.roster.Groups = append(b.roster.Groups, school.Group{ID: "old", Subject: "Math", Ended: true, Students: enrolled("a2")})
			},
			[]act{removed(mathA, "a2", RuleDropped)},
		},
		"strange to the group, where a file is cut": {
			func(b *bench) {
				b.class("a").Students = without(b.class("a").Students, "a2")
				b.class("b").Students = append(b.class("b").Students, enrolled("a2")...)
				drop(b, "art-a", "a2")
				b.fault(school.FaultTailMissing)
			},
			[]act{
				removed(studentsA, "a2", RuleMoved), removed(parentsA, "of-a2", RuleMoved), held(HoldNoEvidence, artA, "a2", ""),
				{Kind: Add, Chat: studentsB, Person: "a2", Rule: RuleEntitled}, {Kind: Add, Chat: parentsB, Person: "of-a2", Rule: RuleEntitled},
			},
		},
	})
}

// A group of both classes that loses the rows of one of them has lost rows: its students have
// not all moved away.
func TestMixedGroupLosesRowsOfOneClass(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"two of a class": {
			func(b *bench) {
				b.group("art-a").Students = append(b.group("art-a").Students, enrolled("b2", "b3")...)
				b.sync()
				drop(b, "art-a", "b2", "b3")
			},
			[]act{held(HoldNoEvidence, artA, "b2", ""), held(HoldNoEvidence, artA, "b3", "")},
		},
		"the only one of a class": {
			func(b *bench) {
				b.group("art-a").Students = append(b.group("art-a").Students, enrolled("b2")...)
				b.sync()
				drop(b, "art-a", "b2")
			},
			[]act{removed(artA, "b2", RuleMoved)},
		},
		"two, one of whose places has ended": {
			func(b *bench) {
				b.group("art-a").Students = append(b.group("art-a").Students, enrolled("b2", "b3")...)
				b.sync()
				drop(b, "art-a", "b2")
				end(b.group("art-a").Students, "b3")
			},
			[]act{removed(artA, "b2", RuleMoved), removed(artA, "b3", RuleEnded)},
		},
	})
}

func TestGuardianLeaves(t *testing.T) {
	t.Parallel()
	second := func(b *bench) {
		b.roster.People = append(b.roster.People, school.Person{
			ID: "father", Enabled: true, Account: 300, Guardian: &school.Guardian{Students: []school.PersonID{"a2"}},
		})
		b.sync()
	}
	run(t, map[string]situation{
		"ended: disabled": {func(b *bench) { b.person("of-a2").Enabled = false }, []act{removed(parentsA, "of-a2", RuleEnded)}},
		"ended, whatever is wrong with the student": {
			func(b *bench) { b.person("of-a2").Enabled = false; b.fault(school.FaultTwoClasses, "a2") },
			[]act{removed(parentsA, "of-a2", RuleEnded)},
		},
		"gone": {func(b *bench) { depart(b, "of-a2", school.Gone) }, []act{removed(parentsA, "of-a2", RuleGone)}},
		"withdrawn, and somebody else stands for the student": {
			func(b *bench) { second(b); b.person("father").Guardian.Students = nil },
			[]act{removed(parentsA, "father", RuleWithdrawn)},
		},
		"withdrawn, with the whole facet": {
			func(b *bench) { second(b); b.person("father").Guardian = nil },
			[]act{removed(parentsA, "father", RuleWithdrawn)},
		},
		"withdrawn, and the fault that nobody is left to stand for": {
			func(b *bench) {
				second(b)
				b.person("father").Guardian.Students = nil
				b.fault(school.FaultNoStudents, "father")
			},
			[]act{held(HoldFrozen, parentsA, "father", "")},
		},
		"nobody stands for the student any more": {
			func(b *bench) { b.person("of-a2").Guardian.Students = []school.PersonID{"b2"} },
			[]act{held(HoldNoEvidence, parentsA, "of-a2", ""), {Kind: Add, Chat: parentsB, Person: "of-a2", Rule: RuleEntitled}},
		},
		"one of two students left: out of that student's class only": {
			func(b *bench) { b.person("b1").Student.Ended = true },
			[]act{
				removed(parentsB, "of-a1", RuleEnded), removed(parentsB, "of-b1", RuleEnded), removed(studentsB, "b1", RuleEnded),
				removed(mathB, "b1", RuleEnded), removed("subject:2026:english-b", "b1", RuleEnded),
			},
		},
		"a fault of the student freezes the guardian's removal": {
			func(b *bench) {
				b.class("a").Students = without(b.class("a").Students, "a2")
				b.fault(school.FaultNoClass, "a2")
			},
			[]act{held(HoldFrozen, studentsA, "a2", ""), held(HoldNoEvidence, parentsA, "of-a2", "")},
		},
	})
}

func TestGuardianOfTwoInOneClassStaysForTheOther(t *testing.T) {
	t.Parallel()
	run(t, map[string]situation{
		"one left": {
			func(b *bench) {
				b.person("of-a1").Guardian.Students = []school.PersonID{"a1", "a2"}
				b.sync()
				b.person("a2").Enabled = false
			},
			goesEverywhere(RuleEnded),
		},
	})
}
