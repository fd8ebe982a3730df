package vk

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

// community is a community, and its own row in the journal.
type community struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Token is the token's fingerprint, "" once it is revoked.
	Token string `json:"token,omitempty"`
	// Adding and AddingAtCreation say whether the token may put people into chats.
	Adding           bool `json:"adding"`
	AddingAtCreation bool `json:"adding_at_creation"`
	// Messages counts all messages in its chats, VK's own notices included; the last one's id.
	Messages int64 `json:"messages"`

	belongings
}

// belongings are what a community has; they are rows of their own.
type belongings struct {
	chats    map[int64]*chat
	managers map[int64]manager
	rooms    []room // in the order in which they were started
	stream   *stream
	callback *callbackChange // nil if there is none
}

// chat is a chat, and its own row in the journal.
type chat struct {
	Group   int64     `json:"group"`
	ID      int64     `json:"id"`
	Title   string    `json:"title"`
	Link    string    `json:"link"`
	State   ChatState `json:"state"`
	Created time.Time `json:"created"`
	// Activity is the id of its last message: it orders conversations.
	Activity int64 `json:"activity"`
	// Members are people, in the order in which they came; the community itself is not among them.
	Members []member `json:"members"`
	// Left are those who went of their own will.
	Left []int64 `json:"left,omitempty"`
	// Sent are the latest messages that the community sent to it; Deleted counts those that it deleted.
	Sent    []sent `json:"sent,omitempty"`
	Deleted int    `json:"deleted,omitempty"`
}

type member struct {
	ID        int64 `json:"id"`
	InvitedBy int64 `json:"by"`
	Joined    int64 `json:"at"` // Unix time
	Admin     bool  `json:"admin,omitempty"`
}

func (c *chat) find(account int64) (member, bool) {
	if i := c.index(account); i >= 0 {
		return c.Members[i], true
	}
	return member{}, false
}

func (c *chat) index(account int64) int {
	return slices.IndexFunc(c.Members, func(m member) bool { return m.ID == account })
}

// change is a line of the journal: one of its fields is set.
type change struct {
	// Community and Chat are rows as they are now.
	Community *community `json:"community,omitempty"`
	Chat      *chat      `json:"chat,omitempty"`
	Account   *Account   `json:"account,omitempty"`
	// Settings, Member, Gone, Sent and Deleted change a chat.
	Settings *settingsChange `json:"settings,omitempty"`
	Member   *memberChange   `json:"member,omitempty"`
	Gone     *goneChange     `json:"gone,omitempty"`
	Sent     *sentChange     `json:"sent,omitempty"`
	Deleted  *deletedChange  `json:"deleted,omitempty"`
	// Manager and Room are rows of a community, as they are now.
	Manager *manager `json:"manager,omitempty"`
	Room    *room    `json:"room,omitempty"`
	// Event, Stream, Callback and Delivered change what a community is told.
	Event     *event           `json:"event,omitempty"`
	Stream    *streamChange    `json:"stream,omitempty"`
	Callback  *callbackChange  `json:"callback,omitempty"`
	Delivered *deliveredChange `json:"delivered,omitempty"`
}

type chatKey struct {
	Group int64 `json:"group"`
	Chat  int64 `json:"chat"`
}

type settingsChange struct {
	chatKey
	Title string    `json:"title"`
	Link  string    `json:"link"`
	State ChatState `json:"state"`
}

// memberChange puts a member into a chat, or in the place of what they were.
type memberChange struct {
	chatKey
	Member member `json:"member"`
}

type goneChange struct {
	chatKey
	Account int64 `json:"account"`
	// OwnWill: the person left and was not removed.
	OwnWill bool `json:"own_will,omitempty"`
}

// state is everything there is. It changes by apply alone, so that a replay leads to the same.
type state struct {
	communities map[int64]*community
	accounts    map[int64]Adding
	// tokens and links are indexes.
	tokens map[string]holder
	links  map[string]*chat
}

// holder is whose token it is: a community's own or, with an account, that of a person who
// manages it.
type holder struct{ group, account int64 }

// free tells whether a token may be given to a holder.
func (s *state) free(token string, to holder) error {
	if by, taken := s.tokens[token]; taken && by != to {
		return fmt.Errorf("%w: somebody at community %d has this token, give another", ErrConflict, by.group)
	}
	return nil
}

func newState() *state {
	return &state{
		communities: map[int64]*community{},
		accounts:    map[int64]Adding{},
		tokens:      map[string]holder{},
		links:       map[string]*chat{},
	}
}

// snapshot gives the changes that lead to this state.
func (s *state) snapshot() iter.Seq[change] {
	return func(yield func(change) bool) {
		for _, group := range slices.Sorted(maps.Keys(s.communities)) {
			c := s.communities[group]
			if !yield(change{Community: c}) {
				return
			}
			for _, chat := range c.ordered() {
				if !yield(change{Chat: chat}) {
					return
				}
			}
			for _, ch := range slices.Concat(c.calling(), c.telling()) {
				if !yield(ch) {
					return
				}
			}
		}
		for _, id := range slices.Sorted(maps.Keys(s.accounts)) {
			if !yield(change{Account: &Account{Account: id, Adding: s.accounts[id]}}) {
				return
			}
		}
	}
}

// telling gives the changes that lead to what the community is told.
func (c *community) telling() []change {
	told := []change{{Stream: c.stream.row(c.ID)}}
	for _, e := range c.stream.events {
		told = append(told, change{Event: &e})
	}
	if c.callback != nil {
		told = append(told, change{Callback: c.callback})
	}
	return told
}

// ordered gives the chats in the order in which they were made.
func (c *community) ordered() []*chat {
	return slices.SortedFunc(maps.Values(c.chats), func(a, b *chat) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *state) apply(ch change) error {
	switch {
	case ch.Community != nil:
		s.putCommunity(*ch.Community)
		return nil
	case ch.Account != nil:
		s.accounts[ch.Account.Account] = ch.Account.Adding
		return nil
	case ch.Chat != nil:
		return s.putChat(ch.Chat)
	case ch.Settings != nil:
		return s.within(ch.Settings.chatKey, func(c *community, chat *chat) { s.putSettings(c, chat, ch.Settings) })
	case ch.Member != nil:
		return s.within(ch.Member.chatKey, func(c *community, chat *chat) { chat.put(c, ch.Member.Member) })
	case ch.Gone != nil:
		return s.within(ch.Gone.chatKey, func(c *community, chat *chat) { chat.drop(c, ch.Gone) })
	case ch.Sent != nil:
		return s.within(ch.Sent.chatKey, func(c *community, chat *chat) { chat.noteSent(c, ch.Sent) })
	case ch.Deleted != nil:
		return s.within(ch.Deleted.chatKey, func(_ *community, chat *chat) { chat.noteDeleted(ch.Deleted.Message) })
	case ch.Manager != nil, ch.Room != nil:
		return s.applyCalling(ch)
	default:
		return s.applyTelling(ch)
	}
}

// applyTelling makes the changes of what a community is told.
func (s *state) applyTelling(ch change) error {
	switch {
	case ch.Event != nil:
		return s.of(ch.Event.Group, func(c *community) error { return c.stream.add(*ch.Event) })
	case ch.Stream != nil:
		return s.of(ch.Stream.Group, func(c *community) error {
			c.stream.put(ch.Stream)
			return nil
		})
	case ch.Callback != nil:
		return s.of(ch.Callback.GroupID, func(c *community) error {
			c.callback = ch.Callback
			if c.callback.URL == "" {
				c.callback = nil
			}
			return nil
		})
	case ch.Delivered != nil:
		return s.of(ch.Delivered.Group, func(c *community) error {
			if c.callback != nil {
				c.callback.Delivered = ch.Delivered.Seq
			}
			return nil
		})
	default:
		return fmt.Errorf("a change of an unknown kind: use the version that wrote it")
	}
}

func (s *state) of(group int64, do func(*community) error) error {
	c, ok := s.communities[group]
	if !ok {
		return fmt.Errorf("community %d: %w", group, ErrUnknown)
	}
	return do(c)
}

func (s *state) within(key chatKey, do func(*community, *chat)) error {
	return s.of(key.Group, func(c *community) error {
		chat, ok := c.chats[key.Chat]
		if !ok {
			return fmt.Errorf("chat %d of community %d: %w", key.Chat, key.Group, ErrUnknown)
		}
		do(c, chat)
		return nil
	})
}

func (s *state) putCommunity(row community) {
	row.belongings = belongings{chats: map[int64]*chat{}, managers: map[int64]manager{}, stream: newStream()}
	if before, ok := s.communities[row.ID]; ok {
		delete(s.tokens, before.Token)
		row.belongings = before.belongings
	}
	if row.Token != "" {
		s.tokens[row.Token] = holder{group: row.ID}
	}
	s.communities[row.ID] = &row
}

func (s *state) putChat(row *chat) error {
	return s.of(row.Group, func(c *community) error {
		c.chats[row.ID] = row
		c.Messages = max(c.Messages, row.Activity)
		s.links[row.Link] = row
		return nil
	})
}

func (s *state) putSettings(c *community, chat *chat, now *settingsChange) {
	if chat.Title != now.Title || chat.State != now.State {
		chat.notice(c)
	}
	delete(s.links, chat.Link)
	chat.Title, chat.Link, chat.State = now.Title, now.Link, now.State
	s.links[chat.Link] = chat
}

// notice puts a message into the chat: every change that people see is one.
func (c *chat) notice(of *community) {
	of.Messages++
	c.Activity = of.Messages
}

func (c *chat) put(of *community, m member) {
	if i := c.index(m.ID); i >= 0 {
		c.Members[i] = m
		return
	}
	c.Members = append(c.Members, m)
	c.Left = slices.DeleteFunc(c.Left, func(id int64) bool { return id == m.ID })
	c.notice(of)
}

func (c *chat) drop(of *community, gone *goneChange) {
	i := c.index(gone.Account)
	if i < 0 {
		return
	}
	c.Members = slices.Delete(c.Members, i, i+1)
	if gone.OwnWill {
		c.Left = append(c.Left, gone.Account)
	}
	c.notice(of)
}
