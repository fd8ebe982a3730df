package district

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Files are the OneRoster files of a district, in memory. They are not safe for concurrent
// use.
type Files struct {
	// Day is the date, "2026-09-01", that edits write where something begins or ends. At
	// first it is the first day of the school year, which is past on every day of that year.
	Day string

	tables []*Table
	// session is the school year's sourcedId, first the year in which it begins.
	session string
	first   int
	rand    *rand.Rand
	// serials are the last numbers given to ids by their prefix, accounts the last one given
	// to a person; both only grow, so that an id is not given twice.
	serials map[string]int
	people  uint32
	cases   map[Case]Involved
}

func newFiles() *Files {
	f := &Files{serials: map[string]int{}, cases: map[Case]Involved{}}
	for _, s := range schemas() {
		f.tables = append(f.tables, newTable(s))
	}
	return f
}

// Table gives a file by its name without ".csv", e.g. "users"; a name that is not one of the
// files panics.
func (f *Files) Table(name string) *Table {
	for _, t := range f.tables {
		if t.name == name {
			return t
		}
	}
	panic(fmt.Sprintf("district: there is no file %s.csv: use manifest, orgs, academicSessions, courses, classes, users, roles, userProfiles or enrollments", name))
}

// Orgs are the district and its schools.
func (f *Files) Orgs() *Table { return f.Table(tableOrgs) }

// Sessions are the school year and its halves.
func (f *Files) Sessions() *Table { return f.Table(tableSessions) }

// Courses are the subjects.
func (f *Files) Courses() *Table { return f.Table(tableCourses) }

// Classes are the homeroom classes and the subject groups.
func (f *Files) Classes() *Table { return f.Table(tableClasses) }

// Users are the people.
func (f *Files) Users() *Table { return f.Table(tableUsers) }

// Roles say what people are, and in which school.
func (f *Files) Roles() *Table { return f.Table(tableRoles) }

// UserProfiles are the linked messenger accounts.
func (f *Files) UserProfiles() *Table { return f.Table(tableProfiles) }

// Enrollments say who learns and teaches in which class or group.
func (f *Files) Enrollments() *Table { return f.Table(tableEnrollments) }

// The kinds of ids; an id reads sch-101-st-00042.
const (
	kindEmployee   = "em"
	kindStudent    = "st"
	kindGuardian   = "gd"
	kindClass      = "cl"
	kindGroup      = "gr"
	kindRole       = "ro"
	kindProfile    = "pf"
	kindEnrollment = "en"
)

// nextID gives a new sourcedId for a row of the table.
func (f *Files) nextID(t *Table, school, kind string) string {
	prefix := school + "-" + kind + "-"
	last, known := f.serials[prefix]
	if !known {
		last = lastSerial(t, prefix)
	}
	f.serials[prefix] = last + 1
	return fmt.Sprintf("%s%05d", prefix, last+1)
}

// openSchool says that the school is new, which saves looking for its last ids.
func (f *Files) openSchool(school string) {
	for _, kind := range []string{
		kindEmployee, kindStudent, kindGuardian, kindClass, kindGroup, kindRole, kindProfile, kindEnrollment,
	} {
		f.serials[school+"-"+kind+"-"] = 0
	}
}

func lastSerial(t *Table, prefix string) int {
	last := 0
	for row := range t.All() {
		id := row.ID()
		if len(id) <= len(prefix) || id[:len(prefix)] != prefix {
			continue
		}
		if n, err := strconv.Atoi(id[len(prefix):]); err == nil {
			last = max(last, n)
		}
	}
	return last
}
