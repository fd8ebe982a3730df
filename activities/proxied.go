package activities

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// way is a school's way out: through its proxy, if it has one.
type way struct {
	// client is nil for the client that serves schools without a proxy.
	client *http.Client
	// trouble is that of the last request with the proxy, nil if there was none.
	trouble atomic.Pointer[proxy.Error]
}

// way is a school's way to everything but MAX.
func (a *Activities) way(ctx context.Context, id school.ID) (*way, error) {
	return a.wayBy(ctx, id, &a.proxies)
}

func (a *Activities) wayBy(ctx context.Context, id school.ID, proxies *proxy.Clients) (*way, error) {
	settings, err := a.Store.Proxy(ctx, id)
	if err != nil {
		return nil, err
	}
	w := &way{client: a.HTTP}
	if settings != nil {
		w.client = proxy.Watched(proxies.For(id, *settings), func(e *proxy.Error) { w.trouble.Store(e) })
	}
	return w, nil
}

// explain joins the proxy's trouble to an error for which no answer came. A gate that let no
// request through has nothing to do with the proxy.
func (w *way) explain(err error) error {
	trouble := w.trouble.Load()
	if trouble == nil || messenger.CodeOf(err) != messenger.CodeUnavailable {
		return err
	}
	return errors.Join(trouble, err)
}

// connect makes a messenger that goes the school's way.
func (a *Activities) connect(ctx context.Context, id school.ID, access connect.Access) (messenger.Messenger, error) {
	proxies := &a.proxies
	if access.Protocol == messenger.MAX {
		proxies = &a.maxProxies
	}
	w, err := a.wayBy(ctx, id, proxies)
	if err != nil {
		return nil, err
	}
	access.HTTP = w.client
	m, err := a.Messengers.Connect(access)
	return &proxied{Messenger: m, way: w}, err
}

// proxied is a messenger behind a proxy. An adapter keeps to itself why no answer came; this one adds
// what was wrong with the proxy. It serves one activity.
type proxied struct {
	messenger.Messenger
	*way
}

func (p *proxied) Community(ctx context.Context) (messenger.Community, error) {
	community, err := p.Messenger.Community(ctx)
	return community, p.explain(err)
}

func (p *proxied) Read(ctx context.Context, refs []messenger.ChatRef) ([]messenger.ChatState, error) {
	states, err := p.Messenger.Read(ctx, refs)
	return states, p.explain(err)
}

func (p *proxied) Do(ctx context.Context, calls []messenger.Call, record func(first int, replies []messenger.Reply) error) error {
	return p.explain(p.Messenger.Do(ctx, calls, record))
}

func (p *proxied) FindByTitle(ctx context.Context, titles []string) (map[string]messenger.ChatRef, error) {
	found, err := p.Messenger.FindByTitle(ctx, titles)
	return found, p.explain(err)
}
