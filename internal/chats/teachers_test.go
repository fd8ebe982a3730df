package chats

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestTeachersRoomGrounds(t *testing.T) {
	t.Parallel()
	head := school.Position{Role: "principal", Level: school.HeadLevel1}
	aide := school.Position{Role: "aide"}
	with := func(p school.Position, period school.Period) school.Position { p.Period = period; return p }

	for name, tc := range map[string]struct {
		employee *school.Employee
		grounds  []ReasonCode
		role     Role
	}{
		"a pedagogical employee is a member":                         {employee(pedagogue), []ReasonCode{ReasonPedagogical}, RoleMember},
		"an employee who is not pedagogical is not":                  {employee(aide), nil, ""},
		"the head is admin":                                          {employee(head), []ReasonCode{ReasonHead}, RoleAdmin},
		"a position of level 2 is no head's":                         {employee(school.Position{Role: "principal", Level: 2}), nil, ""},
		"an acting head is admin":                                    {&school.Employee{Positions: []school.Position{aide}, ActingHead: true}, []ReasonCode{ReasonActingHead}, RoleAdmin},
		"access role Администратор is admin":                         {&school.Employee{Positions: []school.Position{aide}, AccessRoles: []school.AccessRole{school.AccessAdministrator}}, []ReasonCode{ReasonAccessAdmin}, RoleAdmin},
		"access role Руководитель is admin":                          {&school.Employee{Positions: []school.Position{aide}, AccessRoles: []school.AccessRole{school.AccessHead}}, []ReasonCode{ReasonAccessHead}, RoleAdmin},
		"access role Администратор given as a OneRoster role":        {employee(school.Position{Role: RoleSiteAdministrator}), []ReasonCode{ReasonSiteAdministrator}, RoleAdmin},
		"several grounds make one member, and admin wins":            {&school.Employee{Positions: []school.Position{pedagogue, head, pedagogue}, ActingHead: true}, []ReasonCode{ReasonActingHead, ReasonHead, ReasonPedagogical}, RoleAdmin},
		"a position that has not begun gives nothing":                {employee(with(pedagogue, future)), nil, ""},
		"a position begins on its first day":                         {employee(with(pedagogue, started)), []ReasonCode{ReasonPedagogical}, RoleMember},
		"the end date is not a day of work any more":                 {employee(with(pedagogue, ended)), nil, ""},
		"the day before the end date is":                             {employee(with(pedagogue, lastDay)), []ReasonCode{ReasonPedagogical}, RoleMember},
		"a position ended by status gives nothing":                   {employee(school.Position{Role: "teacher", Pedagogical: true, Ended: true}), nil, ""},
		"the head's position only while it is active":                {employee(with(head, ended), pedagogue), []ReasonCode{ReasonPedagogical}, RoleMember},
		"an acting head who is not employed any more is nobody":      {&school.Employee{Positions: []school.Position{with(aide, ended)}, ActingHead: true}, nil, ""},
		"an access role without employment is nothing":               {&school.Employee{AccessRoles: []school.AccessRole{school.AccessAdministrator}}, nil, ""},
		"the same, with a position that has not begun":               {&school.Employee{Positions: []school.Position{with(aide, future)}, AccessRoles: []school.AccessRole{school.AccessHead}}, nil, ""},
		"somebody who is no employee is not in the room":             {nil, nil, ""},
		"the class in the employee's own card gives no right at all": {&school.Employee{Positions: []school.Position{pedagogue}, CardClass: "1А"}, []ReasonCode{ReasonPedagogical}, RoleMember},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.add(school.Person{ID: "x", Employee: tc.employee})

			room := f.chat(t, Teachers)

			require.Equal(t, tc.role, roles(room)["x"])
			require.ElementsMatch(t, tc.grounds, codes(room, "x"))
			require.Empty(t, room.Missing)
		})
	}
}

func TestTeachersRoomOnlyWhileEnabled(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.person("teacher").Enabled = false

	require.Equal(t, map[school.PersonID]Role{"algebraist": RoleMember}, roles(f.chat(t, Teachers)))
}

// A teacher whom this school does not employ is in the chats of what they teach, and not in the
// teachers' room.
func TestTeacherNotEmployedHere(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*school.Employee{"no staff record": nil, "no position": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.person("algebraist").Employee = e
			f.person("teacher").Employee = e

			require.Equal(t, RoleAdmin, roles(f.chat(t, Subject))["algebraist"])
			require.Equal(t, RoleAdmin, roles(f.chat(t, Parents))["teacher"])
			require.Equal(t, RoleAdmin, roles(f.chat(t, Students))["teacher"])
			room := f.chat(t, Teachers)
			require.Empty(t, room.Members)
			require.Empty(t, room.Missing)
			require.Equal(t, []NotYet{NotYetNoLinkedMember}, room.NotYet)
		})
	}
}
