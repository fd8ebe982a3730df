package vk

import (
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
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/outbound"
)

const (
	methodLongPoll = "groups.getLongPollServer"
	// methodPoll is what the long poll's own requests are called in errors and spans.
	methodPoll = "a_check"

	// pollWait is how long VK holds a poll that has nothing to tell. VK advises against more,
	// because proxies end a silent connection after 30 seconds.
	pollWait = 25 * time.Second
	// pollTimeout ends a poll that VK does not answer in time.
	pollTimeout = pollWait + outbound.HeaderTimeout
	// renewals is how many keys may expire on us in one Next.
	renewals = 3
)

// What a poll can have failed with. What VK may add is treated like pollLost.
const (
	pollFine    = 0
	pollGap     = 1 // part of the history is lost: go on from the ts given
	pollExpired = 2 // another key is needed; the ts stays good
	pollLost    = 3 // both are needed
)

// LongPoll listens to a community's events. It is for one listener at a time.
//
// VK's documents say nothing of two points, and this is assumed: that a community is told of its own acts
// like of others', in messages that are from it; and, from the types that its schema lists, that nobody is
// told of admin rights given or taken by hand. Those are found by reading alone.
type LongPoll struct {
	client *Client
	http   *http.Client
	// address makes the address of a poll; nil if a server and key have to be got first. Like a
	// Client's token, the key lives in the closure alone.
	address func(ts stamp) string
	// ts is what has been heard; "" where that is lost.
	ts stamp
}

// NewLongPoll makes a LongPoll and no request. The gate is passed by the requests for a server and
// key, which count as requests of the token; polls do not. A Config's own HTTP client must leave an answer
// half a minute to come.
func NewLongPoll(c Config) (*LongPoll, error) {
	client, err := New(c)
	if err != nil {
		return nil, err
	}
	polls := client.http
	if c.HTTP == nil {
		transport := outbound.Transport()
		transport.ResponseHeaderTimeout = pollTimeout
		polls = outbound.Client(&http.Client{Transport: transport})
	}
	return &LongPoll{client: client, http: polls}, nil
}

// Next waits for events, for half a minute at the most; there may be none. Gap tells that before
// them an unknown number of events went by unheard: at the first call, and whenever VK lost some. Its
// error is a *messenger.Error, or the gate's; after it Next may be called again, and nothing is missed in between.
// Events that it gave are not given again.
func (l *LongPoll) Next(ctx context.Context) (events []messenger.Event, gap bool, err error) {
	for range renewals {
		if l.ts == "" {
			return nil, true, l.connect(ctx)
		}
		if l.address == nil {
			if err := l.connect(ctx); err != nil {
				return nil, false, err
			}
		}
		answer, err := l.poll(ctx)
		if err != nil {
			l.address = nil // perhaps another server answers
			return nil, false, err
		}
		switch answer.Failed {
		case pollFine:
			l.ts = answer.TS
			events, gap := l.read(answer.Updates)
			return events, gap, nil
		case pollGap:
			l.ts = answer.TS
			return nil, true, nil
		case pollExpired:
			l.address = nil
		default:
			l.address, l.ts = nil, ""
		}
	}
	return nil, false, unavailable(methodPoll)
}

// Marker is none: VK's ts is good for a server and key, which another LongPoll does not have.
func (l *LongPoll) Marker() string { return "" }

// connect gets a server and key, and a ts if there is none.
func (l *LongPoll) connect(ctx context.Context) error {
	results, err := l.client.execute(ctx, []apiCall{{method: methodLongPoll, args: []arg{number("group_id", l.client.group)}}})
	if err != nil {
		return err
	}
	var session struct {
		Server string `json:"server"`
		Key    string `json:"key"`
		TS     stamp  `json:"ts"`
	}
	if failure := results[0].decode(&session); failure != nil {
		if failure.Vendor == vkBadParameter {
			// The long poll is not switched on in the community's settings.
			failure.Code = messenger.CodeTokenRights
		}
		return failure
	}
	plain := strings.HasPrefix(session.Server, "http:") && strings.HasPrefix(l.client.endpoint, "https:")
	if !outbound.IsAddress(session.Server) || plain || session.Key == "" || session.TS == "" {
		return unavailable(methodLongPoll)
	}
	if l.ts == "" {
		l.ts = session.TS
	}
	l.address = func(ts stamp) string {
		query := url.Values{
			"act": {methodPoll}, "key": {session.Key}, "ts": {string(ts)}, "wait": {strconv.Itoa(int(pollWait.Seconds()))},
		}
		return session.Server + "?" + query.Encode()
	}
	return nil
}

type pollAnswer struct {
	Failed  int               `json:"failed"`
	TS      stamp             `json:"ts"`
	Updates []json.RawMessage `json:"updates"`
}

func (l *LongPoll) poll(ctx context.Context) (pollAnswer, error) {
	traced, span := l.client.tracer.Start(ctx, "vk poll", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("vk.method", methodPoll)))
	defer span.End()
	answer, cause := l.fetch(traced)
	if cause == "" && (answer.Failed == pollFine || answer.Failed == pollGap) && answer.TS == "" {
		cause = "no ts"
	}
	if cause == "" {
		span.SetAttributes(attribute.Int("vk.failed", answer.Failed), attribute.Int("vk.updates", len(answer.Updates)))
		return answer, nil
	}
	span.SetAttributes(attribute.String("error.type", cause))
	span.SetStatus(codes.Error, string(messenger.CodeUnavailable))
	if err := ctx.Err(); err != nil {
		return pollAnswer{}, fmt.Errorf("%w: %w", unavailable(methodPoll), err)
	}
	return pollAnswer{}, unavailable(methodPoll)
}

// fetch makes a poll. What went wrong is told by its kind alone: an error's text holds the key.
func (l *LongPoll) fetch(ctx context.Context) (answer pollAnswer, cause string) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.address(l.ts), http.NoBody)
	if err != nil {
		return answer, "address"
	}
	response, err := l.http.Do(request)
	if err != nil {
		return answer, outbound.KindOf(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return answer, outbound.KindOf(err)
	case response.StatusCode != http.StatusOK:
		return answer, strconv.Itoa(response.StatusCode)
	case len(body) > maxBody, json.Unmarshal(body, &answer) != nil:
		return pollAnswer{}, "body"
	}
	return answer, ""
}

// read gives what happened in chats. An update that cannot be read may have told anything: it
// leaves a gap.
func (l *LongPoll) read(updates []json.RawMessage) (events []messenger.Event, gap bool) {
	for _, raw := range updates {
		var e envelope
		if json.Unmarshal(raw, &e) != nil || e.Type == "" || e.Group != l.client.group {
			gap = true
			continue
		}
		event, err := e.event()
		if err != nil {
			gap = true
		}
		if event != nil {
			events = append(events, *event)
		}
	}
	return events, gap
}
