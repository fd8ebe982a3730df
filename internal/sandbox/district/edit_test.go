package district_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
)

// desk is a sound district with some of its ids at hand.
type desk struct {
	*district.Files
	t *testing.T
	// home and other are classes of the first school, abroad one of the second; pupil is in
	// home, and head and teacher work at the first school.
	home, other, abroad, pupil, head, teacher string
}

func setup(t *testing.T) desk {
	t.Helper()
	d := desk{
		Files: district.Generate(plain()), t: t,
		home: "sch-101-cl-00005", other: "sch-101-cl-00006", abroad: "sch-102-cl-00003",
		head: "sch-101-em-00001",
	}
	for _, seat := range d.Enrollments().Find("classSourcedId", d.home) {
		switch seat.Get("role") {
		case "student":
			d.pupil = seat.Get("userSourcedId")
		case "teacher":
			d.teacher = seat.Get("userSourcedId")
		}
	}
	return d
}

// sound checks the whole district after an edit and gives its files.
func (d desk) sound() *export {
	d.t.Helper()
	requireSound(d.t, d.Files)
	return save(d.t, d.Files)
}

// groupsOf are the groups of a class by their titles.
func (e *export) groupsOf(class record) []record {
	return slices.DeleteFunc(slices.Clone(e.files["classes"]), func(c record) bool {
		return c["classType"] != "scheduled" || c["schoolSourcedId"] != class["schoolSourcedId"] ||
			c["title"] != class["title"] && c["title"] != class["title"]+"/1" && c["title"] != class["title"]+"/2"
	})
}

// courses are the courses of somebody's groups, sorted.
func (e *export) courses(groups []record) []string {
	var courses []string
	for _, g := range groups {
		courses = append(courses, g["courseSourcedId"])
	}
	slices.Sort(courses)
	return courses
}

// classesOf are the classes and groups somebody is enrolled in.
func (e *export) classesOf(t *testing.T, user string) (homerooms []string, groups []record) {
	for _, s := range e.by("enrollments", "userSourcedId")[user] {
		class := e.row(t, "classes", s["classSourcedId"])
		if class["classType"] == "homeroom" {
			homerooms = append(homerooms, class["sourcedId"])
			continue
		}
		groups = append(groups, class)
	}
	return homerooms, groups
}

func TestAddStudent(t *testing.T) {
	t.Parallel()
	d := setup(t)
	id, err := d.AddStudent(d.home, true)
	require.NoError(t, err)
	unlinked, err := d.AddStudent(d.home, false)
	require.NoError(t, err)
	require.NotEqual(t, id, unlinked)

	e := d.sound()
	require.Len(t, e.accounts()[id], 1)
	require.Empty(t, e.accounts()[unlinked])
	homerooms, groups := e.classesOf(t, id)
	require.Equal(t, []string{d.home}, homerooms)
	require.NotEmpty(t, groups)
	require.Equal(t, slices.Compact(e.courses(e.groupsOf(e.row(t, "classes", d.home)))), e.courses(groups),
		"one group of every subject")
}

func TestAddStudentFillsTheSmallerGroup(t *testing.T) {
	t.Parallel()
	d := setup(t)
	involved, ok := d.Case(district.SplitGroup)
	require.True(t, ok)
	for range 4 {
		_, err := d.AddStudent(involved.Classes[0], true)
		require.NoError(t, err)
	}
	e := d.sound()
	var sizes []int
	for _, g := range e.groupsOf(e.row(t, "classes", involved.Classes[0])) {
		if g["courseSourcedId"] == "crs-eng" {
			sizes = append(sizes, len(studentsIn(e.by("enrollments", "classSourcedId")[g["sourcedId"]])))
		}
	}
	require.Len(t, sizes, 2)
	require.InDelta(t, sizes[0], sizes[1], 1)
}

func TestAddGuardianAndTeacher(t *testing.T) {
	t.Parallel()
	d := setup(t)
	guardian, err := d.AddGuardian(d.pupil, true)
	require.NoError(t, err)
	teacher, err := d.AddTeacher("sch-102", true)
	require.NoError(t, err)

	e := d.sound()
	require.Contains(t, e.kin()[d.pupil], guardian)
	require.Len(t, e.accounts()[guardian], 1)
	roles := e.by("roles", "userSourcedId")
	require.Equal(t, "parent", roles[guardian][0]["role"])
	require.Equal(t, []string{"teacher", "sch-102"}, []string{roles[teacher][0]["role"], roles[teacher][0]["orgSourcedId"]})
}

func TestMoveStudentWithinSchool(t *testing.T) {
	t.Parallel()
	d := setup(t)
	require.NoError(t, d.MoveStudent(d.pupil, d.other))
	require.ErrorContains(t, d.MoveStudent(d.pupil, d.other), "already")

	e := d.sound()
	homerooms, groups := e.classesOf(t, d.pupil)
	require.Equal(t, []string{d.other}, homerooms)
	require.Equal(t, slices.Compact(e.courses(e.groupsOf(e.row(t, "classes", d.other)))), e.courses(groups))
	require.Equal(t, e.row(t, "classes", d.other)["grades"], e.row(t, "users", d.pupil)["grades"])
}

func TestMoveStudentToAnotherSchool(t *testing.T) {
	t.Parallel()
	d := setup(t)
	guardians := save(t, d.Files).kin()[d.pupil]
	require.NoError(t, d.MoveStudent(d.pupil, d.abroad))

	e := d.sound()
	roles := e.by("roles", "userSourcedId")
	require.Len(t, roles[d.pupil], 1)
	require.Equal(t, "sch-102", roles[d.pupil][0]["orgSourcedId"])
	require.Equal(t, "sch-102", e.row(t, "users", d.pupil)["primaryOrgSourcedId"])
	require.NotEmpty(t, guardians)
	for _, g := range guardians {
		require.True(t, slices.ContainsFunc(roles[g], func(r record) bool { return r["orgSourcedId"] == "sch-102" }))
	}
}

func TestMoveStudentFollowsSiblings(t *testing.T) {
	t.Parallel()
	d := setup(t)
	involved, ok := d.Case(district.SharedGuardian)
	require.True(t, ok)
	guardian := involved.People[0]
	require.NoError(t, d.MoveStudent(involved.People[1], d.abroad))

	var orgs []string
	for _, r := range d.sound().by("roles", "userSourcedId")[guardian] {
		orgs = append(orgs, r["orgSourcedId"])
	}
	require.ElementsMatch(t, []string{"sch-101", "sch-102"}, orgs)
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	d := setup(t)
	inIDs, ok := d.Case(district.AccountInUserIDs)
	require.True(t, ok)
	person, account := inIDs.People[0], d.NewAccount()
	require.NotEqual(t, account, d.NewAccount())
	require.Greater(t, account, int64(1)<<32)

	require.NoError(t, d.Unlink(person))
	e := d.sound()
	require.Empty(t, e.accounts()[person])
	require.Contains(t, e.row(t, "users", person)["userIds"], "{portal:")

	require.NoError(t, d.LinkAccount(person, 12345))
	require.NoError(t, d.LinkAccount(person, 67890), "a new account takes the place of the old")
	require.Equal(t, []string{"67890"}, d.sound().accounts()[person])
	require.ErrorContains(t, d.LinkAccount(person, 0), "positive")
}

func TestDismiss(t *testing.T) {
	t.Parallel()
	d := setup(t)
	parent, err := d.AddTeacher("sch-101", true)
	require.NoError(t, err)
	require.NoError(t, d.ReplaceClassTeacher(d.home, parent))
	d.Roles().Append(district.Values{
		"sourcedId": "extra", "userSourcedId": parent, "roleType": "secondary", "role": "parent", "orgSourcedId": "sch-101",
	})
	user, ok := d.Users().ByID(d.pupil)
	require.True(t, ok)
	user.Set("agentSourcedIds", parent)
	d.Day = "2026-11-05"
	require.NoError(t, d.Dismiss(parent))
	require.NoError(t, d.Dismiss(d.teacher))

	e := save(t, d.Files)
	require.Equal(t, "true", e.row(t, "users", parent)["enabledUser"], "still a parent")
	require.Equal(t, "false", e.row(t, "users", d.teacher)["enabledUser"])
	for _, id := range []string{parent, d.teacher} {
		for _, r := range append(e.by("roles", "userSourcedId")[id], e.by("enrollments", "userSourcedId")[id]...) {
			require.Equal(t, r["role"] == "teacher", r["endDate"] == "2026-11-05")
		}
	}
	require.ErrorContains(t, d.Dismiss(d.pupil), "no position")
}

func TestRemovePerson(t *testing.T) {
	t.Parallel()
	d := setup(t)
	before := save(t, d.Files)
	gone, err := d.RemovePerson(d.pupil)
	require.NoError(t, err)
	require.Equal(t, d.pupil, gone[0])

	e := d.sound()
	for _, g := range before.kin()[d.pupil] {
		require.Equal(t, len(before.kin()[g]) == 1, slices.Contains(gone, g), "gone if they stood for nobody else")
	}
	for _, id := range gone {
		require.Empty(t, e.by("users", "sourcedId")[id])
		require.Empty(t, e.kin()[id])
		for _, file := range []string{"roles", "userProfiles", "enrollments"} {
			require.Empty(t, e.by(file, "userSourcedId")[id], file)
		}
	}
	again, err := d.AddStudent(d.home, true)
	require.NoError(t, err)
	require.NotContains(t, gone, again)
	_, err = d.RemovePerson(d.pupil)
	require.ErrorContains(t, err, "no user")
}

func TestRemovePersonKeepsTheGuardianOfASibling(t *testing.T) {
	t.Parallel()
	d := setup(t)
	involved, ok := d.Case(district.SharedGuardian)
	require.True(t, ok)
	gone, err := d.RemovePerson(involved.People[1])
	require.NoError(t, err)
	require.Equal(t, []string{involved.People[1]}, gone)
	require.NotContains(t, d.sound().kin()[involved.People[0]], involved.People[1])
}

// Whoever's row ties a guardian to a student, nothing may point to either once they are gone.
func TestRemovePersonUntiesBothWays(t *testing.T) {
	t.Parallel()
	d := setup(t)
	for _, name := range []district.Case{district.LinkOnStudent, district.LinkOnGuardian, district.LinkOnBoth} {
		involved, ok := d.Case(name)
		require.True(t, ok)
		_, err := d.RemovePerson(involved.People[0])
		require.NoError(t, err)
		require.NotContains(t, d.sound().kin(), involved.People[0])
		_, err = d.RemovePerson(involved.People[1])
		require.NoError(t, err)
		require.NotContains(t, d.sound().kin(), involved.People[1])
	}
}

func TestReplaceClassTeacher(t *testing.T) {
	t.Parallel()
	d := setup(t)
	successor, err := d.AddTeacher("sch-101", true)
	require.NoError(t, err)
	require.NoError(t, d.ReplaceClassTeacher(d.home, successor))
	require.ErrorContains(t, d.ReplaceClassTeacher(d.home, d.pupil), "no position")

	e := d.sound()
	for _, s := range e.by("enrollments", "classSourcedId")[d.home] {
		if s["role"] == "teacher" {
			require.Equal(t, successor, s["userSourcedId"])
		}
	}
}

func TestSetActingHead(t *testing.T) {
	t.Parallel()
	d := setup(t)
	require.NoError(t, d.SetActingHead(d.teacher, true))
	require.Equal(t, "true", d.sound().row(t, "users", d.teacher)["metadata.actingHead"])
	require.NoError(t, d.SetActingHead(d.teacher, false))
	require.Empty(t, d.sound().row(t, "users", d.teacher)["metadata.actingHead"])
	require.Error(t, d.SetActingHead(d.pupil, true))
}

func TestRenameClass(t *testing.T) {
	t.Parallel()
	d := setup(t)
	before := save(t, d.Files)
	groups := len(before.groupsOf(before.row(t, "classes", d.home)))
	require.ErrorContains(t, d.RenameClass(d.home, before.row(t, "classes", d.other)["title"]), "another title")
	require.ErrorContains(t, d.RenameClass(d.home, ""), "one line")
	require.NoError(t, d.RenameClass(d.home, "5Я"))

	e := d.sound()
	require.Equal(t, "5Я", e.row(t, "classes", d.home)["title"])
	require.Len(t, e.groupsOf(e.row(t, "classes", d.home)), groups)
	require.Equal(t, before.row(t, "classes", d.home)["metadata.cohortId"], e.row(t, "classes", d.home)["metadata.cohortId"])
}

func TestAddClassAndGroup(t *testing.T) {
	t.Parallel()
	d := setup(t)
	class, err := d.AddClass("sch-102", "9Э", 12)
	require.NoError(t, err)
	_, err = d.AddClass("sch-102", "9Э", 12)
	require.ErrorContains(t, err, "another title")
	_, err = d.AddClass("dst-1", "9Ю", 12)
	require.ErrorContains(t, err, "no school")
	teacher, err := d.AddTeacher("sch-102", true)
	require.NoError(t, err)
	group, err := d.AddGroup(class, "crs-alg", teacher)
	require.NoError(t, err)

	e := d.sound()
	seats := e.by("enrollments", "classSourcedId")
	require.Len(t, studentsIn(seats[class]), 12)
	require.ElementsMatch(t, studentsIn(seats[class]), studentsIn(seats[group]))
	require.Equal(t, "09", e.row(t, "classes", class)["grades"])
	for _, s := range seats[class] {
		require.Len(t, e.accounts()[s["userSourcedId"]], 1)
	}
}

func TestDropGroup(t *testing.T) {
	t.Parallel()
	d := setup(t)
	_, groups := save(t, d.Files).classesOf(t, d.pupil)
	require.NoError(t, d.DropGroup(d.pupil, groups[0]["sourcedId"]))
	require.ErrorContains(t, d.DropGroup(d.pupil, groups[0]["sourcedId"]), "does not take")
	require.ErrorContains(t, d.DropGroup(d.pupil, d.home), "no class")

	homerooms, left := d.sound().classesOf(t, d.pupil)
	require.Equal(t, []string{d.home}, homerooms)
	require.Len(t, left, len(groups)-1)
}

func TestEditsOfUnknownIdsChangeNothing(t *testing.T) {
	t.Parallel()
	d := setup(t)
	before := saved(t, d.Files)
	_, addStudent := d.AddStudent("nobody", true)
	_, addGuardian := d.AddGuardian("nobody", true)
	_, addTeacher := d.AddTeacher("nobody", true)
	_, addGroup := d.AddGroup(d.home, "nothing", d.teacher)
	for _, err := range []error{
		addStudent, addGuardian, addTeacher, addGroup,
		d.MoveStudent("nobody", d.home), d.MoveStudent(d.pupil, "nowhere"), d.MoveStudent(d.teacher, d.home),
		d.LinkAccount("nobody", 1), d.Unlink("nobody"), d.Dismiss("nobody"), d.ReplaceClassTeacher("nowhere", d.teacher),
		d.RenameClass("nowhere", "1Ю"), d.SetActingHead("nobody", true),
	} {
		require.Error(t, err)
	}
	require.Equal(t, before, saved(t, d.Files))
}
