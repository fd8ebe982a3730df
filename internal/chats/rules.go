package chats

import (
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// RoleSiteAdministrator is the OneRoster role that stands for the access role «Администратор».
const RoleSiteAdministrator = "siteAdministrator"

// StaffReasons are the grounds for being in the teachers' room. All hold only while the person
// is employed: a flag left on somebody who has gone gives nothing.
func StaffReasons(p school.Person, day school.Date) []ReasonCode {
	if !Employed(p, day) {
		return nil
	}
	var codes []ReasonCode
	when := func(holds bool, code ReasonCode) {
		if holds {
			codes = append(codes, code)
		}
	}
	e := p.Employee
	active := lo.Filter(e.Positions, func(pos school.Position, _ int) bool { return pos.Active(day) })
	when(lo.ContainsBy(active, func(pos school.Position) bool { return pos.Pedagogical }), ReasonPedagogical)
	when(lo.ContainsBy(active, func(pos school.Position) bool { return pos.Level == school.HeadLevel1 }), ReasonHead)
	when(e.ActingHead, ReasonActingHead)
	when(slices.Contains(e.AccessRoles, school.AccessAdministrator), ReasonAccessAdmin)
	when(slices.Contains(e.AccessRoles, school.AccessHead), ReasonAccessHead)
	when(lo.ContainsBy(active, func(pos school.Position) bool { return pos.Role == RoleSiteAdministrator }), ReasonSiteAdministrator)
	return codes
}

// Employed tells whether the person holds a position at the school on that day.
func Employed(p school.Person, day school.Date) bool {
	return p.Enabled && p.Employee != nil &&
		lo.ContainsBy(p.Employee.Positions, func(pos school.Position) bool { return pos.Active(day) })
}

// Dismissed tells whether the source says outright that the person's work at the school has
// ended: every position of theirs is over.
func Dismissed(p school.Person, day school.Date) bool {
	return p.Employee != nil && len(p.Employee.Positions) > 0 &&
		lo.EveryBy(p.Employee.Positions, func(pos school.Position) bool { return pos.Over(day) })
}

// studies tells whether a described person may count as a student.
func studies(p school.Person, day school.Date) bool {
	return p.Enabled && !Graduated(p, day)
}

// Graduated tells whether the source says outright that the person's time as a student of the
// school is over.
func Graduated(p school.Person, day school.Date) bool {
	return p.Student != nil && (p.Student.Ended || p.Student.Period.Over(day))
}

// ClassTeacher is the class teacher by the class card: the one active primary teacher. Nobody
// is, where there are two: that is a fault of the source, and it is not for us to choose. The
// teacher need not be employed by this school, but must not have been dismissed by it.
func ClassTeacher(c school.Class, people map[school.PersonID]school.Person, day school.Date) (school.PersonID, bool) {
	primary := lo.Filter(c.Teachers, func(e school.Enrollment, _ int) bool { return e.Primary })
	teachers := ActiveTeachers(primary, people, day)
	if len(teachers) != 1 {
		return "", false
	}
	return teachers[0], true
}

// ActiveTeachers are those who teach by these enrolments on that day, each once.
func ActiveTeachers(enrollments []school.Enrollment, people map[school.PersonID]school.Person, day school.Date) []school.PersonID {
	return lo.Uniq(lo.FilterMap(enrollments, func(e school.Enrollment, _ int) (school.PersonID, bool) {
		p, known := people[e.Person]
		return e.Person, e.Active(day) && (!known || p.Enabled && !Dismissed(p, day))
	}))
}
