package rostertest

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Day is the day on which the drawn rosters are looked at. Dates of the rosters lie before
// it, on it and after it.
const Day school.Date = "2026-10-15"

// Draw makes a roster of up to three classes and ten people of each kind, with their
// faults on record. Every facet, date, flag and link that the rules know occurs.
func Draw(t *rapid.T) school.Roster {
	r := school.Roster{
		SourceID: "school", Name: "School", Year: school.SchoolYear{ID: "2026", Title: "2026/27"},
	}
	teachers := drawStaff(t, &r)
	r.Classes = drawClasses(t, teachers)
	r.Groups = drawGroups(t, teachers)
	students := drawStudents(t, &r)
	drawGuardians(t, &r, students, teachers)
	linkAccounts(t, &r)
	r.Faults = Faults(r)
	return r
}

func drawStaff(t *rapid.T, r *school.Roster) []school.PersonID {
	n := rapid.IntRange(2, 5).Draw(t, "teachers")
	ids := make([]school.PersonID, n)
	for i := range n {
		ids[i] = id("t", i)
		p := school.Person{ID: ids[i], Enabled: mostly(t, 9, "enabled")}
		if mostly(t, 8, "employed here") {
			p.Employee = drawEmployee(t)
		}
		r.People = append(r.People, p)
	}
	return ids
}

func drawEmployee(t *rapid.T) *school.Employee {
	e := &school.Employee{
		ActingHead: !mostly(t, 8, "not acting head"),
		CardClass:  rapid.SampledFrom([]string{"", "c0", "c1"}).Draw(t, "card class"),
	}
	if !mostly(t, 7, "no access role") {
		e.AccessRoles = []school.AccessRole{rapid.SampledFrom([]school.AccessRole{school.AccessAdministrator, school.AccessHead}).Draw(t, "access role")}
	}
	for range rapid.IntRange(1, 2).Draw(t, "positions") {
		role := rapid.SampledFrom([]string{"teacher", "teacher", "principal", "aide", "siteAdministrator"}).Draw(t, "role")
		pos := school.Position{Role: role, Pedagogical: role == "teacher", Period: drawPeriod(t), Ended: !mostly(t, 9, "position runs")}
		if role == "principal" {
			pos.Level = school.HeadLevel1
		}
		e.Positions = append(e.Positions, pos)
	}
	return e
}

func drawClasses(t *rapid.T, teachers []school.PersonID) []school.Class {
	classes := make([]school.Class, rapid.IntRange(1, 3).Draw(t, "classes"))
	for i := range classes {
		classes[i] = school.Class{
			ID: classID("c", i), Title: fmt.Sprintf("%d-A", i+1), Ended: !mostly(t, 9, "class runs"),
			CohortID: rapid.SampledFrom([]string{"", "", fmt.Sprintf("cohort-%d", i), "cohort-x"}).Draw(t, "cohort"),
		}
		primaries := rapid.SampledFrom([]int{0, 1, 1, 1, 1, 2}).Draw(t, "primary teachers")
		for range primaries {
			classes[i].Teachers = append(classes[i].Teachers, drawEnrollment(t, pick(t, teachers), true))
		}
		if !mostly(t, 7, "no assistant") {
			classes[i].Teachers = append(classes[i].Teachers, drawEnrollment(t, pick(t, teachers), false))
		}
	}
	return classes
}

func drawGroups(t *rapid.T, teachers []school.PersonID) []school.Group {
	groups := make([]school.Group, rapid.IntRange(1, 4).Draw(t, "groups"))
	for i := range groups {
		subject := rapid.SampledFrom([]string{"Algebra", "Art"}).Draw(t, "subject")
		groups[i] = school.Group{
			ID: classID("g", i), Title: fmt.Sprintf("%d-A", i+1), Subject: subject, Ended: !mostly(t, 9, "group runs"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "subject teachers") {
			groups[i].Teachers = append(groups[i].Teachers, drawEnrollment(t, pick(t, teachers), true))
		}
	}
	return groups
}

// drawStudents puts students into the roster's classes and groups.
func drawStudents(t *rapid.T, r *school.Roster) []school.PersonID {
	n := rapid.IntRange(0, 8).Draw(t, "students")
	ids := make([]school.PersonID, n)
	for i := range n {
		ids[i] = id("s", i)
		student := &school.Student{Ended: !mostly(t, 12, "studies")}
		r.People = append(r.People, school.Person{ID: ids[i], Enabled: mostly(t, 12, "enabled"), Student: student})
		if mostly(t, 12, "has a class") {
			c := rapid.IntRange(0, len(r.Classes)-1).Draw(t, "class")
			r.Classes[c].Students = append(r.Classes[c].Students, drawEnrollment(t, ids[i], false))
		}
		for g := range r.Groups {
			if rapid.Bool().Draw(t, "takes it") {
				r.Groups[g].Students = append(r.Groups[g].Students, drawEnrollment(t, ids[i], false))
			}
		}
	}
	return ids
}

func drawGuardians(t *rapid.T, r *school.Roster, students, teachers []school.PersonID) {
	if len(students) == 0 {
		return
	}
	for i := range rapid.IntRange(0, 10).Draw(t, "guardians") {
		p := school.Person{ID: id("p", i), Enabled: mostly(t, 12, "enabled")}
		p.Guardian = &school.Guardian{Students: rapid.SliceOfNDistinct(rapid.SampledFrom(students), 0, min(2, len(students)), rapid.ID).Draw(t, "wards")}
		r.People = append(r.People, p)
	}
	if rapid.Bool().Draw(t, "a teacher is a parent") {
		Person(r, pick(t, teachers)).Guardian = &school.Guardian{Students: []school.PersonID{pick(t, students)}}
	}
}

// linkAccounts gives most people an account of their own, some none, and sometimes two people
// the same.
func linkAccounts(t *rapid.T, r *school.Roster) {
	for i := range r.People {
		if mostly(t, 8, "linked") {
			r.People[i].Account = school.AccountID(1000 + i)
		}
	}
	if len(r.People) > 1 && !mostly(t, 6, "no shared account") {
		r.People[1].Account = r.People[0].Account
	}
}

func drawEnrollment(t *rapid.T, person school.PersonID, primary bool) school.Enrollment {
	return school.Enrollment{Person: person, Primary: primary, Period: drawPeriod(t), Ended: !mostly(t, 15, "enrolment runs")}
}

func drawPeriod(t *rapid.T) school.Period {
	open := school.Period{}
	return rapid.SampledFrom([]school.Period{
		open, open, open, open, open, open,
		{Begin: "2026-09-01", End: "2027-06-01"},
		{Begin: Day, End: "2026-10-16"},
		{Begin: "2026-10-16"},
		{End: Day},
	}).Draw(t, "period")
}

// mostly is true in all but about one of n+1 draws.
func mostly(t *rapid.T, n int, label string) bool { return rapid.IntRange(0, n).Draw(t, label) < n }

func pick[T any](t *rapid.T, from []T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

func id(kind string, i int) school.PersonID { return school.PersonID(fmt.Sprintf("%s%02d", kind, i)) }

func classID(kind string, i int) school.ClassID { return school.ClassID(fmt.Sprintf("%s%d", kind, i)) }
