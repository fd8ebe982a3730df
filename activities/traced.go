package activities

import (
	"context"
	"errors"

	"github.com/samber/lo"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/workflows"
)

// traced puts what an attempt belongs to on its span, and the spans of its requests under the same
// pass.
func traced(ctx context.Context, args []any) context.Context {
	pass, asks := partOf(args)
	info := activity.GetInfo(ctx)
	return telemetry.Attempt{
		Pass: pass, Activity: info.ActivityType.Name, WorkflowID: info.WorkflowExecution.ID, ActivityID: info.ActivityID,
		Asks: asks, Number: info.Attempt, QueueWait: info.StartedTime.Sub(info.ScheduledTime),
	}.Mark(ctx)
}

// partOf finds the pass in an activity's input, and the ids of the requests for which the activity asks
// a lane.
func partOf(args []any) (pass telemetry.Pass, asks []string) {
	if len(args) == 0 {
		return pass, nil
	}
	switch in := args[0].(type) {
	case workflows.FetchRosterInput:
		pass.School = in.School
	case workflows.ReadLinksInput:
		pass.School = in.School
	case workflows.ReadChatsInput:
		pass.School, pass.Epoch = in.School, in.Epoch
	case workflows.DiffInput:
		pass.School, pass.Epoch = in.School, in.Epoch
	case workflows.ApplyInput:
		pass.School, pass.Epoch = in.School, in.Epoch
	case workflows.LeaveInput:
		pass.School, pass.Epoch = in.School, in.Epoch
	case workflows.PublishInput:
		pass.School, pass.Epoch = in.School, in.Epoch
	case workflows.RecordPassInput:
		pass.School, pass.Epoch = in.School, in.Epoch
	case workflows.ResyncSelfInput:
		pass.School, asks = in.School, []string{in.Request.ID}
	case workflows.ResyncSchoolInput:
		pass.School, asks = in.School, []string{in.Request.ID}
	}
	return pass, asks
}

// tracedError puts the code of an attempt's error on its span.
func tracedError(ctx context.Context, err error) {
	code := "Canceled"
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		code = application.Type()
	}
	telemetry.Problem(ctx, code)
}

// countOperations counts what a pass, or an urgent part of it, has done.
func countOperations(ctx context.Context, counts []store.OperationCount, in workflows.RecordPassInput) {
	for _, c := range counts {
		if c.State != store.OperationPending {
			telemetry.Operations(ctx, c.Kind, string(c.State), c.Code, c.N)
		}
	}
	for kind, n := range in.Served.Done {
		telemetry.Operations(ctx, kind, string(store.OperationDone), "", n)
	}
	for code, n := range in.Served.Failed {
		telemetry.Operations(ctx, kindServed, string(store.OperationFailed), code, n)
	}
}

// kindServed is the kind of what failed beside the plans' operations: only its code is known.
const kindServed = "served"

// countSweep counts a sweep over a district.
func countSweep(ctx context.Context, r workflows.SweepReport) {
	n := r.Counts
	telemetry.SweepEnded(ctx, lo.Ternary(r.Cancelled, "cancelled", string(r.Outcome)), map[string]int{
		string(workflows.OutcomeInStep): n.InStep, string(workflows.OutcomeChanged): n.Changed, string(workflows.OutcomeHeld): n.Held,
		string(workflows.OutcomePartial): n.Partial, string(workflows.OutcomeFailed): n.Failed,
		string(workflows.OutcomeSkipped): n.Skipped, string(workflows.OutcomeNotReached): n.NotReached,
	})
}
