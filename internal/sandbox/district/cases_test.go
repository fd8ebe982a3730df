package district_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
)

// caseTest looks at one case in the saved files.
type caseTest struct {
	*export
	district.Involved
	t *testing.T
}

func (c caseTest) user(n int) record  { return c.row(c.t, "users", c.People[n]) }
func (c caseTest) class(n int) record { return c.row(c.t, "classes", c.Classes[n]) }

// roles are the roles of a person, written role@school, with a mark where they have ended.
func (c caseTest) roles(n int) []string {
	var roles []string
	for _, r := range c.by("roles", "userSourcedId")[c.People[n]] {
		role := r["role"] + "@" + r["orgSourcedId"]
		if r["endDate"] != "" {
			require.LessOrEqual(c.t, r["endDate"], "2026-09-01")
			require.Less(c.t, r["beginDate"], "2026-09-02")
			role += " ended"
		}
		roles = append(roles, role)
	}
	slices.Sort(roles)
	return roles
}

// seat tells how a person is enrolled in a class: the role, with a star if primary; "" if not.
func (c caseTest) seat(person, class int) string {
	for _, s := range c.by("enrollments", "classSourcedId")[c.Classes[class]] {
		if s["userSourcedId"] == c.People[person] {
			if s["primary"] == "true" {
				return s["role"] + "*"
			}
			return s["role"]
		}
	}
	return ""
}

func (c caseTest) linked(n int) bool { return len(c.accounts()[c.People[n]]) > 0 }

func (c caseTest) primaries(class int) int {
	return len(slices.DeleteFunc(slices.Clone(c.by("enrollments", "classSourcedId")[c.Classes[class]]), func(s record) bool {
		return s["role"] != "teacher" || s["primary"] != "true"
	}))
}

func caseChecks() map[district.Case]func(*require.Assertions, caseTest) {
	return merged(ordinaryChecks(), staffChecks(), classChecks(), familyChecks())
}

func merged(parts ...map[district.Case]func(*require.Assertions, caseTest)) map[district.Case]func(*require.Assertions, caseTest) {
	all := map[district.Case]func(*require.Assertions, caseTest){}
	for _, part := range parts {
		for name, check := range part {
			all[name] = check
		}
	}
	return all
}

func TestCases(t *testing.T) {
	t.Parallel()
	f := district.Generate(demo())
	e, checks := save(t, f), caseChecks()
	for _, name := range district.Cases() {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			involved, ok := f.Case(name)
			require.True(t, ok)
			require.Equal(t, "sch-101", involved.School)
			require.Contains(t, checks, name)
			checks[name](require.New(t), caseTest{export: e, Involved: involved, t: t})
		})
	}
	require.Len(t, checks, len(district.Cases()))
}

func TestAwkwardCasesCanBeLeftOut(t *testing.T) {
	t.Parallel()
	o := demo()
	o.AwkwardCases = false
	f := district.Generate(o)
	for name := range ordinaryChecks() {
		_, ok := f.Case(name)
		require.True(t, ok, name)
	}
	for name := range merged(staffChecks(), classChecks(), familyChecks()) {
		_, ok := f.Case(name)
		require.False(t, ok, name)
	}
}

func ordinaryChecks() map[district.Case]func(*require.Assertions, caseTest) {
	position := func(role, column, value string) func(*require.Assertions, caseTest) {
		return func(r *require.Assertions, c caseTest) {
			r.Equal([]string{role + "@sch-101"}, c.roles(0))
			r.True(c.linked(0))
			row := c.by("roles", "userSourcedId")[c.People[0]][0]
			if _, onRole := row[column]; !onRole {
				row = c.user(0)
			}
			r.Equal(value, row[column])
		}
	}
	linkedFrom := func(student, guardian bool) func(*require.Assertions, caseTest) {
		return func(r *require.Assertions, c caseTest) {
			names := func(n, other int) bool { return strings.Contains(c.user(n)["agentSourcedIds"], c.People[other]) }
			r.Equal(student, names(1, 0))
			r.Equal(guardian, names(0, 1))
		}
	}
	unlinked := func(role string) func(*require.Assertions, caseTest) {
		return func(r *require.Assertions, c caseTest) {
			r.False(c.linked(0))
			r.Contains(c.user(0)["userIds"], "{portal:")
			r.True(strings.HasSuffix(c.roles(0)[0], "@sch-101"))
			r.Contains(role, strings.TrimSuffix(c.roles(0)[0], "@sch-101"))
		}
	}
	return map[district.Case]func(*require.Assertions, caseTest){
		district.Head:                position("principal", "metadata.positionLevel", "1"),
		district.AccessAdministrator: position("teacher", "metadata.accessRole", "administrator"),
		district.AccessHead:          position("aide", "metadata.accessRole", "head"),
		district.SiteAdministrator:   position("siteAdministrator", "metadata.pedagogical", ""),
		district.Counselor:           position("counselor", "metadata.pedagogical", ""),
		district.PedagogicalByMark:   position("aide", "metadata.pedagogical", "true"),
		district.NonPedagogical: func(r *require.Assertions, c caseTest) {
			position("aide", "metadata.pedagogical", "false")(r, c)
			r.Equal([]string{"aide@sch-101"}, c.roles(1))
			r.Empty(c.by("roles", "userSourcedId")[c.People[1]][0]["metadata.pedagogical"])
		},
		district.SplitGroup: func(r *require.Assertions, c caseTest) {
			r.Equal(c.class(0)["title"]+"/1", c.class(1)["title"])
			seats := c.by("enrollments", "classSourcedId")
			r.Less(len(studentsIn(seats[c.Classes[1]])), len(studentsIn(seats[c.Classes[0]])))
		},
		district.SharedGuardian: func(r *require.Assertions, c caseTest) {
			r.GreaterOrEqual(len(c.People), 3)
			r.Subset(c.kin()[c.People[0]], c.People[1:])
		},
		district.LinkOnStudent:  linkedFrom(true, false),
		district.LinkOnGuardian: linkedFrom(false, true),
		district.LinkOnBoth:     linkedFrom(true, true),
		district.AccountInUserIDs: func(r *require.Assertions, c caseTest) {
			r.Contains(c.user(0)["userIds"], "{sferum:")
			r.Empty(c.by("userProfiles", "userSourcedId")[c.People[0]])
		},
		district.UnlinkedStudent:  unlinked("student"),
		district.UnlinkedGuardian: unlinked("parent guardian relative"),
		district.UnlinkedTeacher:  unlinked("teacher"),
	}
}

func staffChecks() map[district.Case]func(*require.Assertions, caseTest) {
	return map[district.Case]func(*require.Assertions, caseTest){
		district.VisitingTeacher: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"teacher@sch-102"}, c.roles(0))
			r.Equal("sch-101", c.class(0)["schoolSourcedId"])
			r.Equal("teacher*", c.seat(0, 0))
			r.True(c.linked(0))
		},
		district.TwoSchools: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"teacher@sch-101", "teacher@sch-102"}, c.roles(0))
			r.Equal([]string{"sch-101", "sch-102"}, []string{c.class(0)["schoolSourcedId"], c.class(1)["schoolSourcedId"]})
			r.Equal([]string{"teacher*", "teacher*"}, []string{c.seat(0, 0), c.seat(0, 1)})
		},
		district.HeadByLevel: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"aide@sch-101"}, c.roles(0))
			r.Equal("1", c.row(c.t, "roles", c.Rows[0])["metadata.positionLevel"])
		},
		district.ExHead: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"principal@sch-101 ended", "teacher@sch-101"}, c.roles(0))
			r.Equal("1", c.row(c.t, "roles", c.Rows[0])["metadata.positionLevel"])
		},
		district.ActingHead: func(r *require.Assertions, c caseTest) {
			r.Equal("true", c.user(0)["metadata.actingHead"])
			r.Equal([]string{"teacher@sch-101"}, c.roles(0))
		},
		district.DismissedDisabled: func(r *require.Assertions, c caseTest) {
			r.Equal("false", c.user(0)["enabledUser"])
			r.Equal("teacher", c.seat(0, 0))
			r.Equal([]string{"teacher@sch-101"}, c.roles(0))
		},
		district.DismissedByDate: func(r *require.Assertions, c caseTest) {
			r.Equal("true", c.user(0)["enabledUser"])
			r.Equal("teacher", c.seat(0, 0))
			r.Equal([]string{"teacher@sch-101 ended"}, c.roles(0))
		},
		district.RoleToBeDeleted: func(r *require.Assertions, c caseTest) {
			r.Equal("tobedeleted", c.row(c.t, "roles", c.Rows[0])["status"])
			r.Equal("true", c.user(0)["enabledUser"])
			r.Len(c.roles(0), 1)
		},
	}
}

func classChecks() map[district.Case]func(*require.Assertions, caseTest) {
	return map[district.Case]func(*require.Assertions, caseTest){
		district.NoClassTeacher: func(r *require.Assertions, c caseTest) {
			r.Zero(c.primaries(0))
			r.NotEmpty(studentsIn(c.by("enrollments", "classSourcedId")[c.Classes[0]]))
		},
		district.NoStudents: func(r *require.Assertions, c caseTest) {
			r.Equal(1, c.primaries(0))
			r.Len(c.by("enrollments", "classSourcedId")[c.Classes[0]], 1)
		},
		district.NoLinkedMember: func(r *require.Assertions, c caseTest) {
			accounts, kin := c.accounts(), c.kin()
			seats := c.by("enrollments", "classSourcedId")[c.Classes[0]]
			r.NotEmpty(studentsIn(seats))
			for _, s := range seats {
				for _, person := range append(kin[s["userSourcedId"]], s["userSourcedId"]) {
					r.Empty(accounts[person])
				}
			}
		},
		district.TwoClassTeachers: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"teacher*", "teacher*"}, []string{c.seat(0, 0), c.seat(1, 0)})
			r.NotEqual(c.People[0], c.People[1])
		},
		district.SecondHomeroomTeacher: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"teacher*", "teacher"}, []string{c.seat(0, 0), c.seat(1, 0)})
		},
		district.CardClass: func(r *require.Assertions, c caseTest) {
			r.Equal("teacher*", c.seat(0, 0))
			r.Equal(c.class(1)["title"], c.user(0)["metadata.employeeClass"])
			r.NotEqual(c.class(0)["title"], c.class(1)["title"])
		},
		district.UnknownUser: func(r *require.Assertions, c caseTest) {
			r.Empty(c.by("users", "sourcedId")[c.People[0]])
			r.Equal("student", c.seat(0, 0))
		},
		district.QuotedTitle: func(r *require.Assertions, c caseTest) {
			title := c.class(0)["title"]
			r.Contains(title, `"`)
			r.Contains(title, `,`)
			r.Greater(len(c.by("classes", "title")[title]), 1, "the groups are called after their class")
		},
	}
}

func familyChecks() map[district.Case]func(*require.Assertions, caseTest) {
	return map[district.Case]func(*require.Assertions, caseTest){
		district.TeacherParent: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"teacher*", "student"}, []string{c.seat(0, 0), c.seat(1, 0)})
			r.Equal([]string{"parent@sch-101", "teacher@sch-101"}, c.roles(0))
			r.Contains(c.kin()[c.People[0]], c.People[1])
			r.True(c.linked(0))
		},
		district.SharedAccount: func(r *require.Assertions, c caseTest) {
			accounts, kin := c.accounts(), c.kin()
			r.Len(accounts[c.People[0]], 1)
			r.Equal(accounts[c.People[0]], accounts[c.People[1]])
			for _, student := range kin[c.People[0]] {
				r.NotContains(kin[c.People[1]], student)
			}
		},
		district.TwoAccounts: func(r *require.Assertions, c caseTest) {
			r.Len(c.accounts()[c.People[0]], 2)
		},
		district.GuardianWithoutStudent: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"parent@sch-101"}, c.roles(0))
			r.Empty(c.kin()[c.People[0]])
		},
		district.StudentWithoutClass: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"student@sch-101"}, c.roles(0))
			r.Empty(c.by("enrollments", "userSourcedId")[c.People[0]])
		},
		district.Expelled: func(r *require.Assertions, c caseTest) {
			r.Equal([]string{"student@sch-101 ended"}, c.roles(0))
			seats := c.by("enrollments", "userSourcedId")[c.People[0]]
			r.Len(seats, len(c.Rows))
			r.NotEmpty(seats)
			for _, s := range seats {
				r.Equal("2026-09-01", s["endDate"])
				r.Less(s["beginDate"], s["endDate"])
			}
		},
	}
}
