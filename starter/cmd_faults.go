package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

func newFaults(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "faults SCHOOL",
		Short: "Show what is wrong in the source of a school's roster",
		Long: `Shows the source faults of the roster in force: where they are in the files
(file:row column), what is wrong, whom they name, and what to do. Whoever a
fault names is not removed from any chat until it is mended.

The rows are those of the reading the roster came from; "feed check" looks at
the files as they are now.`,
		Example: "  rollcall faults school-17",
		Args:    names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			s, err := a.survey(ctx, school.ID(args[0]))
			if err != nil {
				return err
			}
			return a.show(viewFaultsOf(s))
		}),
	}
}

// faultsView is what is wrong in the source of a school's roster.
type faultsView struct {
	schoolHead
	Faults []faultView `json:"faults"`
}

func viewFaultsOf(s survey.Survey) faultsView {
	return faultsView{schoolHead: headOf(s), Faults: viewFaults(s.Roster.Faults, peopleOf(s.Roster))}
}

func (v faultsView) text(p *page) {
	if len(v.Faults) == 0 {
		p.line("%s (%s): no source faults", v.Name, v.School)
		return
	}
	faultTable(p, v.Faults)
}
