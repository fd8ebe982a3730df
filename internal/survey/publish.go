package survey

import (
	"cmp"
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
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
	links, err := st.Links(ctx, s.School.ID)
	if err != nil {
		return p, err
	}
	mirror := s.Mirror.ByKey()
	identities, organisation := calls.Identities(s.Roster), s.School.Organisation()
	for _, c := range s.Desired {
		known := mirror[c.Key]
		if links[c.Key] == "" || known == nil || known.State == reconcile.ChatGone {
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
