package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/outbound"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/proxy"
)

const (
	// rateLimitPause is for a Portal that does not say how long to wait.
	rateLimitPause = time.Second
	// longestPause is what is believed at most of a Portal that says so.
	longestPause = time.Hour
)

// The codes of problems that decide more than the status does.
const (
	problemClockSkew           = "clock-skew"
	problemUnknownOrganisation = "unknown-organisation"
)

const (
	adviceAddress = "check that the Portal's address (ROLLCALL_PORTAL_URL) is that of its interface"
	adviceKey     = "check that key id and secret are those that the Portal issued, and that it has not withdrawn them"
	adviceUnknown = "have the Portal enter the organisation under the sourcedId that the roster has and give the key access to it, or say what it calls the school: rollcall school add --portal-id"
	adviceAnew    = "the reading cannot be gone on with: begin it anew"
	adviceTooBig  = "the body is bigger than the Portal takes: publish less at once"
	adviceOther   = "the Portal does not take what was sent: compare its version of the interface with ours"
)

// refusal gives an answer that is not the one hoped for its meaning. The body is believed in nothing but its code.
func (c *Client) refusal(act string, response *http.Response, body []byte) error {
	var problem struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(body, &problem) // what is no problem has no code
	e := &portal.Error{Code: portal.CodeBadRequest, Status: response.StatusCode, Act: act}
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized && problem.Code == problemClockSkew:
		e.Code, e.Advice = portal.CodeClock, c.adviceClock(response)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Code, e.Advice = portal.CodeRefused, adviceKey
	case status == http.StatusNotFound && problem.Code == problemUnknownOrganisation:
		e.Code, e.Advice = portal.CodeUnknown, adviceUnknown
	case status == http.StatusGone:
		e.Code, e.Advice = portal.CodeIncomplete, adviceAnew
	case status == http.StatusTooManyRequests:
		e.Code, e.RetryAfter = portal.CodeRateLimited, min(outbound.Pause(response, rateLimitPause), longestPause)
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		e.Code, e.RetryAfter = portal.CodeUnavailable, min(outbound.Pause(response, 0), longestPause)
	case status < http.StatusMultipleChoices:
		return senseless(act, status) // done, but not in a way that this interface knows: somebody else may have answered
	case status < http.StatusBadRequest, status == http.StatusNotFound:
		e.Advice = adviceAddress
	case status == http.StatusRequestEntityTooLarge:
		e.Advice = adviceTooBig
	default:
		e.Advice = adviceOther
	}
	return e
}

// senseless is an answer that is not what the interface has; it says nothing about what was done.
func senseless(act string, status int) error {
	return &portal.Error{Code: portal.CodeUnavailable, Status: status, Act: act, Advice: "the answer makes no sense; " + adviceAddress}
}

// incomplete is a page that cannot be relied on.
func incomplete(act, problem string) error {
	return &portal.Error{
		Code: portal.CodeIncomplete, Status: http.StatusOK, Act: act,
		Advice: problem + ": nothing is concluded from it; whoever runs the Portal has to mend that",
	}
}

// lost is an answer that did not come. Its cause stays inside, because its text may name addresses and what is in
// them; the span gets the kind of it. Trouble with a proxy stays reachable, for whoever explains it.
func lost(ctx context.Context, act string, cause error) error {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("error.type", outbound.KindOf(cause)))
	e := &portal.Error{Code: portal.CodeUnavailable, Act: act}
	if trouble, ok := errors.AsType[*proxy.Error](cause); ok {
		return errors.Join(trouble, e)
	}
	e.Advice = adviceOf(outbound.KindOf(cause))
	return e
}

func adviceOf(kind string) string {
	switch kind {
	case outbound.KindTimeout:
		return fmt.Sprintf("no answer within %d s", int(requestTimeout.Seconds()))
	case outbound.KindDNS:
		return "the name of the Portal's host is not found"
	default:
		return "no answer"
	}
}

// adviceClock tells how far the clocks are apart, where the Portal says what time it has.
func (c *Client) adviceClock(response *http.Response) string {
	const advice = "set this machine's clock by a time server, or have the Portal's set"
	theirs, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return advice
	}
	apart := c.now().Sub(theirs).Round(time.Second)
	if apart < 0 {
		return fmt.Sprintf("our clock is %s behind the Portal's: %s", -apart, advice)
	}
	return fmt.Sprintf("our clock is %s ahead of the Portal's: %s", apart, advice)
}
