package activities

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/school"
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

func (a *Activities) publisher(ctx context.Context, id school.ID, organisation string, epoch int64) (*publisher, error) {
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

// PublishChats has the Portal show a school's chats. What it shows is recorded after each request.
func (a *Activities) PublishChats(ctx context.Context, in workflows.PublishInput) (workflows.Served, error) {
	out := workflows.Served{Done: map[string]int{}}
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
	p, err := a.publisher(ctx, in.School, s.School.Organisation(), in.Epoch)
	if err != nil {
		return out, err
	}
	for _, part := range publication.Parts(portal.MaxChats) {
		if err := p.act(ctx, func(x portal.Publisher) error { return x.PutChats(ctx, p.organisation, part.Put) }); err != nil {
			return out, err
		}
		if err := a.Store.SetPublished(ctx, in.School, part.Digests); err != nil {
			return out, err
		}
		out.Done[workflows.ServedChats] += len(part.Put)
		beat.advance(ctx, len(part.Put))
	}
	for _, key := range publication.Remove {
		if err := p.act(ctx, func(x portal.Publisher) error { return x.RemoveChat(ctx, p.organisation, string(key)) }); err != nil {
			return out, err
		}
		if err := a.Store.SetPublished(ctx, in.School, map[chats.Key]string{key: ""}); err != nil {
			return out, err
		}
		out.Done[workflows.ServedChats]++
		beat.advance(ctx, 1)
	}
	return out, nil
}
