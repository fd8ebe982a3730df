package vk

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/traced"
	"github.com/rollcall-edu/rollcall/internal/outbound"
)

// maxBody bounds a reply; 25 chats of 1000 members are some 3 MB.
const maxBody = 8 << 20

// execute makes the calls in one request and gives a result for each. Its error concerns
// the request as a whole.
func (c *Client) execute(ctx context.Context, calls []apiCall) ([]result, error) {
	waited, err := c.tracer.Pass(ctx, c.gate)
	if err != nil {
		return nil, err
	}
	inSpan, span := c.begin(ctx, calls, waited)
	defer span.End()

	began := time.Now()
	results, failure := c.exchange(inSpan, calls)
	traced.Count(ctx, failure, len(calls), time.Since(began))
	if failure == nil {
		return results, nil
	}
	span.SetAttributes(attribute.Int("vk.vendor_code", failure.Vendor))
	c.tracer.Fail(span, failure.Code)
	if err := ctx.Err(); err != nil {
		// The caller gave up: it must be able to tell that from VK's own trouble.
		return nil, fmt.Errorf("%w: %w", failure, err)
	}
	return nil, failure
}

func (c *Client) exchange(ctx context.Context, calls []apiCall) ([]result, *messenger.Error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	form := url.Values{"v": {apiVersion}, "code": {script(calls)}}
	c.sign(form)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &messenger.Error{Code: messenger.CodeBadRequest, Method: methodExecute}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	response, err := c.http.Do(request)
	if err != nil {
		return nil, lost(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, lost(ctx, err)
	}
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		return nil, &messenger.Error{Code: messenger.CodeRateLimited, RetryAfter: outbound.Pause(response, rateLimitPause), Method: methodExecute}
	case response.StatusCode != http.StatusOK, len(body) > maxBody:
		// VK answers everything with 200; the rest is a proxy's, or trouble.
		return nil, unavailable(methodExecute)
	}
	return parse(body, calls)
}

// lost is a reply that did not come. Its cause stays inside, because its text may name
// addresses and proxies; the span gets the kind of it.
func lost(ctx context.Context, cause error) *messenger.Error {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("error.type", outbound.KindOf(cause)))
	return unavailable(methodExecute)
}
