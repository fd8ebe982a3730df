package district_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
)

// demo is the demonstration district of a fixed year.
func demo() district.Options {
	o := district.Demo()
	o.Year = 2026
	return o
}

// plain is a small district in which nothing is awkward.
func plain() district.Options {
	o := demo()
	o.Schools, o.MinClasses, o.MaxClasses, o.AwkwardCases = 2, 7, 8, false
	return o
}

func saved(t *testing.T, f *district.Files) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, f.Save(dir))
	return contents(t, dir)
}

// contents are the files of a folder, hidden ones too.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = data
	}
	return files
}

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	first, again := saved(t, district.Generate(demo())), saved(t, district.Generate(demo()))
	require.Equal(t, first, again)

	other := demo()
	other.Seed++
	require.NotEqual(t, first["users.csv"], saved(t, district.Generate(other))["users.csv"])
}

func TestGenerateIsSoundWithoutAwkwardCases(t *testing.T) {
	t.Parallel()
	o := demo()
	o.AwkwardCases = false
	requireSound(t, district.Generate(o))
}

// The checker must see what is wrong, or the test above would prove nothing; and an awkward
// district must have these faults, each just once or twice.
func TestAwkwardDistrictHasItsFaultsAndFewOthers(t *testing.T) {
	t.Parallel()
	problems := save(t, district.Generate(demo())).check()
	for _, fault := range []string{
		"two accounts of", "shared account of", "no student of guardian", "0 homerooms of student",
		"0 primary teachers", "2 primary teachers", "no students in", "dangling userSourcedId",
		"without the role teacher", "ended role", "disabled user", "status of",
	} {
		count := 0
		for _, p := range problems {
			if strings.Contains(p, fault) {
				count++
			}
		}
		require.Positive(t, count, fault)
		require.LessOrEqual(t, count, 3, fault)
	}
	require.Less(t, len(problems), 40)
}

func TestDemoHasTheSizesOfLife(t *testing.T) {
	t.Parallel()
	e := save(t, district.Generate(demo()))
	seats := e.by("enrollments", "classSourcedId")
	homerooms, groups := map[string]int{}, map[string]int{}
	for _, c := range e.files["classes"] {
		switch c["classType"] {
		case "homeroom":
			homerooms[c["schoolSourcedId"]]++
			if n := len(studentsIn(seats[c["sourcedId"]])); n > 0 {
				require.InDelta(t, 25, n, 4)
			}
		case "scheduled":
			groups[c["schoolSourcedId"]]++
		}
	}
	require.Len(t, homerooms, 3)
	for school, n := range homerooms {
		require.GreaterOrEqual(t, n, 20)
		require.LessOrEqual(t, n, 30)
		require.InDelta(t, 9, float64(groups[school])/float64(n), 1)
	}
	teachers := map[string]int{}
	for _, s := range e.files["enrollments"] {
		if s["role"] == "teacher" {
			teachers[s["userSourcedId"]]++
		}
	}
	require.InDelta(t, 2, float64(len(teachers))/float64(homerooms["sch-101"]+homerooms["sch-102"]+homerooms["sch-103"]), 0.4)
}

func TestLinkedShares(t *testing.T) {
	t.Parallel()
	o := demo()
	o.AwkwardCases = false
	unlinked := func(share float64) map[string]float64 {
		o.LinkedShare = share
		e := save(t, district.Generate(o))
		accounts, all, without := e.accounts(), map[string]float64{}, map[string]float64{}
		for _, r := range e.files["roles"] {
			all[r["role"]]++
			if len(accounts[r["userSourcedId"]]) == 0 {
				without[r["role"]]++
			}
		}
		return map[string]float64{
			"parent": without["parent"] / all["parent"], "student": without["student"] / all["student"],
			"teacher": without["teacher"] / all["teacher"],
		}
	}
	shares := unlinked(0.9)
	require.InDelta(t, 0.10, shares["parent"], 0.02)
	require.InDelta(t, 0.08, shares["student"], 0.02)
	require.InDelta(t, 0.03, shares["teacher"], 0.03)
	require.Equal(t, map[string]float64{"parent": 0, "student": 0, "teacher": 0}, unlinked(1))
}

func TestManifestNamesTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, district.Generate(plain()).Save(dir))
	e := readExport(t, dir)
	properties := map[string]string{}
	for _, r := range e.files["manifest"] {
		properties[r["propertyName"]] = r["value"]
	}
	require.Equal(t, "1.2", properties["oneroster.version"])
	for name := range contents(t, dir) {
		if name != "manifest.csv" {
			require.Equal(t, "bulk", properties["file."+strings.TrimSuffix(name, ".csv")], name)
			delete(properties, "file."+strings.TrimSuffix(name, ".csv"))
		}
	}
	for property, value := range properties {
		if strings.HasPrefix(property, "file.") {
			require.Equal(t, "absent", value, property)
		}
	}
}

func TestFilesAreCleanText(t *testing.T) {
	t.Parallel()
	for name, data := range saved(t, district.Generate(demo())) {
		require.True(t, bytes.HasSuffix(data, []byte("\n")), name)
		require.NotContains(t, string(data), "\r", name)
		require.Equal(t, bytes.ToValidUTF8(data, nil), data, name)
		require.False(t, bytes.HasPrefix(data, []byte("\xef\xbb\xbf")), name)
	}
}

func TestSchoolYearCoversEveryDay(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2026-08-31", "2026-09-01", "2026-12-31", "2027-01-01", "2027-07-15", "2027-08-31", "2027-09-01"} {
		today, err := time.Parse(time.DateOnly, day)
		require.NoError(t, err)
		o := plain()
		o.Schools, o.Year = 1, district.SchoolYearOf(today)
		year := save(t, district.Generate(o)).files["academicSessions"][0]
		require.Equal(t, "schoolYear", year["type"])
		require.LessOrEqual(t, year["startDate"], day)
		require.Greater(t, year["endDate"], day)
		require.Equal(t, fmt.Sprint(o.Year+1), year["schoolYear"])
	}
}

func TestNamesAgreeInGender(t *testing.T) {
	t.Parallel()
	e := save(t, district.Generate(plain()))
	masculine := regexp.MustCompile(`(ов|ев|ёв|ин|ын|ий|ый|ой)$`)
	women := 0
	for _, u := range e.files["users"] {
		middle, family := u["middleName"], u["familyName"]
		switch {
		case strings.HasSuffix(middle, "вна"), strings.HasSuffix(middle, "ична"):
			women++
			require.NotRegexp(t, masculine, family)
			require.Regexp(t, `(а|я|ь)$`, u["givenName"])
		default:
			require.Regexp(t, `(вич|ьич|тич)$`, middle)
			require.NotRegexp(t, `(ова|ева|ёва|ина|ая)$`, family)
		}
	}
	require.Greater(t, women, len(e.files["users"])/3)
}

func TestSiblingsShareGuardians(t *testing.T) {
	t.Parallel()
	e := save(t, district.Generate(plain()))
	kin, shared := e.kin(), 0
	for _, r := range e.files["roles"] {
		id := r["userSourcedId"]
		switch r["role"] {
		case "student":
			require.Contains(t, []int{1, 2}, len(kin[id]))
		case "parent":
			if len(kin[id]) > 1 {
				shared++
			}
		}
	}
	require.Greater(t, shared, 20)
}

func TestChildrenBearTheirFathersName(t *testing.T) {
	t.Parallel()
	e := save(t, district.Generate(plain()))
	kin, users, fathers := e.kin(), e.by("users", "sourcedId"), 0
	for _, r := range e.files["roles"] {
		if r["role"] != "student" {
			continue
		}
		child := users[r["userSourcedId"]][0]
		for _, guardian := range kin[child["sourcedId"]] {
			if father := users[guardian][0]; strings.HasSuffix(father["middleName"], "ич") {
				fathers++
				// Пётр gives Петрович and Лев Львович: only the first letter always stays.
				require.Equal(t, []rune(father["givenName"])[0], []rune(child["middleName"])[0])
			}
		}
	}
	require.Greater(t, fathers, 100)
}

// A district so small that nothing fits must still be one.
func TestSmallDistricts(t *testing.T) {
	t.Parallel()
	for _, o := range []district.Options{
		{Schools: 1, MinClasses: 1, MaxClasses: 1, StudentsPerClass: 2, Subjects: 1, LinkedShare: 1, Year: 2026, AwkwardCases: true},
		{Schools: 1, MinClasses: 3, MaxClasses: 3, StudentsPerClass: 5, Subjects: 3, LinkedShare: 0, Year: 2026},
		{Schools: 2, MinClasses: 30, MaxClasses: 30, StudentsPerClass: 3, LinkedShare: 0.5, Year: 2026, AwkwardCases: true},
	} {
		e := save(t, district.Generate(o))
		require.Len(t, e.by("orgs", "type")["school"], o.Schools)
		require.Len(t, e.by("classes", "classType")["homeroom"], o.Schools*o.MinClasses)
	}
}

func TestHeadersFollowTheBinding(t *testing.T) {
	t.Parallel()
	f := district.Generate(plain())
	require.Equal(t, []string{
		"sourcedId", "status", "dateLastModified", "userSourcedId", "profileType", "vendorId", "applicationId",
		"description", "credentialType", "username", "password",
	}, f.UserProfiles().Columns())
	for _, name := range dataFiles() {
		columns := f.Table(name).Columns()
		require.Equal(t, []string{"sourcedId", "status", "dateLastModified"}, columns[:3])
		first := slices.IndexFunc(columns, func(c string) bool { return strings.HasPrefix(c, "metadata.") })
		if first < 0 {
			continue
		}
		for _, column := range columns[first:] {
			require.True(t, strings.HasPrefix(column, "metadata."), "%s comes after the metadata of %s", column, name)
		}
	}
}
