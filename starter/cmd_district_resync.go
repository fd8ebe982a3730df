package main

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

type districtResyncOptions struct{ wait bool }

func newDistrictResync(a *app) *cobra.Command {
	var o districtResyncOptions
	cmd := &cobra.Command{
		Use:   "resync DISTRICT",
		Short: "Sweep over a district: a pass of every school, reading the messenger first",
		Long: `Starts a sweep: every school of the district gets a pass that reads its chats
from the messenger first, ten schools at once. Nothing a school does stops the
others, and none is waited for longer than 15 minutes. Schools without a token
are skipped. Passes that people ask for meanwhile go first.

If a sweep over the district is running, the nightly one too, no second one is
started. "district pause", "resume" and "cancel" steer it, and "district report"
shows what came of it.

With --wait the command shows how it goes and prints the report; interrupting it
does not stop the sweep. It then ends with 2 unless every school is in step or
was brought there: see "status" for the schools that are not.`,
		Example: "  rollcall district resync nevsky\n  rollcall district resync nevsky --wait",
		Args:    names("DISTRICT"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			return runDistrictResync(ctx, a, school.DistrictID(args[0]), o)
		}),
	}
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait for the sweep and print its report")
	return cmd
}

func runDistrictResync(ctx context.Context, a *app, id school.DistrictID, o districtResyncOptions) error {
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
	running, already, err := temporal.StartSweep(ctx, c, st, workflows.SweepInput{
		District: id, Trigger: workflows.TriggerDistrict, RequestedBy: a.login(),
	})
	if err != nil {
		return err
	}
	started := sweepStarted{District: id, WorkflowID: running.WorkflowID, Already: already}
	if !o.wait {
		return a.show(started)
	}
	if already {
		fmt.Fprintf(a.err, "rollcall: %s: waiting for that one\n", started.words())
	}
	report, err := await(ctx, a.newProgress(), question[workflows.SweepReport]{
		ask: func(ctx context.Context) (report workflows.SweepReport, err error) {
			err = c.GetWorkflow(ctx, running.WorkflowID, running.RunID).Get(ctx, &report)
			return report, err
		},
		phase: func(ctx context.Context) (string, error) { return sweepPhase(ctx, c, running.WorkflowID) },
	})
	if err != nil {
		return err
	}
	if err := a.show(sweepEnded{viewSweepReport(report), a.now()}); err != nil {
		return err
	}
	return lo.Ternary(report.Counts.Complete(), nil, errIncomplete)
}

// sweepPhase is how far a sweep says it has come.
func sweepPhase(ctx context.Context, c client.Client, workflowID string) (string, error) {
	var status workflows.SweepStatus
	if err := query(ctx, c, workflowID, &status); err != nil {
		return "", err
	}
	return phaseOf(status), nil
}

func phaseOf(s workflows.SweepStatus) string {
	text := fmt.Sprintf("%d of %d schools", s.Ended, s.Schools)
	if counts := s.Counts.String(); counts != "" {
		text += ": " + counts
	}
	switch {
	case s.Cancelled:
		text += "; cancelled"
	case s.Paused:
		text += "; paused"
	}
	return text
}

// sweepStarted tells that a sweep has been started, or was running already.
type sweepStarted struct {
	District   school.DistrictID `json:"district"`
	WorkflowID string            `json:"workflowId"`
	Already    bool              `json:"already"`
}

func (v sweepStarted) words() string {
	if v.Already {
		return fmt.Sprintf("a sweep over district %s is running already (%s)", v.District, v.WorkflowID)
	}
	return fmt.Sprintf("a sweep over district %s has been started", v.District)
}

func (v sweepStarted) text(p *page) {
	p.line("%s; see how it goes with: rollcall district report %s", v.words(), v.District)
}
