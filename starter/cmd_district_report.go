package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

type districtReportOptions struct{ last int }

func newDistrictReport(a *app) *cobra.Command {
	var o districtReportOptions
	cmd := &cobra.Command{
		Use:   "report DISTRICT",
		Short: "Show what came of the sweeps over a district",
		Long: `Lists the newest sweeps: when each began, how long it took, what asked for it and
who, and how its schools' passes ended. Of the newest one that has ended it also
names the schools that failed or did not answer in time, with the problem's
code; those that took longest; and those that were not in step for longest.

ENDED is in-step, changed, held or partial, as the worst school was; cancelled;
or unfinished: it is running, or was cut off. A school is not reached if it did
not answer in time, or if the sweep was cancelled before its turn; it is skipped
if it has no token. What is wrong with a school is shown by "school show".`,
		Example: "  rollcall district report nevsky\n  rollcall district report nevsky --last 30 -o json",
		Args:    names("DISTRICT"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			return runDistrictReport(ctx, a, school.DistrictID(args[0]), o)
		}),
	}
	cmd.Flags().IntVar(&o.last, "last", 10, "how many sweeps to list")
	return cmd
}

func runDistrictReport(ctx context.Context, a *app, id school.DistrictID, o districtReportOptions) error {
	if o.last < 1 {
		return usagef("--last must be a positive number")
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.District(ctx, id); err != nil {
		return err
	}
	rows, err := st.Sweeps(ctx, id, o.last)
	if err != nil {
		return err
	}
	v := districtReport{District: id, Sweeps: []sweepView{}, now: a.now()}
	for _, row := range rows {
		sweep, err := viewSweep(row)
		if err != nil {
			return err
		}
		v.Sweeps = append(v.Sweeps, sweep)
	}
	return a.show(v)
}

// districtReport are a district's sweeps, newest first.
type districtReport struct {
	District school.DistrictID `json:"district"`
	Sweeps   []sweepView       `json:"sweeps"`
	now      time.Time
}

// sweepView is a recorded sweep.
type sweepView struct {
	ID          string            `json:"id"`
	WorkflowID  string            `json:"workflowId"`
	Trigger     workflows.Trigger `json:"trigger"`
	RequestedBy string            `json:"requestedBy"`
	Schools     int               `json:"schools"`
	StartedAt   time.Time         `json:"startedAt"`
	FinishedAt  *time.Time        `json:"finishedAt"`
	// Report is null while the sweep is running, or where it was cut off.
	Report *sweepReport `json:"report"`
}

func viewSweep(row store.SweepRow) (sweepView, error) {
	v := sweepView{
		ID: row.ID, WorkflowID: row.WorkflowID, Trigger: workflows.Trigger(row.Trigger), RequestedBy: row.RequestedBy,
		Schools: row.Schools, StartedAt: row.StartedAt.UTC(), FinishedAt: utc(row.FinishedAt),
	}
	if row.FinishedAt == nil {
		return v, nil
	}
	var report workflows.SweepReport
	if err := json.Unmarshal(row.Report, &report); err != nil {
		return v, fmt.Errorf("the report of sweep %s does not parse: was it written by a newer version? %w", row.ID, err)
	}
	v.Report = lo.ToPtr(viewSweepReport(report))
	return v, nil
}

// cells are a sweep's row of the table.
func (v sweepView) cells(now time.Time) []string {
	row := []string{ago(&v.StartedAt, now), "", string(v.Trigger), v.RequestedBy, fmt.Sprint(v.Schools)}
	if v.Report == nil {
		return append(row, "", "", "", "", "", "", "", string(outcomeUnfinished))
	}
	row[1] = took(v.FinishedAt.Sub(v.StartedAt))
	c := v.Report.Counts
	row = append(row, lo.Map([]int{c.InStep, c.Changed, c.Held, c.Partial, c.Failed, c.NotReached, c.Skipped},
		func(n, _ int) string { return number(n) })...)
	return append(row, v.Report.ended())
}

func (v districtReport) text(p *page) {
	if len(v.Sweeps) == 0 {
		p.line("no sweep over district %s is on record: start one with: rollcall district resync %s", v.District, v.District)
		return
	}
	p.table([]string{
		"STARTED", "TOOK", "TRIGGER", "BY", "SCHOOLS", "IN STEP", "CHANGED", "HELD", "PARTIAL", "FAILED", "NOT REACHED", "SKIPPED", "ENDED",
	}, lo.Map(v.Sweeps, func(s sweepView, _ int) []string { return s.cells(v.now) }))
	newest, found := lo.Find(v.Sweeps, func(s sweepView) bool { return s.Report != nil })
	if !found {
		return
	}
	p.gap()
	p.line("of the sweep that began %s:", ago(&newest.StartedAt, v.now))
	newest.Report.details(p, v.now)
}

// sweepReport is what came of a sweep.
type sweepReport struct {
	Outcome      workflows.Outcome        `json:"outcome"`
	Cancelled    bool                     `json:"cancelled"`
	Schools      int                      `json:"schools"`
	Counts       workflows.SweepCounts    `json:"counts"`
	Failures     []workflows.SweepFailure `json:"failures"`
	MoreFailures int                      `json:"moreFailures"`
	Slowest      []workflows.SchoolTook   `json:"slowest"`
	Stalest      []workflows.StaleSchool  `json:"stalest"`
}

func viewSweepReport(r workflows.SweepReport) sweepReport {
	return sweepReport{
		Outcome: r.Outcome, Cancelled: r.Cancelled, Schools: r.Schools, Counts: r.Counts, MoreFailures: r.MoreFailures,
		Failures: append([]workflows.SweepFailure{}, r.Failures...),
		Slowest:  append([]workflows.SchoolTook{}, r.Slowest...),
		Stalest:  append([]workflows.StaleSchool{}, r.Stalest...),
	}
}

// ended is how the sweep ended, in a word.
func (r sweepReport) ended() string { return lo.Ternary(r.Cancelled, "cancelled", string(r.Outcome)) }

// details names schools.
func (r sweepReport) details(p *page, now time.Time) {
	if len(r.Failures) > 0 {
		p.gap()
		p.table([]string{"FAILED SCHOOL", "PROBLEM"}, lo.Map(r.Failures, func(f workflows.SweepFailure, _ int) []string {
			return []string{string(f.School), f.Code}
		}))
	}
	if r.MoreFailures > 0 {
		p.line("and %d more: see: rollcall status", r.MoreFailures)
	}
	if len(r.Slowest) > 0 {
		p.gap()
		p.table([]string{"SLOWEST SCHOOL", "TOOK"}, lo.Map(r.Slowest, func(s workflows.SchoolTook, _ int) []string {
			return []string{string(s.School), took(time.Duration(s.Millis) * time.Millisecond)}
		}))
	}
	if len(r.Stalest) > 0 {
		p.gap()
		p.table([]string{"LONGEST WITHOUT A GOOD PASS", "LAST ONE"}, lo.Map(r.Stalest, func(s workflows.StaleSchool, _ int) []string {
			return []string{string(s.School), lo.CoalesceOrEmpty(ago(s.LastGood, now), "never")}
		}))
	}
}

// sweepEnded is the report of a sweep that was waited for.
type sweepEnded struct {
	sweepReport
	now time.Time
}

func (v sweepEnded) text(p *page) {
	p.line("%d schools: %s (%s)", v.Schools, lo.CoalesceOrEmpty(v.Counts.String(), "none"), v.ended())
	v.details(p, v.now)
}

// took writes a duration to the tenth of a second, or to the second where it is long.
func took(d time.Duration) string {
	return d.Round(lo.Ternary(d < time.Minute, 100*time.Millisecond, time.Second)).String()
}
