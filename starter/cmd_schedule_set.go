package main

import (
	"context"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type scheduleSetOptions struct {
	every, cron     string
	continuous, off bool
}

func newScheduleSet(a *app) *cobra.Command {
	var o scheduleSetOptions
	cmd := &cobra.Command{
		Use:   "set SCHOOL --every INTERVAL | --cron EXPRESSION | --continuous | --off",
		Short: "Say when a school is gone through by itself",
		Long: `Says when a school's chats are read and brought in step by themselves. A newly
registered school is gone through every 30 minutes. Changes of the roster are
followed at once whatever the schedule says, and "resync" works at any time.

  --every 30m      time and again, each school at a moment of its own; from 1m
                   to 168h
  --cron '…'       by a cron expression: minute, hour, day of the month, month,
                   day of the week, in the time zone of the district (see
                   "district set"); of the two days one must be *
  --continuous     all the time: the school's lane stays open and begins anew
                   whenever it has come to the end
  --off            never by itself

The registry is written and the Temporal server's schedule changed at once;
where that cannot be, a worker does it within half a minute of being able to.
A pause stays as it is.`,
		Example: `  rollcall schedule set school-17 --every 30m
  rollcall schedule set school-17 --cron '*/15 7-18 * * 1-5'
  rollcall schedule set school-17 --continuous
  rollcall schedule set school-17 --off`,
		Args: names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runScheduleSet(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().StringVar(&o.every, "every", "", "time from one pass to the next, such as 90s, 30m or 2h")
	cmd.Flags().StringVar(&o.cron, "cron", "", "cron expression of five fields, such as '*/15 7-18 * * 1-5'")
	cmd.Flags().BoolVar(&o.continuous, "continuous", false, "all the time")
	cmd.Flags().BoolVar(&o.off, "off", false, "never by itself")
	return cmd
}

func runScheduleSet(ctx context.Context, a *app, id school.ID, o scheduleSetOptions) error {
	wanted, err := o.schedule()
	if err != nil {
		return &usageError{err}
	}
	return changeSchedule(ctx, a, id, false, func(row store.SchoolRow) (school.Schedule, error) {
		wanted.Paused = row.Schedule.Paused
		return wanted, nil
	})
}

// schedule is what the flags say.
func (o scheduleSetOptions) schedule() (s school.Schedule, err error) {
	if lo.Count([]bool{o.every != "", o.cron != "", o.continuous, o.off}, true) != 1 {
		return s, usagef("give one of --every, --cron, --continuous and --off")
	}
	s = school.Schedule{Continuous: o.continuous, Off: o.off}
	if o.every != "" {
		if s.Every, err = school.ParseInterval(o.every); err != nil {
			return s, err
		}
	}
	if o.cron != "" {
		c, err := school.ParseCron(o.cron)
		if err != nil {
			return s, err
		}
		s.Cron = c.String()
	}
	return s, nil
}
