package chats

import (
	"slices"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	today    school.Date = "2026-10-15"
	tomorrow school.Date = "2026-10-16"
)

var (
	ended   = school.Period{End: today} // an end date is exclusive
	lastDay = school.Period{End: tomorrow}
	future  = school.Period{Begin: tomorrow}
	started = school.Period{Begin: today}
)

// fixture is a school of one class with one subject group; tests change what they are about.
type fixture struct {
	roster   school.Roster
	settings Settings
}

// setup gives 1А: class teacher "teacher" (1), pupils "anna" (11) and "boris" (12), a guardian
// of each (21, 22), and algebra taught to both by "algebraist" (2).
func setup(t *testing.T) *fixture {
	t.Helper()
	both := []school.Enrollment{{Person: "anna"}, {Person: "boris"}}
	return &fixture{
		settings: Settings{SubjectChats: true},
		roster: school.Roster{
			Name: "Школа № 1",
			Year: school.SchoolYear{ID: "2026"},
			People: []school.Person{
				{ID: "teacher", Enabled: true, Account: 1, Employee: employee(pedagogue)},
				{ID: "algebraist", Enabled: true, Account: 2, Employee: employee(pedagogue)},
				{ID: "anna", Enabled: true, Account: 11, Student: &school.Student{}},
				{ID: "boris", Enabled: true, Account: 12, Student: &school.Student{}},
				{ID: "anna-mother", Enabled: true, Account: 21, Guardian: guardian("anna")},
				{ID: "boris-father", Enabled: true, Account: 22, Guardian: guardian("boris")},
			},
			Classes: []school.Class{{
				ID: "1a", Title: "1А",
				Teachers: []school.Enrollment{{Person: "teacher", Primary: true}},
				Students: slices.Clone(both),
			}},
			Groups: []school.Group{{
				ID: "algebra", Title: "1А", Subject: "Алгебра",
				Teachers: []school.Enrollment{{Person: "algebraist"}},
				Students: slices.Clone(both),
			}},
		},
	}
}

var pedagogue = school.Position{Role: "teacher", Pedagogical: true}

func employee(positions ...school.Position) *school.Employee {
	return &school.Employee{Positions: positions}
}

func guardian(of ...school.PersonID) *school.Guardian { return &school.Guardian{Students: of} }

func (f *fixture) person(id school.PersonID) *school.Person {
	i := slices.IndexFunc(f.roster.People, func(p school.Person) bool { return p.ID == id })
	return &f.roster.People[i]
}

func (f *fixture) class() *school.Class { return &f.roster.Classes[0] }

func (f *fixture) group() *school.Group { return &f.roster.Groups[0] }

// add brings in somebody with account 99.
func (f *fixture) add(p school.Person) {
	p.Enabled, p.Account = true, 99
	f.roster.People = append(f.roster.People, p)
}

func (f *fixture) forget(id school.PersonID) {
	f.roster.People = slices.DeleteFunc(f.roster.People, func(p school.Person) bool { return p.ID == id })
}

func (f *fixture) desired() []Chat { return Desired(f.roster, f.settings, today) }

// chat finds the only chat of a type.
func (f *fixture) chat(t *testing.T, of Type) Chat {
	t.Helper()
	found := lo.Filter(f.desired(), func(c Chat, _ int) bool { return c.Type == of })
	require.Len(t, found, 1, "chats of type %s", of)
	return found[0]
}

// roles gives the people of a chat with their roles.
func roles(c Chat) map[school.PersonID]Role {
	return lo.SliceToMap(c.Members, func(m Member) (school.PersonID, Role) { return m.Person, m.Role })
}

// codes gives the grounds of one member.
func codes(c Chat, person school.PersonID) []ReasonCode {
	m, _ := lo.Find(c.Members, func(m Member) bool { return m.Person == person })
	return lo.Map(m.Reasons, func(r Reason, _ int) ReasonCode { return r.Code })
}

// missing gives the people who cannot be in a chat, and why.
func missing(c Chat) map[school.PersonID]Why {
	return lo.SliceToMap(c.Missing, func(m Missing) (school.PersonID, Why) { return m.Person, m.Why })
}
