package vk

import (
	"errors"
	"fmt"
)

// VK's error codes, as far as they are given here of our own accord. A fault may give any.
const (
	codeUnknownMethod = 3
	codeBadToken      = 5
	codeTooMany       = 6
	codeNoRight       = 7
	codeBadRequest    = 8
	codeInternal      = 10
	codeNotCompiled   = 12
	codeRuntime       = 13
	codeDenied        = 15
	codeGroupAuth     = 27
	codeBadParam      = 100
	codeNotFound      = 104
	codeDenySend      = 901
	codeTooLong       = 914
	codeNoAccess      = 917
	codeCantSeeLink   = 919
	codeTooOld        = 924
	codeNotAdmin      = 925
	codeNoChat        = 927
	codeCantResetLink = 931
	codeNotInChat     = 935
	codeNoContact     = 936
	codeDisabled      = 945
	codeUnsupported   = 946
)

var texts = map[int]string{
	1:                 "Unknown error occurred",
	codeUnknownMethod: "Unknown method passed",
	codeBadToken:      "User authorization failed",
	codeTooMany:       "Too many requests per second",
	codeNoRight:       "Permission to perform this action is denied",
	codeBadRequest:    "Invalid request",
	9:                 "Flood control",
	codeInternal:      "Internal server error",
	codeNotCompiled:   "Unable to compile code",
	codeRuntime:       "Runtime error occurred during code invocation",
	codeDenied:        "Access denied",
	codeGroupAuth:     "Group authorization failed",
	29:                "Rate limit reached",
	36:                "Method execution was interrupted due to timeout",
	codeBadParam:      "One of the parameters specified was missing or invalid",
	codeNotFound:      "Not found",
	codeDenySend:      "Can't send messages for users without permission",
	902:               "Can't send messages to this user due to their privacy settings",
	codeTooLong:       "Message is too long",
	codeNoAccess:      "You don't have access to this chat",
	codeCantSeeLink:   "You can't see invite link for this chat",
	codeTooOld:        "Can't delete this message for everybody",
	codeNotAdmin:      "You are not admin of this chat",
	codeNoChat:        "Chat does not exist",
	codeCantResetLink: "You can't change invite link for this chat",
	932:               "Your community can't interact with this peer",
	codeNotInChat:     "User not found in chat",
	codeNoContact:     "Contact not found",
	939:               "Message request already sent",
	codeDisabled:      "Chat was disabled",
	codeUnsupported:   "Chat not supported",
	947:               "Can't add user to chat, because user has no access to group",
}

// apiError is a refusal in VK's words.
type apiError struct {
	code int
	text string
}

func (e *apiError) Error() string { return e.text }

// refuse makes a refusal; detail, if any, goes behind VK's own text.
func refuse(code int, detail string) *apiError {
	text, ok := texts[code]
	if !ok {
		text = fmt.Sprintf("Error %d", code)
	}
	if detail != "" {
		text += ": " + detail
	}
	return &apiError{code: code, text: text}
}

// codeOf gives the code of a refusal, 0 for any other error and for none.
func codeOf(err error) int {
	if refusal, ok := errors.AsType[*apiError](err); ok {
		return refusal.code
	}
	return 0
}

// What acts refuse, as errors to test for.
var (
	// ErrUnknown: there is no such community, chat, link or member.
	ErrUnknown = errors.New("not found")
	// ErrInvalid: the act makes no sense as it was told.
	ErrInvalid = errors.New("invalid")
	// ErrConflict: things stand so that it cannot be done.
	ErrConflict = errors.New("conflict")
)
