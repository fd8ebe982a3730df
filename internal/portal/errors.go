package portal

import (
	"errors"
	"fmt"
	"time"
)

// Code says what went wrong, in words of ours. Codes are stable: reports hold them.
type Code string

// The codes.
const (
	CodeUnavailable Code = "portal-unavailable"  // network, time-out, HTTP 5xx, an answer that makes no sense
	CodeRateLimited Code = "portal-rate-limited" // too many requests
	CodeRefused     Code = "portal-refused"      // the key or the signature is not good
	CodeClock       Code = "portal-clock"        // our clock and the Portal's are too far apart
	CodeUnknown     Code = "portal-unknown"      // the Portal does not know the organisation
	CodeShared      Code = "portal-shared"       // two schools are called the same on the Portal; store says so
	CodeBadRequest  Code = "portal-bad-request"  // the Portal did not understand us
	CodeIncomplete  Code = "portal-incomplete"   // a reading that cannot be relied on: pages are missing, or contradict each other
)

// Error is every error of an adapter. It holds no text of the Portal's, no identity and no key.
type Error struct {
	Code Code
	// Status is the HTTP status, 0 if there was none.
	Status int
	// RetryAfter is how long to wait before the next try, 0 if unknown.
	RetryAfter time.Duration
	// Act is what was being done, e.g. "publish a call".
	Act string
	// Advice says more of what is wrong and what to do about it; may be empty.
	Advice string
}

func (e *Error) Error() string {
	s := e.Act + ": " + string(e.Code)
	if e.Status != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Advice != "" {
		s += ": " + e.Advice
	}
	return s
}

// Lasting tells whether trying again does not cure it.
func (e *Error) Lasting() bool { return e.Code != CodeUnavailable && e.Code != CodeRateLimited }

// CodeOf gives the code of an error, "" if it is no *Error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
