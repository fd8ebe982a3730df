package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type districtAddOptions struct {
	name   string
	titles school.Titles
}

func newDistrictAdd(a *app) *cobra.Command {
	var o districtAddOptions
	cmd := &cobra.Command{
		Use:   "add ID --name NAME",
		Short: "Register a district, or change one",
		Long: `Registers a district: a set of schools that one coordinator looks after. It
decides how chats are titled.

For a registered district it changes the name, and the titles that are given;
the others stay. Chats get a changed title at their school's next pass.`,
		Example: `  rollcall district add nevsky --name 'Невский район'
  rollcall district add nevsky --name 'Невский район' --title-parents '{class}: родители'`,
		Args: names("ID"),
	}
	cmd.RunE = a.runs(func(ctx context.Context, args []string) error { return runDistrictAdd(ctx, a, cmd, args[0], o) })
	cmd.Flags().StringVar(&o.name, "name", "", "name of the district, for people")
	addTitleFlags(cmd, &o.titles)
	requireFlags(cmd, "name")
	return cmd
}

func runDistrictAdd(ctx context.Context, a *app, cmd *cobra.Command, id string, o districtAddOptions) error {
	if err := school.CheckID("district", id); err != nil {
		return &usageError{err}
	}
	name, err := plainName(o.name)
	if err != nil {
		return err
	}
	if err := checkTitles(o.titles); err != nil {
		return err
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	d, err := st.District(ctx, school.DistrictID(id))
	if _, unknown := errors.AsType[*store.NotFoundError](err); err != nil && !unknown {
		return err
	}
	d.ID, d.Name = school.DistrictID(id), name
	d.Titles = mergeTitles(cmd, o.titles, d.Titles)
	if err := st.AddDistrict(ctx, d); err != nil {
		return err
	}
	return a.show(registeredDistrict{viewDistrict(d)})
}

// registeredDistrict is a district that has just been registered.
type registeredDistrict struct{ districtView }

func (v registeredDistrict) text(p *page) { p.line("district %s (%s) is registered", v.ID, v.Name) }
