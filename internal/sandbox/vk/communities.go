package vk

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"
)

// Registration makes a community, or gives one another token and name.
type Registration struct {
	GroupID int64  `json:"group_id"`
	Token   string `json:"token"`
	Name    string `json:"name"`
}

// GroupRef names a community.
type GroupRef struct {
	GroupID int64 `json:"group_id"`
}

// Switches say what a community's token may do; nil leaves a switch as it is.
type Switches struct {
	GroupID int64 `json:"group_id"`
	// Adding lets it use messages.addChatUser. Off at first, as in public VK.
	Adding *bool `json:"adding,omitempty"`
	// AddingAtCreation lets it put people into a chat that it makes. On at first.
	AddingAtCreation *bool `json:"adding_at_creation,omitempty"`
}

// Community is a community as it is now.
type Community struct {
	GroupID          int64  `json:"group_id"`
	Name             string `json:"name"`
	TokenGood        bool   `json:"token_good"`
	Adding           bool   `json:"adding"`
	AddingAtCreation bool   `json:"adding_at_creation"`
	Chats            int    `json:"chats"`
	// Callback is the address to which events are sent, Waiting how many still have to be.
	Callback string `json:"callback,omitempty"`
	Waiting  int    `json:"waiting,omitempty"`
}

// Chat is a chat as it is now.
type Chat struct {
	GroupID int64     `json:"group_id"`
	ChatID  int64     `json:"chat_id"`
	PeerID  int64     `json:"peer_id"`
	Title   string    `json:"title"`
	Link    string    `json:"link"`
	State   ChatState `json:"state"`
	Created time.Time `json:"created"`
	// Members are people, in the order in which they came, Admins those of them who are admins. The
	// community itself is in neither.
	Members []int64 `json:"members"`
	Admins  []int64 `json:"admins"`
	// Left are those who went of their own will and did not come back.
	Left []int64 `json:"left"`
	// Messages are the latest that the community sent and did not delete, oldest first; DeletedMessages
	// counts those that it deleted.
	Messages        []Message `json:"messages,omitempty"`
	DeletedMessages int       `json:"deleted_messages,omitempty"`
}

// State is a community with its chats and video calls, in the order in which they were made, and
// its managers, by account.
type State struct {
	Community Community `json:"community"`
	Chats     []Chat    `json:"chats"`
	Managers  []Manager `json:"managers,omitempty"`
	Rooms     []Room    `json:"rooms,omitempty"`
}

// Totals are sums over all communities.
type Totals struct {
	Communities int `json:"communities"`
	Chats       int `json:"chats"`
	Memberships int `json:"memberships"`
	Admins      int `json:"admins"`
}

// RegisterCommunity makes a community. If it is there already, it gets this token and name, the
// former token stops being good, and all else stays.
func (w *World) RegisterCommunity(r Registration) (Community, error) {
	if r.GroupID <= 0 || r.Token == "" || r.Name == "" {
		return Community{}, fmt.Errorf("%w: give a positive group_id, a token and a name", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	row := community{ID: r.GroupID, AddingAtCreation: true}
	if before, ok := w.state.communities[r.GroupID]; ok {
		row = *before
	}
	row.Name, row.Token = r.Name, fingerprint(r.Token)
	if err := w.state.free(row.Token, holder{group: r.GroupID}); err != nil {
		return Community{}, err
	}
	return w.putCommunity(row)
}

// RevokeToken makes the community's token bad.
func (w *World) RevokeToken(r GroupRef) (Community, error) {
	return w.editCommunity(r.GroupID, func(row *community) { row.Token = "" })
}

// SetSwitches changes what the community's token may do.
func (w *World) SetSwitches(s Switches) (Community, error) {
	return w.editCommunity(s.GroupID, func(row *community) {
		row.Adding = lo.FromPtrOr(s.Adding, row.Adding)
		row.AddingAtCreation = lo.FromPtrOr(s.AddingAtCreation, row.AddingAtCreation)
	})
}

func (w *World) editCommunity(group int64, edit func(*community)) (Community, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.community(group)
	if err != nil {
		return Community{}, err
	}
	row := *c
	edit(&row)
	return w.putCommunity(row)
}

func (w *World) putCommunity(row community) (Community, error) {
	if err := w.commit(change{Community: &row}); err != nil {
		return Community{}, err
	}
	return w.state.communities[row.ID].view(), nil
}

// Communities gives all communities, by id.
func (w *World) Communities() []Community {
	w.mu.RLock()
	defer w.mu.RUnlock()
	ids := slices.Sorted(maps.Keys(w.state.communities))
	return lo.Map(ids, func(id int64, _ int) Community { return w.state.communities[id].view() })
}

// State gives a community with all that it has.
func (w *World) State(r GroupRef) (State, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	c, err := w.community(r.GroupID)
	if err != nil {
		return State{}, err
	}
	return State{
		Community: c.view(),
		Chats:     lo.Map(c.ordered(), func(chat *chat, _ int) Chat { return chat.view() }),
		Managers:  lo.Map(c.orderedManagers(), func(m manager, _ int) Manager { return m.view() }),
		Rooms:     lo.Map(c.rooms, func(r room, _ int) Room { return r.view() }),
	}, nil
}

// Totals counts what there is. Chats that are gone do not count.
func (w *World) Totals() Totals {
	w.mu.RLock()
	defer w.mu.RUnlock()
	totals := Totals{Communities: len(w.state.communities)}
	for _, c := range w.state.communities {
		for _, chat := range c.chats {
			if chat.State == ChatGone {
				continue
			}
			totals.Chats++
			totals.Memberships += len(chat.Members)
			totals.Admins += lo.CountBy(chat.Members, func(m member) bool { return m.Admin })
		}
	}
	return totals
}

func (c *community) view() Community {
	view := Community{
		GroupID: c.ID, Name: c.Name, TokenGood: c.Token != "", Adding: c.Adding,
		AddingAtCreation: c.AddingAtCreation, Chats: len(c.chats),
	}
	if c.callback != nil {
		view.Callback, view.Waiting = c.callback.URL, len(c.stream.after(c.callback.Delivered))
	}
	return view
}

func (c *chat) view() Chat {
	return Chat{
		GroupID: c.Group, ChatID: c.ID, PeerID: c.peer(), Title: c.Title, Link: c.Link, State: c.State, Created: c.Created,
		Members: lo.Map(c.Members, func(m member, _ int) int64 { return m.ID }),
		Admins:  c.admins(),
		Left:    append([]int64{}, c.Left...),

		Messages: c.messages(), DeletedMessages: c.Deleted,
	}
}

func (c *chat) admins() []int64 {
	return lo.FilterMap(c.Members, func(m member, _ int) (int64, bool) { return m.ID, m.Admin })
}

func (c *chat) peer() int64 { return peerBase + c.ID }
