package main

import (
	"context"
	"errors"
	_ "time/tzdata" // time zones are checked by their names, whatever the machine has

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/trouble"
)

// nightlyOff is the value of --nightly that means never.
const nightlyOff = "off"

type districtSetOptions struct{ timeZone, nightly string }

func newDistrictSet(a *app) *cobra.Command {
	var o districtSetOptions
	cmd := &cobra.Command{
		Use:   "set ID [--time-zone ZONE] [--nightly EXPRESSION|off]",
		Short: "Set a district's time zone and when all its schools are gone through",
		Long: `Sets the time zone of a district's cron expressions, those of its schools
included, and its nightly: the cron expression by which all its schools are gone
through one after the other, whatever their own schedules say. What is not given
stays as it is; a new district has Europe/Moscow and '30 2 * * *'.

The registry is written and the Temporal server's schedules changed at once;
where that cannot be, a worker does it within half a minute of being able to.`,
		Example: `  rollcall district set nevsky --time-zone Asia/Yekaterinburg
  rollcall district set nevsky --nightly '0 3 * * 1-5'
  rollcall district set nevsky --nightly off`,
		Args: names("ID"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			return runDistrictSet(ctx, a, school.DistrictID(args[0]), o)
		}),
	}
	cmd.Flags().StringVar(&o.timeZone, "time-zone", "", "name of the time zone, such as Europe/Moscow")
	cmd.Flags().StringVar(&o.nightly, "nightly", "", "cron expression of five fields, such as '30 2 * * *', or off")
	return cmd
}

func runDistrictSet(ctx context.Context, a *app, id school.DistrictID, o districtSetOptions) error {
	if o.timeZone == "" && o.nightly == "" {
		return usagef("give --time-zone, --nightly or both: see: rollcall district set --help")
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	d, err := st.District(ctx, id)
	if err != nil {
		return err
	}
	if o.timeZone != "" {
		d.TimeZone = o.timeZone
	}
	if o.nightly != "" {
		d.Nightly = lo.Ternary(o.nightly == nightlyOff, "", o.nightly)
	}
	if err := errors.Join(school.CheckTimeZone(d.TimeZone), school.CheckNightly(d.Nightly)); err != nil {
		return &usageError{err}
	}
	if err := st.SetDistrictTimes(ctx, id, d.TimeZone, d.Nightly); err != nil {
		return err
	}
	v := districtTimes{District: id, TimeZone: d.TimeZone, Nightly: d.Nightly, Changes: []changeView{}}
	if problem := followDistrict(ctx, a, st, d, &v); problem != nil {
		v.Problem = trouble.Explain(problem)
	}
	return a.show(v)
}

// followDistrict makes the schedules that depend on a district equal to the registry: its own, and
// those of its schools that have cron expressions.
func followDistrict(ctx context.Context, a *app, st *store.Store, d school.District, v *districtTimes) error {
	rows, err := st.Schools(ctx, d.ID)
	if err != nil {
		return err
	}
	rows = lo.Filter(rows, func(r store.SchoolRow, _ int) bool { return r.Schedule.Cron != "" })
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	schedules := temporal.NewSchedules(c.ScheduleClient())
	ids := lo.Map(rows, func(r store.SchoolRow, _ int) string { return temporal.SchoolScheduleID(r.ID) })
	difference, err := schedules.DifferenceOf(ctx, temporal.WantedSchedules(rows, []school.District{d}), append(ids, temporal.DistrictScheduleID(d.ID))...)
	if err != nil {
		return err
	}
	done, err := schedules.Apply(ctx, difference)
	v.Changes = viewDifference(difference, done).Changes
	return err
}

// districtTimes are a district's times that have just been set.
type districtTimes struct {
	District school.DistrictID `json:"district"`
	TimeZone string            `json:"timeZone"`
	// Nightly is "" for never.
	Nightly string `json:"nightly"`
	// Changes are those of the Temporal server's schedules.
	Changes []changeView `json:"changes"`
	Problem string       `json:"problem"`
}

func (v districtTimes) text(p *page) {
	p.line("district %s: time zone %s, nightly %s", v.District, v.TimeZone, lo.CoalesceOrEmpty(v.Nightly, nightlyOff))
	for _, c := range v.Changes {
		p.line("schedule %s: %s: %s%s", c.Schedule, c.Change, c.Why, lo.Ternary(c.Done, "", " (not done)"))
	}
	if v.Problem != "" {
		p.line("the registry has it, the Temporal server not wholly: a worker will apply it")
		p.line("(%s)", v.Problem)
	}
}
