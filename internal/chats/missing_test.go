package chats

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Whoever should be in a chat and cannot is reported with the obstacle, never dropped.
func TestMissingIsReported(t *testing.T) {
	t.Parallel()
	fault := func(code school.FaultCode, people ...school.PersonID) school.Fault {
		return school.Fault{Code: code, People: people}
	}
	for name, tc := range map[string]struct {
		edit func(*fixture)
		chat Type
		want map[school.PersonID]Why
	}{
		"everybody is linked": {func(*fixture) {}, Students, map[school.PersonID]Why{}},
		"a student without an account": {func(f *fixture) { f.person("anna").Account = 0 }, Students,
			map[school.PersonID]Why{"anna": WhyNotLinked}},
		"an account that cannot be a person's": {func(f *fixture) { f.person("anna").Account = -11 }, Students,
			map[school.PersonID]Why{"anna": WhyNotLinked}},
		"a class teacher without an account": {func(f *fixture) { f.person("teacher").Account = 0 }, Parents,
			map[school.PersonID]Why{"teacher": WhyNotLinked}},
		"an account shared by two keeps both out": {func(f *fixture) { f.person("anna").Account = 12 }, Students,
			map[school.PersonID]Why{"anna": WhyDisputed, "boris": WhyDisputed}},
		"also where one of them is in another chat": {func(f *fixture) { f.person("anna").Account = 21 }, Students,
			map[school.PersonID]Why{"anna": WhyDisputed}},
		"also where only the source knows the other": {func(f *fixture) {
			f.roster.Faults = []school.Fault{fault(school.FaultSharedAccount, "anna", "of-another-school")}
		}, Students, map[school.PersonID]Why{"anna": WhyDisputed}},
		"two accounts of one person": {func(f *fixture) {
			f.roster.Faults = []school.Fault{fault(school.FaultTwoAccounts, "anna")}
		}, Students, map[school.PersonID]Why{"anna": WhyDisputed}},
		"another fault keeps nobody out": {func(f *fixture) {
			f.roster.Faults = []school.Fault{fault(school.FaultTwoClasses, "anna")}
		}, Students, map[school.PersonID]Why{}},
		"a student whom the source does not describe": {func(f *fixture) { f.forget("anna") }, Students,
			map[school.PersonID]Why{"anna": WhyUnknownPerson}},
		"a class teacher whom the source does not describe": {func(f *fixture) { f.forget("teacher") }, Parents,
			map[school.PersonID]Why{"teacher": WhyUnknownPerson}},
		"a subject teacher whom the source does not describe": {func(f *fixture) { f.forget("algebraist") }, Subject,
			map[school.PersonID]Why{"algebraist": WhyUnknownPerson}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			tc.edit(f)

			chat := f.chat(t, tc.chat)

			require.Equal(t, tc.want, missing(chat))
			for person := range tc.want {
				require.NotContains(t, roles(chat), person)
			}
		})
	}
}

func TestMissingKeepsRoleAndGrounds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.person("teacher").Account = 0
	f.person("teacher").Guardian = guardian("anna")

	require.Equal(t, []Missing{{
		Person: "teacher", Role: RoleAdmin, Why: WhyNotLinked,
		Reasons: []Reason{{Code: ReasonClassTeacher}, {ReasonGuardian, "anna"}},
	}}, f.chat(t, Parents).Missing)
}

// The guardians of a student whom the source fails to describe stay where they are.
func TestGuardianOfUnknownStudentStays(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.forget("anna")

	require.Equal(t, RoleMember, roles(f.chat(t, Parents))["anna-mother"])
}
