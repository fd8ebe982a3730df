package vk

import (
	"fmt"
	"slices"

	"github.com/samber/lo"
)

// Adding is what happens when a community tries to put an account into a chat.
type Adding string

// The kinds of accounts.
const (
	AddingAllowed Adding = "allowed"
	AddingRefused Adding = "refused" // the person's settings forbid it
	AddingMissing Adding = "missing" // there is no such account
)

// Account says how an account takes being added.
type Account struct {
	Account int64  `json:"account"`
	Adding  Adding `json:"adding"`
}

// Joining is somebody who follows an invite link.
type Joining struct {
	Link    string `json:"link"`
	Account int64  `json:"account"`
}

// Seat is somebody's place in a chat.
type Seat struct {
	GroupID int64 `json:"group_id"`
	ChatID  int64 `json:"chat_id"`
	Account int64 `json:"account"`
}

// Rights are what a member is to be.
type Rights struct {
	Seat
	Admin bool `json:"admin"`
}

// Renaming gives a chat another title.
type Renaming struct {
	GroupID int64  `json:"group_id"`
	ChatID  int64  `json:"chat_id"`
	Title   string `json:"title"`
}

// ChatState is how the community stands to a chat, or the chat to the world.
type ChatState string

// The states.
const (
	ChatIn          ChatState = "in"          // the community owns it
	ChatDemoted     ChatState = "demoted"     // the community is a member without rights
	ChatKicked      ChatState = "kicked"      // the community was turned out
	ChatLeft        ChatState = "left"        // the community went
	ChatGone        ChatState = "gone"        // deleted
	ChatDisabled    ChatState = "disabled"    // VK has closed it
	ChatUnsupported ChatState = "unsupported" // of a kind that the API does not serve
)

var chatStates = []ChatState{
	ChatIn, ChatDemoted, ChatKicked, ChatLeft, ChatGone, ChatDisabled, ChatUnsupported,
}

// Restating puts a chat into a state; ChatIn makes all good again.
type Restating struct {
	GroupID int64     `json:"group_id"`
	ChatID  int64     `json:"chat_id"`
	State   ChatState `json:"state"`
}

// SetAccount says how an account takes being added. It changes nothing where the account is
// in already, and keeps nobody from joining by a link.
func (w *World) SetAccount(a Account) (Account, error) {
	if a.Account <= 0 || !slices.Contains([]Adding{AddingAllowed, AddingRefused, AddingMissing}, a.Adding) {
		return Account{}, fmt.Errorf("%w: give a positive account, and adding as allowed, refused or missing", ErrInvalid)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return a, w.commit(change{Account: &a})
}

// Join lets somebody in by a link. Who is in already stays in.
func (w *World) Join(j Joining) (Chat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chat, ok := w.state.links[j.Link]
	if !ok || chat.State == ChatGone {
		return Chat{}, fmt.Errorf("the link is %w: it was reset, or its chat deleted", ErrUnknown)
	}
	return w.enter(chat, j.Account, j.Account, actionByLink)
}

// AddByHand lets somebody in whom another member brought along.
func (w *World) AddByHand(s Seat) (Chat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chat, err := w.chat(s.GroupID, s.ChatID)
	if err != nil {
		return Chat{}, err
	}
	by := s.Account
	if admins := chat.admins(); len(admins) > 0 {
		by = admins[0]
	}
	return w.enter(chat, s.Account, by, actionInvite)
}

func (w *World) enter(c *chat, account, by int64, action string) (Chat, error) {
	if account <= 0 {
		return Chat{}, fmt.Errorf("%w: give a positive account", ErrInvalid)
	}
	if _, in := c.find(account); !in {
		if err := w.commitNewcomer(c, w.newcomer(account, by), action); err != nil {
			return Chat{}, err
		}
	}
	return c.view(), nil
}

// newcomer is a member who comes in now.
func (w *World) newcomer(account, by int64) member {
	return member{ID: account, InvitedBy: by, Joined: w.now().Unix()}
}

// Leave lets a member go of their own will. They come back by the link, or brought by hand, but
// cannot be added by the community.
func (w *World) Leave(s Seat) (Chat, error) { return w.exit(s, true) }

// KickByHand lets a member be turned out by another.
func (w *World) KickByHand(s Seat) (Chat, error) { return w.exit(s, false) }

func (w *World) exit(s Seat, ownWill bool) (Chat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chat, m, err := w.seat(s)
	if err != nil {
		return Chat{}, err
	}
	err = w.commitGone(chat, m.ID, lo.Ternary(ownWill, m.ID, chat.someone(m.ID)))
	return chat.view(), err
}

// SetAdminByHand makes a member an admin, or takes that away. VK tells nobody of it.
func (w *World) SetAdminByHand(r Rights) (Chat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chat, m, err := w.seat(r.Seat)
	if err != nil {
		return Chat{}, err
	}
	m.Admin = r.Admin
	err = w.commitRole(chat, m)
	return chat.view(), err
}

// RenameByHand gives a chat another title.
func (w *World) RenameByHand(r Renaming) (Chat, error) {
	if r.Title == "" {
		return Chat{}, fmt.Errorf("%w: give a title", ErrInvalid)
	}
	return w.editChat(r.GroupID, r.ChatID, func(s *settingsChange) { s.Title = r.Title })
}

// SetChatState deletes a chat, turns the community out of it, and so on.
func (w *World) SetChatState(r Restating) (Chat, error) {
	if !slices.Contains(chatStates, r.State) {
		return Chat{}, fmt.Errorf("%w: give a state out of %v", ErrInvalid, chatStates)
	}
	return w.editChat(r.GroupID, r.ChatID, func(s *settingsChange) { s.State = r.State })
}

func (w *World) editChat(group, id int64, edit func(*settingsChange)) (Chat, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chat, err := w.chat(group, id)
	if err != nil {
		return Chat{}, err
	}
	err = w.commitSettings(chat, chat.someone(0), edit)
	return chat.view(), err
}

func (w *World) chat(group, id int64) (*chat, error) {
	c, err := w.community(group)
	if err != nil {
		return nil, err
	}
	chat, ok := c.chats[id]
	if !ok {
		return nil, fmt.Errorf("chat %d of community %d is %w", id, group, ErrUnknown)
	}
	return chat, nil
}

func (w *World) seat(s Seat) (*chat, member, error) {
	chat, err := w.chat(s.GroupID, s.ChatID)
	if err != nil {
		return nil, member{}, err
	}
	m, in := chat.find(s.Account)
	if !in {
		return nil, member{}, fmt.Errorf("this member of chat %d is %w", s.ChatID, ErrUnknown)
	}
	return chat, m, nil
}
