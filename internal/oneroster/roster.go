package oneroster

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/oneroster/bulk"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// UnknownSchoolError says that the feed has no such school.
type UnknownSchoolError struct {
	SourceID string
	// Schools is how many schools the feed has.
	Schools int
}

func (e *UnknownSchoolError) Error() string {
	return fmt.Sprintf("orgs.csv: no org of type school has the sourcedId %q (there are %d schools): "+
		"give the school the sourcedId it has in orgs.csv, or export its org again", e.SourceID, e.Schools)
}

// RosterOptions refine a roster.
type RosterOptions struct {
	// Today chooses the school year, and the day for which contradictions are looked for.
	Today school.Date
	// AcceptDrop says that a school that has far fewer people than before is right so.
	AcceptDrop bool
}

// Roster gives the roster of one school. The previous one, nil before the first, is where the
// people come from who are not in the school any longer. The same feed with its own result as
// previous gives an equal roster.
//
// The error is an UnknownSchoolError, or a BadReadError where no school year is running or the
// school has implausibly fewer people than before.
func (f *Feed) Roster(sourceID string, previous *school.Roster, o RosterOptions) (school.Roster, error) {
	org, ok := f.orgs[sourceID]
	if !ok || org.kind != orgSchool {
		return school.Roster{}, &UnknownSchoolError{SourceID: sourceID, Schools: len(f.Schools())}
	}
	year, err := f.year(o.Today)
	if err != nil {
		return school.Roster{}, err
	}
	b := newBuilder(f, org, year, o.Today)
	b.before = peopleBefore(previous, year)
	b.addClasses()
	b.addPeople()
	b.addDeparted()
	b.addCalls()
	b.addFaults()
	if previous != nil && !o.AcceptDrop {
		now, last := enabled(b.roster.People), enabled(previous.People)
		if bulk.Dropped(now, last) {
			return school.Roster{}, &BadReadError{
				File:    fileUsers,
				Problem: fmt.Sprintf("%d enabled people in school %s, and %d at the last accepted reading", now, sourceID, last),
				Advice:  "export the files again, or, if this is right: rollcall feed read FEED --accept-drop",
			}
		}
	}
	return b.roster, nil
}

func enabled(people []school.Person) int {
	return lo.CountBy(people, func(p school.Person) bool { return p.Enabled })
}

// year finds the running school year; of several, the one that began last.
func (f *Feed) year(today school.Date) (school.SchoolYear, error) {
	running := lo.FilterMapToSlice(f.sessions, func(_ string, s session) (session, bool) {
		return s, s.isYear && !s.ended && s.period.Begin != "" && s.period.Covers(today)
	})
	if len(running) == 0 {
		return school.SchoolYear{}, &BadReadError{
			File: fileSessions, Column: colType, Problem: fmt.Sprintf("no session of type schoolYear covers %s", today),
			Advice: "add the school year, or mend its dates (the end is the first day after it)",
		}
	}
	s := slices.MinFunc(running, func(a, b session) int {
		return cmp.Or(cmp.Compare(b.period.Begin, a.period.Begin), cmp.Compare(a.id, b.id))
	})
	return school.SchoolYear{ID: s.id, Title: s.title, Period: s.period}, nil
}

// builder makes one school's roster.
type builder struct {
	feed   *Feed
	today  school.Date
	roster school.Roster
	// pupils are the students of the school, by role or by enrolment.
	pupils map[school.PersonID]bool
	// before are the people whom the school had at the last reading.
	before []school.PersonID
	// misplaced are the faults of calls that no chat of the school is for.
	misplaced []school.Fault
}

func newBuilder(f *Feed, o org, year school.SchoolYear, today school.Date) *builder {
	return &builder{
		feed: f, today: today, pupils: map[school.PersonID]bool{},
		roster: school.Roster{
			SourceID: o.id, Name: o.name, Year: year,
			People: []school.Person{}, Classes: []school.Class{}, Groups: []school.Group{},
		},
	}
}

func (b *builder) addClasses() {
	classes := slices.Clone(b.feed.classesAt[b.roster.SourceID])
	slices.SortFunc(classes, func(x, y class) int { return cmp.Compare(x.id, y.id) })
	for _, c := range classes {
		if !b.ofYear(c) {
			continue
		}
		teachers, students := b.enrollments(c, roleTeacher), b.enrollments(c, roleStudent)
		switch c.kind {
		case kindHomeroom:
			b.roster.Classes = append(b.roster.Classes, school.Class{
				ID: c.classID(), CohortID: c.cohort, Title: c.title, Ended: c.ended, Teachers: teachers, Students: students,
			})
		case kindScheduled:
			b.roster.Groups = append(b.roster.Groups, school.Group{
				ID: c.classID(), CohortID: c.cohort, Title: c.title, Subject: b.feed.courses[c.course].title, Ended: c.ended,
				Teachers: teachers, Students: students,
			})
		}
	}
}

// ofYear tells whether a class belongs to the running school year. One whose terms all lie in
// other years does not: exports may go on carrying the classes of the past.
func (b *builder) ofYear(c class) bool {
	year := b.roster.Year.Period
	terms := lo.FilterMap(c.terms, func(id string, _ int) (school.Period, bool) {
		s, known := b.feed.sessions[id]
		return s.period, known
	})
	return len(terms) == 0 || lo.SomeBy(terms, func(t school.Period) bool {
		return !t.Over(year.Begin) && (year.End == "" || t.Begin < year.End)
	})
}

func (b *builder) enrollments(c class, role string) []school.Enrollment {
	var enrolled []school.Enrollment
	for _, e := range b.feed.enrollmentsIn[c.classID()] {
		if e.role == role {
			enrolled = append(enrolled, school.Enrollment{
				Person: e.user, Primary: e.primary && role == roleTeacher, Period: e.period, Ended: e.ended,
			})
		}
	}
	slices.SortFunc(enrolled, func(x, y school.Enrollment) int {
		return cmp.Or(cmp.Compare(x.Person, y.Person), comparePeriods(x.Period, y.Period), compareBools(x.Ended, y.Ended), compareBools(x.Primary, y.Primary))
	})
	return slices.Compact(enrolled)
}

func comparePeriods(a, b school.Period) int {
	return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.End, b.End))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}
