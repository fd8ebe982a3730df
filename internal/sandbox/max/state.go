package max

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/samber/lo"
)

// bot is a bot, and its own row in the journal.
type bot struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Token is the token's fingerprint.
	Token string `json:"token"`
	Switches
	Subscriptions []subscription `json:"subscriptions,omitempty"`

	stream *stream
}

// subscription is a webhook.
type subscription struct {
	URL    string   `json:"url"`
	Secret string   `json:"secret,omitempty"`
	Types  []string `json:"types,omitempty"` // all of them, if there is none
	At     int64    `json:"at"`              // ms
	// Delivered is the Seq of the last event that was sent, or given up.
	Delivered int64 `json:"delivered"`
}

func (b *bot) subscription(url string) *subscription {
	i := slices.IndexFunc(b.Subscriptions, func(s subscription) bool { return s.URL == url })
	if i < 0 {
		return nil
	}
	return &b.Subscriptions[i]
}

// chat is a chat, and its own row in the journal.
type chat struct {
	ID      int64  `json:"id"`
	Title   string `json:"title"`
	Link    string `json:"link"`
	Owner   int64  `json:"owner"`
	Closed  bool   `json:"closed,omitempty"`
	Created int64  `json:"created"` // ms
	Moved   int64  `json:"moved"`   // ms: the last event
	// Members are people and bots, in the order in which they came. Came is the last one's Place.
	Members []member `json:"members"`
	Came    int64    `json:"came"`
	Blocked []int64  `json:"blocked,omitempty"`
	// Former are the bots that were in it: true is one that went of its own will.
	Former map[int64]bool `json:"former,omitempty"`
	Pinned string         `json:"pinned,omitempty"`
	// Said counts its messages ever, and numbers them.
	Said int64 `json:"said,omitempty"`

	messages []message // rows of their own
}

type member struct {
	ID    int64 `json:"id"`
	Place int64 `json:"place"` // a number that nobody else in the chat has, or had
	At    int64 `json:"at"`    // ms
	// Admin with Permissions; the owner has all of them.
	Admin       bool         `json:"admin,omitempty"`
	Permissions []Permission `json:"permissions,omitempty"`
}

// message is a message, and its row in the journal.
type message struct {
	Chat   int64  `json:"chat"`
	Seq    int64  `json:"seq"`
	ID     string `json:"mid"`
	Sender int64  `json:"sender"`
	Text   string `json:"text"`
	At     int64  `json:"at"` // ms
}

type deletedChange struct {
	Chat int64  `json:"chat"`
	ID   string `json:"mid"`
}

type deliveredChange struct {
	Bot int64  `json:"bot"`
	URL string `json:"url"`
	Seq int64  `json:"seq"`
}

// change is a line of the journal: one of its fields is set.
type change struct {
	Bot       *bot             `json:"bot,omitempty"`
	Person    *Person          `json:"person,omitempty"`
	Chat      *chat            `json:"chat,omitempty"`
	Said      *message         `json:"said,omitempty"`
	Deleted   *deletedChange   `json:"deleted,omitempty"`
	Event     *event           `json:"event,omitempty"`
	Dropped   *droppedChange   `json:"dropped,omitempty"`
	Delivered *deliveredChange `json:"delivered,omitempty"`
}

// state is everything there is. It changes by apply alone, so that a replay leads to the same.
type state struct {
	bots   map[int64]*bot
	people map[int64]Person
	chats  map[int64]*chat
	// tokens and links are indexes.
	tokens map[string]int64
	links  map[string]int64
	// moved is when the last thing happened, in ms.
	moved int64
}

func newState() *state {
	return &state{
		bots: map[int64]*bot{}, people: map[int64]Person{}, chats: map[int64]*chat{}, tokens: map[string]int64{}, links: map[string]int64{},
	}
}

// snapshot gives the changes that lead to this state.
func (s *state) snapshot() iter.Seq[change] {
	return func(yield func(change) bool) {
		for _, ch := range slices.Concat(s.botRows(), s.chatRows()) {
			if !yield(ch) {
				return
			}
		}
	}
}

func (s *state) botRows() []change {
	var rows []change
	for _, b := range s.orderedBots() {
		rows = append(rows, change{Bot: b}, change{Dropped: &droppedChange{Bot: b.ID, Before: b.stream.before}})
		for _, e := range b.stream.events {
			rows = append(rows, change{Event: &e})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.people)) {
		rows = append(rows, change{Person: new(s.people[id])})
	}
	return rows
}

func (s *state) chatRows() []change {
	var rows []change
	for _, c := range s.orderedChats() {
		rows = append(rows, change{Chat: c})
		for _, m := range c.messages {
			rows = append(rows, change{Said: &m})
		}
	}
	return rows
}

func (s *state) orderedBots() []*bot {
	return slices.SortedFunc(maps.Values(s.bots), func(a, b *bot) int { return cmp.Compare(a.ID, b.ID) })
}

// orderedChats gives the chats in the order in which they were made: their ids go down.
func (s *state) orderedChats() []*chat {
	return slices.SortedFunc(maps.Values(s.chats), func(a, b *chat) int { return cmp.Compare(b.ID, a.ID) })
}

func (s *state) apply(ch change) error {
	switch {
	case ch.Bot != nil:
		s.putBot(*ch.Bot)
		return nil
	case ch.Person != nil:
		s.people[ch.Person.User] = *ch.Person
		return nil
	case ch.Chat != nil:
		s.putChat(*ch.Chat)
		return nil
	case ch.Said != nil:
		return s.within(ch.Said.Chat, func(c *chat) { c.hear(*ch.Said) })
	case ch.Deleted != nil:
		return s.within(ch.Deleted.Chat, func(c *chat) { c.forget(ch.Deleted.ID) })
	default:
		return s.applyTelling(ch)
	}
}

// applyTelling makes the changes of what a bot is told.
func (s *state) applyTelling(ch change) error {
	switch {
	case ch.Event != nil:
		s.moved = max(s.moved, ch.Event.At)
		return s.of(ch.Event.Bot, func(b *bot) error { return b.stream.add(*ch.Event) })
	case ch.Dropped != nil:
		return s.of(ch.Dropped.Bot, func(b *bot) error {
			b.stream.drop(ch.Dropped.Before)
			return nil
		})
	case ch.Delivered != nil:
		return s.of(ch.Delivered.Bot, func(b *bot) error {
			if to := b.subscription(ch.Delivered.URL); to != nil {
				to.Delivered = max(to.Delivered, ch.Delivered.Seq)
			}
			return nil
		})
	}
	return errors.New("a change of an unknown kind: use the version that wrote it")
}

func (s *state) of(id int64, do func(*bot) error) error {
	b, ok := s.bots[id]
	if !ok {
		return fmt.Errorf("bot %d: %w", id, ErrUnknown)
	}
	return do(b)
}

func (s *state) within(id int64, do func(*chat)) error {
	c, ok := s.chats[id]
	if !ok {
		return fmt.Errorf("chat %d: %w", id, ErrUnknown)
	}
	do(c)
	return nil
}

func (s *state) putBot(row bot) {
	row.stream = newStream()
	if before, ok := s.bots[row.ID]; ok {
		delete(s.tokens, before.Token)
		row.stream = before.stream
	}
	s.tokens[row.Token] = row.ID
	s.bots[row.ID] = &row
	row.stream.wake() // its subscriptions or switches may be others
}

func (s *state) putChat(row chat) {
	if before, ok := s.chats[row.ID]; ok {
		row.messages = before.messages
	}
	s.moved = max(s.moved, row.Moved)
	s.links[row.Link] = row.ID
	s.chats[row.ID] = &row
}

// edited gives a copy of the chat that can be changed, and put in its place.
func (c *chat) edited(at int64) *chat {
	row := *c
	row.Members, row.Blocked, row.Former = slices.Clone(c.Members), slices.Clone(c.Blocked), maps.Clone(c.Former)
	row.Moved = at
	return &row
}

func (c *chat) index(id int64) int {
	return slices.IndexFunc(c.Members, func(m member) bool { return m.ID == id })
}

func (c *chat) find(id int64) (member, bool) {
	return lo.Find(c.Members, func(m member) bool { return m.ID == id })
}

// may tells whether somebody is an admin with these permissions.
func (c *chat) may(id int64, needs ...Permission) bool {
	m, in := c.find(id)
	return in && (id == c.Owner || m.Admin && lo.Every(m.Permissions, needs))
}

func (c *chat) admins() int { return lo.CountBy(c.Members, func(m member) bool { return m.Admin }) }
