package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// How much of what went wrong, or slowly, a report names; counts are always complete.
const (
	reportedFailures = 50
	reportedSlowest  = 5
)

// SweepReport is what came of a sweep. Over one school it is the school, the outcome and the
// time it took, and nothing else.
type SweepReport struct {
	// District or School is what was gone through.
	District school.DistrictID `json:"district,omitempty"`
	School   school.ID         `json:"school,omitempty"`
	// Outcome is the pass's; over a district it is partial where any school failed, was partial
	// or was not reached, else held, changed or in-step as the worst school.
	Outcome Outcome `json:"outcome"`
	// Cancelled tells that the sweep was ended early: the schools left are not reached.
	Cancelled bool `json:"cancelled,omitempty"`
	// TookMillis is how long one school took to answer, in milliseconds.
	TookMillis int64 `json:"tookMillis,omitempty"`

	// Schools is the sum of the counts.
	Schools int         `json:"schools,omitempty"`
	Counts  SweepCounts `json:"counts,omitzero"`
	// Failures are the schools that were asked and failed or did not answer in time, with the
	// problem's code; MoreFailures counts those for which there was no room.
	Failures     []SweepFailure `json:"failures,omitempty"`
	MoreFailures int            `json:"moreFailures,omitempty"`
	// Slowest are the schools that took longest to answer, the slowest first.
	Slowest []SchoolTook `json:"slowest,omitempty"`
	// Stalest are the schools whose last good pass is longest ago, the longest first.
	Stalest []StaleSchool `json:"stalest,omitempty"`
}

// SweepFailure is a school that failed, and the code of its problem.
type SweepFailure struct {
	School school.ID `json:"school"`
	Code   string    `json:"code"`
}

// SchoolTook is how long a school took to answer, from being asked, in milliseconds.
type SchoolTook struct {
	School school.ID `json:"school"`
	Millis int64     `json:"millis"`
}

// StaleSchool is a school with the end of its last good pass: one over the whole school that ended
// in-step, changed or held. Nil is never. Schools without a token are not among them.
type StaleSchool struct {
	School   school.ID  `json:"school"`
	LastGood *time.Time `json:"lastGood"`
}

// SweepCounts counts schools by how their passes ended.
type SweepCounts struct {
	InStep     int `json:"inStep"`
	Changed    int `json:"changed"`
	Held       int `json:"held"`
	Partial    int `json:"partial"`
	Failed     int `json:"failed"`
	Skipped    int `json:"skipped"`
	NotReached int `json:"notReached"`
}

// Sum is how many schools have been counted.
func (c SweepCounts) Sum() int {
	return c.InStep + c.Changed + c.Held + c.Partial + c.Failed + c.Skipped + c.NotReached
}

// Complete tells that no school needs looking at: all are in step, or have no token yet.
func (c SweepCounts) Complete() bool { return c.InStep+c.Changed+c.Skipped == c.Sum() }

// String gives what is not zero, from good to bad.
func (c SweepCounts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{
		{c.InStep, "in step"}, {c.Changed, "changed"}, {c.Held, "held"}, {c.Partial, "partial"},
		{c.Failed, "failed"}, {c.Skipped, "skipped"}, {c.NotReached, "not reached"},
	} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// at is where an outcome is counted. One that is not known, from a lane of a later version, is
// a failure: somebody shall look.
func (c *SweepCounts) at(o Outcome) *int {
	switch o {
	case OutcomeInStep:
		return &c.InStep
	case OutcomeChanged:
		return &c.Changed
	case OutcomeHeld:
		return &c.Held
	case OutcomePartial:
		return &c.Partial
	case OutcomeSkipped:
		return &c.Skipped
	case OutcomeNotReached:
		return &c.NotReached
	default:
		return &c.Failed
	}
}

// add counts a school that was asked.
func (r *SweepReport) add(id school.ID, reply ResyncReply, took time.Duration) {
	count := r.Counts.at(reply.Outcome)
	*count++
	r.Schools++
	if count == &r.Counts.Failed || count == &r.Counts.NotReached {
		r.addFailure(id, reply.trouble().Code)
	}
	if count != &r.Counts.Skipped {
		r.addTook(SchoolTook{School: id, Millis: took.Milliseconds()})
	}
}

func (r *SweepReport) addFailure(id school.ID, code string) {
	if len(r.Failures) == reportedFailures {
		r.MoreFailures++
		return
	}
	r.Failures = append(r.Failures, SweepFailure{School: id, Code: code})
}

func (r *SweepReport) addTook(t SchoolTook) {
	at, _ := slices.BinarySearchFunc(r.Slowest, t, func(a, b SchoolTook) int {
		return cmp.Or(cmp.Compare(b.Millis, a.Millis), cmp.Compare(a.School, b.School))
	})
	r.Slowest = slices.Insert(r.Slowest, at, t)
	r.Slowest = r.Slowest[:min(len(r.Slowest), reportedSlowest)]
}

// leaveOut counts schools that were never asked.
func (r *SweepReport) leaveOut(n int) {
	r.Counts.NotReached += n
	r.Schools += n
}

// overall is the outcome of a sweep over a district.
func (r *SweepReport) overall() Outcome {
	switch {
	case r.Counts.Failed+r.Counts.Partial+r.Counts.NotReached > 0:
		return OutcomePartial
	case r.Counts.Held > 0:
		return OutcomeHeld
	case r.Counts.Changed > 0:
		return OutcomeChanged
	default:
		return OutcomeInStep
	}
}

// trouble is the problem of a school that failed or was not reached.
func (r ResyncReply) trouble() *Problem {
	if r.Problem != nil {
		return r.Problem
	}
	return &Problem{Code: ProblemInternal, Message: fmt.Sprintf("the pass ended with %q and does not say why: see the history of the school's lane", r.Outcome)}
}
