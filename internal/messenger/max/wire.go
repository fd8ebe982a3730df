package max

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/traced"
	"github.com/rollcall-edu/rollcall/internal/outbound"
)

// maxBody bounds a reply; 100 members with the longest descriptions are some 4 MB.
const maxBody = 8 << 20

// query is a call of MAX's API.
type query struct {
	method     string // a template
	chat, user int64  // what stands in its path
	params     url.Values
	body       any // nil for none
	calls      int // how many calls of the port it carries; 0 is one
}

// ask makes a request and reads the reply into a value. Its error is a *messenger.Error, or the gate's.
func (c *Client) ask(ctx context.Context, q query, into any) error {
	waited, err := c.tracer.Pass(ctx, c.gate)
	if err != nil {
		return err
	}
	inSpan, span := c.begin(ctx, "max request", q.method)
	defer span.End()
	span.SetAttributes(attribute.Int64("max.gate_wait_ms", waited.Milliseconds()))

	began := time.Now()
	failure := c.exchange(inSpan, c.http, requestTimeout, q, into)
	traced.Count(inSpan, failure, max(q.calls, 1), time.Since(began))
	if failure == nil {
		return nil
	}
	c.tracer.Fail(span, failure.Code)
	return toldOf(ctx, failure)
}

// toldOf lets a caller who gave up tell that from MAX's own trouble.
func toldOf(ctx context.Context, failure *messenger.Error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", failure, err)
	}
	return failure
}

// exchange makes a request without asking the gate.
func (c *Client) exchange(ctx context.Context, client *http.Client, limit time.Duration, q query, into any) *messenger.Error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	request, err := c.request(ctx, q)
	if err != nil {
		return &messenger.Error{Code: messenger.CodeBadRequest, Method: q.method}
	}
	response, err := client.Do(request)
	if err != nil {
		return lost(ctx, q.method, err)
	}
	defer func() { _ = response.Body.Close() }()
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int("max.status", response.StatusCode))
	if response.StatusCode == http.StatusTooManyRequests {
		return &messenger.Error{
			Code: messenger.CodeRateLimited, Vendor: response.StatusCode, RetryAfter: outbound.Pause(response, rateLimitPause), Method: q.method,
		}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return lost(ctx, q.method, err)
	case len(body) > maxBody:
		return unavailable(q.method)
	}
	return read(q.method, response.StatusCode, body, into)
}

func (c *Client) request(ctx context.Context, q query) (*http.Request, error) {
	verb, path, _ := strings.Cut(q.method, " ")
	path = strings.NewReplacer("{chatId}", strconv.FormatInt(q.chat, 10), "{userId}", strconv.FormatInt(q.user, 10)).Replace(path)
	if len(q.params) > 0 {
		path += "?" + q.params.Encode()
	}
	var body io.Reader = http.NoBody
	if q.body != nil {
		encoded, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, verb, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if q.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	c.sign(request.Header)
	return request, nil
}

// read reads an answer. One of a shape that MAX does not document says nothing about what was done, so it counts
// as no answer: a proxy may have given it.
func read(method string, status int, body []byte, into any) *messenger.Error {
	var said struct {
		Code    string `json:"code"`
		Success *bool  `json:"success"`
	}
	if json.Unmarshal(body, &said) != nil {
		return unavailable(method)
	}
	switch {
	case status != http.StatusOK && (status < http.StatusBadRequest || said.Code == ""):
		return unavailable(method)
	case status != http.StatusOK:
		return refusal(method, status, said.Code)
	case said.Success != nil && !*said.Success && method != methodAdd:
		return softRefusal(method)
	case json.Unmarshal(body, into) != nil:
		return unavailable(method)
	}
	return nil
}

// act makes a call that is answered with its success and nothing more.
func (c *Client) act(ctx context.Context, q query) error {
	var done struct {
		Success bool `json:"success"`
	}
	if err := c.ask(ctx, q, &done); err != nil {
		return err
	}
	if !done.Success {
		return unavailable(q.method) // it does not say
	}
	return nil
}

// lost is a reply that did not come. Its cause stays inside, because its text names
// addresses with ids in them; the span gets the kind of it.
func lost(ctx context.Context, method string, cause error) *messenger.Error {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("error.type", outbound.KindOf(cause)))
	return unavailable(method)
}
