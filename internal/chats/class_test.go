package chats

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestClassChats(t *testing.T) {
	t.Parallel()
	f := setup(t)

	parents, students := f.chat(t, Parents), f.chat(t, Students)

	require.Equal(t, map[school.PersonID]Role{"teacher": RoleAdmin, "anna-mother": RoleMember, "boris-father": RoleMember}, roles(parents))
	require.Equal(t, []Member{
		{Account: 1, Person: "teacher", Role: RoleAdmin, Reasons: []Reason{{Code: ReasonClassTeacher}}},
		{Account: 11, Person: "anna", Role: RoleMember, Reasons: []Reason{{Code: ReasonStudent}}},
		{Account: 12, Person: "boris", Role: RoleMember, Reasons: []Reason{{Code: ReasonStudent}}},
	}, students.Members)
	require.Empty(t, parents.NotYet)
	require.Empty(t, students.NotYet)
	require.Equal(t, school.ClassID("1a"), parents.Class)
}

// Only the class card says who the class teacher is.
func TestClassTeacher(t *testing.T) {
	t.Parallel()
	primary := func(people ...school.PersonID) []school.Enrollment {
		rows := make([]school.Enrollment, len(people))
		for i, p := range people {
			rows[i] = school.Enrollment{Person: p, Primary: true}
		}
		return rows
	}
	for name, tc := range map[string]struct {
		edit    func(*fixture)
		teacher school.PersonID
	}{
		"the primary teacher of the class": {func(*fixture) {}, "teacher"},
		"not the one in whose own card the class is chosen": {func(f *fixture) {
			f.class().Teachers = nil
			f.person("algebraist").Employee.CardClass = "1А"
		}, ""},
		"nor does the card take it from another": {func(f *fixture) {
			f.person("algebraist").Employee.CardClass = "1А"
		}, "teacher"},
		"not a homeroom teacher who is not primary": {func(f *fixture) {
			f.class().Teachers = []school.Enrollment{{Person: "algebraist"}}
		}, ""},
		"nor beside the primary one": {func(f *fixture) {
			f.class().Teachers = append(f.class().Teachers, school.Enrollment{Person: "algebraist"})
		}, "teacher"},
		"two are nobody":         {func(f *fixture) { f.class().Teachers = primary("teacher", "algebraist") }, ""},
		"one named twice is one": {func(f *fixture) { f.class().Teachers = primary("teacher", "teacher") }, "teacher"},
		"of two, one whose enrolment is over does not count": {func(f *fixture) {
			f.class().Teachers = primary("teacher", "algebraist")
			f.class().Teachers[0].Period = ended
		}, "algebraist"},
		"nor one whose enrolment has not begun": {func(f *fixture) {
			f.class().Teachers = primary("teacher", "algebraist")
			f.class().Teachers[1].Period = future
		}, "teacher"},
		"nor one ended by status": {func(f *fixture) {
			f.class().Teachers = primary("teacher", "algebraist")
			f.class().Teachers[1].Ended = true
		}, "teacher"},
		"nobody, once dismissed": {func(f *fixture) {
			f.person("teacher").Employee.Positions[0].Period = ended
		}, ""},
		"nobody, once disabled": {func(f *fixture) { f.person("teacher").Enabled = false }, ""},
		"somebody who has one of two positions left": {func(f *fixture) {
			p := f.person("teacher")
			p.Employee = employee(school.Position{Role: "teacher", Period: ended}, pedagogue)
		}, "teacher"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.edit(f)

			for _, of := range []Type{Parents, Students} {
				chat := f.chat(t, of)
				var admins []school.PersonID
				for person, role := range roles(chat) {
					if role == RoleAdmin {
						admins = append(admins, person)
					}
				}
				if tc.teacher == "" {
					require.Empty(t, admins)
					require.Equal(t, []NotYet{NotYetNoClassTeacher}, chat.NotYet)
					continue
				}
				require.Equal(t, []school.PersonID{tc.teacher}, admins)
				require.Empty(t, chat.NotYet)
			}
		})
	}
}

func TestStudentOfClass(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit func(*fixture)
		in   bool
	}{
		"enrolled":                           {func(*fixture) {}, true},
		"enrolled twice is one member":       {func(f *fixture) { f.class().Students = append(f.class().Students, school.Enrollment{Person: "anna"}) }, true},
		"before the first day of enrolment":  {func(f *fixture) { f.class().Students[0].Period = future }, false},
		"on the first day":                   {func(f *fixture) { f.class().Students[0].Period = started }, true},
		"on the end date, which is no day":   {func(f *fixture) { f.class().Students[0].Period = ended }, false},
		"on the last day":                    {func(f *fixture) { f.class().Students[0].Period = lastDay }, true},
		"enrolment ended by status":          {func(f *fixture) { f.class().Students[0].Ended = true }, false},
		"the student's role is over":         {func(f *fixture) { f.person("anna").Student.Period = ended }, false},
		"the student's role ended by status": {func(f *fixture) { f.person("anna").Student.Ended = true }, false},
		"disabled":                           {func(f *fixture) { f.person("anna").Enabled = false }, false},
		"without a student's role, enrolled": {func(f *fixture) { f.person("anna").Student = nil }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.edit(f)

			require.Equal(t, tc.in, roles(f.chat(t, Students))["anna"] == RoleMember)
			require.Equal(t, tc.in, roles(f.chat(t, Parents))["anna-mother"] == RoleMember, "the guardian comes and goes with the student")
			require.Equal(t, RoleMember, roles(f.chat(t, Parents))["boris-father"])
		})
	}
}

func TestGuardianOfTwoStudentsIsOneMember(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.person("anna-mother").Guardian = guardian("anna", "boris")

	parents := f.chat(t, Parents)

	require.Len(t, parents.Members, 3)
	require.Equal(t, []Reason{{ReasonGuardian, "anna"}, {ReasonGuardian, "boris"}}, parents.Members[1].Reasons)
}

func TestGuardianOnlyWhileEnabled(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.person("anna-mother").Enabled = false

	require.NotContains(t, roles(f.chat(t, Parents)), school.PersonID("anna-mother"))
}

func TestClassTeacherWhoIsAlsoParentIsOneMemberAndAdmin(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.person("teacher").Guardian = guardian("anna")

	parents := f.chat(t, Parents)

	require.Len(t, parents.Members, 3)
	require.Equal(t, RoleAdmin, roles(parents)["teacher"])
	require.Equal(t, []ReasonCode{ReasonClassTeacher, ReasonGuardian}, codes(parents, "teacher"))
}

func TestNoChatYet(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit   func(*fixture)
		chat   Type
		notYet []NotYet
	}{
		"no class teacher": {func(f *fixture) { f.class().Teachers = nil }, Parents, []NotYet{NotYetNoClassTeacher}},
		"no students":      {func(f *fixture) { f.class().Students = nil }, Students, []NotYet{NotYetNoStudents}},
		"neither": {func(f *fixture) { f.class().Teachers, f.class().Students = nil, nil }, Parents,
			[]NotYet{NotYetNoClassTeacher, NotYetNoStudents, NotYetNoLinkedMember}},
		"nobody is linked": {func(f *fixture) {
			for i := range f.roster.People {
				f.roster.People[i].Account = 0
			}
		}, Students, []NotYet{NotYetNoLinkedMember}},
		"one linked member is enough":        {func(f *fixture) { f.person("teacher").Account = 0; f.person("anna").Account = 0 }, Students, nil},
		"a subject without a teacher":        {func(f *fixture) { f.group().Teachers = nil }, Subject, []NotYet{NotYetNoTeacher}},
		"a subject without students":         {func(f *fixture) { f.group().Students = nil }, Subject, []NotYet{NotYetNoStudents}},
		"a teachers' room nobody could join": {func(f *fixture) { f.person("teacher").Employee, f.person("algebraist").Employee = nil, nil }, Teachers, []NotYet{NotYetNoLinkedMember}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.edit(f)

			require.Equal(t, tc.notYet, f.chat(t, tc.chat).NotYet)
		})
	}
}

func TestEndedClassAndGroupHaveNoChat(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.class().Ended = true
	f.group().Ended = true

	desired := f.desired()

	require.Len(t, desired, 1)
	require.Equal(t, Teachers, desired[0].Type)
}
