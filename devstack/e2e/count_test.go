package e2e

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The independent count: what a school's chats must be, worked out from the CSV files by
// straightforward means that share no code with Rollcall. It is slow and plain on purpose.

type counts struct {
	Chats, Members, Admins, NotLinked, Disputed int
}

type line map[string]string

type census struct {
	day                                         string
	users, roles, profiles, classes, enrolments []line
	byUser                                      map[string]line
	rolesOf                                     map[string][]line
	accounts                                    map[string]map[string]bool
	claims                                      map[string]int
	guardians                                   map[string]map[string]bool // by student
	// byHand is what is otherwise where people make the chats: there are none per subject, and a chat without an admin of its own
	// has the person who made it.
	byHand bool
}

func readLines(t *testing.T, dir, name string) []line {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name+".csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	lines := make([]line, 0, len(rows))
	for _, row := range rows[1:] {
		l := line{}
		for i, column := range rows[0] {
			l[strings.TrimPrefix(column, "\ufeff")] = row[i]
		}
		lines = append(lines, l)
	}
	return lines
}

var sferumID = regexp.MustCompile(`\{sferum:(\d+)\}`)

func takeCensus(t *testing.T, dir string) *census {
	t.Helper()
	c := &census{
		day: time.Now().Format(time.DateOnly), users: readLines(t, dir, "users"), roles: readLines(t, dir, "roles"),
		profiles: readLines(t, dir, "userProfiles"), classes: readLines(t, dir, "classes"), enrolments: readLines(t, dir, "enrollments"),
		byUser: map[string]line{}, rolesOf: map[string][]line{}, accounts: map[string]map[string]bool{},
		claims: map[string]int{}, guardians: map[string]map[string]bool{},
	}
	for _, u := range c.users {
		c.byUser[u["sourcedId"]] = u
		for _, m := range sferumID.FindAllStringSubmatch(u["userIds"], -1) {
			c.claim(u["sourcedId"], m[1])
		}
	}
	for _, p := range c.profiles {
		if p["applicationId"] != "sferum" || ended(p) {
			continue
		}
		for _, id := range []string{p["username"], p["vendorId"]} {
			if n, err := strconv.ParseInt(id, 10, 64); err == nil && n > 0 {
				c.claim(p["userSourcedId"], id)
				break
			}
		}
	}
	for _, r := range c.roles {
		c.rolesOf[r["userSourcedId"]] = append(c.rolesOf[r["userSourcedId"]], r)
	}
	for _, u := range c.users {
		for agent := range strings.SplitSeq(u["agentSourcedIds"], ",") {
			c.tie(strings.TrimSpace(agent), u["sourcedId"])
			c.tie(u["sourcedId"], strings.TrimSpace(agent))
		}
	}
	return c
}

func (c *census) claim(user, account string) {
	if c.accounts[user] == nil {
		c.accounts[user] = map[string]bool{}
	}
	if !c.accounts[user][account] {
		c.accounts[user][account] = true
		c.claims[account]++
	}
}

// tie makes guardian the guardian of student, if their roles say so.
func (c *census) tie(guardian, student string) {
	is := func(user string, names ...string) bool {
		for _, r := range c.rolesOf[user] {
			for _, name := range names {
				if r["role"] == name && c.holds(r) {
					return true
				}
			}
		}
		return false
	}
	if is(guardian, "parent", "guardian", "relative") && is(student, "student") {
		if c.guardians[student] == nil {
			c.guardians[student] = map[string]bool{}
		}
		c.guardians[student][guardian] = true
	}
}

func ended(l line) bool { return l["status"] == "tobedeleted" || l["status"] == "inactive" }

func (c *census) holds(l line) bool {
	return !ended(l) && (l["beginDate"] == "" || l["beginDate"] <= c.day) && (l["endDate"] == "" || l["endDate"] > c.day)
}

func (c *census) enabled(user string) bool {
	u := c.byUser[user]
	return u != nil && !ended(u) && strings.EqualFold(u["enabledUser"], "true")
}

// staff tells of a user's work at an org: whether any position holds, and whether there are
// positions and none holds any more.
func (c *census) staff(user, org string) (employed, pedagogical, head, site, dismissed bool) {
	any, over := false, true
	for _, r := range c.rolesOf[user] {
		switch r["role"] {
		case "student", "parent", "guardian", "relative":
			continue
		}
		if r["orgSourcedId"] != org {
			continue
		}
		any = true
		if !(ended(r) || r["endDate"] != "" && r["endDate"] <= c.day) {
			over = false
		}
		if !c.holds(r) || !c.enabled(user) {
			continue
		}
		employed = true
		if r["role"] == "teacher" || r["role"] == "counselor" || r["metadata.pedagogical"] == "true" {
			pedagogical = true
		}
		if r["role"] == "principal" || r["metadata.positionLevel"] == "1" {
			head = true
		}
		if r["role"] == "siteAdministrator" {
			site = true
		}
	}
	return employed, pedagogical, head, site, any && over
}

// school counts one school's chats.
func (c *census) school(org string) counts {
	var total counts
	room := map[string]bool{} // user → admin
	for _, u := range c.users {
		id := u["sourcedId"]
		employed, pedagogical, head, site, _ := c.staff(id, org)
		access := u["metadata.accessRole"]
		admin := employed && (head || site || u["metadata.actingHead"] == "true" || access == "administrator" || access == "head")
		if pedagogical || admin {
			room[id] = admin
		}
	}
	c.add(&total, room, true)
	for _, class := range c.classes {
		if class["schoolSourcedId"] == org && !ended(class) {
			c.class(&total, org, class)
		}
	}
	return total
}

func (c *census) class(total *counts, org string, class line) {
	students, teachers, primary := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range c.enrolments {
		user := e["userSourcedId"]
		if e["classSourcedId"] != class["sourcedId"] || !c.holds(e) {
			continue
		}
		known := c.byUser[user] != nil
		if e["role"] == "student" && (!known || c.enabled(user) && c.studies(user, org)) {
			students[user] = true
		}
		if _, _, _, _, dismissed := c.staff(user, org); e["role"] == "teacher" && (!known || c.enabled(user) && !dismissed) {
			teachers[user] = true
			if e["primary"] == "true" {
				primary[user] = true
			}
		}
	}
	if class["classType"] == "scheduled" && c.byHand {
		return
	}
	if class["classType"] == "scheduled" {
		people := map[string]bool{}
		for s := range students {
			people[s] = false
		}
		for t := range teachers {
			people[t] = true
		}
		c.add(total, people, len(students) > 0 && len(teachers) > 0)
		return
	}
	pupils, parents := map[string]bool{}, map[string]bool{}
	for s := range students {
		pupils[s] = false
		for g := range c.guardians[s] {
			if c.enabled(g) {
				parents[g] = false
			}
		}
	}
	if len(primary) == 1 {
		for t := range primary {
			pupils[t], parents[t] = true, true
		}
	}
	may := len(primary) == 1 && len(students) > 0
	c.add(total, pupils, may)
	c.add(total, parents, may)
}

// studies tells whether the user's role as a student of the school has not ended.
func (c *census) studies(user, org string) bool {
	any, over := false, true
	for _, r := range c.rolesOf[user] {
		if r["role"] == "student" && r["orgSourcedId"] == org {
			any = true
			if !(ended(r) || r["endDate"] != "" && r["endDate"] <= c.day) {
				over = false
			}
		}
	}
	return !(any && over)
}

// add counts a chat, if it may be made, with its people; who cannot be a member is counted
// either way.
func (c *census) add(total *counts, people map[string]bool, may bool) {
	members, admins := 0, 0
	for id, admin := range people {
		accounts := c.accounts[id]
		disputed := len(accounts) > 1
		for account := range accounts {
			disputed = disputed || c.claims[account] > 1
		}
		switch {
		case c.byUser[id] == nil:
		case disputed:
			total.Disputed++
		case len(accounts) == 0:
			total.NotLinked++
		default:
			members++
			if admin {
				admins++
			}
		}
	}
	if may && members > 0 {
		total.Chats++
		total.Members += members
		total.Admins += admins
		if c.byHand && admins == 0 {
			total.Admins++
		}
	}
}
