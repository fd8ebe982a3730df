package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// maxBody bounds an answer, in bytes; a page of 500 links is some 60 kB.
const maxBody = 4 << 20

// What is done, in the words of errors and spans.
const (
	actCheck      = "check the Portal"
	actLinks      = "read account links"
	actPutChats   = "publish chats"
	actRemoveChat = "remove a chat from the Portal"
	actPutCall    = "publish a call"
	actRemoveCall = "remove a call from the Portal"
)

// request is what the Portal is asked for.
type request struct {
	act, method string
	// path is below the organisations: the organisation first, segments not yet escaped.
	path  []string
	query url.Values
	// body is JSON, nil for none.
	body []byte
}

// get asks for a value.
func (c *Client) get(ctx context.Context, r request, into any) error {
	r.method = http.MethodGet
	body, err := c.send(ctx, r, http.StatusOK)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, into) != nil {
		return senseless(r.act, http.StatusOK)
	}
	return nil
}

// write has something done, to which there is no answer but that it is done.
func (c *Client) write(ctx context.Context, r request) error {
	_, err := c.send(ctx, r, http.StatusNoContent)
	return err
}

// send makes a request and gives the body of the answer, which has to be of this status.
func (c *Client) send(ctx context.Context, r request, want int) ([]byte, error) {
	address, err := c.address(r)
	if err != nil {
		return nil, err
	}
	traced, span := c.tracer.Start(ctx, "portal: "+r.act, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", r.method)))
	defer span.End()

	began := time.Now()
	body, err := c.exchange(traced, r, address, want)
	telemetry.PortalRequest(ctx, r.act, string(portal.CodeOf(err)), time.Since(began))
	if err == nil {
		return body, nil
	}
	code := string(portal.CodeOf(err))
	span.SetAttributes(attribute.String("portal.code", code))
	span.SetStatus(codes.Error, code)
	if gaveUp := ctx.Err(); gaveUp != nil {
		// The caller gave up: that says nothing about the Portal.
		return nil, fmt.Errorf("%s: %w", r.act, gaveUp)
	}
	return nil, err
}

// address gives the URL. What would be taken for another path is refused.
func (c *Client) address(r request) (string, error) {
	address := c.base + "/v1/organisations"
	for _, segment := range r.path {
		if segment == "" || segment == "." || segment == ".." {
			return "", &portal.Error{
				Code: portal.CodeBadRequest, Act: r.act, Advice: "name the organisation, and what is published there: no name may be empty, . or ..",
			}
		}
		address += "/" + url.PathEscape(segment)
	}
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	return address, nil
}

func (c *Client) exchange(ctx context.Context, r request, address string, want int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, &portal.Error{Code: portal.CodeBadRequest, Act: r.act, Advice: "check the Portal's address"}
	}
	request.Header.Set("Accept", "application/json, application/problem+json")
	request.Header.Set("User-Agent", "rollcall")
	if r.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.method != http.MethodGet {
		request.Header.Set(HeaderIdempotency, idempotencyKey(request, r.body))
	}
	c.sign(request, r.body)

	response, err := c.http.Do(request)
	if err != nil {
		return nil, lost(ctx, r.act, err)
	}
	defer func() { _ = response.Body.Close() }()
	trace.SpanFromContext(ctx).SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case response.StatusCode != want:
		return nil, c.refusal(r.act, response, body)
	case err != nil:
		return nil, lost(ctx, r.act, err)
	case len(body) > maxBody:
		return nil, senseless(r.act, response.StatusCode)
	}
	return body, nil
}
