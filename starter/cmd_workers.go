package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/temporal"
)

func newWorkersShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show",
		Short:   "Show which build of the workers is current",
		Long:    "Shows the build of the workers that new runs go to.",
		Example: "  rollcall workers show",
		Args:    cobra.NoArgs,
		RunE: a.runs(func(ctx context.Context, _ []string) error {
			c, err := a.temporal(ctx)
			if err != nil {
				return err
			}
			defer c.Close()
			build, err := temporal.CurrentBuild(ctx, c)
			if err != nil {
				return err
			}
			return a.show(currentBuild{Build: build})
		}),
	}
}

type promoteOptions struct{ abandon bool }

func newWorkersPromote(a *app) *cobra.Command {
	var o promoteOptions
	cmd := &cobra.Command{
		Use:   "promote BUILD",
		Short: "Have new runs go to another build of the workers",
		Long: `Makes a build of the workers the current one: new runs go to it, and the lanes of
continuous schools move to it when they go on in a new run, in a few minutes.
Runs that have begun end on the build they began on, so workers of the earlier
build are left running until nothing of theirs runs any more. To go back,
promote the earlier build again.

Workers log their build when they start. One of the build must be running.

With --abandon runs of other builds are ended: for when no worker of theirs is
left, as on a single machine. What they were doing is taken up by new runs, and
nothing is done twice.`,
		Example: "  rollcall workers promote 1.4.0\n  rollcall workers promote 1.4.0 --abandon",
		Args:    names("BUILD"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runPromote(ctx, a, args[0], o) }),
	}
	cmd.Flags().BoolVar(&o.abandon, "abandon", false, "end the runs of other builds; new ones take their work up")
	return cmd
}

// promoteWithin bounds how long it may take the server to see the build's workers.
const promoteWithin = 30 * time.Second

func runPromote(ctx context.Context, a *app, build string, o promoteOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	within, cancel := context.WithTimeout(ctx, promoteWithin)
	defer cancel()
	if err := temporal.Promote(within, c, build); err != nil {
		return err
	}
	if o.abandon {
		lanes, err := temporal.Abandon(ctx, c, build)
		for _, id := range lanes {
			if wanted := st.Want(ctx, id, "event", struct{}{}, true, "taken over from another build"); wanted != nil {
				return wanted
			}
		}
		if err != nil {
			return err
		}
	}
	return a.show(currentBuild{Build: build})
}

// currentBuild is the build that new runs go to.
type currentBuild struct {
	Build string `json:"build"`
}

func (v currentBuild) text(p *page) {
	if v.Build == "" {
		p.line("no build is current: the first worker that starts becomes it")
		return
	}
	p.line("build %s is current", v.Build)
}
