package district_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
)

// record is a row as a stranger to the package reads it.
type record map[string]string

// export is a saved district, read without the help of the package.
type export struct {
	files    map[string][]record
	problems []string
}

func dataFiles() []string {
	return []string{"orgs", "academicSessions", "courses", "classes", "users", "roles", "userProfiles", "enrollments"}
}

func readExport(t *testing.T, dir string) *export {
	t.Helper()
	e := &export{files: map[string][]record{}}
	for _, name := range append(dataFiles(), "manifest") {
		file, err := os.Open(filepath.Join(dir, name+".csv"))
		require.NoError(t, err)
		rows, err := csv.NewReader(file).ReadAll()
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.Greater(t, len(rows), 1, "%s.csv has no rows", name)
		for _, row := range rows[1:] {
			r := record{}
			for i, column := range rows[0] {
				r[column] = row[i]
			}
			e.files[name] = append(e.files[name], r)
		}
	}
	return e
}

// save writes a district and reads it back as a stranger.
func save(t *testing.T, f *district.Files) *export {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, f.Save(dir))
	return readExport(t, dir)
}

// requireSound fails unless the district is in step with itself in every respect.
func requireSound(t *testing.T, f *district.Files) {
	t.Helper()
	require.Empty(t, save(t, f).check())
}

func (e *export) problem(format string, args ...any) {
	e.problems = append(e.problems, fmt.Sprintf(format, args...))
}

func (e *export) check() []string {
	e.checkRows()
	e.checkReferences()
	e.checkPeople()
	e.checkClasses()
	e.checkAccounts()
	return e.problems
}

func (e *export) by(file, column string) map[string][]record {
	index := map[string][]record{}
	for _, r := range e.files[file] {
		index[r[column]] = append(index[r[column]], r)
	}
	return index
}

// row is the row with this id, which must be there.
func (e *export) row(t *testing.T, file, id string) record {
	t.Helper()
	at := slices.IndexFunc(e.files[file], func(r record) bool { return r["sourcedId"] == id })
	require.GreaterOrEqual(t, at, 0, "%s in %s.csv", id, file)
	return e.files[file][at]
}

func (e *export) checkRows() {
	required := map[string][]string{
		"orgs":             {"sourcedId", "name", "type"},
		"academicSessions": {"sourcedId", "title", "type", "startDate", "endDate", "schoolYear"},
		"courses":          {"sourcedId", "title", "orgSourcedId"},
		"classes":          {"sourcedId", "title", "courseSourcedId", "classType", "schoolSourcedId", "termSourcedIds", "metadata.cohortId"},
		"users":            {"sourcedId", "enabledUser", "username", "userIds", "givenName", "familyName"},
		"roles":            {"sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId"},
		"userProfiles":     {"sourcedId", "userSourcedId", "profileType", "vendorId", "credentialType", "username"},
		"enrollments":      {"sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "beginDate"},
	}
	for _, file := range dataFiles() {
		for id, rows := range e.by(file, "sourcedId") {
			if len(rows) > 1 {
				e.problem("duplicate %s in %s", id, file)
			}
		}
		for _, r := range e.files[file] {
			for _, column := range required[file] {
				if r[column] == "" {
					e.problem("empty %s of %s", column, r["sourcedId"])
				}
			}
			if r["status"] != "" || r["dateLastModified"] != "" {
				e.problem("status of %s in a bulk file", r["sourcedId"])
			}
		}
	}
}

func (e *export) checkReferences() {
	for _, ref := range []struct{ file, column, to string }{
		{"orgs", "parentSourcedId", "orgs"},
		{"academicSessions", "parentSourcedId", "academicSessions"},
		{"courses", "orgSourcedId", "orgs"},
		{"courses", "schoolYearSourcedId", "academicSessions"},
		{"classes", "courseSourcedId", "courses"},
		{"classes", "schoolSourcedId", "orgs"},
		{"classes", "termSourcedIds", "academicSessions"},
		{"users", "agentSourcedIds", "users"},
		{"users", "primaryOrgSourcedId", "orgs"},
		{"roles", "userSourcedId", "users"},
		{"roles", "orgSourcedId", "orgs"},
		{"userProfiles", "userSourcedId", "users"},
		{"enrollments", "classSourcedId", "classes"},
		{"enrollments", "schoolSourcedId", "orgs"},
		{"enrollments", "userSourcedId", "users"},
	} {
		known := e.by(ref.to, "sourcedId")
		for _, r := range e.files[ref.file] {
			for id := range strings.SplitSeq(r[ref.column], ",") {
				if id != "" && len(known[id]) == 0 {
					e.problem("dangling %s %s of %s", ref.column, id, r["sourcedId"])
				}
			}
		}
	}
}

// kin gives the guardians of students and the students of guardians, whoever's row says so.
func (e *export) kin() map[string][]string {
	kin := map[string][]string{}
	for _, u := range e.files["users"] {
		for other := range strings.SplitSeq(u["agentSourcedIds"], ",") {
			if other == "" {
				continue
			}
			for _, pair := range [][2]string{{u["sourcedId"], other}, {other, u["sourcedId"]}} {
				if !slices.Contains(kin[pair[0]], pair[1]) {
					kin[pair[0]] = append(kin[pair[0]], pair[1])
				}
			}
		}
	}
	return kin
}

func (e *export) checkPeople() {
	roles, kin := e.by("roles", "userSourcedId"), e.kin()
	homerooms := map[string]int{}
	classes := e.by("classes", "sourcedId")
	for _, s := range e.files["enrollments"] {
		class := classes[s["classSourcedId"]]
		if s["role"] == "student" && len(class) == 1 && class[0]["classType"] == "homeroom" && s["endDate"] == "" {
			homerooms[s["userSourcedId"]]++
		}
	}
	for _, u := range e.files["users"] {
		id := u["sourcedId"]
		if u["enabledUser"] != "true" {
			e.problem("disabled user %s", id)
		}
		if len(roles[id]) == 0 {
			e.problem("no role of %s", id)
		}
		for _, r := range roles[id] {
			switch {
			case r["endDate"] != "":
				e.problem("ended role of %s", id)
			case r["role"] == "student" && homerooms[id] != 1:
				e.problem("%d homerooms of student %s", homerooms[id], id)
			case slices.Contains([]string{"parent", "guardian", "relative"}, r["role"]):
				e.checkGuardian(r, kin[id], roles)
			}
		}
	}
}

func (e *export) checkGuardian(role record, students []string, roles map[string][]record) {
	for _, student := range students {
		for _, r := range roles[student] {
			if r["role"] == "student" && r["orgSourcedId"] == role["orgSourcedId"] {
				return
			}
		}
	}
	e.problem("no student of guardian %s in %s", role["userSourcedId"], role["orgSourcedId"])
}

func (e *export) checkClasses() {
	seats, roles := e.by("enrollments", "classSourcedId"), e.by("roles", "userSourcedId")
	homerooms := map[string]record{}
	for _, c := range e.files["classes"] {
		if c["classType"] == "homeroom" {
			key := c["schoolSourcedId"] + " " + c["title"]
			if homerooms[key] != nil {
				e.problem("two classes %s", key)
			}
			homerooms[key] = c
		}
	}
	for _, c := range e.files["classes"] {
		title, _, _ := strings.Cut(c["title"], "/")
		home := homerooms[c["schoolSourcedId"]+" "+title]
		if home == nil {
			e.problem("no homeroom class for group %s", c["sourcedId"])
			continue
		}
		pupils := studentsIn(seats[home["sourcedId"]])
		teachers := 0
		for _, s := range seats[c["sourcedId"]] {
			if s["schoolSourcedId"] != c["schoolSourcedId"] {
				e.problem("enrolment %s in another school", s["sourcedId"])
			}
			if s["endDate"] != "" {
				e.problem("ended enrolment %s", s["sourcedId"])
			}
			wanted := s["role"]
			if !slices.ContainsFunc(roles[s["userSourcedId"]], func(r record) bool {
				return r["orgSourcedId"] == c["schoolSourcedId"] && r["role"] == wanted
			}) {
				e.problem("enrolment %s without the role %s", s["sourcedId"], wanted)
			}
			if s["role"] == "teacher" && s["primary"] == "true" {
				teachers++
			}
			if s["role"] == "student" && !slices.Contains(pupils, s["userSourcedId"]) {
				e.problem("student %s in a group of another class", s["userSourcedId"])
			}
		}
		if teachers != 1 {
			e.problem("%d primary teachers of %s", teachers, c["sourcedId"])
		}
		if len(studentsIn(seats[c["sourcedId"]])) == 0 {
			e.problem("no students in %s", c["sourcedId"])
		}
	}
}

func studentsIn(seats []record) []string {
	var students []string
	for _, s := range seats {
		if s["role"] == "student" {
			students = append(students, s["userSourcedId"])
		}
	}
	return students
}

// accounts gives each person's messenger accounts, each once.
func (e *export) accounts() map[string][]string {
	accounts := map[string][]string{}
	add := func(user, account string) {
		if !slices.Contains(accounts[user], account) {
			accounts[user] = append(accounts[user], account)
		}
	}
	for _, p := range e.files["userProfiles"] {
		if p["applicationId"] == "sferum" {
			add(p["userSourcedId"], p["username"])
		}
	}
	for _, u := range e.files["users"] {
		for entry := range strings.SplitSeq(u["userIds"], ",") {
			if account, ok := strings.CutPrefix(strings.TrimSuffix(entry, "}"), "{sferum:"); ok {
				add(u["sourcedId"], account)
			}
		}
	}
	return accounts
}

func (e *export) checkAccounts() {
	owners := map[string]string{}
	for user, accounts := range e.accounts() {
		if len(accounts) > 1 {
			e.problem("two accounts of %s", user)
		}
		for _, account := range accounts {
			if n, err := strconv.ParseInt(account, 10, 64); err != nil || n <= 0 {
				e.problem("bad account of %s", user)
			}
			if owners[account] != "" {
				e.problem("shared account of %s", user)
			}
			owners[account] = user
		}
	}
}
