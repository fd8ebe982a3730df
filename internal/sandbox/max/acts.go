package max

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/samber/lo"
)

// firstChat is the id of the first chat that is made; those of chats are negative, and go down.
const firstChat = -70_000_001

// Making is a chat that a person makes, who owns it from then on.
type Making struct {
	Owner int64  `json:"owner"`
	Title string `json:"title"`
}

// BotRights lets a bot into a chat, or gives it other rights there.
type BotRights struct {
	Chat int64 `json:"chat"`
	Bot  int64 `json:"bot"`
	// By is who does it, by default the owner.
	By int64 `json:"by,omitempty"`
	// Permissions are those of an admin; nil is all of them.
	Permissions []Permission `json:"permissions"`
	// Plain: it is no admin.
	Plain bool `json:"plain,omitempty"`
}

// Joining is somebody who follows the link of a chat, which may be named by its id instead.
type Joining struct {
	Link string `json:"link,omitempty"`
	Chat int64  `json:"chat,omitempty"`
	User int64  `json:"user"`
}

// Seat is somebody's place in a chat, and who does something about it: By is the owner by default.
type Seat struct {
	Chat int64 `json:"chat"`
	User int64 `json:"user"`
	By   int64 `json:"by,omitempty"`
}

// Kicking turns somebody out.
type Kicking struct {
	Seat
	// Block keeps them from coming back by the link.
	Block bool `json:"block,omitempty"`
}

// Rights are what a member is to be.
type Rights struct {
	Seat
	Admin bool `json:"admin"`
	// Permissions are those of an admin; nil is all of them.
	Permissions []Permission `json:"permissions"`
}

// Renaming gives a chat another title.
type Renaming struct {
	Chat  int64  `json:"chat"`
	Title string `json:"title"`
	By    int64  `json:"by,omitempty"`
}

// ChatRef names a chat.
type ChatRef struct {
	Chat int64 `json:"chat"`
}

// MakeChat makes a chat. Bots cannot.
func (w *World) MakeChat(m Making) (Chat, error) {
	if m.Owner <= 0 || !goodTitle(m.Title) {
		return Chat{}, fmt.Errorf("%w: give a positive owner, and a title of up to %d characters", ErrInvalid, maxTitle)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, isBot := w.state.bots[m.Owner]; isBot {
		return Chat{}, fmt.Errorf("%w: bots make no chats", ErrConflict)
	}
	at := w.tick()
	row := &chat{
		ID: firstChat - int64(len(w.state.chats)), Title: m.Title, Link: "https://max.ru/join/" + rand.Text(), Owner: m.Owner,
		Created: at, Moved: at, Came: 1,
		Members: []member{{ID: m.Owner, Place: 1, At: at, Admin: true, Permissions: Permissions()}},
	}
	err := w.commit(change{Chat: row})
	return row.view(w), err
}

// act lets somebody do something in a chat: by is who, by default the owner, and must be an admin with the permission.
func (w *World) act(id, by int64, needs Permission, do func(c *chat, by int64) error) (Chat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.chat(id)
	if err != nil {
		return Chat{}, err
	}
	by = cmp.Or(by, c.Owner)
	if !c.may(by, needs) {
		return Chat{}, fmt.Errorf("%w: %d is no admin of chat %d with %s", ErrConflict, by, id, needs)
	}
	if err := do(c, by); err != nil {
		return Chat{}, err
	}
	return w.state.chats[id].view(w), nil
}

// AddBot lets a bot into a chat, as an admin unless it is to be plain.
func (w *World) AddBot(r BotRights) (Chat, error) {
	permissions, err := wanted(r.Permissions)
	if err != nil {
		return Chat{}, err
	}
	return w.act(r.Chat, r.By, AddRemoveMembers, func(c *chat, by int64) error {
		if _, err := w.bot(r.Bot); err != nil {
			return err
		}
		if _, in := c.find(r.Bot); in {
			return fmt.Errorf("%w: the bot is in the chat", ErrConflict)
		}
		m := member{ID: r.Bot, Admin: true, Permissions: permissions}
		if r.Plain {
			m = member{ID: r.Bot}
		}
		return w.enter(c, m, by)
	})
}

// SetBotPermissions gives a bot that is in a chat other rights there.
func (w *World) SetBotPermissions(r BotRights) (Chat, error) {
	w.mu.RLock()
	_, err := w.bot(r.Bot)
	w.mu.RUnlock()
	if err != nil {
		return Chat{}, err
	}
	return w.SetAdmin(Rights{Seat: Seat{Chat: r.Chat, User: r.Bot, By: r.By}, Admin: !r.Plain, Permissions: r.Permissions})
}

// RemoveBot turns a bot out of a chat.
func (w *World) RemoveBot(r BotRights) (Chat, error) {
	w.mu.RLock()
	_, err := w.bot(r.Bot)
	w.mu.RUnlock()
	if err != nil {
		return Chat{}, err
	}
	return w.Kick(Kicking{Seat: Seat{Chat: r.Chat, User: r.Bot, By: r.By}})
}

// Join lets somebody in by the link, unless they are blocked. Who is in already stays in.
func (w *World) Join(j Joining) (Chat, error) {
	if j.Link != "" {
		w.mu.RLock()
		id, ok := w.state.links[j.Link]
		w.mu.RUnlock()
		if !ok {
			return Chat{}, fmt.Errorf("the link is %w", ErrUnknown)
		}
		j.Chat = id
	}
	return w.act(j.Chat, 0, AddRemoveMembers, func(c *chat, _ int64) error {
		if slices.Contains(c.Blocked, j.User) {
			return fmt.Errorf("%w: %d is blocked in the chat", ErrConflict, j.User)
		}
		return w.comeIn(c, j.User, 0)
	})
}

// Add lets somebody in whom an admin adds by hand. That ends their being blocked.
func (w *World) Add(s Seat) (Chat, error) {
	return w.act(s.Chat, s.By, AddRemoveMembers, func(c *chat, by int64) error { return w.comeIn(c, s.User, by) })
}

func (w *World) comeIn(c *chat, id, by int64) error {
	if _, isBot := w.state.bots[id]; isBot || id <= 0 {
		return fmt.Errorf("%w: give a positive user who is no bot", ErrInvalid)
	}
	if _, in := c.find(id); in {
		return nil
	}
	return w.enter(c, member{ID: id}, by)
}

// Leave lets a member go of their own will.
func (w *World) Leave(s Seat) (Chat, error) {
	return w.seat(s, AddRemoveMembers, func(c *chat, _ int, _ int64) error { return w.exit(c, s.User, s.User, false) })
}

// Kick lets a member be turned out by hand.
func (w *World) Kick(k Kicking) (Chat, error) {
	return w.seat(k.Seat, AddRemoveMembers, func(c *chat, _ int, by int64) error { return w.exit(c, k.User, by, k.Block) })
}

// SetAdmin makes a member an admin, or takes that away.
func (w *World) SetAdmin(r Rights) (Chat, error) {
	permissions, err := wanted(r.Permissions)
	if err != nil {
		return Chat{}, err
	}
	return w.seat(r.Seat, AddAdmins, func(c *chat, i int, by int64) error {
		row := c.edited(w.tick())
		return w.commitTold(row, w.grant(row, i, r.Admin, lo.Ternary(r.Admin, permissions, nil), by)...)
	})
}

// seat does something about a member who is not the owner; i is where they are among the members.
func (w *World) seat(s Seat, needs Permission, do func(c *chat, i int, by int64) error) (Chat, error) {
	return w.act(s.Chat, s.By, needs, func(c *chat, by int64) error {
		i := c.index(s.User)
		if i < 0 {
			return fmt.Errorf("member %d of chat %d is %w", s.User, s.Chat, ErrUnknown)
		}
		if s.User == c.Owner {
			return fmt.Errorf("%w: the owner stays, with all rights", ErrConflict)
		}
		return do(c, i, by)
	})
}

// Rename gives a chat another title.
func (w *World) Rename(r Renaming) (Chat, error) {
	if !goodTitle(r.Title) {
		return Chat{}, fmt.Errorf("%w: give a title of up to %d characters", ErrInvalid, maxTitle)
	}
	return w.act(r.Chat, r.By, ChangeChatInfo, func(c *chat, by int64) error { return w.rename(c, r.Title, by) })
}

// CloseChat ends a chat, which its owner does. Its bots are told that they were removed, *assumed*.
func (w *World) CloseChat(r ChatRef) (Chat, error) {
	return w.act(r.Chat, 0, ChangeChatInfo, func(c *chat, by int64) error {
		row := c.edited(w.tick())
		row.Closed = true
		bots := lo.FilterMap(c.Members, func(m member, _ int) (int64, bool) { return m.ID, lo.HasKey(w.state.bots, m.ID) })
		return w.commitTold(row, telling{to: bots, kind: BotRemoved, update: w.inChat(row, BotRemoved, by)})
	})
}

// wanted gives the permissions that are meant.
func wanted(permissions []Permission) ([]Permission, error) {
	if permissions == nil {
		return Permissions(), nil
	}
	if !lo.Every(Permissions(), permissions) {
		return nil, fmt.Errorf("%w: give permissions out of %v", ErrInvalid, Permissions())
	}
	return lo.Uniq(permissions), nil
}
