package survey

import (
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
	// Put are chats to be shown, or to be shown otherwise than now, with their digests; Remove are
	// the keys of those not to be shown any more. Both are sorted.
	Put     []portal.Chat
	Digests map[chats.Key]string
	Remove  []chats.Key
}

// Any tells whether there is anything to publish.
func (p Publication) Any() bool { return len(p.Put)+len(p.Remove) > 0 }

// Parts cuts what is to be shown into parts of at most n chats.
func (p Publication) Parts(n int) []Publication {
	return lo.Map(lo.Chunk(p.Put, n), func(put []portal.Chat, _ int) Publication {
		digests := lo.SliceToMap(put, func(c portal.Chat) (chats.Key, string) { return chats.Key(c.Key), p.Digests[chats.Key(c.Key)] })
		return Publication{Put: put, Digests: digests}
	})
}

// Publication compares the chats that have a link with what the Portal shows. A chat is shown to
// whoever belongs into it, be they in it already or not: that is how the invited find it.
func (s Survey) Publication(ctx context.Context, st *store.Store) (Publication, error) {
	p := Publication{Digests: map[chats.Key]string{}}
	shown, err := st.PublishedChats(ctx, s.School.ID)
	if err != nil {
		return p, err
	}
	links, err := st.Links(ctx, s.School.ID)
	if err != nil {
		return p, err
	}
	mirror := s.Mirror.ByKey()
	identities := lo.SliceToMap(s.Roster.People, func(x school.Person) (school.PersonID, string) { return x.ID, x.Portal })
	for _, c := range s.Desired {
		known := mirror[c.Key]
		if links[c.Key] == "" || known == nil || known.State == reconcile.ChatGone {
			continue
		}
		chat := portal.Chat{
			Key: string(c.Key), Type: string(c.Type), Class: string(c.Class), Title: c.Title, Link: links[c.Key],
			Audience: calls.Audience(calls.People(c), identities),
		}
		digest := calls.Digest(chat)
		if shown[c.Key] != digest {
			p.Put, p.Digests[c.Key] = append(p.Put, chat), digest
		}
		delete(shown, c.Key)
	}
	p.Remove = lo.Keys(shown)
	slices.Sort(p.Remove)
	return p, nil
}
