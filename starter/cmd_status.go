package main

import (
	"context"
	"strconv"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type statusOptions struct{ district string }

func newStatus(a *app) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status [SCHOOL]",
		Short: "Show how the schools' chats stand",
		Long: `Shows, for every school or for one: its last pass, when it was, what asked for
it, how it ended and what it did; how much is held for a human's word; how many
source faults the roster has, how old the roster is and what is wrong with it;
and how the community token stands. What keeps a school from being in step, and
what was wrong with the Portal, is said below the table; of a single school also how
many chats wait for a person to make them. A school that moves is followed by its
successor, see "school move".

Outcomes of a pass: in-step (nothing had to be done), changed (everything that
had to be done was), held (something waits), partial (some operations failed),
failed (the pass could not be carried out), unfinished (running, or cut off).`,
		Example: "  rollcall status\n  rollcall status school-17\n  rollcall status --district nevsky -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runStatus(ctx, a, args, o) }),
	}
	cmd.Flags().StringVar(&o.district, "district", "", "only the schools of this district")
	return cmd
}

func runStatus(ctx context.Context, a *app, args []string, o statusOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	rows, err := chosenSchools(ctx, st, args, school.DistrictID(o.district))
	if err != nil {
		return err
	}
	v, err := statusOf(ctx, a, st, rows)
	if err != nil {
		return err
	}
	v.one = len(args) > 0
	return a.show(v)
}

func chosenSchools(ctx context.Context, st *store.Store, args []string, district school.DistrictID) ([]store.SchoolRow, error) {
	if district != "" {
		if _, err := st.District(ctx, district); err != nil {
			return nil, err
		}
	}
	if len(args) == 0 {
		return st.Schools(ctx, district)
	}
	row, err := st.School(ctx, school.ID(args[0]))
	if err != nil {
		return nil, err
	}
	if district != "" && row.District != district {
		return nil, usagef("school %s is not of district %s but of %s: leave out --district", row.ID, district, row.District)
	}
	if row.Successor == "" {
		return []store.SchoolRow{row}, nil
	}
	next, err := st.School(ctx, row.Successor)
	return []store.SchoolRow{row, next}, err
}

// statusView is how schools stand.
type statusView struct {
	Schools []statusLine `json:"schools"`
	now     statusTime
	// one tells that a school was asked about, and what people have still to do for it is said.
	one bool
}

func (v statusView) text(p *page) {
	if len(v.Schools) == 0 {
		p.line("no school is registered: begin with: rollcall school add")
		return
	}
	header := []string{"SCHOOL", "NAME", "LAST PASS", "TRIGGER", "OUTCOME", "DONE", "FAILED", "HELD", "FAULTS", "ROSTER", "TOKEN"}
	p.table(header, lo.Map(v.Schools, func(s statusLine, _ int) []string {
		pass := lo.FromPtr(s.LastPass)
		return []string{
			listedID(s.School, s.SuccessorOf), s.Name, v.now.ago(pass.ended()), string(pass.Trigger), pass.outcome(),
			tallyDone(pass.Operations), tally(pass.Failed), number(s.Holds), number(s.Faults), s.Roster.short(v.now), string(s.Token.State),
		}
	}))
	for _, s := range v.Schools {
		if s.Successor != "" {
			p.line("%s %s", s.School, s.note)
		}
		for _, trouble := range s.troubles() {
			p.line("%s: %s", s.School, trouble)
		}
		if v.one && s.LastPass != nil && s.LastPass.Awaited > 0 {
			p.line("%s: %s", s.School, awaitedWords(s.School, s.LastPass.Awaited))
		}
	}
}

func number(n int) string { return lo.Ternary(n == 0, "", strconv.Itoa(n)) }
