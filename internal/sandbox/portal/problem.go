package portal

import (
	"encoding/json"
	"errors"
	"net/http"
)

// code is a problem in the words of the interface.
type code string

const (
	codeBadRequest   code = "bad-request"
	codeBadSignature code = "bad-signature"
	codeClockSkew    code = "clock-skew"
	codeUnknown      code = "unknown-organisation"
	codeExpired      code = "cursor-expired"
	codeConflict     code = "idempotency-conflict"
	codeTooLarge     code = "too-large"
	codeInvalid      code = "invalid"
	codeTooMany      code = "too-many-requests"
	codeInternal     code = "internal"
	codeUnavailable  code = "unavailable"
)

// kinds are the statuses and titles of the codes. Of two codes with the same status the first is the one that
// stands for the status.
var kinds = []struct {
	code   code
	status int
	title  string
}{
	{codeBadRequest, http.StatusBadRequest, "The request is not understood"},
	{codeBadSignature, http.StatusUnauthorized, "The key or the signature is not good"},
	{codeClockSkew, http.StatusUnauthorized, "The clocks are too far apart"},
	{codeUnknown, http.StatusNotFound, "The organisation is not known"},
	{codeExpired, http.StatusGone, "The cursor has expired"},
	{codeConflict, http.StatusConflict, "The idempotency key was used for another write"},
	{codeTooLarge, http.StatusRequestEntityTooLarge, "The request is too large"},
	{codeInvalid, http.StatusUnprocessableEntity, "The request makes no sense"},
	{codeTooMany, http.StatusTooManyRequests, "Too many requests"},
	{codeInternal, http.StatusInternalServerError, "The Portal is in trouble"},
	{codeUnavailable, http.StatusServiceUnavailable, "The Portal is not available"},
}

// retryAfter is how long who is refused for now should wait, in seconds.
const retryAfter = "1"

// problem is a refusal, as RFC 9457 has it.
type problem struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
	Code   code   `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

// refuse makes a refusal; detail says what is wrong with this request.
func refuse(c code, detail string) *problem {
	for _, kind := range kinds {
		if kind.code == c {
			return &problem{Type: "about:blank", Status: kind.status, Code: c, Title: kind.title, Detail: detail}
		}
	}
	return refuse(codeInternal, detail)
}

// refuseWith makes the refusal that a status stands for. What is no status of a refusal is trouble.
func refuseWith(status int, detail string) *problem {
	for _, kind := range kinds {
		if kind.status == status {
			return refuse(kind.code, detail)
		}
	}
	other := refuse(codeInternal, detail)
	switch {
	case status >= 400 && status < 500:
		other = refuse(codeBadRequest, detail)
		other.Status = status
	case status >= 500 && status < 600:
		other.Status = status
	}
	return other
}

// statusOf gives the HTTP status of a refusal, 0 for none and for what is left without an answer.
func statusOf(err error) int {
	if errors.Is(err, errHTTP500) {
		return http.StatusInternalServerError
	}
	if p, ok := errors.AsType[*problem](err); ok {
		return p.Status
	}
	return 0
}

func (p *problem) reply(rw http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		// Unreachable: texts and numbers always encode.
		panic(err)
	}
	if p.Code == codeTooMany || p.Code == codeUnavailable {
		rw.Header().Set("Retry-After", retryAfter)
	}
	rw.Header().Set("Content-Type", "application/problem+json")
	rw.WriteHeader(p.Status)
	_, _ = rw.Write(body) // a client that is gone needs no answer
}
