package demo

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
)

const (
	districtID = "demo"
	feedID     = "demo"
	rosterDir  = "roster"
	// firstCommunity is the community id of the first school; the others follow.
	firstCommunity = 1001
)

func (d *demo) rosterPath() string { return filepath.Join(d.o.Stack.Dir, rosterDir) }

// makeDistrict makes the roster up at the first time; later runs go on with what is there, edits
// included.
func (d *demo) makeDistrict(context.Context) error {
	_, err := os.Stat(filepath.Join(d.rosterPath(), "manifest.csv"))
	if err == nil {
		d.screen.detail("as it was left")
		return nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return district.Generate(district.Demo()).Save(d.rosterPath())
}

// register does what a district coordinator does once: it gives each school its community and
// token, and tells Rollcall of them. A token that somebody
// changed while trying things out is set right again.
func (d *demo) register(ctx context.Context) error {
	orgs, err := schoolsIn(filepath.Join(d.rosterPath(), "orgs.csv"))
	if err != nil {
		return err
	}
	if _, err := d.rollcall(ctx, "", "district", "add", districtID, "--name", "Демонстрационный район"); err != nil {
		return err
	}
	if _, err := d.rollcall(ctx, "", "feed", "add", feedID, "--district", districtID, "--location", d.rosterPath()); err != nil {
		return err
	}
	for i, org := range orgs {
		id := fmt.Sprintf("school-%d", i+1)
		add := []string{"school", "add", id, "--district", districtID, "--feed", feedID, "--source-id", org.id, "--name", org.name}
		if id == maxSchool {
			add = append(add, "--no-subject-chats") // a person makes each chat there
		}
		if _, err := d.rollcall(ctx, "", add...); err != nil {
			return err
		}
		community := firstCommunity + i
		token := fmt.Sprintf("sandbox-token-%d", community)
		if err := d.giveCommunity(ctx, id, int64(community), token, org.name); err != nil {
			return err
		}
		if err := d.linkAccounts(org); err != nil {
			return err
		}
		if known, err := d.store.Community(ctx, schoolID(id)); err == nil && known != nil && known.Token == token {
			continue
		}
		if err := d.setSchedule(ctx, i, id); err != nil {
			return err
		}
		if _, err := d.rollcall(ctx, token+"\n", "school", "set-token", id, "--community-id", fmt.Sprint(community)); err != nil {
			return err
		}
	}
	return nil
}

// giveCommunity gives a school its community: on MAX a bot, on VK one whose token may add people.
func (d *demo) giveCommunity(ctx context.Context, id string, community int64, token, name string) error {
	if id == maxSchool {
		if _, err := d.rollcall(ctx, "", "school", "set-messenger", id, "max"); err != nil {
			return err
		}
		return d.stack.RegisterBot(community, token, name)
	}
	if err := d.stack.RegisterCommunity(community, token, name); err != nil {
		return err
	}
	return d.stack.AllowAdding(community)
}

// setSchedule gives each of the first three schools another kind of schedule: the default of every
// 30 minutes, a cron expression, continuous.
func (d *demo) setSchedule(ctx context.Context, i int, id string) error {
	kinds := [][]string{1: {"--cron", "*/20 7-19 * * 1-6"}, 2: {"--continuous"}}
	if i >= len(kinds) || kinds[i] == nil {
		return nil
	}
	_, err := d.rollcall(ctx, "", append([]string{"schedule", "set", id}, kinds[i]...)...)
	return err
}

type org struct{ id, name string }

// schoolsIn finds the schools of an orgs.csv, in its order.
func schoolsIn(file string) ([]org, error) {
	rows, err := rowsOf(file)
	var found []org
	for _, row := range rows {
		if row["type"] == "school" {
			found = append(found, org{id: row["sourcedId"], name: row["name"]})
		}
	}
	return found, err
}

// rowsOf reads a CSV file's rows by their columns' names.
func rowsOf(file string) ([]map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, fmt.Errorf("%s: no rows in it: %w", file, err)
	}
	rows := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// example is a command that renames a class of the continuous school.
func (d *demo) example() (string, error) {
	orgs, err := schoolsIn(filepath.Join(d.rosterPath(), "orgs.csv"))
	if err != nil || len(orgs) < 3 {
		return "", err
	}
	file := filepath.Join(d.rosterPath(), "classes.csv")
	rows, err := rowsOf(file)
	for _, row := range rows {
		if row["schoolSourcedId"] == orgs[2].id && row["classType"] == "homeroom" {
			title := row["title"]
			return fmt.Sprintf("sed -i '/^%s,/s/,%s,/,%s бис,/' %s", row["sourcedId"], title, title, file), nil
		}
	}
	return "", err
}
