package survey

import (
	"cmp"
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// Publication is what is to be changed on the Portal about a school's chats.
type Publication struct {
	// Put are chats to be shown, or to be shown otherwise than now, by key.
	Put []portal.Chat
	// Remove are those not to be shown any more, by organisation and key.
	Remove []store.Shown
}

// Any tells whether there is anything to publish.
func (p Publication) Any() bool { return len(p.Put)+len(p.Remove) > 0 }

// Publication compares the chats that have a link with what the Portal shows. A chat is shown to
// whoever belongs into it, be they in it already or not: that is how the invited find it.
func (s Survey) Publication(ctx context.Context, st *store.Store) (Publication, error) {
	var p Publication
	shown, err := st.PublishedChats(ctx, s.School.ID)
	if err != nil {
		return p, err
	}
	links, err := s.links(ctx, st)
	if err != nil {
		return p, err
	}
	identities, organisation := calls.Identities(s.Roster), s.School.Organisation()
	for _, c := range s.Desired {
		if links[c.Key] == "" {
			continue
		}
		chat := portal.Chat{
			Key: string(c.Key), Type: string(c.Type), Class: string(c.Class), Title: c.Title, Link: links[c.Key],
			Audience: calls.Audience(calls.People(c), identities),
		}
		here := store.Shown{Organisation: organisation, Key: c.Key}
		if shown[here] != calls.Digest(chat) {
			p.Put = append(p.Put, chat)
		}
		delete(shown, here)
	}
	p.Remove = lo.Keys(shown)
	slices.SortFunc(p.Remove, func(a, b store.Shown) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Key, b.Key))
	})
	return p, nil
}

// links are the links by which the school's chats are found. While the school moves, they are those of the chats that are there
// already on the other messenger, and of the old ones where there is no new one yet.
func (s Survey) links(ctx context.Context, st *store.Store) (map[chats.Key]string, error) {
	found, err := usable(ctx, st, s.School.ID, s.Mirror)
	if err != nil || s.School.Successor == "" {
		return found, err
	}
	mirror, err := st.Mirror(ctx, s.School.Successor)
	if err != nil {
		return nil, err
	}
	moved, err := usable(ctx, st, s.School.Successor, mirror)
	return lo.Assign(found, moved), err
}

// usable are the links of the chats to which the messenger gives access.
func usable(ctx context.Context, st *store.Store, id school.ID, mirror store.Mirror) (map[chats.Key]string, error) {
	links, err := st.Links(ctx, id)
	if err != nil {
		return nil, err
	}
	byKey := mirror.ByKey()
	return lo.PickBy(links, func(k chats.Key, _ string) bool { return byKey[k] != nil && byKey[k].State != reconcile.ChatGone }), nil
}
