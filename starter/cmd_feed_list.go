package main

import (
	"context"
	"strconv"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newFeedList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the feeds",
		Long: `Lists the registered feeds: where they lie, how many registered schools they
serve, when they were read and when a reading was accepted last, and what is
wrong since then. A reading that is not accepted changes nothing.`,
		Example: "  rollcall feed list",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runFeedList(ctx, a) }),
	}
}

func runFeedList(ctx context.Context, a *app) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	feeds, err := st.Feeds(ctx)
	if err != nil {
		return err
	}
	schools, err := st.Schools(ctx, "")
	if err != nil {
		return err
	}
	served := lo.CountValuesBy(schools, func(s store.SchoolRow) school.FeedID { return s.Feed })
	return a.show(feedsView{now: a.now(), Feeds: lo.Map(feeds, func(f store.FeedRow, _ int) feedView { return viewFeed(f, served[f.ID]) })})
}

// feedView is a registered feed.
type feedView struct {
	ID         school.FeedID     `json:"id"`
	District   school.DistrictID `json:"district"`
	Location   string            `json:"location"`
	Schools    int               `json:"schools"`
	ReadAt     *time.Time        `json:"readAt"`
	AcceptedAt *time.Time        `json:"acceptedAt"`
	Problem    *store.Problem    `json:"problem"`
}

func viewFeed(f store.FeedRow, schools int) feedView {
	return feedView{
		ID: f.ID, District: f.District, Location: f.Location, Schools: schools,
		ReadAt: utc(f.ReadAt), AcceptedAt: utc(f.AcceptedAt), Problem: f.Problem,
	}
}

type feedsView struct {
	Feeds []feedView `json:"feeds"`
	now   time.Time
}

func (v feedsView) text(p *page) {
	if len(v.Feeds) == 0 {
		p.line("no feed is registered: begin with: rollcall feed add")
		return
	}
	p.table([]string{"ID", "DISTRICT", "LOCATION", "SCHOOLS", "READ", "ACCEPTED", "PROBLEM"}, lo.Map(v.Feeds, func(f feedView, _ int) []string {
		return []string{
			string(f.ID), string(f.District), f.Location, strconv.Itoa(f.Schools),
			ago(f.ReadAt, v.now), ago(f.AcceptedAt, v.now), lo.FromPtr(f.Problem).Message,
		}
	}))
}
