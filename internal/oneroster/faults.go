package oneroster

import (
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// addFaults takes in the feed's faults that concern the school, and adds those that depend on
// the day.
func (b *builder) addFaults() {
	faults := b.feed.findings.concerning(b.roster.SourceID, b.before, b.today)
	for _, file := range b.feed.cut {
		faults = append(faults, school.Fault{
			Code: school.FaultTailMissing, File: file,
			Advice: "the file is its last version with the end missing: if the rows are really gone, accept the drop; else export it again",
		})
	}
	here := lo.Map(b.roster.People, func(p school.Person, _ int) school.PersonID { return p.ID })
	for _, p := range sortedUniq(slices.Concat(here, b.before)) {
		if u, known := b.feed.users[p]; known && u.enabled {
			faults = append(faults, b.studentFaults(p)...)
			faults = append(faults, b.guardianFaults(p)...)
		}
	}
	b.roster.Faults = sortFaults(slices.Concat(faults, b.teacherFaults(), b.misplaced))
	if len(b.roster.Faults) == 0 {
		b.roster.Faults = nil
	}
}

// studentFaults look at a student's homeroom classes: there is to be one.
func (b *builder) studentFaults(p school.PersonID) []school.Fault {
	homes := b.homes(p)
	if len(homes) > 1 {
		ids := lo.Map(homes, func(c class, _ int) school.ClassID { return c.classID() })
		return []school.Fault{{
			Code: school.FaultTwoClasses, File: fileEnrollments, Row: b.enrollmentLine(p, ids), Column: colClass,
			People: []school.PersonID{p}, Classes: ids,
			Advice: "the student is in several homeroom classes: end the enrolments that are not in force",
		}}
	}
	r, studies := lo.Find(b.feed.rolesOf[p], func(r *role) bool { return r.role == roleStudent && r.active(b.today) })
	if len(homes) == 1 || !studies {
		return nil
	}
	return []school.Fault{{
		Code: school.FaultNoClass, File: fileRoles, Row: r.line, Column: colUser, People: []school.PersonID{p},
		Advice: "the student is in no homeroom class: add the enrolment to enrollments.csv, or end the role",
	}}
}

func (b *builder) enrollmentLine(p school.PersonID, classes []school.ClassID) int {
	return lo.Max(lo.FilterMap(b.feed.enrollmentsOf[p], func(e *enrollment, _ int) (int, bool) {
		return e.line, slices.Contains(classes, e.class)
	}))
}

// guardianFaults look for a guardian who stands for nobody in the whole feed.
func (b *builder) guardianFaults(p school.PersonID) []school.Fault {
	r, guardian := lo.Find(b.feed.rolesOf[p], func(r *role) bool { return guards(r.role) && !r.over(b.today) })
	if !guardian || lo.ContainsBy(b.feed.links[p], b.feed.studies) {
		return nil
	}
	return []school.Fault{{
		Code: school.FaultNoStudents, File: fileRoles, Row: r.line, Column: colUser, People: []school.PersonID{p},
		Advice: "the guardian stands for no student: write the link to agentSourcedIds of users.csv, or end the role",
	}}
}

// teacherFaults look for classes with several class teachers on the day.
func (b *builder) teacherFaults() []school.Fault {
	people := lo.KeyBy(b.roster.People, func(p school.Person) school.PersonID { return p.ID })
	return lo.FilterMap(b.roster.Classes, func(c school.Class, _ int) (school.Fault, bool) {
		primary := lo.Filter(c.Teachers, func(e school.Enrollment, _ int) bool { return e.Primary })
		teachers := sortedUniq(chats.ActiveTeachers(primary, people, b.today))
		if c.Ended || len(teachers) < 2 {
			return school.Fault{}, false
		}
		return school.Fault{
			Code: school.FaultTwoClassTeachers, File: fileEnrollments, Row: b.enrollmentLine(teachers[0], []school.ClassID{c.ID}), Column: colPrimary,
			People: teachers, Classes: []school.ClassID{c.ID},
			Advice: "the class has several primary teachers: leave primary=true with the one on the class card",
		}, true
	})
}
