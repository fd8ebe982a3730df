package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/oneroster"
	"github.com/rollcall-edu/rollcall/internal/school"
)

type feedAddOptions struct{ district, location string }

func newFeedAdd(a *app) *cobra.Command {
	var o feedAddOptions
	cmd := &cobra.Command{
		Use:   "add ID --district DISTRICT --location PATH",
		Short: "Register a feed, or change where it lies",
		Long: `Registers a feed: a folder or a .zip file with a OneRoster 1.2 bulk export, from
which the rosters of any number of schools are read.

The path is stored in its absolute form and must lead to the same files on
every worker. Nothing need be there yet. The first reading is asked for by
"feed read"; after it, workers notice changed files by themselves.`,
		Example: `  rollcall feed add nevsky --district nevsky --location /srv/roster
  rollcall feed add nevsky --district nevsky --location /srv/export.zip`,
		Args: names("ID"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runFeedAdd(ctx, a, args[0], o) }),
	}
	cmd.Flags().StringVar(&o.district, "district", "", "id of the district that the feed serves")
	cmd.Flags().StringVar(&o.location, "location", "", "folder or .zip file")
	requireFlags(cmd, "district", "location")
	return cmd
}

func runFeedAdd(ctx context.Context, a *app, id string, o feedAddOptions) error {
	if err := school.CheckID("feed", id); err != nil {
		return &usageError{err}
	}
	if o.location == "" || strings.Contains(o.location, "://") {
		return usagef("--location must be the path of a folder or .zip file: put the export there")
	}
	location, err := filepath.Abs(o.location)
	if err != nil {
		return err
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.AddFeed(ctx, school.FeedID(id), school.DistrictID(o.district), location); err != nil {
		return err
	}
	row, err := st.Feed(ctx, school.FeedID(id))
	if err != nil {
		return err
	}
	schools, err := st.SchoolsOfFeed(ctx, row.ID)
	if err != nil {
		return err
	}
	v := registeredFeed{feedView: viewFeed(row, len(schools))}
	if _, err := oneroster.Fingerprint(location); err != nil {
		v.Trouble = err.Error()
	}
	return a.show(v)
}

// registeredFeed is a feed that has just been registered.
type registeredFeed struct {
	feedView
	// Trouble is why nothing can be read there, as seen from this machine; "" if it can.
	Trouble string `json:"trouble"`
}

func (v registeredFeed) text(p *page) {
	p.line("feed %s is registered at %s", v.ID, v.Location)
	if v.Trouble != "" {
		p.line("nothing can be read there yet, as seen from this machine: %s", v.Trouble)
		return
	}
	p.line("look at it with: rollcall feed check %s", v.ID)
}
