package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// identity is a Portal identity among a user's ids.
var identity = regexp.MustCompile(`\{portal:([^}]+)\}`)

// linkAccounts has the people of a school link their accounts on the Portal, those whose account the
// roster knows too: real rosters lag behind, this one does not. What somebody has linked or unlinked
// while trying things out stays.
func (d *demo) linkAccounts(o org) error {
	if err := d.stack.RegisterOrganisation(o.id, o.name); err != nil {
		return err
	}
	state, err := d.stack.Sandbox().Portal.State(o.id)
	if err != nil || len(state.Links) > 0 {
		return err
	}
	links, err := d.linksOf(o.id)
	if err != nil || len(links) == 0 {
		return err
	}
	_, err = d.stack.Sandbox().Portal.LinkAccounts(portal.Linking{Organisation: o.id, Links: links})
	return err
}

// linksOf finds the accounts that the roster knows of people of a school with a Portal identity. One
// account of two people, and a person with two, are left out: the Portal has none of these.
func (d *demo) linksOf(organisation string) ([]portal.Account, error) {
	users, err := rowsOf(filepath.Join(d.rosterPath(), "users.csv"))
	if err != nil {
		return nil, err
	}
	roles, err := rowsOf(filepath.Join(d.rosterPath(), "roles.csv"))
	if err != nil {
		return nil, err
	}
	profiles, err := rowsOf(filepath.Join(d.rosterPath(), "userProfiles.csv"))
	if err != nil {
		return nil, err
	}
	here := map[string]bool{}
	for _, r := range roles {
		here[r["userSourcedId"]] = here[r["userSourcedId"]] || r["orgSourcedId"] == organisation
	}
	accounts := lo.GroupBy(profiles, func(r map[string]string) string { return r["userSourcedId"] })
	owners := lo.CountValuesBy(profiles, func(r map[string]string) string { return r["username"] })
	identities := lo.CountValuesBy(users, portalIdentity)
	return lo.FilterMap(users, func(u map[string]string, _ int) (portal.Account, bool) {
		mine := accounts[u["sourcedId"]]
		id := portalIdentity(u)
		if !here[u["sourcedId"]] || len(mine) != 1 || id == "" || identities[id] > 1 || owners[mine[0]["username"]] > 1 {
			return portal.Account{}, false
		}
		account, err := strconv.ParseInt(mine[0]["username"], 10, 64)
		return portal.Account{Identity: id, Account: account}, err == nil && account > 0 && strings.EqualFold(mine[0]["applicationId"], "sferum")
	}), nil
}

func portalIdentity(user map[string]string) string {
	found := identity.FindStringSubmatch(user["userIds"])
	if found == nil {
		return ""
	}
	return found[1]
}

// continuousSchool is the one in which a video call is published.
const continuousSchool = "school-3"

// publishCall publishes a video call in the continuous school, as the school system does, and waits
// until the Portal shows it. In MAX no program can start a call: the teacher has, and gives its link.
func (d *demo) publishCall(ctx context.Context) error {
	orgs, err := schoolsIn(filepath.Join(d.rosterPath(), "orgs.csv"))
	if err != nil || len(orgs) < 3 {
		return err
	}
	organisation := orgs[2].id
	class, err := d.classWithChat(ctx)
	if err != nil || class == "" {
		return err
	}
	now := time.Now().UTC()
	id := "demo-" + now.Format("20060102-150405")
	published := time.Now()
	if err := d.writeCall(id, organisation, class, now); err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	world := d.stack.Sandbox().Portal
	if _, err := world.WaitForCall(limit, portal.CallRef{Organisation: organisation, Call: id}, true); err != nil {
		return fmt.Errorf("the Portal does not show the call: see: rollcall calls %s: %w", continuousSchool, err)
	}
	d.lag = time.Since(published)
	d.heldLag, err = d.heldLagOf(limit, school.CallID(id))
	return err
}

// heldLagOf waits until it is recorded how long a call took from our taking it in.
func (d *demo) heldLagOf(ctx context.Context, id school.CallID) (time.Duration, error) {
	for {
		states, err := d.store.Calls(ctx, continuousSchool)
		if err != nil {
			return 0, err
		}
		for _, s := range states {
			if s.Call.ID == id && s.HeldLag != nil {
				return *s.HeldLag, nil
			}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// classWithChat is a class of the continuous school that has its students' chat.
func (d *demo) classWithChat(ctx context.Context) (school.ClassID, error) {
	mirror, err := d.store.Mirror(ctx, continuousSchool, "students")
	for _, c := range mirror {
		if c.Ref != "" && c.Class != "" {
			return c.Class, err
		}
	}
	return "", err
}

// writeCall puts a call into the feed's calls.csv, in place of those of earlier runs.
func (d *demo) writeCall(id, organisation string, class school.ClassID, now time.Time) error {
	const header = "sourcedId,schoolSourcedId,classSourcedId,title,startTime,endTime,publishedAt,joinUrl\n"
	row := strings.Join([]string{
		id, organisation, string(class), "Классный час",
		now.Add(10 * time.Minute).Format(time.RFC3339), now.Add(55 * time.Minute).Format(time.RFC3339), now.Format(time.RFC3339),
		"https://max.ru/joincall/" + id,
	}, ",")
	file := filepath.Join(d.rosterPath(), "calls.csv")
	if err := os.WriteFile(file+".new", []byte(header+row+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
