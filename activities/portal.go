package activities

import (
	"context"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
	"github.com/rollcall-edu/rollcall/workflows"
)

// ReadLinks reads a school's account links and compares again.
func (a *Activities) ReadLinks(ctx context.Context, in workflows.ReadLinksInput) (workflows.LinksRead, error) {
	var out workflows.LinksRead
	beat := startBeating(ctx)
	defer beat.stop()
	reader := linking.Reader{Store: a.Store, Portal: a.Portal, Proxies: &a.proxies, Now: a.Now}
	// A pass over the whole school sees to everybody whose link has changed by itself.
	result, err := reader.Read(ctx, in.School, linking.Options{Ask: !in.Scope.Whole(), Beat: func() { beat.advance(ctx, 1) }})
	if err != nil {
		return out, err
	}
	out.Changed, out.Complete = len(result.People), result.Complete
	s, err := a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster, Scope: in.Scope})
	if err != nil {
		return out, err
	}
	out.Work, err = a.workOf(ctx, s)
	return out, err
}

// publisher is the way onto the Portal for one attempt of an activity: each act is held back from who
// has been overtaken by a later pass or by another attempt.
type publisher struct {
	client       *rest.Client
	organisation string
	allowed      func(context.Context) error
}

func (a *Activities) publisher(ctx context.Context, id school.ID, epoch int64) (*publisher, error) {
	organisation, err := a.Store.Organisation(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := a.way(ctx, id)
	if err != nil {
		return nil, err
	}
	client, err := a.Portal.Client(w.client)
	if err != nil {
		return nil, err
	}
	gate, err := a.gate(ctx, id, epoch)
	if err != nil {
		return nil, err
	}
	return &publisher{client: client, organisation: organisation, allowed: gate.Check}, nil
}

// act does one thing on the Portal, unless somebody else is about to.
func (p *publisher) act(ctx context.Context, do func(portal.Publisher) error) error {
	if err := p.allowed(ctx); err != nil {
		return err
	}
	return do(p.client)
}

// PublishChats has the Portal show a school's chats, and those that are gone not any more. What it
// shows is recorded after each request.
func (a *Activities) PublishChats(ctx context.Context, in workflows.PublishInput) (workflows.Served, error) {
	out := workflows.Served{Done: map[string]int{}, Failed: map[string]int{}}
	beat := startBeating(ctx)
	defer beat.stop()
	s, err := a.survey(ctx, in.School, survey.Options{Snapshot: in.Roster})
	if err != nil {
		return out, err
	}
	publication, err := s.Publication(ctx, a.Store)
	if err != nil || !publication.Any() {
		return out, err
	}
	p, err := a.publisher(ctx, in.School, in.Epoch)
	if err != nil {
		return out, err
	}
	x := chatPublisher{publisher: p, a: a, school: in.School, beat: beat, served: out}
	for _, gone := range publication.Remove {
		if err := x.remove(ctx, gone); err != nil {
			return out, err
		}
	}
	for _, part := range lo.Chunk(publication.Put, portal.MaxChats) {
		if err := x.put(ctx, part); err != nil {
			return out, err
		}
	}
	return out, nil
}

type chatPublisher struct {
	*publisher
	a      *Activities
	school school.ID
	beat   *beating
	served workflows.Served
}

func (x *chatPublisher) remove(ctx context.Context, gone store.Shown) error {
	err := x.act(ctx, func(to portal.Publisher) error { return to.RemoveChat(ctx, gone.Organisation, string(gone.Key)) })
	if portal.CodeOf(err) == portal.CodeBadRequest {
		x.served.Failed[string(portal.CodeBadRequest)]++
		return nil
	}
	if err != nil {
		return err
	}
	return x.record(ctx, 1, map[store.Shown]string{gone: ""})
}

// put has some chats shown. Where the Portal does not take them, it is found out which of them is to
// blame: that one is counted, and the others are shown.
func (x *chatPublisher) put(ctx context.Context, part []portal.Chat) error {
	err := x.act(ctx, func(to portal.Publisher) error { return to.PutChats(ctx, x.organisation, part) })
	if portal.CodeOf(err) == portal.CodeBadRequest {
		if len(part) == 1 {
			x.served.Failed[string(portal.CodeBadRequest)]++
			return nil
		}
		half := len(part) / 2
		if err := x.put(ctx, part[:half]); err != nil {
			return err
		}
		return x.put(ctx, part[half:])
	}
	if err != nil {
		return err
	}
	return x.record(ctx, len(part), lo.SliceToMap(part, func(c portal.Chat) (store.Shown, string) {
		return store.Shown{Organisation: x.organisation, Key: chats.Key(c.Key)}, calls.Digest(c)
	}))
}

func (x *chatPublisher) record(ctx context.Context, n int, digests map[store.Shown]string) error {
	x.served.Done[workflows.ServedChats] += n
	x.beat.advance(ctx, n)
	return x.a.Store.SetPublished(ctx, x.school, digests)
}
