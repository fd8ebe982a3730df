package district

import (
	"math"
	"time"
)

// Options say what district to make up. Start from Demo and change what differs: a zero is
// taken at its word, e.g. no subject groups.
type Options struct {
	// Seed chooses among districts of the same size.
	Seed    uint64
	Schools int
	// MinClasses and MaxClasses bound the homeroom classes of a school.
	MinClasses, MaxClasses int
	// StudentsPerClass is the middle; a class has up to three more or fewer.
	StudentsPerClass int
	// Subjects is the middle number of subjects a class takes; it may be one more or fewer. A
	// language taught in two groups makes two subject groups.
	Subjects int
	// LinkedShare is the share of guardians with a messenger account, 0 to 1. Students and
	// staff are linked a little more often: 0.9 leaves about 10 % of the guardians, 8 % of
	// the students and 3 % of the staff without one.
	LinkedShare float64
	// Year is when the school year begins, see SchoolYearOf.
	Year int
	// AwkwardCases adds the faults and oddities of real rosters, a few of each.
	AwkwardCases bool
}

// Demo gives a district of three schools in the current school year, awkward cases and all.
func Demo() Options {
	return Options{
		Seed:             1,
		Schools:          3,
		MinClasses:       20,
		MaxClasses:       30,
		StudentsPerClass: 25,
		Subjects:         8,
		LinkedShare:      0.9,
		Year:             SchoolYearOf(time.Now()),
		AwkwardCases:     true,
	}
}

// SchoolYearOf gives the year in which the school year of that day began: it turns on
// 1 September, so that every day of the calendar lies in a school year.
func SchoolYearOf(t time.Time) int {
	if t.Month() >= time.September {
		return t.Year()
	}
	return t.Year() - 1
}

// The exponents turn the share of unlinked guardians into that of others: 10 % into 8 % and
// 3 %, while all stay all and none stay none.
func (o Options) linkedGuardians() float64 { return o.LinkedShare }
func (o Options) linkedStudents() float64  { return 1 - math.Pow(1-o.LinkedShare, 1.1) }
func (o Options) linkedStaff() float64     { return 1 - math.Pow(1-o.LinkedShare, 1.52) }
