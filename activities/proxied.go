package activities

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// connect makes a messenger that goes through the school's proxy, if it has one.
func (a *Activities) connect(ctx context.Context, id school.ID, config vk.Config) (messenger.Messenger, error) {
	settings, err := a.Store.Proxy(ctx, id)
	if err != nil {
		return nil, err
	}
	if settings == nil {
		return vk.New(config)
	}
	p := &proxied{}
	config.HTTP = proxy.Watched(a.proxies.For(id, *settings), func(e *proxy.Error) { p.trouble.Store(e) })
	p.Messenger, err = vk.New(config)
	return p, err
}

// proxied is a messenger behind a proxy. An adapter keeps to itself why no answer came; this one adds
// what was wrong with the proxy. It serves one activity.
type proxied struct {
	messenger.Messenger
	// trouble is that of the last request, nil if there was none.
	trouble atomic.Pointer[proxy.Error]
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

// explain joins the proxy's trouble to an error for which no answer came. A gate that let no
// request through has nothing to do with the proxy.
func (p *proxied) explain(err error) error {
	trouble := p.trouble.Load()
	if trouble == nil || messenger.CodeOf(err) != messenger.CodeUnavailable {
		return err
	}
	return errors.Join(trouble, err)
}
