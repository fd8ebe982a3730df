package vk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// callbackAttempts is how often an event is sent before it is given up.
	callbackAttempts = 10
	// callbackPause is the pause between two attempts, unless told.
	callbackPause   = time.Second
	callbackTimeout = 10 * time.Second
	// maxCallbackReply is how much is read of what the address answers.
	maxCallbackReply = 1024
	eventTaken       = "ok"
)

// Callback is the address to which a community's events are sent.
type Callback struct {
	GroupID int64 `json:"group_id"`
	// URL is the address; "" ends the sending.
	URL string `json:"url"`
	// Secret goes with every event, Confirmation is what the address must answer when it is asked
	// whether it wants them.
	Secret       string `json:"secret"`
	Confirmation string `json:"confirmation"`
}

// callbackChange is a community's callback, and its row in the journal.
type callbackChange struct {
	Callback
	// Delivered is the Seq of the last event that was sent, or given up.
	Delivered int64 `json:"delivered"`
}

// deliveredChange counts an event as sent.
type deliveredChange struct {
	Group int64 `json:"group"`
	Seq   int64 `json:"seq"`
}

type confirmation struct {
	Type    string `json:"type"`
	GroupID int64  `json:"group_id"`
}

// SetCallback has a community's events sent to an address from now on, in their order, once the
// address has answered with the confirmation. It asks the address before it returns.
func (w *World) SetCallback(c Callback) (Community, error) {
	if err := c.check(); err != nil {
		return Community{}, err
	}
	if _, err := w.State(GroupRef{GroupID: c.GroupID}); err != nil {
		return Community{}, err
	}
	if c.URL != "" {
		answer, err := w.post(w.life, c.URL, confirmation{Type: "confirmation", GroupID: c.GroupID})
		if err != nil || answer != c.Confirmation {
			return Community{}, fmt.Errorf("%w: the address did not answer with the confirmation", ErrConflict)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	community, err := w.community(c.GroupID)
	if err != nil {
		return Community{}, err
	}
	if err := w.commit(change{Callback: &callbackChange{Callback: c, Delivered: community.stream.last()}}); err != nil {
		return Community{}, err
	}
	w.sendEvents(community)
	return community.view(), nil
}

func (c Callback) check() error {
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		return nil
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: give the url as http(s)://host/path", ErrInvalid)
	case c.Confirmation == "":
		return fmt.Errorf("%w: give the confirmation that the address will answer with", ErrInvalid)
	}
	return nil
}

// sendEvents begins to send a community's events to its callback, if it has one, and ends what
// was begun before. The caller holds the lock.
func (w *World) sendEvents(c *community) {
	if stop := w.couriers[c.ID]; stop != nil {
		stop()
		delete(w.couriers, c.ID)
	}
	if c.callback == nil || w.life.Err() != nil {
		return
	}
	ctx, stop := context.WithCancel(w.life)
	w.couriers[c.ID] = stop
	group, to := c.ID, c.callback.Callback
	w.tasks.Go(func() { w.courier(ctx, group, to) })
}

// courier sends events until its context ends. What the address does not take in so many attempts
// is given up, and the next one has its turn.
func (w *World) courier(ctx context.Context, group int64, to Callback) {
	for ctx.Err() == nil {
		e, moved := w.undelivered(group)
		if e == nil {
			select {
			case <-moved:
			case <-ctx.Done():
			}
			continue
		}
		w.deliver(ctx, to, e)
		w.noteDelivered(ctx, group, e.Seq)
	}
}

// undelivered gives the next event to send, or a channel that is closed when there may be one.
func (w *World) undelivered(group int64) (*event, <-chan struct{}) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	c := w.state.communities[group]
	if c.callback == nil {
		return nil, c.stream.moved
	}
	if waiting := c.stream.after(c.callback.Delivered); len(waiting) > 0 {
		e := waiting[0]
		return &e, nil
	}
	return nil, c.stream.moved
}

func (w *World) noteDelivered(ctx context.Context, group, seq int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() == nil {
		// Where it cannot be kept, it is sent again: events bear ids.
		_ = w.commit(change{Delivered: &deliveredChange{Group: group, Seq: seq}})
	}
}

// deliver sends an event until it is taken or given up, or the context ends.
func (w *World) deliver(ctx context.Context, to Callback, e *event) {
	for attempt := range callbackAttempts {
		if attempt > 0 {
			pause := time.NewTimer(w.callbackPause)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return
			}
		}
		if answer, err := w.post(ctx, to.URL, e.update(to.Secret)); err == nil && answer == eventTaken {
			return
		}
	}
	if ctx.Err() == nil {
		w.logger.Warn("an event was given up: its address does not take it", "group", e.Group)
	}
}

var callbackClient = &http.Client{
	Timeout:       callbackTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// post sends a value and gives what was answered, without blanks around it.
func (w *World) post(ctx context.Context, address string, value any) (string, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := callbackClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxCallbackReply))
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return strings.TrimSpace(string(answer)), err
}
