package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// place is one chat as it must be, as it is, or both, with what is planned for it.
type place struct {
	key        chats.Key
	kind       chats.Type
	title      string
	want       *chats.Chat       // nil: the roster calls for no such chat any more
	have       *store.MirrorChat // nil: not there
	operations []reconcile.Operation
	holds      []reconcile.Hold
}

// placesOf lays a survey out by chat: Учительская first, then by title.
func placesOf(s survey.Survey) []*place {
	byKey := map[chats.Key]*place{}
	at := func(key chats.Key, kind chats.Type) *place {
		if byKey[key] == nil {
			byKey[key] = &place{key: key, kind: kind}
		}
		return byKey[key]
	}
	for i := range s.Desired {
		want := &s.Desired[i]
		p := at(want.Key, want.Type)
		p.want, p.title = want, want.Title
	}
	rekeyed := lo.SliceToMap(s.Plan.Rekeys, func(r reconcile.Rekey) (chats.Key, chats.Key) { return r.From, r.To })
	for i := range s.Mirror {
		have := &s.Mirror[i]
		p := at(cmp.Or(rekeyed[have.Key], have.Key), have.Type)
		p.have, p.title = have, cmp.Or(p.title, have.Title)
	}
	for _, o := range s.Plan.Operations {
		p := at(o.Chat, o.Type)
		p.operations = append(p.operations, o)
	}
	for _, h := range s.Plan.Holds {
		p := at(h.Operation.Chat, h.Operation.Type)
		p.holds = append(p.holds, h)
	}
	places := lo.Values(byKey)
	slices.SortFunc(places, comparePlaces)
	return places
}

func comparePlaces(a, b *place) int {
	order := func(p *place) int { return slices.Index(chats.Types(), p.kind) }
	return cmp.Or(cmp.Compare(order(a), order(b)), compareTitles(a.title, b.title), cmp.Compare(a.key, b.key))
}

// compareTitles orders 2А before 10А: runs of digits count as numbers.
func compareTitles(a, b string) int {
	for a != "" && b != "" {
		x, y := leadingNumber(a), leadingNumber(b)
		if x != "" && y != "" {
			if c := compareNumbers(x, y); c != 0 {
				return c
			}
			a, b = a[len(x):], b[len(y):]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a, b)
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func leadingNumber(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

func compareNumbers(x, y string) int {
	x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
}

func (p *place) state() chatState {
	switch {
	case p.have == nil && len(p.heldCreation()) > 0:
		return chatHeld
	case p.have == nil && p.want != nil && len(p.want.NotYet) > 0:
		return chatNotYet
	case p.have == nil:
		return chatToMake
	case p.have.State == reconcile.ChatAwaited:
		return chatAwaited
	case p.have.State == reconcile.ChatCreating:
		return chatMaking
	case p.have.State == reconcile.ChatGone:
		return chatGone
	case p.want == nil:
		return chatDormant
	default:
		return chatLive
	}
}

// heldCreation says why the chat is not made, or not made anew, without a human's word.
func (p *place) heldCreation() []reconcile.HoldKind {
	return lo.FilterMap(p.holds, func(h reconcile.Hold, _ int) (reconcile.HoldKind, bool) {
		return h.Kind, (h.Operation.Kind == reconcile.Create || h.Operation.Kind == reconcile.Ask)
	})
}

// notYet says why the chat must not be made yet; of a chat that is there it says nothing.
func (p *place) notYet() []chats.NotYet {
	if p.have != nil || p.want == nil {
		return nil
	}
	return p.want.NotYet
}

// wanted are the people who must be in the chat.
func (p *place) wanted() []chats.Member {
	if p.want == nil {
		return nil
	}
	return p.want.Members
}

// missing are the people who should be in the chat and cannot.
func (p *place) missing() []chats.Missing {
	if p.want == nil {
		return nil
	}
	return p.want.Missing
}

// known are the accounts that are on record with the chat.
func (p *place) known() []reconcile.Member {
	if p.have == nil {
		return nil
	}
	return p.have.Members
}

// findPlace finds a chat by its key, or by its exact title.
func findPlace(id school.ID, places []*place, keyOrTitle string) (*place, error) {
	for _, p := range places {
		if string(p.key) == keyOrTitle || p.have != nil && string(p.have.Key) == keyOrTitle {
			return p, nil
		}
	}
	titled := lo.Filter(places, func(p *place, _ int) bool { return p.title == keyOrTitle })
	switch len(titled) {
	case 0:
		return nil, usagef("school %s has no chat %q: give what the KEY column of this shows, or the exact title: rollcall chats %s", id, keyOrTitle, id)
	case 1:
		return titled[0], nil
	default:
		keys := lo.Map(titled, func(p *place, _ int) string { return string(p.key) })
		return nil, usagef("school %s has %d chats of that title: give the key: %s", id, len(titled), strings.Join(keys, ", "))
	}
}

// chatHead names a chat in a view.
type chatHead struct {
	Key   chats.Key  `json:"key"`
	Type  chats.Type `json:"type"`
	Title string     `json:"title"`
	State coded      `json:"state"`
}

func (p *place) head() chatHead {
	return chatHead{Key: p.key, Type: p.kind, Title: p.title, State: say(chatStateWords, p.state())}
}

func (h chatHead) String() string { return fmt.Sprintf("%s (%s) · %s", h.Title, h.Key, h.State.Words) }
