package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

func newDistrictPause(a *app) *cobra.Command {
	return newSteer(a, workflows.PauseSweep, "is asked to pause", &cobra.Command{
		Use:   "pause DISTRICT",
		Short: "Have the running sweep over a district begin no further school",
		Long: `Pauses the sweep over the district that is running, the nightly one too. Schools
that have been asked finish their passes; no other is begun until "district
resume", however long that takes. Passes for other reasons are not affected.`,
		Example: "  rollcall district pause nevsky",
	})
}

func newDistrictResume(a *app) *cobra.Command {
	return newSteer(a, workflows.ResumeSweep, "is asked to go on", &cobra.Command{
		Use:   "resume DISTRICT",
		Short: "Have a paused sweep over a district go on",
		Long: `Lets the sweep over the district that was paused go on with the schools that are
left. A sweep that is not paused is not affected.`,
		Example: "  rollcall district resume nevsky",
	})
}

func newDistrictCancel(a *app) *cobra.Command {
	return newSteer(a, workflows.CancelSweep, "is asked to end", &cobra.Command{
		Use:   "cancel DISTRICT",
		Short: "End the running sweep over a district",
		Long: `Ends the sweep over the district that is running, the nightly one too. Schools
that have been asked finish their passes; those that are left are reported as
not reached. Nothing that was done is undone, and the next sweep is complete.`,
		Example: "  rollcall district cancel nevsky",
	})
}

// newSteer makes a command that gives the running sweep a signal.
func newSteer(a *app, signal, done string, cmd *cobra.Command) *cobra.Command {
	cmd.Args = names("DISTRICT")
	cmd.RunE = a.runs(func(ctx context.Context, args []string) error {
		return runSteer(ctx, a, school.DistrictID(args[0]), signal, done)
	})
	return cmd
}

func runSteer(ctx context.Context, a *app, id school.DistrictID, signal, done string) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.District(ctx, id); err != nil {
		return err
	}
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	running, err := temporal.FindSweep(ctx, c, st, id)
	if err != nil {
		return err
	}
	if running == nil {
		return noSweep(id)
	}
	err = temporal.SignalSweep(ctx, c, running.WorkflowID, signal)
	if _, ended := errors.AsType[*serviceerror.NotFound](err); ended {
		return noSweep(id)
	}
	if err != nil {
		return err
	}
	return a.show(steered{District: id, WorkflowID: running.WorkflowID, Signal: signal, done: done})
}

func noSweep(id school.DistrictID) error {
	return fmt.Errorf("no sweep over district %s is running: see the last ones with: rollcall district report %s", id, id)
}

// steered tells that a sweep has been given a signal.
type steered struct {
	District   school.DistrictID `json:"district"`
	WorkflowID string            `json:"workflowId"`
	Signal     string            `json:"signal"`
	done       string
}

func (v steered) text(p *page) {
	p.line("the sweep over district %s %s (%s)", v.District, v.done, v.WorkflowID)
}
