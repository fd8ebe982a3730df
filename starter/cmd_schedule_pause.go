package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

type schedulePauseOptions struct{ reason string }

func newSchedulePause(a *app) *cobra.Command {
	var o schedulePauseOptions
	cmd := &cobra.Command{
		Use:   "pause SCHOOL --reason REASON",
		Short: "Let a school's schedule rest",
		Long: `Lets a school's schedule rest until "schedule resume". Changes of the roster are
still followed, and "resync" works: it is the passes by the clock that stop, or
the rounds of a continuous school.

The reason is shown by "schedule list" and in the Temporal UI, so it must not
name people.

A schedule may also be paused and resumed in the Temporal UI. That stands until
the registry's word on the pause changes or is given again; "schedule list"
shows which of the two it is.`,
		Example: `  rollcall schedule pause school-17 --reason 'the building is closed until 12 January'`,
		Args:    names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			return runSchedulePause(ctx, a, school.ID(args[0]), o)
		}),
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for whoever wonders")
	requireFlags(cmd, "reason")
	return cmd
}

func runSchedulePause(ctx context.Context, a *app, id school.ID, o schedulePauseOptions) error {
	reason := strings.TrimSpace(clean(o.reason))
	if reason == "" {
		return usagef("--reason must say why: it is what others see")
	}
	return changeSchedule(ctx, a, id, true, func(row store.SchoolRow) (school.Schedule, error) {
		if row.Schedule.Off {
			return row.Schedule, usagef("the schedule of school %s is off: there is nothing to pause", id)
		}
		row.Schedule.Paused = reason
		return row.Schedule, nil
	})
}

func newScheduleResume(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "resume SCHOOL",
		Short: "Let a school's schedule go on",
		Long: `Ends a pause, whether it was made by "schedule pause" or in the Temporal UI.
Passes that were left out are not made up for; the next one comes at its time.`,
		Example: "  rollcall schedule resume school-17",
		Args:    names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			return changeSchedule(ctx, a, school.ID(args[0]), true, func(row store.SchoolRow) (school.Schedule, error) {
				row.Schedule.Paused = ""
				return row.Schedule, nil
			})
		}),
	}
}
