package workflows

import (
	"cmp"
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// SweepInput starts a sweep: over one school, which is what a school's schedule does, or over
// all schools of a district.
type SweepInput struct {
	// District or School is set.
	District    school.DistrictID `json:"district,omitempty"`
	School      school.ID         `json:"school,omitempty"`
	Trigger     Trigger           `json:"trigger"`
	RequestedBy string            `json:"requestedBy,omitempty"`
	// DeadlineSeconds is how long each school is waited for; 0 is the default, 15 minutes.
	DeadlineSeconds int `json:"deadlineSeconds,omitempty"`
	// Carried is what an earlier run of the sweep has handed over.
	Carried *SweepState `json:"carried,omitempty"`
}

// sweepDeadline is how long a school is waited for. A pass that reads the messenger and has
// little to do takes seconds; one that takes longer than this goes on all the same, and only the
// sweep does not wait for it.
const sweepDeadline = 15 * time.Minute

// complete fills in what a person at the Temporal UI may leave out.
func (in *SweepInput) complete() {
	byHand := TriggerManual
	if in.District != "" {
		byHand = TriggerDistrict // a person may start a sweep; its schools give way to single ones all the same
	}
	in.Trigger = cmp.Or(in.Trigger, byHand)
	in.DeadlineSeconds = cmp.Or(in.DeadlineSeconds, int(sweepDeadline/time.Second))
}

func (in SweepInput) validate() error {
	if (in.District == "") == (in.School == "") {
		return errors.New("a sweep is over a school or over a district: give one of the two")
	}
	if in.DeadlineSeconds < 0 {
		return errors.New("deadlineSeconds is negative: leave it out, or give the seconds that each school has")
	}
	return in.Trigger.validate()
}

// SweepStatus answers a sweep's status query.
type SweepStatus struct {
	District school.DistrictID `json:"district,omitempty"`
	School   school.ID         `json:"school,omitempty"`
	// Phase is what the sweep is doing, in words.
	Phase string `json:"phase"`
	// Schools counts the schools that are to be gone through, Ended those that have been,
	// InFlight those that have been asked and have not answered.
	Schools   int         `json:"schools"`
	Ended     int         `json:"ended"`
	InFlight  int         `json:"inFlight"`
	Paused    bool        `json:"paused"`
	Cancelled bool        `json:"cancelled"`
	Counts    SweepCounts `json:"counts"`
}

// Sweep has the lane of one school, or the lanes of all schools of a district, make a pass that
// reads the messenger first, and waits for how the passes end.
//
// Over one school it ends as the pass did: it fails with the pass's problem, or with NotReached
// when the school did not answer in time. So whoever looks at the school's schedule sees how the
// school stands. Over a district it goes on whatever becomes of a single school, and ends with
// a report.
func Sweep(ctx workflow.Context, in SweepInput) (SweepReport, error) {
	in.complete()
	if err := in.validate(); err != nil {
		return SweepReport{}, fail(&Problem{Code: ProblemBadRequest, Message: err.Error()})
	}
	if in.School != "" {
		return (&schoolSweep{in: in, notes: newDetails("Sweep over school " + string(in.School))}).run(ctx)
	}
	return newDistrictSweep(in).run(ctx)
}

// sweepOptions are for a sweep's own records. A sweep takes minutes or hours and nobody waits at
// its side, so that a database which is away for a while does not end it.
func sweepOptions(t Trigger, summary string) workflow.ActivityOptions {
	o := storeOptions("", t, summary)
	o.ScheduleToCloseTimeout = 30 * time.Minute
	o.RetryPolicy.MaximumAttempts = 0
	return o
}

// sweepID names a sweep over all its runs.
func sweepID(ctx workflow.Context) string {
	info := workflow.GetInfo(ctx)
	return cmp.Or(info.FirstRunID, info.WorkflowExecution.RunID)
}
