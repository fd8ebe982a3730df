package main

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newSchoolShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show a school with everything that is known of its state",
		Long: `Shows a school's registration, how its token stands, its roster in force and what
is wrong with the source, how the last pass went, and how much is held.

The token is never shown. See also "chats", "plan", "holds" and "faults".`,
		Example: "  rollcall school show school-17",
		Args:    names("ID"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runSchoolShow(ctx, a, school.ID(args[0])) }),
	}
}

func runSchoolShow(ctx context.Context, a *app, id school.ID) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := st.School(ctx, id)
	if err != nil {
		return err
	}
	status, err := statusOf(ctx, a, st, []store.SchoolRow{row})
	if err != nil {
		return err
	}
	return a.show(schoolShow{statusLine: status.Schools[0], Registration: viewSchool(row), now: status.now})
}

// schoolShow is a school with its state.
type schoolShow struct {
	statusLine
	Registration schoolView `json:"registration"`
	now          statusTime
}

func (v schoolShow) text(p *page) {
	r := v.Registration
	p.line("%s (%s)", r.Name, r.ID)
	p.gap()
	p.pairs([][2]string{
		{"District", string(r.District)},
		{"Feed", fmt.Sprintf("%s, source id %s", r.Feed, r.SourceID)},
		{"Subject chats", lo.Ternary(r.SubjectChats, "on", "off")},
		{"Community", lo.Ternary(r.Token.CommunityID == 0, "", fmt.Sprint(r.Token.CommunityID))},
		{"Token", r.Token.words()},
	})
	p.gap()
	pairs := [][2]string{{"Roster", v.Roster.text(v.now)}}
	if v.Roster.Problem != nil {
		pairs = append(pairs, [2]string{"Problem", v.Roster.Problem.Message})
	}
	pairs = append(pairs,
		[2]string{"Source faults", lo.Ternary(v.Faults == 0, "none", fmt.Sprintf("%d, see: rollcall faults %s", v.Faults, r.ID))},
		[2]string{"Held", lo.Ternary(v.Holds == 0, "nothing", fmt.Sprintf("%d, see: rollcall holds list %s", v.Holds, r.ID))},
		[2]string{"Last pass", v.LastPass.text(v.now)})
	if v.LastPass != nil && v.LastPass.Problem != nil {
		pairs = append(pairs, [2]string{"What failed", v.LastPass.Problem.Message})
	}
	p.pairs(pairs)
}
