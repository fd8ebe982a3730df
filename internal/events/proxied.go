package events

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// client makes the client with which a school is listened to: through its proxy, if it has one.
func (l *Listener) client(ctx context.Context, w store.Listening, logger *slog.Logger) (*http.Client, error) {
	settings, err := l.Store.Proxy(ctx, w.School)
	if err != nil || settings == nil {
		return l.HTTP, err
	}
	return &http.Client{Transport: &throughProxy{next: proxy.NewTrusting(w.School, *settings, l.Messengers.RootsOf(w.Messenger)), logger: logger}}, nil
}

// throughProxy says what is wrong with the proxy, which an adapter does not tell: once, until it is over.
// A proxy that has refused us is left alone for a while: to be asked for ever with a bad password, it may
// lock the login that the school itself uses.
type throughProxy struct {
	next   http.RoundTripper
	logger *slog.Logger

	mu      sync.Mutex
	trouble *proxy.Error // of the last request, nil if there was none
	until   time.Time    // no request is made until then
}

func (p *throughProxy) RoundTrip(request *http.Request) (*http.Response, error) {
	if refused := p.resting(); refused != nil {
		return nil, refused
	}
	response, err := p.next.RoundTrip(request)
	trouble, _ := errors.AsType[*proxy.Error](err)
	p.note(trouble)
	return response, err
}

func (p *throughProxy) resting() *proxy.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trouble != nil && time.Now().Before(p.until) {
		return p.trouble
	}
	return nil
}

func (p *throughProxy) note(trouble *proxy.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if trouble != nil && (p.trouble == nil || p.trouble.Kind != trouble.Kind) {
		p.logger.Warn("the school's events cannot be listened to", "problem", trouble)
	}
	p.trouble = trouble
	if trouble != nil && trouble.Lasting() {
		p.until = time.Now().Add(refusedPause)
	}
}

// lastingly tells whether settings that could not be opened will not open by themselves.
func lastingly(err error) bool {
	return errors.Is(err, secret.ErrDoesNotOpen) || errors.Is(err, secret.ErrNoKeyset) || errors.Is(err, proxy.ErrUnreadable)
}
