package reconcile

import (
	"slices"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	today    school.Date = "2026-10-15"
	tomorrow school.Date = "2026-10-16"
)

// The chats of the fixture.
const (
	room      = chats.Key("teachers")
	parentsA  = chats.Key("parents:2026:a")
	parentsB  = chats.Key("parents:2026:b")
	studentsA = chats.Key("students:2026:a")
	studentsB = chats.Key("students:2026:b")
	mathA     = chats.Key("subject:2026:math-a")
	mathB     = chats.Key("subject:2026:math-b")
	englishA  = chats.Key("subject:2026:english-a")
	artA      = chats.Key("subject:2026:art-a")
)

// bench is a school whose chats are as they must be. Tests change the roster, or the world,
// and look at the plan.
type bench struct {
	t      *testing.T
	roster school.Roster
	world  *world
	input  Input // Roster, Desired and Actual are filled in by plan
}

// setup gives two classes, a and b, of six students each: a1 … a6 and b1 … b6, each with a
// guardian ("of-a1" …); of-a1 stands for b1 as well. teacher-a and teacher-b are
// the class teachers. math-a and math-b are taught by math, english-a by english-1 and
// english-2 (who also teaches english-b), art-a by teacher-a; class b has no art. In the
// teachers' room head, acting and admin are admins.
func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, world: newWorld(), input: Input{Day: today, Limits: DefaultLimits()}, roster: school.Roster{
		Name: "School", Year: school.SchoolYear{ID: "2026"},
		People: []school.Person{
			staff("head", 1, school.Position{Role: "principal", Level: school.HeadLevel1}),
			staff("acting", 2, school.Position{Role: "aide"}),
			staff("admin", 3, school.Position{Role: "aide"}),
			staff("teacher-a", 4, pedagogue), staff("teacher-b", 5, pedagogue), staff("math", 6, pedagogue),
			staff("english-1", 7, pedagogue), staff("english-2", 8, pedagogue),
			staff("art", 9, pedagogue, school.Position{Role: chats.RoleSiteAdministrator}),
		},
	}}
	b.person("acting").Employee.ActingHead = true
	b.person("admin").Employee.AccessRoles = []school.AccessRole{school.AccessAdministrator, school.AccessHead}
	a, bb := b.intake("a", 100), b.intake("b", 200)
	b.person("of-a1").Guardian.Students = []school.PersonID{"a1", "b1"}
	b.roster.Classes = []school.Class{
		{ID: "a", Title: "1A", Teachers: []school.Enrollment{{Person: "teacher-a", Primary: true}}, Students: a},
		{ID: "b", Title: "1B", Teachers: []school.Enrollment{{Person: "teacher-b", Primary: true}}, Students: bb},
	}
	b.roster.Groups = []school.Group{
		{ID: "math-a", Title: "1A", Subject: "Math", Teachers: enrolled("math"), Students: slices.Clone(a)},
		{ID: "math-b", Title: "1B", Subject: "Math", Teachers: enrolled("math"), Students: slices.Clone(bb)},
		{ID: "english-a", Title: "1A", Subject: "English", Teachers: enrolled("english-1", "english-2"), Students: slices.Clone(a)},
		{ID: "english-b", Title: "1B", Subject: "English", Teachers: enrolled("english-2"), Students: slices.Clone(bb)},
		{ID: "art-a", Title: "1A", Subject: "Art", Teachers: enrolled("teacher-a"), Students: slices.Clone(a)},
	}
	b.sync()
	require.Empty(t, b.plan().Operations, "the fixture is in step")
	return b
}

var pedagogue = school.Position{Role: "teacher", Pedagogical: true}

func staff(id school.PersonID, account school.AccountID, positions ...school.Position) school.Person {
	return school.Person{ID: id, Enabled: true, Account: account, Employee: &school.Employee{Positions: positions}}
}

func enrolled(people ...school.PersonID) []school.Enrollment {
	return lo.Map(people, func(p school.PersonID, _ int) school.Enrollment { return school.Enrollment{Person: p} })
}

// intake adds six students and their guardians: accounts base+1 … and base+51 ….
func (b *bench) intake(class string, base school.AccountID) []school.Enrollment {
	var ids []school.PersonID
	for i := range 6 {
		id := school.PersonID(class + string(rune('1'+i)))
		n := base + school.AccountID(i) + 1
		b.roster.People = append(b.roster.People,
			school.Person{ID: id, Enabled: true, Account: n, Student: &school.Student{}},
			school.Person{ID: "of-" + id, Enabled: true, Account: n + 50, Guardian: &school.Guardian{Students: []school.PersonID{id}}})
		ids = append(ids, id)
	}
	return enrolled(ids...)
}

func (b *bench) person(id school.PersonID) *school.Person {
	i := slices.IndexFunc(b.roster.People, func(p school.Person) bool { return p.ID == id })
	require.GreaterOrEqual(b.t, i, 0, "no person %s in the fixture", id)
	return &b.roster.People[i]
}

func (b *bench) class(id school.ClassID) *school.Class {
	i := slices.IndexFunc(b.roster.Classes, func(c school.Class) bool { return c.ID == id })
	require.GreaterOrEqual(b.t, i, 0, "no class %s in the fixture", id)
	return &b.roster.Classes[i]
}

func (b *bench) group(id school.ClassID) *school.Group {
	i := slices.IndexFunc(b.roster.Groups, func(g school.Group) bool { return g.ID == id })
	require.GreaterOrEqual(b.t, i, 0, "no group %s in the fixture", id)
	return &b.roster.Groups[i]
}

// member is somebody's record in a chat, by the account they have in the roster.
func (b *bench) member(key chats.Key, id school.PersonID) *Member {
	m := b.world.member(key, b.person(id).Account)
	require.NotNil(b.t, m, "%s is not in %s", id, key)
	return m
}

func (b *bench) chat(key chats.Key) *Chat {
	require.Contains(b.t, b.world.chats, key)
	return b.world.chats[key]
}

// come puts an account into a chat behind Rollcall's back.
func (b *bench) come(key chats.Key, m Member) {
	m.State = MemberPresent
	c := b.chat(key)
	c.Members = append(c.Members, m)
}

// forget takes a person's own row out of the roster.
func (b *bench) forget(id school.PersonID) {
	b.roster.People = slices.DeleteFunc(b.roster.People, func(p school.Person) bool { return p.ID == id })
}

func (b *bench) fault(code school.FaultCode, people ...school.PersonID) {
	b.roster.Faults = append(b.roster.Faults, school.Fault{Code: code, People: people})
}

func without(list []school.Enrollment, people ...school.PersonID) []school.Enrollment {
	return lo.Reject(list, func(e school.Enrollment, _ int) bool { return slices.Contains(people, e.Person) })
}

// end ends somebody's enrolments in a list by date.
func end(list []school.Enrollment, person school.PersonID) {
	for i := range list {
		if list[i].Person == person {
			list[i].Period.End = today
		}
	}
}

func (b *bench) desired() []chats.Chat {
	return chats.Desired(b.roster, chats.Settings{SubjectChats: true}, b.input.Day)
}

func (b *bench) plan() Plan {
	in := b.input
	in.Roster, in.Desired, in.Actual = b.roster, b.desired(), b.world.mirror()
	return Make(in)
}

// sync carries out the plan.
func (b *bench) sync() { b.world.apply(b.t, b.plan(), b.desired()) }

// act is an operation or a hold, as tests speak of it.
type act struct {
	Hold   HoldKind
	Kind   Kind
	Chat   chats.Key
	Person school.PersonID
	Rule   Rule
}

func acts(p Plan) []act {
	of := func(o Operation, hold HoldKind) act { return act{hold, o.Kind, o.Chat, o.Person, o.Rule} }
	return append(
		lo.Map(p.Operations, func(o Operation, _ int) act { return of(o, "") }),
		lo.Map(p.Holds, func(h Hold, _ int) act { return of(h.Operation, h.Kind) })...)
}

// removed is an operation that turns somebody out.
func removed(chat chats.Key, person school.PersonID, rule Rule) act {
	return act{Kind: Remove, Chat: chat, Person: person, Rule: rule}
}

// held is a removal that is not done.
func held(kind HoldKind, chat chats.Key, person school.PersonID, rule Rule) act {
	return act{Hold: kind, Kind: Remove, Chat: chat, Person: person, Rule: rule}
}

// situation is a row of a table: what changes, and all that the plan then says.
type situation struct {
	change func(*bench)
	want   []act
}

func run(t *testing.T, table map[string]situation) {
	t.Helper()
	for name, tc := range table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			tc.change(b)

			requireActs(b, tc.want...)
		})
	}
}

// requireActs checks all that the plan says.
func requireActs(b *bench, want ...act) {
	b.t.Helper()
	require.ElementsMatch(b.t, want, acts(b.plan()))
}
