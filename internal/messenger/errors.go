package messenger

import (
	"errors"
	"fmt"
	"time"
)

// Code says what went wrong, in words of ours. Codes are stable: histories and reports hold
// them instead of the vendor's texts.
type Code string

// The codes, by what they concern.
const (
	// Worth another try, later.
	CodeRateLimited Code = "rate-limited" // the messenger says: too many requests
	CodeUnavailable Code = "unavailable"  // network, time-out, HTTP 5xx, the messenger's own trouble
	CodeBudget      Code = "budget"       // our own pacing: the token's budget is spent for now

	// The token or this attempt as a whole; not to be tried again as it is.
	CodeTokenRefused Code = "token-refused" // invalid or revoked token
	CodeTokenRights  Code = "token-rights"  // the token lacks a right it must have
	CodeTokenForeign Code = "token-foreign" // the token of another community than the school's
	CodeFenced       Code = "fenced"        // a later pass of the same school has begun
	CodeBadRequest   Code = "bad-request"   // the messenger did not understand us: a defect of ours

	// One chat.
	CodeChatGone   Code = "chat-gone"   // does not exist any more
	CodeChatDenied Code = "chat-denied" // the community has no access to it, or is not its admin

	// One call.
	CodeChatRights Code = "chat-rights" // the community may not do this in this chat, or to this person

	// One person.
	CodeAddDenied     Code = "add-denied"     // this token may not add people at all: invite
	CodeMemberRefused Code = "member-refused" // this person cannot be added (privacy, blocked, left, limits)
	CodeMemberAbsent  Code = "member-absent"  // not in the chat
)

// Scope is what an error concerns, and so what goes on in spite of it.
type Scope string

// The scopes.
const (
	ScopeRetry  Scope = "retry"
	ScopeToken  Scope = "token"
	ScopeChat   Scope = "chat"
	ScopeCall   Scope = "call"
	ScopeMember Scope = "member"
)

// Error is every error of an adapter. It holds no text of the vendor's.
type Error struct {
	Code Code
	// Vendor is the vendor's number for it, 0 if there is none.
	Vendor int
	// RetryAfter is how long to wait before the next try, 0 if unknown.
	RetryAfter time.Duration
	// Method is the vendor's method that failed, e.g. "messages.createChat".
	Method string
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Method != "" {
		s = e.Method + ": " + s
	}
	if e.Vendor != 0 {
		s = fmt.Sprintf("%s (vendor code %d)", s, e.Vendor)
	}
	return s
}

// Scope tells what the error concerns.
func (e *Error) Scope() Scope {
	switch e.Code {
	case CodeRateLimited, CodeUnavailable, CodeBudget:
		return ScopeRetry
	case CodeChatGone, CodeChatDenied:
		return ScopeChat
	case CodeChatRights:
		return ScopeCall
	case CodeAddDenied, CodeMemberRefused, CodeMemberAbsent:
		return ScopeMember
	default:
		return ScopeToken
	}
}

// CodeOf gives the code of an error, "" if it is no *Error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
