package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type feedCheckOptions struct{ school string }

func newFeedCheck(a *app) *cobra.Command {
	var o feedCheckOptions
	cmd := &cobra.Command{
		Use:   "check PATH|ID",
		Short: "Read a feed's files here and now, and say what is wrong with them",
		Long: `Reads the files as a worker would and changes nothing: how many rows each file
has, which schools are in it, and, school by school, what is wrong, where
(file:row column) and what to do about it.

The argument is a folder or .zip file, which needs neither database nor keyset,
or the id of a registered feed; a file or folder of that name wins. The files
are judged by themselves: that a file has shrunk since the last accepted
reading is found by "feed read".

Ends with 1 if the files cannot be relied on, with 2 if one of the schools
cannot; faults alone, which concern single people, end with 0.`,
		Example: `  rollcall feed check ./export.zip
  rollcall feed check nevsky --source-id org-17`,
		Args: names("PATH or ID"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runFeedCheck(ctx, a, args[0], o) }),
	}
	cmd.Flags().StringVar(&o.school, "source-id", "", "only the school with this sourcedId")
	return cmd
}

func runFeedCheck(ctx context.Context, a *app, pathOrID string, o feedCheckOptions) error {
	location, err := feedLocation(ctx, a, pathOrID)
	if err != nil {
		return err
	}
	feed, err := oneroster.Read(ctx, location, oneroster.Options{})
	if err != nil {
		return err
	}
	v := feedCheck{Location: location, Rows: feed.Counts(), Schools: []schoolCheck{}}
	for _, org := range feed.Schools() {
		if o.school == "" || o.school == org.SourcedID {
			v.Schools = append(v.Schools, checkSchool(feed, org, school.DateOf(a.now())))
		}
	}
	if o.school != "" && len(v.Schools) == 0 {
		return usagef("no school of the feed has the source id %q: leave out --source-id to see them all", o.school)
	}
	if err := a.show(v); err != nil {
		return err
	}
	unread := lo.ContainsBy(v.Schools, func(s schoolCheck) bool { return s.Problem != nil })
	return lo.Ternary(unread, errIncomplete, nil)
}

// feedLocation is the path itself, or where the registered feed lies.
func feedLocation(ctx context.Context, a *app, pathOrID string) (string, error) {
	_, missing := os.Stat(pathOrID)
	if missing == nil || school.CheckID("feed", pathOrID) != nil {
		return filepath.Abs(pathOrID)
	}
	st, err := a.open(ctx)
	if err != nil {
		return "", err
	}
	defer st.Close()
	row, err := st.Feed(ctx, school.FeedID(pathOrID))
	return row.Location, err
}

func checkSchool(feed *oneroster.Feed, org oneroster.Org, today school.Date) schoolCheck {
	v := schoolCheck{SourceID: org.SourcedID, Name: org.Name, Faults: []faultView{}}
	roster, err := feed.Roster(org.SourcedID, nil, oneroster.RosterOptions{Today: today})
	if err != nil {
		v.Problem = &store.Problem{Code: "unreadable", Message: err.Error()}
		return v
	}
	v.People, v.Classes, v.Groups = len(roster.People), len(roster.Classes), len(roster.Groups)
	v.Faults = viewFaults(roster.Faults, peopleOf(roster))
	return v
}

// feedCheck is what a feed's files say.
type feedCheck struct {
	Location string         `json:"location"`
	Rows     map[string]int `json:"rows"`
	Schools  []schoolCheck  `json:"schools"`
}

type schoolCheck struct {
	SourceID string         `json:"sourceId"`
	Name     string         `json:"name"`
	People   int            `json:"people"`
	Classes  int            `json:"classes"`
	Groups   int            `json:"groups"`
	Faults   []faultView    `json:"faults"`
	Problem  *store.Problem `json:"problem"`
}

func (v feedCheck) text(p *page) {
	p.line("%s", v.Location)
	p.gap()
	p.table([]string{"FILE", "ROWS"}, lo.Map(slices.Sorted(maps.Keys(v.Rows)), func(file string, _ int) []string {
		return []string{file, strconv.Itoa(v.Rows[file])}
	}))
	p.gap()
	p.table([]string{"SOURCE ID", "NAME", "PEOPLE", "CLASSES", "GROUPS", "FAULTS"}, lo.Map(v.Schools, func(s schoolCheck, _ int) []string {
		return []string{s.SourceID, s.Name, strconv.Itoa(s.People), strconv.Itoa(s.Classes), strconv.Itoa(s.Groups), strconv.Itoa(len(s.Faults))}
	}))
	for _, s := range v.Schools {
		if s.Problem != nil {
			p.gap()
			p.line("%s cannot be taken over: %s", s.SourceID, s.Problem.Message)
		}
		if len(s.Faults) > 0 {
			p.gap()
			p.line("%s %s", s.SourceID, s.Name)
			faultTable(p, s.Faults)
		}
	}
}
