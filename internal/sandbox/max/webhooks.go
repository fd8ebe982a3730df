package max

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/samber/lo"
)

// SecretHeader has the secret of a subscription.
const SecretHeader = "X-Max-Bot-Api-Secret"

const (
	// webhookAttempts is how often an event is sent before it is given up: once, and ten times again.
	webhookAttempts = 11
	webhookTimeout  = 30 * time.Second
)

// address is where events are sent.
type address struct {
	bot int64
	url string
}

var goodSecret = regexp.MustCompile(`^[a-zA-Z0-9_-]{5,256}$`)

func getSubscriptions(_ *exchange, b *bot) (any, error) {
	return subscriptionList{lo.Map(b.Subscriptions, func(s subscription, _ int) subscriptionInfo {
		return subscriptionInfo{URL: s.URL, At: s.At, Types: s.Types}
	})}, nil
}

type subscribing struct {
	URL    string   `json:"url"`
	Types  []string `json:"update_types"`
	Secret *string  `json:"secret"`
}

// subscribe has events sent to an address from now on. To subscribe an address again changes its secret and types, and
// loses nothing, *assumed*.
func subscribe(x *exchange, b *bot) (any, error) {
	var what subscribing
	if err := x.decode(&what); err != nil {
		return nil, err
	}
	if !goodAddress(what.URL) || what.Secret != nil && !goodSecret.MatchString(*what.Secret) || slices.Contains(what.Types, "") {
		return nil, refuse(codePayload, "the url, the secret or a type is none")
	}
	fresh := subscription{
		URL: what.URL, Secret: lo.FromPtr(what.Secret), Types: what.Types, At: x.now().UnixMilli(), Delivered: b.stream.last(),
	}
	if before := b.subscription(what.URL); before != nil {
		fresh.Delivered = before.Delivered
	}
	if err := x.putSubscriptions(b, what.URL, fresh); err != nil {
		return nil, err
	}
	x.sendEvents(x.state.bots[b.ID], fresh)
	return done, nil
}

// goodAddress tells whether MAX takes an address. Here, other than there, any port is good, and plain HTTP on the loopback.
func goodAddress(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

func unsubscribe(x *exchange, b *bot) (any, error) {
	what := x.request.URL.Query().Get("url")
	if what == "" {
		return nil, refuse(codePayload, "url is not given")
	}
	if b.subscription(what) == nil {
		return softly("there is no such subscription"), nil // *assumed*
	}
	x.stopSending(address{b.ID, what})
	return done, x.putSubscriptions(b, what)
}

// putSubscriptions puts others in the place of the one with this address.
func (w *World) putSubscriptions(b *bot, url string, others ...subscription) error {
	row := *b
	row.Subscriptions = append(lo.Reject(b.Subscriptions, func(s subscription, _ int) bool { return s.URL == url }), others...)
	return w.commit(change{Bot: &row})
}

func (w *World) stopSending(to address) {
	if stop := w.couriers[to]; stop != nil {
		stop()
		delete(w.couriers, to)
	}
}

// sendEvents begins to send a bot's events to a subscription, and ends what was begun before for its address. The caller
// holds the lock.
func (w *World) sendEvents(b *bot, s subscription) {
	to := address{b.ID, s.URL}
	w.stopSending(to)
	if w.life.Err() != nil {
		return
	}
	ctx, stop := context.WithCancel(w.life)
	w.couriers[to] = stop
	w.tasks.Go(func() { w.courier(ctx, to, s) })
}

// courier sends events until its context ends. What the address does not take in so many attempts is given up, and the
// next one has its turn.
func (w *World) courier(ctx context.Context, to address, s subscription) {
	for ctx.Err() == nil {
		e, twice, moved := w.undelivered(to)
		if e == nil {
			select {
			case <-moved:
			case <-ctx.Done():
			}
			continue
		}
		if len(s.Types) == 0 || slices.Contains(s.Types, string(e.Type)) {
			for range lo.Ternary(twice, 2, 1) {
				w.deliver(ctx, s, e)
			}
		}
		w.noteDelivered(ctx, to, e.Seq)
	}
}

// undelivered gives the next event to send and whether it goes twice, or a channel that is closed when there may be one.
func (w *World) undelivered(to address) (*event, bool, <-chan struct{}) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	b := w.state.bots[to.bot]
	s := b.subscription(to.url)
	if s == nil || b.Late {
		return nil, false, b.stream.moved
	}
	if waiting := b.stream.after(s.Delivered); len(waiting) > 0 {
		return new(waiting[0]), b.Duplicate, nil
	}
	return nil, false, b.stream.moved
}

func (w *World) noteDelivered(ctx context.Context, to address, seq int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() == nil {
		// Where it cannot be kept, it is sent again, as MAX may do too.
		_ = w.commit(change{Delivered: &deliveredChange{Bot: to.bot, URL: to.url, Seq: seq}})
	}
}

// deliver sends an event until it is taken or given up, or the context ends.
func (w *World) deliver(ctx context.Context, s subscription, e *event) {
	for attempt := range webhookAttempts {
		if attempt > 0 {
			pause := time.NewTimer(w.webhookPause)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return
			}
		}
		if post(ctx, s, e.Update) == nil {
			return
		}
	}
	if ctx.Err() == nil {
		w.logger.Warn("an event was given up: its address does not take it", "bot", e.Bot)
	}
}

var webhookClient = &http.Client{
	Timeout:       webhookTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func post(ctx context.Context, s subscription, update []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(update))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	if s.Secret != "" {
		request.Header.Set(SecretHeader, s.Secret)
	}
	response, err := webhookClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxBody)) // so that the connection can be used again
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the address answers %s", response.Status)
	}
	return nil
}
