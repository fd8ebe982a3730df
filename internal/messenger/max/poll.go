package max

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/outbound"
)

const (
	// pollWait is how long MAX holds a poll that has nothing to tell: under the 30 seconds after which proxies
	// end a silent connection.
	pollWait = 25 * time.Second
	// pollTimeout ends a poll that MAX does not answer in time.
	pollTimeout = pollWait + outbound.HeaderTimeout
	pollLimit   = 100
)

// Poll listens to a bot's updates without a public address. It is for one listener at a time, and MAX means it for
// development: it limits how often it may be asked, keeps updates for a short time, and gives none to a bot that is subscribed.
// By what writers of clients say, it tells of the bot's own rights to subscribers alone, for now.
//
// An update is handed over once the marker that came with it is passed on, so those of a lost answer come again.
// Without a marker MAX gives the latest update only.
type Poll struct {
	client *Client
	http   *http.Client
	begun  bool
	// marker is where the stream goes on; nil where MAX has told none yet.
	marker *int64
}

// NewPoll makes a Poll and no request. Every poll passes the gate: it counts among the token's requests. A Config's own HTTP client
// must leave an answer half a minute to come.
func NewPoll(c Config) (*Poll, error) {
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
	p := &Poll{client: client, http: polls}
	if marker, err := strconv.ParseInt(c.Marker, 10, 64); err == nil {
		p.begun, p.marker = true, &marker
	}
	return p, nil
}

// Marker is from where on the updates are to be told that Next has not given yet, "" where MAX has told none.
func (p *Poll) Marker() string {
	if p.marker == nil {
		return ""
	}
	return strconv.FormatInt(*p.marker, 10)
}

type updateList struct {
	Updates []json.RawMessage `json:"updates"`
	Marker  *int64            `json:"marker"`
}

// Next waits for events, for half a minute at the most; there may be none. Gap tells that before
// them an unknown number of events went by unheard: at the first call, which does not wait, and where MAX gave the latest
// update only. Its error is a *messenger.Error, or the gate's; after it Next may be called again, and nothing is missed
// in between. Events that it gave are not given again.
func (p *Poll) Next(ctx context.Context) (events []messenger.Event, gap bool, err error) {
	if _, err := p.client.tracer.Pass(ctx, p.client.gate); err != nil {
		return nil, false, err
	}
	wait := pollWait
	if !p.begun {
		wait = 0
	}
	list, err := p.poll(ctx, wait)
	if err != nil {
		return nil, false, err
	}
	gap = !p.begun || p.marker == nil && len(list.Updates) > 0
	p.begun = true
	if list.Marker != nil {
		p.marker = list.Marker
	}
	for _, raw := range list.Updates {
		event, err := ParseUpdate(raw, p.client.bot)
		if err != nil {
			gap = true // it may have told anything
		}
		if event != nil {
			events = append(events, *event)
		}
	}
	return events, gap, nil
}

func (p *Poll) poll(ctx context.Context, wait time.Duration) (updateList, error) {
	params := url.Values{
		"timeout": {strconv.Itoa(int(wait.Seconds()))}, "limit": {strconv.Itoa(pollLimit)}, "types": {strings.Join(updateTypes, ",")},
	}
	if p.marker != nil {
		params.Set("marker", strconv.FormatInt(*p.marker, 10))
	}
	traced, span := p.client.begin(ctx, "max poll", methodUpdates)
	defer span.End()
	var list updateList
	failure := p.client.exchange(traced, p.http, pollTimeout, query{method: methodUpdates, params: params}, &list)
	if failure == nil && list.Updates == nil {
		failure = unavailable(methodUpdates)
	}
	if failure != nil {
		p.client.tracer.Fail(span, failure.Code)
		return updateList{}, toldOf(ctx, failure)
	}
	span.SetAttributes(attribute.Int("max.updates", len(list.Updates)))
	return list, nil
}
