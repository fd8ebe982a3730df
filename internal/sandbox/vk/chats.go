package vk

import (
	"crypto/rand"
	"slices"

	"github.com/samber/lo"
)

// done is what VK answers where there is nothing to say.
const done = 1

type createdChat struct {
	ChatID  int64   `json:"chat_id"`
	PeerIDs []int64 `json:"peer_ids"`
}

func createChat(w *World, c *community, p *params) (any, error) {
	accounts := lo.Uniq(p.integers("user_ids", 0))
	if len(accounts) == 0 && !p.given("title") {
		p.fail("title", "is undefined")
	}
	if p.err != nil {
		return nil, p.err
	}
	if !c.AddingAtCreation {
		accounts = nil
	}
	accounts = lo.Filter(accounts, func(id int64, _ int) bool { return w.refusal(nil, id) == nil })
	made := &chat{
		Group:    c.ID,
		ID:       int64(len(c.chats)) + 1,
		Title:    p.values["title"],
		Link:     newLink(),
		State:    ChatIn,
		Created:  w.now(),
		Activity: c.Messages + 1,
		Members:  lo.Map(accounts, func(id int64, _ int) member { return w.newcomer(id, -c.ID) }),
	}
	if err := w.commitSeen(made, change{Chat: made}, happening{action: actionCreate, from: -c.ID, title: made.Title}); err != nil {
		return nil, err
	}
	return createdChat{ChatID: made.ID, PeerIDs: accounts}, nil
}

func newLink() string { return "https://vk.me/join/" + rand.Text() }

// refusal tells why the community cannot put an account into a chat; nil is a chat that is being made.
func (w *World) refusal(into *chat, account int64) error {
	switch {
	case w.state.accounts[account] == AddingMissing || account == 0:
		return refuse(codeNoContact, "")
	case w.state.accounts[account] == AddingRefused:
		return refuse(codeDenied, "can't add this user")
	case into != nil && (into.index(account) >= 0 || slices.Contains(into.Left, account)):
		return refuse(codeDenied, "can't add this user")
	}
	return nil
}

func editChat(w *World, c *community, p *params) (any, error) {
	id := p.chatID()
	if !p.given("title") {
		p.fail("title", "is undefined")
	}
	if p.err != nil {
		return nil, p.err
	}
	chat, err := c.open(id, toChange)
	if err != nil {
		return nil, err
	}
	return done, w.commitSettings(chat, -c.ID, func(s *settingsChange) { s.Title = p.values["title"] })
}

func addChatUser(w *World, c *community, p *params) (any, error) {
	if !c.Adding {
		return nil, refuse(codeGroupAuth, "method is unavailable with group auth.")
	}
	id, account := p.chatID(), p.integer("user_id", 1, anyID)
	if p.err != nil {
		return nil, p.err
	}
	chat, err := c.open(id, toChange)
	if err != nil {
		return nil, err
	}
	if err := w.refusal(chat, account); err != nil {
		return nil, err
	}
	return done, w.commitNewcomer(chat, w.newcomer(account, -c.ID), actionInvite)
}

func removeChatUser(w *World, c *community, p *params) (any, error) {
	id := p.chatID()
	name := lo.Ternary(p.given("member_id"), "member_id", "user_id")
	account := p.integer(name, -anyID, anyID)
	if p.err != nil {
		return nil, p.err
	}
	chat, err := c.open(id, toChange)
	if err != nil {
		return nil, err
	}
	if account == -c.ID {
		return done, w.commitSettings(chat, -c.ID, func(s *settingsChange) { s.State = ChatLeft })
	}
	if _, in := chat.find(account); !in {
		return nil, refuse(codeNotInChat, "")
	}
	return done, w.commitGone(chat, account, -c.ID)
}

func setMemberRole(w *World, c *community, p *params) (any, error) {
	id, account := p.chatPeer(), p.integer("member_id", -anyID, anyID)
	role := p.values["role"]
	if role != "admin" && role != "member" {
		p.fail("role", "should be one of admin, member")
	}
	if p.err != nil {
		return nil, p.err
	}
	chat, err := c.open(id, toChange)
	if err != nil {
		return nil, err
	}
	if account == -c.ID {
		return nil, refuse(codeDenied, "can't change role of the owner")
	}
	m, in := chat.find(account)
	if !in {
		return nil, refuse(codeNotInChat, "")
	}
	m.Admin = role == "admin"
	return done, w.commitRole(chat, m)
}

type inviteLink struct {
	Link string `json:"link"`
}

func getInviteLink(w *World, c *community, p *params) (any, error) {
	id, reset := p.chatPeer(), p.flag("reset")
	if p.err != nil {
		return nil, p.err
	}
	chat, err := c.open(id, lo.Ternary(reset, toResetLink, toSeeLink))
	if err != nil {
		return nil, err
	}
	if reset {
		err = w.commitSettings(chat, -c.ID, func(s *settingsChange) { s.Link = newLink() })
	}
	return inviteLink{Link: chat.Link}, err
}
