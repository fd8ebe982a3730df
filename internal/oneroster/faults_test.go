package oneroster_test

import (
	"encoding/json"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// fault is what a test says of a fault; its advice has only to be there.
type fault struct {
	code         school.FaultCode
	file, column string
	people       []school.PersonID
	classes      []school.ClassID
}

func people(ids ...school.PersonID) []school.PersonID { return ids }
func classes(ids ...school.ClassID) []school.ClassID  { return ids }

func TestFaults(t *testing.T) {
	t.Parallel()
	set := func(file, id, column, value string) func(*desk) {
		return func(d *desk) { d.row(file, id)[column] = value }
	}
	remove := func(file, id string) func(*desk) {
		return func(d *desk) { d.files.Delete(file, "sourcedId", id) }
	}
	add := func(file string, row feedtest.Row) func(*desk) { return func(d *desk) { d.files.Add(file, row) } }
	bad := func(file, column string, who []school.PersonID, what []school.ClassID) fault {
		return fault{school.FaultBadValue, file, column, who, what}
	}
	for name, test := range map[string]struct {
		change       func(*desk)
		north, south []fault
	}{
		"enrolment of an unknown user": {
			change: remove(feedtest.Users, "eve"),
			south: []fault{
				{school.FaultUnknownPerson, "enrollments.csv", "userSourcedId", people("eve"), classes("s-1a")},
				{school.FaultUnknownPerson, "roles.csv", "userSourcedId", people("eve"), nil},
			},
		},
		"enrolment in an unknown class": {
			change: remove(feedtest.Classes, "n-math"),
			north: []fault{
				{school.FaultUnknownClass, "enrollments.csv", "classSourcedId", people("ann"), classes("n-math")},
				{school.FaultUnknownClass, "enrollments.csv", "classSourcedId", people("cid"), classes("n-math")},
				{school.FaultUnknownClass, "enrollments.csv", "classSourcedId", people("vera"), classes("n-math")},
			},
			south: []fault{{school.FaultUnknownClass, "enrollments.csv", "classSourcedId", people("vera"), classes("n-math")}},
		},
		"profile of an unknown user": {
			change: add(feedtest.Profiles, feedtest.Row{"sourcedId": "p-x", "userSourcedId": "eve2", "applicationId": "sferum", "username": "5"}),
		},
		"agent who is unknown": {
			change: set(feedtest.Users, "eve", "agentSourcedIds", "nobody"),
			south:  []fault{{school.FaultUnknownPerson, "users.csv", "agentSourcedIds", people("eve", "nobody"), nil}},
		},
		"course, term and school of a class": {
			change: func(d *desk) {
				d.row(feedtest.Classes, "n-math")["courseSourcedId"] = "c-x"
				d.row(feedtest.Classes, "n-math")["termSourcedIds"] = "h1,h9"
			},
			north: []fault{
				{school.FaultUnknownCourse, "classes.csv", "courseSourcedId", nil, classes("n-math")},
				{school.FaultUnknownTerm, "classes.csv", "termSourcedIds", nil, classes("n-math")},
			},
		},
		"class at an unknown school": {
			change: set(feedtest.Classes, "s-1a", "schoolSourcedId", "nowhere"),
			north:  []fault{{school.FaultEnrollmentConflict, "enrollments.csv", "schoolSourcedId", people("vera"), classes("s-1a")}},
			south: []fault{
				{school.FaultEnrollmentConflict, "enrollments.csv", "schoolSourcedId", people("dan"), classes("s-1a")},
				{school.FaultEnrollmentConflict, "enrollments.csv", "schoolSourcedId", people("eve"), classes("s-1a")},
				{school.FaultEnrollmentConflict, "enrollments.csv", "schoolSourcedId", people("vera"), classes("s-1a")},
				{school.FaultNoClass, "roles.csv", "userSourcedId", people("dan"), nil},
				{school.FaultNoClass, "roles.csv", "userSourcedId", people("eve"), nil},
				{school.FaultUnknownSchool, "classes.csv", "schoolSourcedId", nil, classes("s-1a")},
			},
		},
		"role at an unknown school": {
			change: set(feedtest.Roles, "r-ben", "orgSourcedId", "nowhere"),
			north:  []fault{{school.FaultUnknownSchool, "roles.csv", "orgSourcedId", people("ben"), nil}},
		},
		"enrolment at an unknown school": {
			change: set(feedtest.Enrollments, "e-04", "schoolSourcedId", "nowhere"),
			north: []fault{
				{school.FaultEnrollmentConflict, "enrollments.csv", "schoolSourcedId", people("ben"), classes("n-1a")},
				{school.FaultUnknownSchool, "enrollments.csv", "schoolSourcedId", people("ben"), classes("n-1a")},
			},
		},
		"user without a role": {
			change: remove(feedtest.Roles, "r-boris"),
			north:  []fault{{school.FaultNoRole, "users.csv", "sourcedId", people("boris"), nil}},
		},
		"guardian without a role": {
			change: remove(feedtest.Roles, "r-dad"),
			north:  []fault{{school.FaultNoRole, "users.csv", "sourcedId", people("dad"), nil}},
		},
		"guardian with another role only": {
			change: set(feedtest.Roles, "r-dad", "role", "aide"),
			north:  []fault{{school.FaultNoGuardianRole, "users.csv", "agentSourcedIds", people("dad"), nil}},
		},
		"student without a class": {
			change: remove(feedtest.Enrollments, "e-04"),
			north:  []fault{{school.FaultNoClass, "roles.csv", "userSourcedId", people("ben"), nil}},
		},
		"student whose enrolment is over": {
			change: set(feedtest.Enrollments, "e-04", "endDate", feedtest.Today),
			north:  []fault{{school.FaultNoClass, "roles.csv", "userSourcedId", people("ben"), nil}},
		},
		"student of an ended class": {
			change: set(feedtest.Classes, "n-1b", "status", "inactive"),
			north:  []fault{{school.FaultNoClass, "roles.csv", "userSourcedId", people("cid"), nil}},
		},
		"student in two classes, of two schools": {
			change: add(feedtest.Enrollments, feedtest.Row{
				"sourcedId": "e-x", "classSourcedId": "n-1a", "schoolSourcedId": north, "userSourcedId": "eve", "role": "student",
			}),
			north: []fault{{school.FaultTwoClasses, "enrollments.csv", "classSourcedId", people("eve"), classes("n-1a", "s-1a")}},
			south: []fault{{school.FaultTwoClasses, "enrollments.csv", "classSourcedId", people("eve"), classes("n-1a", "s-1a")}},
		},
		"two class teachers": {
			change: set(feedtest.Enrollments, "e-02", "primary", "true"),
			north:  []fault{{school.FaultTwoClassTeachers, "enrollments.csv", "primary", people("boris", "tina"), classes("n-1a")}},
		},
		"two class teachers, one dismissed": {
			change: func(d *desk) {
				d.row(feedtest.Enrollments, "e-02")["primary"] = "true"
				d.row(feedtest.Roles, "r-tina")["endDate"] = "2026-10-01"
			},
		},
		"guardian without students": {
			change: set(feedtest.Users, "ben", "agentSourcedIds", ""),
			north:  []fault{{school.FaultNoStudents, "roles.csv", "userSourcedId", people("dad"), nil}},
		},
		"account of two people": {
			change: set(feedtest.Users, "eve", "userIds", "{sferum:2001}"),
			north:  []fault{{school.FaultSharedAccount, "userProfiles.csv", "username", people("eve", "tina"), nil}},
			south:  []fault{{school.FaultSharedAccount, "userProfiles.csv", "username", people("eve", "tina"), nil}},
		},
		"person with two accounts": {
			change: set(feedtest.Users, "tina", "userIds", "{sferum:2002}"),
			north:  []fault{{school.FaultTwoAccounts, "userProfiles.csv", "username", people("tina"), nil}},
		},
		"bad dates": {
			change: func(d *desk) {
				d.row(feedtest.Roles, "r-ben")["endDate"] = "1/05/2023"
				d.row(feedtest.Enrollments, "e-06")["beginDate"] = "2026-02-30"
			},
			north: []fault{
				bad("enrollments.csv", "beginDate", people("cid"), classes("n-1b")), bad("roles.csv", "endDate", people("ben"), nil),
			},
		},
		"bad words": {
			change: func(d *desk) {
				d.row(feedtest.Users, "eve")["enabledUser"] = "yes"
				d.row(feedtest.Users, "dan")["status"] = "gone"
				d.row(feedtest.Users, "gran")["metadata.accessRole"] = "queen"
				d.row(feedtest.Roles, "r-eve")["metadata.positionLevel"] = "top"
				d.row(feedtest.Enrollments, "e-12")["primary"] = "1"
			},
			south: []fault{
				bad("enrollments.csv", "primary", people("eve"), classes("s-1a")), bad("roles.csv", "metadata.positionLevel", people("eve"), nil),
				bad("users.csv", "enabledUser", people("eve"), nil), bad("users.csv", "metadata.accessRole", people("gran"), nil),
				bad("users.csv", "status", people("dan"), nil),
			},
		},
		"bad account": {
			change: set(feedtest.Profiles, "p-mum", "vendorId", "-3"),
			north:  []fault{bad("userProfiles.csv", "username", people("mum"), nil)},
		},
		"bad roles": {
			change: func(d *desk) {
				d.row(feedtest.Roles, "r-gran")["role"] = "granny"
				d.row(feedtest.Enrollments, "e-10")["role"] = "boss"
			},
			north: []fault{bad("enrollments.csv", "role", people("vera"), classes("s-1a"))},
			south: []fault{
				bad("enrollments.csv", "role", people("vera"), classes("s-1a")), bad("roles.csv", "role", people("gran"), nil),
				{school.FaultNoGuardianRole, "users.csv", "agentSourcedIds", people("gran"), nil},
			},
		},
		"bad class type": {
			change: set(feedtest.Classes, "n-math", "classType", "club"),
			north:  []fault{bad("classes.csv", "classType", nil, classes("n-math"))},
		},
		"rows without ids": {
			change: func(d *desk) {
				d.files.Add(feedtest.Users, feedtest.Row{"enabledUser": "true"})
				d.files.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-x", "role": "teacher", "orgSourcedId": north})
				d.files.Add(feedtest.Enrollments, feedtest.Row{"sourcedId": "e-x", "userSourcedId": "ann", "role": "student"})
			},
			north: []fault{
				bad("enrollments.csv", "classSourcedId", people("ann"), nil), bad("roles.csv", "userSourcedId", nil, nil),
				bad("users.csv", "sourcedId", nil, nil),
			},
			south: []fault{bad("roles.csv", "userSourcedId", nil, nil), bad("users.csv", "sourcedId", nil, nil)},
		},
		"enrolled at another school than the class": {
			change: set(feedtest.Enrollments, "e-12", "schoolSourcedId", north),
			north:  []fault{{school.FaultEnrollmentConflict, "enrollments.csv", "schoolSourcedId", people("eve"), classes("s-1a")}},
			south:  []fault{{school.FaultEnrollmentConflict, "enrollments.csv", "schoolSourcedId", people("eve"), classes("s-1a")}},
		},
		"enrolled out of role": {
			change: func(d *desk) {
				d.row(feedtest.Enrollments, "e-11")["role"] = "teacher"
				d.row(feedtest.Roles, "r-eve")["role"] = "aide"
			},
			south: []fault{
				{school.FaultEnrollmentConflict, "enrollments.csv", "role", people("dan"), classes("s-1a")},
				{school.FaultEnrollmentConflict, "enrollments.csv", "role", people("eve"), classes("s-1a")},
				{school.FaultNoClass, "roles.csv", "userSourcedId", people("dan"), nil},
			},
		},
		"ids that occur twice": {
			change: func(d *desk) {
				d.row(feedtest.Roles, "r-eve")["sourcedId"] = "r-dan"
				d.row(feedtest.Enrollments, "e-12")["sourcedId"] = "e-11"
				d.files.Add(feedtest.Users, feedtest.Row{"sourcedId": "dan", "enabledUser": "true"})
			},
			south: []fault{
				{school.FaultDuplicate, "enrollments.csv", "sourcedId", people("dan", "eve"), classes("s-1a")},
				{school.FaultDuplicate, "roles.csv", "sourcedId", people("dan", "eve"), nil},
				{school.FaultDuplicate, "users.csv", "sourcedId", people("dan"), nil},
			},
		},
		"ids of structure that occur twice": {
			change: func(d *desk) {
				d.files.Add(feedtest.Sessions, feedtest.Row{"sourcedId": "h2", "title": "Again", "type": "term"})
				d.files.Add(feedtest.Courses, feedtest.Row{"sourcedId": "c-math", "title": "Arithmetic"})
				d.files.Add(feedtest.Orgs, feedtest.Row{"sourcedId": south, "name": "South again", "type": "school"})
				d.files[feedtest.Classes].Rows = append(d.files[feedtest.Classes].Rows, d.row(feedtest.Classes, "s-1a"))
			},
			north: []fault{
				{school.FaultDuplicate, "academicSessions.csv", "sourcedId", nil, nil},
				{school.FaultDuplicate, "courses.csv", "sourcedId", nil, classes("n-math")},
			},
			south: []fault{
				{school.FaultDuplicate, "academicSessions.csv", "sourcedId", nil, nil},
				{school.FaultDuplicate, "classes.csv", "sourcedId", nil, classes("s-1a")},
				{school.FaultDuplicate, "orgs.csv", "sourcedId", nil, nil},
			},
		},
		"rows that have ended need nobody": {
			change: func(d *desk) {
				d.files.Add(feedtest.Enrollments, feedtest.Row{
					"sourcedId": "e-x", "status": "tobedeleted", "classSourcedId": "s-1a", "schoolSourcedId": south, "userSourcedId": "zoe", "role": "student",
				})
				d.files.Add(feedtest.Enrollments, feedtest.Row{
					"sourcedId": "e-y", "endDate": "2026-10-01", "classSourcedId": "s-9a", "schoolSourcedId": south, "userSourcedId": "dan", "role": "student",
				})
				d.files.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-x", "status": "inactive", "userSourcedId": "zoe", "role": "student", "orgSourcedId": south})
			},
		},
		"disabled people need nothing": {
			change: func(d *desk) {
				for _, id := range []string{"ben", "dad", "boris"} {
					d.row(feedtest.Users, id)["enabledUser"] = "false"
				}
				d.files.Delete(feedtest.Enrollments, "userSourcedId", "ben")
				d.files.Delete(feedtest.Roles, "userSourcedId", "boris")
				d.row(feedtest.Users, "ben")["agentSourcedIds"] = ""
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			test.change(d)
			for sourceID, want := range map[string][]fault{north: test.north, south: test.south} {
				roster := d.roster(sourceID, nil)
				got := lo.Map(roster.Faults, func(f school.Fault, _ int) fault {
					require.NotEmpty(t, f.Advice)
					return fault{f.Code, f.File, f.Column, f.People, f.Classes}
				})
				require.ElementsMatch(t, want, got, sourceID)
			}
		})
	}
}

func TestFaultsSayWhere(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.row(feedtest.Roles, "r-ben")["endDate"] = "1/05/2023"
	roster := d.roster(north, nil)
	require.Equal(t, 3, roster.Faults[0].Row)
	require.Empty(t, find(t, roster, "ben").Student.Period.End, "a date that cannot be read is none")
}

func TestTwoAccountsAreNone(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.row(feedtest.Users, "tina")["userIds"] = "{sferum:2001}"
	tina := d.person(north, "tina")
	require.Equal(t, school.AccountID(2001), tina.Account, "the same one twice is one")
	require.Equal(t, school.AccountFromProfiles, tina.AccountSource, "and the profile is what is said to have given it")
	d.row(feedtest.Users, "tina")["userIds"] = "{sferum:2002}"
	tina = d.person(north, "tina")
	require.Zero(t, tina.Account)
	require.Empty(t, tina.AccountSource)
}

// A fault about somebody whom a school had goes to that school too.
func TestFaultsFollowPeopleWhoWereHere(t *testing.T) {
	t.Parallel()
	d := setup(t)
	previous := d.roster(north, nil)
	d.files.Delete(feedtest.Enrollments, "userSourcedId", "ben")
	d.row(feedtest.Roles, "r-ben")["orgSourcedId"] = south
	d.row(feedtest.Users, "ben")["agentSourcedIds"] = ""
	named := func(r school.Roster) bool {
		return lo.ContainsBy(r.Faults, func(f school.Fault) bool { return f.Code == school.FaultNoClass && lo.Contains(f.People, "ben") })
	}
	require.True(t, named(d.roster(north, &previous)))
	require.False(t, named(d.roster(north, nil)))
	require.True(t, named(d.roster(south, nil)))
}

func TestTailMissing(t *testing.T) {
	t.Parallel()
	d := setup(t)
	full := d.files.Clone()
	first := d.feed().Receipt()
	cut := func(o oneroster.Options) ([]fault, oneroster.Receipt) {
		feed, err := d.read(o)
		require.NoError(t, err)
		var found []fault
		for _, sourceID := range []string{north, south} {
			roster, err := feed.Roster(sourceID, nil, oneroster.RosterOptions{Today: feedtest.Today})
			require.NoError(t, err)
			for _, f := range roster.Faults {
				if f.Code == school.FaultTailMissing {
					require.Zero(t, f.Row)
					found = append(found, fault{f.Code, f.File, f.Column, f.People, f.Classes})
				}
			}
		}
		text, err := json.Marshal(feed.Receipt())
		require.NoError(t, err)
		var stored oneroster.Receipt
		require.NoError(t, json.Unmarshal(text, &stored))
		return found, stored
	}
	rows := d.files[feedtest.Enrollments].Rows
	d.files[feedtest.Enrollments].Rows = rows[:len(rows)-1]
	want := fault{code: school.FaultTailMissing, file: "enrollments.csv"}
	got, second := cut(oneroster.Options{Last: &first})
	require.Equal(t, []fault{want, want}, got, "in every school")
	got, third := cut(oneroster.Options{Last: &second})
	require.Equal(t, []fault{want, want}, got, "reading it again finds it again")
	require.Equal(t, first, third)

	got, accepted := cut(oneroster.Options{Last: &third, AcceptDrop: true})
	require.Empty(t, got, "somebody has looked")
	got, _ = cut(oneroster.Options{Last: &accepted})
	require.Empty(t, got)

	d.files = full.Clone()
	got, _ = cut(oneroster.Options{Last: &third})
	require.Empty(t, got, "the file is whole again")
	d.files[feedtest.Enrollments].Rows = rows[1:]
	got, _ = cut(oneroster.Options{Last: &third})
	require.Empty(t, got, "a row is gone from the top")
}
