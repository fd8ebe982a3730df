package rostertest

import (
	"cmp"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Faults are those an importer would find in the roster, as far as they name people.
func Faults(r school.Roster) []school.Fault {
	var faults []school.Fault
	found := func(code school.FaultCode, people ...school.PersonID) {
		if len(people) > 0 {
			faults = append(faults, school.Fault{Code: code, People: people})
		}
	}
	found(school.FaultUnknownPerson, unknown(r)...)
	homes := lo.CountValues(homerooms(r))
	for _, p := range r.People {
		studies := p.Student != nil && p.Enabled && !p.Student.Ended
		switch {
		case studies && homes[p.ID] == 0:
			found(school.FaultNoClass, p.ID)
		case studies && homes[p.ID] > 1:
			found(school.FaultTwoClasses, p.ID)
		}
		if p.Guardian != nil && len(p.Guardian.Students) == 0 {
			found(school.FaultNoStudents, p.ID)
		}
		if p.Employee != nil && len(p.Employee.Positions) == 0 && p.Student == nil && p.Guardian == nil {
			found(school.FaultNoRole, p.ID)
		}
	}
	for _, people := range sharing(r) {
		found(school.FaultSharedAccount, people...)
	}
	for _, c := range r.Classes {
		if primary := primaries(c); len(primary) > 1 {
			found(school.FaultTwoClassTeachers, primary...)
		}
	}
	slices.SortFunc(faults, func(a, b school.Fault) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), slices.Compare(a.People, b.People))
	})
	return faults
}

// unknown are the people whom rows refer to and no row describes.
func unknown(r school.Roster) []school.PersonID {
	var mentioned []school.PersonID
	for _, enrollments := range Enrollments(&r) {
		mentioned = append(mentioned, lo.Map(*enrollments, func(e school.Enrollment, _ int) school.PersonID { return e.Person })...)
	}
	for _, p := range r.People {
		if p.Guardian != nil {
			mentioned = append(mentioned, p.Guardian.Students...)
		}
	}
	known := lo.Map(r.People, func(p school.Person, _ int) school.PersonID { return p.ID })
	missing := lo.Uniq(lo.Without(mentioned, known...))
	slices.Sort(missing)
	return missing
}

func homerooms(r school.Roster) []school.PersonID {
	var students []school.PersonID
	for _, c := range r.Classes {
		for _, e := range c.Students {
			if e.Active(Day) && !c.Ended {
				students = append(students, e.Person)
			}
		}
	}
	return students
}

func sharing(r school.Roster) [][]school.PersonID {
	linked := lo.Filter(r.People, func(p school.Person, _ int) bool { return p.Account != 0 })
	byAccount := lo.GroupBy(linked, func(p school.Person) school.AccountID { return p.Account })
	return lo.FilterMap(lo.Values(byAccount), func(people []school.Person, _ int) ([]school.PersonID, bool) {
		return lo.Map(people, func(p school.Person, _ int) school.PersonID { return p.ID }), len(people) > 1
	})
}

func primaries(c school.Class) []school.PersonID {
	primary := lo.Filter(c.Teachers, func(e school.Enrollment, _ int) bool { return e.Primary && e.Active(Day) })
	return lo.Uniq(lo.Map(primary, func(e school.Enrollment, _ int) school.PersonID { return e.Person }))
}
