package chats

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestSubjectChat(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit func(*fixture)
		want map[school.PersonID]Role
	}{
		"its teacher and the students who take it": {func(*fixture) {},
			map[school.PersonID]Role{"algebraist": RoleAdmin, "anna": RoleMember, "boris": RoleMember}},
		"several teachers, primary or not, are all admins": {func(f *fixture) {
			f.group().Teachers = append(f.group().Teachers, school.Enrollment{Person: "teacher", Primary: true})
		}, map[school.PersonID]Role{"algebraist": RoleAdmin, "teacher": RoleAdmin, "anna": RoleMember, "boris": RoleMember}},
		"students of the class who do not take it are not in it": {func(f *fixture) {
			f.group().Students = f.group().Students[:1]
		}, map[school.PersonID]Role{"algebraist": RoleAdmin, "anna": RoleMember}},
		"an enrolment that is over does not count": {func(f *fixture) {
			f.group().Students[0].Period = ended
			f.group().Teachers = append(f.group().Teachers, school.Enrollment{Person: "teacher", Period: ended})
		}, map[school.PersonID]Role{"algebraist": RoleAdmin, "boris": RoleMember}},
		"nor one that has not begun": {func(f *fixture) {
			f.group().Students[0].Period = future
		}, map[school.PersonID]Role{"algebraist": RoleAdmin, "boris": RoleMember}},
		"a dismissed teacher is not in it": {func(f *fixture) {
			f.person("algebraist").Employee.Positions[0].Ended = true
		}, map[school.PersonID]Role{"anna": RoleMember, "boris": RoleMember}},
		"a teacher who is also a student of it is one member, and admin wins": {func(f *fixture) {
			f.group().Students = append(f.group().Students, school.Enrollment{Person: "algebraist"})
		}, map[school.PersonID]Role{"algebraist": RoleAdmin, "anna": RoleMember, "boris": RoleMember}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.edit(f)

			require.Equal(t, tc.want, roles(f.chat(t, Subject)))
		})
	}
}

func TestSubjectChatsCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.settings.SubjectChats = false

	types := lo.Map(f.desired(), func(c Chat, _ int) Type { return c.Type })

	require.Equal(t, []Type{Parents, Students, Teachers}, types)
}
