package max

import (
	"errors"
	"net/http"
)

// Refusals of acts. An error wraps one of these, or says what went wrong in the stand-in itself.
var (
	// ErrInvalid: the act makes no sense as it is given.
	ErrInvalid = errors.New("invalid")
	// ErrUnknown: there is no such bot, chat, link or member.
	ErrUnknown = errors.New("unknown")
	// ErrConflict: as things stand it cannot be.
	ErrConflict = errors.New("conflict")
)

// The vendor's error codes. Those for 405, 429, 500 and 503 are *assumed*, as is not.found for a path that is none.
const (
	codeToken       = "verify.token"
	codePayload     = "proto.payload"
	codeChatDenied  = "chat.denied"
	codeDenied      = "access.denied"
	codeNoChat      = "chat.not.found"
	codeNoPath      = "not.found"
	codeNotAllowed  = "method.not.allowed"
	codeTooMany     = "too.many.requests"
	codeInternal    = "internal.error"
	codeUnavailable = "service.unavailable"
)

// statuses are the HTTP statuses of the codes.
var statuses = map[string]int{
	codeToken: http.StatusUnauthorized, codePayload: http.StatusBadRequest, codeChatDenied: http.StatusForbidden,
	codeDenied: http.StatusForbidden, codeNoChat: http.StatusNotFound, codeNoPath: http.StatusNotFound,
	codeNotAllowed: http.StatusMethodNotAllowed, codeTooMany: http.StatusTooManyRequests,
	codeInternal: http.StatusInternalServerError, codeUnavailable: http.StatusServiceUnavailable,
}

// faultCodes are the codes of statuses that a fault asks for.
var faultCodes = map[int]string{
	http.StatusBadRequest: codePayload, http.StatusUnauthorized: codeToken, http.StatusForbidden: codeChatDenied,
	http.StatusNotFound: codeNoChat, http.StatusMethodNotAllowed: codeNotAllowed, http.StatusTooManyRequests: codeTooMany,
	http.StatusInternalServerError: codeInternal, http.StatusServiceUnavailable: codeUnavailable,
}

// apiError is a refusal as the vendor puts it, and its JSON.
type apiError struct {
	status int
	Code   string `json:"code"`
	// Message is for people.
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

func refuse(code, message string) *apiError {
	return &apiError{status: statuses[code], Code: code, Message: message}
}

// refuseAs is the refusal that a fault wants: by its HTTP status.
func refuseAs(status int) *apiError {
	code, ok := faultCodes[status]
	if !ok {
		code = codeInternal
	}
	return &apiError{status: status, Code: code, Message: "a fault"}
}

// statusOf is an error's HTTP status, 0 for none.
func statusOf(err error) int {
	refusal, refused := errors.AsType[*apiError](err)
	switch {
	case refused:
		return refusal.status
	case errors.Is(err, errHTTP500):
		return http.StatusInternalServerError
	}
	return 0
}
