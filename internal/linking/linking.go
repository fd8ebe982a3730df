// Package linking reads a school's account links from the Portal and takes them over. Passes, the worker
// between passes, and the CLI read in the same way.
package linking

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// completeEvery is how often all links are read, and not only what has changed since the last
// reading: whatever the Portal forgot to tell is found then.
const completeEvery = 24 * time.Hour

// maxPages bounds a reading: a Portal whose pages have no end is not waited for.
const maxPages = 1000

// Reader reads account links.
type Reader struct {
	Store  *store.Store
	Portal connect.Portal
	// Proxies keeps the clients of schools behind a proxy.
	Proxies *proxy.Clients
	Now     func() time.Time
}

// Options refine a reading.
type Options struct {
	// Complete has all links read, whatever the last reading was.
	Complete bool
	// AcceptLoss is how many undone links somebody has looked at and found right; see accounts.Options.
	AcceptLoss int
	// Shown tells that somebody is shown what comes of it: of a reading that is refused they may accept
	// as many undone links as it has.
	Shown bool
	// Ask has a pass asked for, for those whose link has changed.
	Ask bool
	// Beat is called after each page, and may be nil.
	Beat func()
}

// Result is what came of a reading.
type Result struct {
	store.LinksTaken
	// Complete tells that all links were read; Links counts what was read.
	Complete bool
	Links    int
}

// ProblemUnreadable is the code of a reading that cannot be relied on. Other trouble has the Portal's codes.
const ProblemUnreadable = "links-unreadable"

// Read reads a school's account links: what has changed, or all of them where that is due. What
// cannot be read or relied on is recorded, and changes nothing: the error is a *portal.Error, joined
// to a *proxy.Error where that is the cause, or an *accounts.BadReadError.
func (r *Reader) Read(ctx context.Context, id school.ID, o Options) (Result, error) {
	result, err := r.read(ctx, id, o)
	problem := store.Problem{Code: string(portal.CodeOf(err))}
	loss := 0
	if bad, ok := errors.AsType[*accounts.BadReadError](err); ok {
		problem, loss = store.Problem{Code: ProblemUnreadable, Message: bad.Error()}, bad.Loss
	} else if e, ok := errors.AsType[*portal.Error](err); ok {
		problem.Message = e.Error()
		if p, ok := errors.AsType[*proxy.Error](err); ok {
			problem.Message = p.Error()
		}
	}
	if problem.Code == "" || ctx.Err() != nil {
		return result, err
	}
	if loss > 0 {
		return result, errors.Join(err, r.Store.SetLinksRefused(ctx, id, problem, loss, o.Shown))
	}
	return result, errors.Join(err, r.Store.SetLinksProblem(ctx, id, problem))
}

func (r *Reader) read(ctx context.Context, id school.ID, o Options) (Result, error) {
	var result Result
	organisation, err := r.Store.Organisation(ctx, id)
	if err != nil {
		return result, err
	}
	links, err := r.source(ctx, id)
	if err != nil {
		return result, err
	}
	state, err := r.Store.LinksState(ctx, id)
	if err != nil {
		return result, err
	}
	snapshot, _ := links.(portal.Snapshot)
	reading := accounts.Reading{Complete: r.complete(state, o) || snapshot != nil && snapshot.Complete()}
	if err := pages(ctx, links, organisation, &reading, lo.FromPtr(state.AsOf), o.Beat); err != nil {
		return result, err
	}
	reading.ReadAt = r.Now()
	result.Complete, result.Links = reading.Complete, len(reading.Links)
	result.LinksTaken, err = r.Store.TakeLinks(ctx, id, store.LinksReading{Reading: reading, Organisation: organisation, Since: state.AsOf},
		accounts.Options{AcceptLoss: o.AcceptLoss}, o.Ask)
	return result, err
}

func (r *Reader) complete(state store.LinksState, o Options) bool {
	return o.Complete || state.CompleteAt == nil || r.Now().Sub(*state.CompleteAt) > completeEvery
}

// source is where the school's links are, by the school's own way.
func (r *Reader) source(ctx context.Context, id school.ID) (portal.Links, error) {
	settings, err := r.Store.Proxy(ctx, id)
	if err != nil {
		return nil, err
	}
	var client *http.Client
	if settings != nil {
		client = r.Proxies.For(id, *settings)
	}
	return r.Portal.Links(client)
}

// pages reads all pages of a reading.
func pages(ctx context.Context, links portal.Links, organisation string, into *accounts.Reading, since time.Time, beat func()) error {
	q := portal.Query{Since: since}
	if into.Complete {
		q.Since = time.Time{}
	}
	incomplete := func(advice string) error {
		return &portal.Error{Code: portal.CodeIncomplete, Act: "read the account links", Advice: advice}
	}
	for range maxPages {
		page, err := links.Page(ctx, organisation, q)
		if err != nil {
			return err
		}
		if q.Cursor != "" && (!page.AsOf.Equal(into.AsOf) || page.Total != into.Total) {
			return incomplete("the pages are of different readings; the next one begins anew")
		}
		into.Links, into.Total, into.AsOf = append(into.Links, page.Links...), page.Total, page.AsOf
		if beat != nil {
			beat()
		}
		if page.Next == "" {
			return nil
		}
		q.Cursor = page.Next
	}
	return incomplete("the pages have no end; ask whoever runs the Portal")
}
