package oneroster_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestRosterOfTheExample(t *testing.T) {
	t.Parallel()
	teacher := func(card string) *school.Employee {
		return &school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true}}, CardClass: card}
	}
	name := func(family, given string) school.Name { return school.Name{Family: family, Given: given} }
	since := school.Period{Begin: "2026-09-01"}
	want := school.Roster{
		SourceID: north, Name: "School North",
		Year: school.SchoolYear{ID: "y26", Title: "2026/27", Period: school.Period{Begin: "2026-09-01", End: "2027-09-01"}},
		People: []school.Person{
			{ID: "ann", Name: name("Ash", "Ann"), Enabled: true, Account: 1001, AccountSource: school.AccountFromUserIDs, Portal: "p-ann", Student: &school.Student{Period: since}},
			{ID: "ben", Name: name("Birch", "Ben"), Enabled: true, Student: &school.Student{}},
			{ID: "boris", Name: name("Beech", "Boris"), Enabled: true, Employee: teacher("1Б")},
			{ID: "cid", Name: name("Cedar", "Cid"), Enabled: true, Account: 1003, AccountSource: school.AccountFromUserIDs, Student: &school.Student{}},
			{ID: "clerk", Name: name("Clover", "Clara"), Enabled: true, Employee: &school.Employee{
				Positions: []school.Position{{Role: "aide", Pedagogical: true}}, ActingHead: true,
			}},
			{ID: "dad", Name: name("Birch", "Dirk"), Enabled: true, Guardian: &school.Guardian{Students: []school.PersonID{"ben"}}},
			{ID: "head", Name: school.Name{Family: "Holly", Given: "Hugo", Middle: "Ivor"}, Enabled: true, Employee: &school.Employee{
				Positions:   []school.Position{{Role: "principal", Level: school.HeadLevel1, Period: school.Period{Begin: "2020-01-01"}}},
				AccessRoles: []school.AccessRole{school.AccessAdministrator},
			}},
			{ID: "mum", Name: name("Ash", "Mona"), Enabled: true, Account: 3001, AccountSource: school.AccountFromProfiles, Guardian: &school.Guardian{Students: []school.PersonID{"ann", "cid"}}},
			{ID: "tina", Name: name("Teak", "Tina"), Enabled: true, Account: 2001, AccountSource: school.AccountFromProfiles, Employee: teacher("")},
			// Vera teaches here, and south employs her.
			{ID: "vera", Name: name("Vine", "Vera"), Enabled: true},
		},
		Classes: []school.Class{
			{
				ID: "n-1a", CohortID: "cohort-a", Title: "1А",
				Teachers: []school.Enrollment{{Person: "boris"}, {Person: "tina", Primary: true}},
				Students: []school.Enrollment{{Person: "ann", Period: since}, {Person: "ben"}},
			},
			{
				ID: "n-1b", Title: "1Б",
				Teachers: []school.Enrollment{{Person: "boris", Primary: true}},
				Students: []school.Enrollment{{Person: "cid"}},
			},
		},
		Groups: []school.Group{{
			ID: "n-math", Title: "Mathematics 1", Subject: "Mathematics",
			Teachers: []school.Enrollment{{Person: "vera", Primary: true}},
			Students: []school.Enrollment{{Person: "ann"}, {Person: "cid"}},
		}},
	}
	require.Equal(t, want, setup(t).roster(north, nil))
}

func TestRosterOfEmployees(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*desk)
		want   school.Employee
	}{
		"principal": {
			func(d *desk) { d.row(feedtest.Roles, "r-tina")["role"] = "principal" },
			school.Employee{Positions: []school.Position{{Role: "principal", Level: 1}}},
		},
		"level of the position": {
			func(d *desk) { d.row(feedtest.Roles, "r-tina")["metadata.positionLevel"] = "1" },
			school.Employee{Positions: []school.Position{{Role: "teacher", Level: 1, Pedagogical: true}}},
		},
		"level of the person": {
			func(d *desk) {
				d.files[feedtest.Users].Columns = append(d.files[feedtest.Users].Columns, "metadata.positionLevel")
				d.row(feedtest.Users, "tina")["metadata.positionLevel"] = "1"
			},
			school.Employee{Positions: []school.Position{{Role: "teacher", Level: 1, Pedagogical: true}}},
		},
		"counselor": {
			func(d *desk) { d.row(feedtest.Roles, "r-tina")["role"] = "counselor" },
			school.Employee{Positions: []school.Position{{Role: "counselor", Pedagogical: true}}},
		},
		"site administrator": {
			func(d *desk) { d.row(feedtest.Roles, "r-tina")["role"] = "siteAdministrator" },
			school.Employee{Positions: []school.Position{{Role: "siteAdministrator"}}},
		},
		"dates are kept": {
			func(d *desk) { d.row(feedtest.Roles, "r-tina")["endDate"] = "2026-10-01" },
			school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true, Period: school.Period{End: "2026-10-01"}}}},
		},
		"status ends": {
			func(d *desk) { d.row(feedtest.Roles, "r-tina")["status"] = "inactive" },
			school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true, Ended: true}}},
		},
		"two positions": {
			func(d *desk) {
				d.files.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-new", "userSourcedId": "tina", "role": "aide", "orgSourcedId": north})
			},
			school.Employee{Positions: []school.Position{{Role: "aide"}, {Role: "teacher", Pedagogical: true}}},
		},
		"access role": {
			func(d *desk) { d.row(feedtest.Users, "tina")["metadata.accessRole"] = "head" },
			school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true}}, AccessRoles: []school.AccessRole{school.AccessHead}},
		},
		"a role of another system says nothing": {
			func(d *desk) {
				d.files.Add(feedtest.Roles, feedtest.Row{"sourcedId": "r-new", "userSourcedId": "tina", "role": "ext:librarian", "orgSourcedId": north})
			},
			school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			test.change(d)
			roster := d.roster(north, nil)
			require.Empty(t, roster.Faults)
			require.Equal(t, &test.want, find(t, roster, "tina").Employee)
		})
	}
}

func TestRosterOfPeople(t *testing.T) {
	t.Parallel()
	t.Run("disabled", func(t *testing.T) {
		t.Parallel()
		for column, value := range map[string]string{"enabledUser": "false", "status": "tobedeleted"} {
			d := setup(t)
			d.row(feedtest.Users, "ann")[column] = value
			require.False(t, d.person(north, "ann").Enabled)
		}
	})
	t.Run("the class in the employee's own card gives no class", func(t *testing.T) {
		t.Parallel()
		d := setup(t)
		before := d.roster(north, nil)
		d.row(feedtest.Users, "boris")["metadata.employeeClass"] = "1А"
		after := d.roster(north, nil)
		require.Equal(t, "1А", find(t, after, "boris").Employee.CardClass)
		require.Equal(t, before.Classes, after.Classes)
	})
	t.Run("the student's role that lasts longest counts", func(t *testing.T) {
		t.Parallel()
		d := setup(t)
		d.row(feedtest.Roles, "r-ann")["endDate"] = "2026-09-20"
		d.files.Add(feedtest.Roles, feedtest.Row{
			"sourcedId": "r-again", "userSourcedId": "ann", "role": "student", "beginDate": "2026-10-01", "orgSourcedId": north,
		})
		require.Equal(t, &school.Student{Period: school.Period{Begin: "2026-10-01"}}, d.person(north, "ann").Student)
		d.row(feedtest.Roles, "r-again")["status"] = "tobedeleted"
		require.Equal(t, &school.Student{Period: school.Period{Begin: "2026-09-01", End: "2026-09-20"}}, d.person(north, "ann").Student)
	})
	t.Run("a guardian of the whole family is in both schools", func(t *testing.T) {
		t.Parallel()
		d := setup(t)
		d.row(feedtest.Users, "dan")["agentSourcedIds"] = "mum"
		require.Equal(t, []school.PersonID{"dan"}, d.person(south, "mum").Guardian.Students)
		require.Equal(t, []school.PersonID{"ann", "cid"}, d.person(north, "mum").Guardian.Students)
	})
	t.Run("a guardian whose role is over stands for nobody", func(t *testing.T) {
		t.Parallel()
		d := setup(t)
		d.row(feedtest.Roles, "r-dad")["endDate"] = feedtest.Today
		roster := d.roster(north, nil)
		require.Nil(t, find(t, roster, "dad").Guardian)
		require.Empty(t, roster.Faults)
	})
	t.Run("a user name that is no number leaves the vendor's id", func(t *testing.T) {
		t.Parallel()
		d := setup(t)
		d.row(feedtest.Profiles, "p-mum")["status"] = "tobedeleted"
		require.Zero(t, d.person(north, "mum").Account)
		d.row(feedtest.Profiles, "p-mum")["status"] = ""
		require.Equal(t, school.AccountID(3001), d.person(north, "mum").Account)
	})
}

func TestRosterOfEndedRows(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.row(feedtest.Classes, "n-1b")["status"] = "inactive"
	d.row(feedtest.Enrollments, "e-04")["status"] = "tobedeleted"
	d.row(feedtest.Enrollments, "e-03")["endDate"] = "2026-10-10"
	roster := d.roster(north, nil)
	require.True(t, roster.Classes[1].Ended)
	require.Equal(t, []school.Enrollment{
		{Person: "ann", Period: school.Period{Begin: "2026-09-01", End: "2026-10-10"}}, {Person: "ben", Ended: true},
	}, roster.Classes[0].Students)
}

func TestRosterLeavesOutOtherYears(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.files.Add(feedtest.Sessions, feedtest.Row{
		"sourcedId": "y25", "title": "2025/26", "type": "schoolYear", "startDate": "2025-09-01", "endDate": "2026-09-01", "schoolYear": "2026",
	})
	d.files.Add(feedtest.Classes, feedtest.Row{
		"sourcedId": "n-0a", "title": "0А", "courseSourcedId": "c-home", "classType": "homeroom", "schoolSourcedId": north, "termSourcedIds": "y25",
	})
	d.files.Add(feedtest.Enrollments, feedtest.Row{
		"sourcedId": "e-old", "classSourcedId": "n-0a", "schoolSourcedId": north, "userSourcedId": "ann", "role": "student",
	})
	roster := d.roster(north, nil)
	require.Len(t, roster.Classes, 2)
	require.Empty(t, roster.Faults, "the class of last year is no second homeroom")

	last, err := d.feed().Roster(north, nil, oneroster.RosterOptions{Today: "2026-08-31"})
	require.NoError(t, err)
	require.Equal(t, "y25", last.Year.ID)
	require.Equal(t, school.ClassID("n-0a"), last.Classes[0].ID)
}

func TestRosterRefuses(t *testing.T) {
	t.Parallel()
	d := setup(t)
	for _, id := range []string{"nowhere", "district", ""} {
		_, err := d.feed().Roster(id, nil, oneroster.RosterOptions{Today: feedtest.Today})
		unknown, ok := errors.AsType[*oneroster.UnknownSchoolError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, id, unknown.SourceID)
		require.Contains(t, err.Error(), "orgs.csv")
	}
	for _, today := range []school.Date{"2026-08-31", "2027-09-01"} {
		_, err := d.feed().Roster(north, nil, oneroster.RosterOptions{Today: today})
		requireBad(t, err, unread{File: "academicSessions.csv", Column: "type", Problem: string(today)})
	}
}

func TestRosterRefusesADropOfPeople(t *testing.T) {
	t.Parallel()
	d := setup(t)
	previous := d.roster(north, nil)
	for _, id := range []string{"ann", "ben"} {
		d.row(feedtest.Users, id)["enabledUser"] = "false"
	}
	_, err := d.feed().Roster(north, &previous, oneroster.RosterOptions{Today: feedtest.Today})
	require.NoError(t, err, "eight of ten are left")
	d.row(feedtest.Users, "cid")["enabledUser"] = "false"
	_, err = d.feed().Roster(north, &previous, oneroster.RosterOptions{Today: feedtest.Today})
	requireBad(t, err, unread{File: "users.csv", Problem: "7 enabled people in school north, and 10"})
	_, err = d.feed().Roster(north, &previous, oneroster.RosterOptions{Today: feedtest.Today, AcceptDrop: true})
	require.NoError(t, err)
}

func TestDigest(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.row(feedtest.Roles, "r-ann")["beginDate"] = "1/05/2023"
	before := d.roster(north, nil)
	digest := oneroster.Digest(before)
	require.Len(t, digest, 32)

	text, err := json.Marshal(before)
	require.NoError(t, err)
	var stored school.Roster
	require.NoError(t, json.Unmarshal(text, &stored))
	require.Equal(t, digest, oneroster.Digest(stored))

	moved := d.roster(north, nil)
	moved.Faults[0].Row += 5
	require.Equal(t, digest, oneroster.Digest(moved))
	require.NotEqual(t, moved.Faults[0].Row, before.Faults[0].Row)
	moved.Faults[0].Column = "endDate"
	require.NotEqual(t, digest, oneroster.Digest(moved))
	moved = d.roster(north, nil)
	moved.People[0].Account = 7
	require.NotEqual(t, digest, oneroster.Digest(moved))
}
