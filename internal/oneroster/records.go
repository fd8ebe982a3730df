package oneroster

import (
	"strings"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Org is a school of the feed.
type Org struct {
	SourcedID string `json:"sourcedId"`
	Name      string `json:"name"`
	Parent    string `json:"parent,omitempty"`
}

// origin is where a record comes from.
type origin struct {
	id   string
	line int
	// hash chooses among records with the same id in a way that does not hang on their order.
	hash uint64
}

func (o origin) place() origin { return o }

type org struct {
	origin
	name, kind, parent string
}

type session struct {
	origin
	title  string
	isYear bool
	period school.Period
	ended  bool
}

type course struct {
	origin
	title string
}

type classKind int

const (
	kindOther classKind = iota
	kindHomeroom
	kindScheduled
)

type class struct {
	origin
	title, course, school, cohort string
	terms                         []string
	kind                          classKind
	ended                         bool
}

func (c class) classID() school.ClassID { return school.ClassID(c.id) }

type user struct {
	origin
	name        school.Name
	enabled     bool
	portal      string
	account     school.AccountID // settled once all files are read
	source      school.AccountSource
	agents      []school.PersonID
	acting      bool
	access      []school.AccessRole
	card        string
	level       school.Level
	pedagogical bool
}

func (u user) person() school.PersonID { return school.PersonID(u.id) }

type role struct {
	origin
	user        school.PersonID
	org         string
	role        string // as OneRoster spells it; "" for one that is of no use here
	period      school.Period
	ended       bool
	level       school.Level
	pedagogical bool
}

func (r role) over(day school.Date) bool   { return r.ended || r.period.Over(day) }
func (r role) active(day school.Date) bool { return !r.ended && r.period.Covers(day) }

type enrollment struct {
	origin
	user    school.PersonID
	class   school.ClassID
	school  string
	role    string
	primary bool
	period  school.Period
	ended   bool
}

func (e enrollment) active(day school.Date) bool { return !e.ended && e.period.Covers(day) }

type profile struct {
	origin
	user school.PersonID
}

// claim is a row that gives a person a messenger account.
type claim struct {
	person  school.PersonID
	account school.AccountID
	file    string
	line    int
}

// Roles with a meaning of their own.
const (
	roleStudent   = "student"
	roleTeacher   = "teacher"
	roleCounselor = "counselor"
	rolePrincipal = "principal"
)

func guards(role string) bool { return role == "parent" || role == "guardian" || role == "relative" }
func staffs(role string) bool { return role != "" && role != roleStudent && !guards(role) }

// extension marks values that a source has added to a vocabulary of OneRoster.
const extension = "ext:"

// userRole spells a role of roles.csv as OneRoster 1.2 does.
func userRole(value string) (role string, known bool) {
	return spelt(value, "aide", roleCounselor, "districtAdministrator", "guardian", "parent", rolePrincipal,
		"proctor", "relative", "siteAdministrator", roleStudent, "systemAdministrator", roleTeacher)
}

// enrollmentRole spells a role of enrollments.csv as OneRoster 1.2 does.
func enrollmentRole(value string) (role string, known bool) {
	return spelt(value, "administrator", "proctor", roleStudent, roleTeacher)
}

// spelt finds a value in a vocabulary, whatever its case. Extensions are known and say nothing.
func spelt(value string, vocabulary ...string) (word string, known bool) {
	if strings.HasPrefix(value, extension) {
		return "", true
	}
	for _, word := range vocabulary {
		if strings.EqualFold(value, word) {
			return word, true
		}
	}
	return "", false
}
