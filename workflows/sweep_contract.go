package workflows

import (
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// The signals of a sweep over a district. They take no argument. None of them touches a school
// that has been asked already.
const (
	PauseSweep  = "pause"
	ResumeSweep = "resume"
	CancelSweep = "cancel"
)

// The problems that only sweeps have.
const (
	ProblemNotReached      = "NotReached"      // a school did not answer before its deadline
	ProblemDistrictUnknown = "DistrictUnknown" // not registered
)

// The outcomes that only sweeps have: no pass took place, or none that ended in time.
const (
	OutcomeSkipped    Outcome = "skipped"     // the school has no community token yet
	OutcomeNotReached Outcome = "not-reached" // no answer before the deadline, or never asked
)

// ResyncSchoolInput asks a school's lane for a pass and waits for how it ends.
type ResyncSchoolInput struct {
	School  school.ID `json:"school"`
	Request Request   `json:"request"`
	// WithinSeconds is how long the answer is waited for, from when the activity was scheduled.
	WithinSeconds int `json:"withinSeconds"`
}

// Within is how long the answer is waited for.
func (in ResyncSchoolInput) Within() time.Duration {
	return time.Duration(in.WithinSeconds) * time.Second
}

// ResyncReply is how a school's pass ended, or why there is none. Problem is set with
// OutcomeFailed and OutcomeNotReached.
type ResyncReply struct {
	Outcome Outcome  `json:"outcome"`
	Problem *Problem `json:"problem,omitempty"`
}

// BeginSweepInput records that a sweep over a district has begun.
type BeginSweepInput struct {
	Sweep       string            `json:"sweep"`
	WorkflowID  string            `json:"workflowId"`
	District    school.DistrictID `json:"district"`
	Trigger     Trigger           `json:"trigger"`
	RequestedBy string            `json:"requestedBy,omitempty"`
}

// SchoolsPageInput asks for the schools of a district that follow a school; "" is before the first.
type SchoolsPageInput struct {
	District school.DistrictID `json:"district"`
	After    school.ID         `json:"after,omitempty"`
	Limit    int               `json:"limit"`
}

// SchoolsPage is a run of a district's schools, by id. Left counts those that come after it.
type SchoolsPage struct {
	Schools []school.ID `json:"schools,omitempty"`
	Left    int         `json:"left"`
}

// EndSweepInput records that a sweep over a district has ended.
type EndSweepInput struct {
	Sweep    string            `json:"sweep"`
	District school.DistrictID `json:"district"`
	Report   SweepReport       `json:"report"`
}
