package main

import (
	"context"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newAccountsShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show SCHOOL",
		Short: "Show how the reading of a school's account links stands",
		Long: `Shows how many account links the Portal has told of, of when they are, when they
were read, when all of them were read last, and why the last reading was not taken,
if it was not. A reading that cannot be relied on changes nothing.

Of the people in the roster it counts who has an identity on the Portal (userIds of
users.csv), and who is linked: on the Portal, whose word goes first; by the
roster's own files, where the Portal has said nothing; or not at all, and whether
they undid their link. Nobody is named: see "staff" and "members".`,
		Example: "  rollcall accounts show school-17\n  rollcall accounts show school-17 -o json",
		Args:    names("SCHOOL"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runAccountsShow(ctx, a, school.ID(args[0])) }),
	}
}

func runAccountsShow(ctx context.Context, a *app, id school.ID) error {
	settings, err := a.settings()
	if err != nil {
		return &usageError{err}
	}
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := schoolItself(ctx, st, id, "see them"); err != nil {
		return err
	}
	v, err := accountsOf(ctx, a, st, settings, id)
	if err != nil {
		return err
	}
	return a.show(v)
}

func accountsOf(ctx context.Context, a *app, st *store.Store, settings config.Config, id school.ID) (accountsView, error) {
	row, err := st.School(ctx, id)
	if err != nil {
		return accountsView{}, err
	}
	state, err := st.LinksState(ctx, id)
	if err != nil {
		return accountsView{}, err
	}
	v := accountsView{
		School: id, Name: row.Name, Source: say(linksSourceWords, linksSourceOf(settings)), Links: viewLinksReading(state),
		now: a.now(), zone: zoneOf(row.TimeZone),
	}
	if row.Snapshot == "" {
		return v, nil
	}
	roster, err := st.Roster(ctx, id, row.Snapshot)
	if err != nil {
		return v, err
	}
	links, err := st.AccountLinks(ctx, id)
	v.People = lo.ToPtr(countAccounts(links.Roster(roster)))
	return v, err
}
