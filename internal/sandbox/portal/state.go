package portal

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"
)

// organisation is an organisation, and its own row in the journal.
type organisation struct {
	ID   string `json:"id"`
	Name string `json:"name"`

	links map[string]link // by identity
	chats map[string]chat // by key
	calls map[string]call // by id
}

// keyRow is a key that may sign requests.
type keyRow struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// link is what an identity's link is now; with the account 0 it was undone.
type link struct {
	Organisation string    `json:"organisation"`
	Identity     string    `json:"identity"`
	Account      int64     `json:"account,omitempty"`
	At           time.Time `json:"at"`
}

// chat is a chat that is shown, or was.
type chat struct {
	Organisation string `json:"organisation"`
	Chat
	Shown bool `json:"shown"`
}

// call is a call that is shown, or was.
type call struct {
	Organisation string `json:"organisation"`
	Call
	Shown bool `json:"shown"`
	// Links are those that it ever showed.
	Links []string `json:"links"`
}

// change is a line of the journal: one of its fields is set. Each is a row as it is now.
type change struct {
	Key          *keyRow       `json:"key,omitempty"`
	Organisation *organisation `json:"organisation,omitempty"`
	Link         *link         `json:"link,omitempty"`
	Chat         *chat         `json:"chat,omitempty"`
	Call         *call         `json:"call,omitempty"`
}

// state is everything there is. It changes by apply alone, so that a replay leads to the same; but
// for latest, which also moves with every reading.
type state struct {
	keys          map[string]string // secrets by id
	organisations map[string]*organisation
	// latest is the last moment at which anything was changed or read.
	latest time.Time
}

func newState() *state {
	return &state{keys: map[string]string{}, organisations: map[string]*organisation{}}
}

// snapshot gives the changes that lead to this state.
func (s *state) snapshot() iter.Seq[change] {
	return func(yield func(change) bool) {
		for _, id := range slices.Sorted(maps.Keys(s.keys)) {
			if !yield(change{Key: &keyRow{ID: id, Secret: s.keys[id]}}) {
				return
			}
		}
		for _, id := range slices.Sorted(maps.Keys(s.organisations)) {
			for _, ch := range s.organisations[id].rows() {
				if !yield(ch) {
					return
				}
			}
		}
	}
}

func (o *organisation) rows() []change {
	rows := []change{{Organisation: o}}
	rows = append(rows, lo.Map(sorted(o.links), func(l link, _ int) change { return change{Link: &l} })...)
	rows = append(rows, lo.Map(sorted(o.chats), func(c chat, _ int) change { return change{Chat: &c} })...)
	return append(rows, lo.Map(sorted(o.calls), func(c call, _ int) change { return change{Call: &c} })...)
}

// sorted gives a map's values in the order of its keys.
func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	return lo.Map(slices.Sorted(maps.Keys(m)), func(key K, _ int) V { return m[key] })
}

func (s *state) apply(ch change) error {
	switch {
	case ch.Key != nil:
		s.keys[ch.Key.ID] = ch.Key.Secret
		return nil
	case ch.Organisation != nil:
		s.putOrganisation(*ch.Organisation)
		return nil
	case ch.Link != nil:
		return s.of(ch.Link.Organisation, ch.Link.At, func(o *organisation) { o.links[ch.Link.Identity] = *ch.Link })
	case ch.Chat != nil:
		return s.of(ch.Chat.Organisation, ch.Chat.VisibleAt, func(o *organisation) { o.chats[ch.Chat.Key] = *ch.Chat })
	case ch.Call != nil:
		return s.of(ch.Call.Organisation, ch.Call.VisibleAt, func(o *organisation) { o.calls[ch.Call.ID] = *ch.Call })
	default:
		return fmt.Errorf("a change of an unknown kind: use the version that wrote it")
	}
}

func (s *state) putOrganisation(row organisation) {
	row.links, row.chats, row.calls = map[string]link{}, map[string]chat{}, map[string]call{}
	if before, ok := s.organisations[row.ID]; ok {
		row.links, row.chats, row.calls = before.links, before.chats, before.calls
	}
	s.organisations[row.ID] = &row
}

// of changes what an organisation has, at a moment.
func (s *state) of(id string, at time.Time, do func(*organisation)) error {
	o, ok := s.organisations[id]
	if !ok {
		return fmt.Errorf("an organisation is %w", ErrUnknown)
	}
	do(o)
	if at.After(s.latest) {
		s.latest = at
	}
	return nil
}
