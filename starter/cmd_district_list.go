package main

import (
	"context"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func newDistrictList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the districts",
		Long:    "Lists the registered districts with their own templates for titles; - is the default.",
		Example: "  rollcall district list\n  rollcall district list -o json",
		Args:    names(),
		RunE: a.runs(func(ctx context.Context, _ []string) error {
			st, err := a.open(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			districts, err := st.Districts(ctx)
			if err != nil {
				return err
			}
			return a.show(districtsView{lo.Map(districts, func(d school.District, _ int) districtView { return viewDistrict(d) })})
		}),
	}
}

// districtView is a district.
type districtView struct {
	ID     school.DistrictID `json:"id"`
	Name   string            `json:"name"`
	Titles titlesView        `json:"titles"`
}

// titlesView is a district's own templates; an empty one stands for the default.
type titlesView struct {
	Teachers string `json:"teachers"`
	Parents  string `json:"parents"`
	Students string `json:"students"`
	Subject  string `json:"subject"`
}

func viewDistrict(d school.District) districtView {
	return districtView{ID: d.ID, Name: d.Name, Titles: titlesView(d.Titles)}
}

type districtsView struct {
	Districts []districtView `json:"districts"`
}

func (v districtsView) text(p *page) {
	if len(v.Districts) == 0 {
		p.line("no district is registered: begin with: rollcall district add")
		return
	}
	p.table([]string{"ID", "NAME", "TEACHERS", "PARENTS", "STUDENTS", "SUBJECT"}, lo.Map(v.Districts, func(d districtView, _ int) []string {
		return []string{string(d.ID), d.Name, d.Titles.Teachers, d.Titles.Parents, d.Titles.Students, d.Titles.Subject}
	}))
}
