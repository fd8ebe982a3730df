package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
)

// The types of application errors that end a pass or a reading as a whole. They are shown in
// the Temporal UI and in reports, and are not tried again.
const (
	ProblemSchoolUnknown   = "SchoolUnknown"   // not registered
	ProblemTokenMissing    = "TokenMissing"    // no community token has been set
	ProblemTokenRefused    = "TokenRefused"    // the messenger refuses the token
	ProblemProxyTrouble    = "ProxyTrouble"    // the school's proxy does not let its requests through
	ProblemPortalTrouble   = "PortalTrouble"   // the Portal refuses us, or does not understand us
	ProblemLinksUnreadable = "LinksUnreadable" // a reading of account links that cannot be relied on
	ProblemRosterMissing   = "RosterMissing"   // the school's roster has never been read
	ProblemRosterUnread    = "RosterUnread"    // the last reading could not be taken over
	ProblemFeedUnknown     = "FeedUnknown"     // not registered
	ProblemFeedUnreadable  = "FeedUnreadable"  // a bad reading: nothing was changed
	ProblemFenced          = "Fenced"          // overtaken by a later pass
	ProblemKeyset          = "Keyset"          // a sealed value does not open
	ProblemUnavailable     = "Unavailable"     // tried again without success
	ProblemBadRequest      = "BadRequest"      // a signal asked for what cannot be done
	ProblemBusy            = "Busy"            // an earlier run's work is still ending
	ProblemStale           = "Stale"           // a decision on holds that have changed since
	ProblemCancelled       = "Cancelled"       // somebody cancelled the run
	ProblemInternal        = "Internal"        // a defect of ours
	ProblemFeedNeverStable = "FeedNeverStable" // the files kept changing
)

// problemOf finds the code and the sentence in an error from an activity or child.
func problemOf(err error) *Problem {
	var application *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	var running *temporal.ChildWorkflowExecutionAlreadyStartedError
	switch {
	case err == nil:
		return nil
	case temporal.IsCanceledError(err):
		return &Problem{Code: ProblemCancelled, Message: "the run was cancelled; what was done until then stands"}
	case errors.As(err, &application):
		return &Problem{Code: application.Type(), Message: application.Message()}
	case errors.As(err, &running):
		return &Problem{Code: ProblemBusy, Message: "an earlier run's work on the same chats is still ending: ask again in a minute"}
	case errors.As(err, &timeout):
		return &Problem{Code: ProblemUnavailable, Message: "no answer in time: see the activity's last failure, and whether workers are running"}
	default:
		return &Problem{Code: ProblemInternal, Message: "unexpected failure: see the history of the run"}
	}
}

// lasting tells whether trying again does not help.
func (p *Problem) lasting() bool {
	switch p.Code {
	case ProblemUnavailable, ProblemInternal, ProblemCancelled:
		return false
	default:
		return true
	}
}

// fail makes the typed error with which a run ends. It is built last, as the outermost error:
// only that one's type and flags count.
func fail(p *Problem) error {
	if p == nil {
		return nil
	}
	return temporal.NewApplicationErrorWithOptions(p.Message, p.Code, temporal.ApplicationErrorOptions{NonRetryable: true})
}
