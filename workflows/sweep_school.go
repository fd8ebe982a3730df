package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// askOptions are for asking a school and waiting for the answer. The deadline bounds all tries
// together, from before the first is begun, so that a school is given up in time also where no
// worker is there to take the activity up; a worker gives up by itself a little earlier, and then
// says what it was waiting for.
func askOptions(s school.ID, t Trigger, deadline time.Duration) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue:              WaitTaskQueue,
		Summary:                fmt.Sprintf("school %s: ask for a pass and wait for its end", s),
		ScheduleToCloseTimeout: deadline + askGrace,
		HeartbeatTimeout:       10 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    500 * time.Millisecond,
			BackoffCoefficient: 2,
			MaximumInterval:    10 * time.Second,
		},
		Priority: priority(s, t),
	}
}

const askGrace = 15 * time.Second

// ask has a school's lane make a pass and waits for its end. The request's id follows from the
// sweep's, so that a retry asks for nothing new.
func (in SweepInput) ask(ctx workflow.Context, sweep string, id school.ID) ResyncReply {
	// Whatever has begun a sweep over a district, its schools give way to single ones, and are read
	// even where the messenger's events are followed.
	trigger := in.Trigger
	if in.District != "" {
		trigger = TriggerDistrict
	}
	reply, err := resyncSchool.run(ctx, askOptions(id, trigger, time.Duration(in.DeadlineSeconds)*time.Second), ResyncSchoolInput{
		School: id, WithinSeconds: in.DeadlineSeconds,
		Request: Request{
			ID: "sweep-" + sweep, Trigger: trigger, Verify: true,
			RequestedBy: cmp.Or(in.RequestedBy, workflow.GetInfo(ctx).WorkflowExecution.ID),
		},
	})
	return answered(reply, err)
}

// answered is what came of asking a school. Whatever kept the question from being answered, the
// school was not reached; one that is not registered any more has failed.
func answered(reply ResyncReply, err error) ResyncReply {
	switch problem := problemOf(err); {
	case problem == nil:
		return reply
	case problem.Code == ProblemSchoolUnknown:
		return ResyncReply{Outcome: OutcomeFailed, Problem: problem}
	default:
		return ResyncReply{Outcome: OutcomeNotReached, Problem: &Problem{Code: ProblemNotReached, Message: problem.Message}}
	}
}

// schoolSweep is a sweep over one school.
type schoolSweep struct {
	in     SweepInput
	status SweepStatus
	notes  details
}

func (s *schoolSweep) run(ctx workflow.Context) (SweepReport, error) {
	s.status = SweepStatus{School: s.in.School, Schools: 1, InFlight: 1}
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (SweepStatus, error) { return s.status, nil },
		workflow.QueryHandlerOptions{Description: "What the sweep is doing."})
	if err != nil {
		return SweepReport{}, err
	}
	_ = workflow.UpsertTypedSearchAttributes(ctx,
		schoolAttribute().ValueSet(string(s.in.School)), triggerAttribute().ValueSet(string(s.in.Trigger)))
	s.status.Phase = s.notes.add(ctx, "waiting for the end of the pass that is asked for")
	began := workflow.Now(ctx)
	reply := s.in.ask(ctx, sweepID(ctx), s.in.School)
	if err := ctx.Err(); err != nil {
		return SweepReport{}, err // cancelled: the run's status shall say so
	}
	var report SweepReport
	report.add(s.in.School, reply, workflow.Now(ctx).Sub(began))
	s.status.InFlight, s.status.Ended, s.status.Counts = 0, 1, report.Counts
	s.status.Phase = s.notes.add(ctx, "%s", reply.Outcome)
	_ = workflow.UpsertTypedSearchAttributes(ctx, outcomeAttribute().ValueSet(string(reply.Outcome)))
	if len(report.Failures) > 0 {
		s.notes.add(ctx, "%s: %s", reply.trouble().Code, reply.trouble().Message)
		return SweepReport{}, fail(reply.trouble())
	}
	return SweepReport{School: s.in.School, Outcome: reply.Outcome, TookMillis: workflow.Now(ctx).Sub(began).Milliseconds()}, nil
}
