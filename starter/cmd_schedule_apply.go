package main

import (
	"context"
	"errors"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/temporal"
)

type scheduleApplyOptions struct{ dryRun bool }

func newScheduleApply(a *app) *cobra.Command {
	var o scheduleApplyOptions
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make the Temporal server's schedules equal to the registry",
		Long: `Compares the Temporal server's schedules with the registry, and creates, changes
and deletes what differs: school/ID for each school that has its token and a
schedule by the clock, district/ID for each district with a nightly. Schedules
that Rollcall did not make are never touched.

The workers do the same every 30 seconds; this is for seeing what they would
do (--dry-run), and for not waiting.

It ends with 2 if something has to be left alone: the last column says why.`,
		Example: "  rollcall schedule apply --dry-run\n  rollcall schedule apply",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runScheduleApply(ctx, a, o) }),
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "only print what differs")
	return cmd
}

func runScheduleApply(ctx context.Context, a *app, o scheduleApplyOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	wanted, err := temporal.WantedByRegistry(ctx, st)
	if err != nil {
		return err
	}
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	schedules := temporal.NewSchedules(c.ScheduleClient())
	difference, err := schedules.Difference(ctx, wanted)
	if err != nil {
		return err
	}
	var done temporal.Difference
	var problem error
	if !o.dryRun {
		done, problem = schedules.Apply(ctx, difference)
	}
	v := viewDifference(difference, done)
	v.DryRun = o.dryRun
	if err := a.show(v); err != nil {
		return errors.Join(problem, err)
	}
	left := difference.Of(temporal.ScheduleForeign, temporal.ScheduleUnclear, temporal.ScheduleUnasked)
	return lo.CoalesceOrEmpty(problem, lo.Ternary(len(left) > 0, errIncomplete, nil))
}

// differenceView is what differs between the registry and the Temporal server.
type differenceView struct {
	DryRun  bool         `json:"dryRun"`
	Changes []changeView `json:"changes"`
	// Same counts the schedules that are as they should be.
	Same int `json:"same"`
}

type changeView struct {
	Schedule string              `json:"schedule"`
	Change   temporal.ChangeKind `json:"change"`
	Why      string              `json:"why"`
	// Done tells that it has been carried out.
	Done bool `json:"done"`
}

func viewDifference(d, done temporal.Difference) differenceView {
	carried := lo.SliceToMap(done, func(c temporal.Change) (string, bool) { return c.ID, true })
	return differenceView{
		Changes: lo.Map(d.Work(), func(c temporal.Change, _ int) changeView {
			return changeView{Schedule: c.ID, Change: c.Kind, Why: c.Why, Done: carried[c.ID]}
		}),
		Same: len(d.Of(temporal.ScheduleSame)),
	}
}

func (v differenceView) text(p *page) {
	if len(v.Changes) == 0 {
		p.line("schedules: %d, all as the registry has them", v.Same)
		return
	}
	p.table([]string{"SCHEDULE", "CHANGE", "DONE", "WHY"}, lo.Map(v.Changes, func(c changeView, _ int) []string {
		return []string{c.Schedule, string(c.Change), lo.Ternary(c.Done, "yes", "no"), c.Why}
	}))
	p.line("%d more as the registry has them", v.Same)
	if v.DryRun {
		p.line("nothing was changed; carry it out with: rollcall schedule apply")
	}
}
