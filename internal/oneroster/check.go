package oneroster

import (
	"fmt"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// checkRecords looks for what does not depend on the day: references to nothing, and rows that
// contradict each other.
func (f *Feed) checkRecords(l *loader) {
	for _, u := range f.users {
		f.checkUser(u)
	}
	for _, r := range l.roles {
		f.checkRole(r)
	}
	for _, p := range l.profiles {
		if !lo.HasKey(f.users, p.user) {
			f.dangling(at{file: fileProfiles, line: p.line, column: colUser, people: []school.PersonID{p.user}}, school.FaultUnknownPerson)
		}
	}
	for _, e := range l.enrollments {
		f.checkEnrollment(e)
	}
	for _, c := range f.classes {
		f.checkClass(c)
	}
}

// at is where a fault is, and whom it names.
type at struct {
	file    string
	line    int
	column  string
	people  []school.PersonID
	classes []school.ClassID
	until   school.Date
}

func (f *Feed) note(where at, code school.FaultCode, advice string) {
	f.findings.add(finding{
		Fault: school.Fault{
			Code: code, File: where.file, Row: where.line, Column: where.column, People: where.people, Classes: where.classes, Advice: advice,
		},
		until: where.until,
	})
}

var danglingAdvice = map[school.FaultCode]string{
	school.FaultUnknownPerson: "the user is not in users.csv: add the user, or take out the row or reference",
	school.FaultUnknownClass:  "the class is not in classes.csv: add the class, or take out the enrolment",
	school.FaultUnknownSchool: "the org is not in orgs.csv: add it, or mend the reference",
	school.FaultUnknownCourse: "the course is not in courses.csv: add it, or mend the reference",
	school.FaultUnknownTerm:   "a term is missing or is not in academicSessions.csv: add it, or mend the reference",
}

// dangling notes a reference to nothing.
func (f *Feed) dangling(where at, code school.FaultCode) { f.note(where, code, danglingAdvice[code]) }

func (f *Feed) checkUser(u user) {
	where := at{file: fileUsers, line: u.line, column: colID, people: []school.PersonID{u.person()}}
	if u.enabled && len(f.rolesOf[u.person()]) == 0 {
		f.note(where, school.FaultNoRole, "the user has no row in roles.csv: add the role, or disable the user")
	}
	where.column = colAgents
	for _, agent := range u.agents {
		other, known := f.users[agent]
		if !known {
			where.people = sortedUniq([]school.PersonID{u.person(), agent})
			f.dangling(where, school.FaultUnknownPerson)
			continue
		}
		if suspect, found := f.noGuardian(u, other); found {
			where.people = []school.PersonID{suspect}
			f.note(where, school.FaultNoGuardianRole, fmt.Sprintf(
				"%s and %s are linked, and neither has a guardian's role: add the role parent, guardian or relative to roles.csv, or take out the link",
				min(u.id, other.id), max(u.id, other.id)))
		}
	}
}

// noGuardian finds who of two linked people should be a guardian, but has other roles only:
// one who is linked to a student and is none. A row lost from roles.csv looks like that.
func (f *Feed) noGuardian(a, b user) (school.PersonID, bool) {
	if f.studies(b.person()) {
		a, b = b, a
	}
	suspect := b.person()
	return suspect, f.studies(a.person()) && !f.studies(suspect) && b.enabled &&
		!f.guards(suspect) && !f.guards(a.person()) && len(f.rolesOf[suspect]) > 0
}

func (f *Feed) checkRole(r *role) {
	if r.ended {
		return
	}
	where := at{file: fileRoles, line: r.line, column: colUser, people: []school.PersonID{r.user}, until: r.period.End}
	if !lo.HasKey(f.users, r.user) {
		f.dangling(where, school.FaultUnknownPerson)
	}
	if !f.known(r.org) {
		where.column = colOrg
		f.dangling(where, school.FaultUnknownSchool)
	}
}

func (f *Feed) checkEnrollment(e *enrollment) {
	if e.ended {
		return
	}
	where := func(column string) at {
		return at{
			file: fileEnrollments, line: e.line, column: column, until: e.period.End,
			people: []school.PersonID{e.user}, classes: []school.ClassID{e.class},
		}
	}
	if !lo.HasKey(f.users, e.user) {
		f.dangling(where(colUser), school.FaultUnknownPerson)
	} else if f.outOfRole(e) {
		f.note(where(colRole), school.FaultEnrollmentConflict,
			"the user is enrolled as "+e.role+" and has no such role in roles.csv: add the role, or mend the enrolment")
	}
	if !f.known(e.school) {
		f.dangling(where(colSchool), school.FaultUnknownSchool)
	}
	if c, known := f.classes[e.class]; !known {
		f.dangling(where(colClass), school.FaultUnknownClass)
	} else if c.school != e.school {
		f.note(where(colSchool), school.FaultEnrollmentConflict, "the enrolment is at another school than its class: mend whichever is wrong")
	}
}

// outOfRole tells whether somebody with roles is enrolled as what none of them says.
func (f *Feed) outOfRole(e *enrollment) bool {
	roles := f.rolesOf[e.user]
	fits := func(r *role) bool {
		switch e.role {
		case roleStudent:
			return r.role == roleStudent
		case roleTeacher:
			return staffs(r.role)
		default:
			return true
		}
	}
	return len(roles) > 0 && !lo.ContainsBy(roles, fits)
}

func (f *Feed) checkClass(c class) {
	if c.ended {
		return
	}
	where := func(column string) at {
		return at{file: fileClasses, line: c.line, column: column, classes: []school.ClassID{c.classID()}}
	}
	if !f.known(c.school) {
		f.dangling(where(colSchool), school.FaultUnknownSchool)
	}
	if !lo.HasKey(f.courses, c.course) {
		f.dangling(where(colCourse), school.FaultUnknownCourse)
	}
	if len(c.terms) == 0 || !lo.EveryBy(c.terms, func(t string) bool { return lo.HasKey(f.sessions, t) }) {
		f.dangling(where(colTerms), school.FaultUnknownTerm)
	}
}
