package vk

import (
	"crypto/rand"
	"encoding/hex"

	"github.com/samber/lo"
)

// VK's service messages in a chat, by the type of their action. VK has none for admin rights.
const (
	actionCreate = "chat_create"
	actionTitle  = "chat_title_update"
	actionInvite = "chat_invite_user"
	actionByLink = "chat_invite_user_by_link"
	actionKick   = "chat_kick_user"
)

// eventType is the type of every event: a service message is a new message.
const eventType = "message_new"

// happening is what people see happen in a chat.
type happening struct {
	action string
	// from is who did it, member to whom; a negative one is a community.
	from, member int64
	// title is the chat's new title, where it is about that.
	title string
}

// event is a happening that a community is told of, and its own row in the journal.
type event struct {
	Group int64 `json:"group"`
	// Seq counts the community's events from 1.
	Seq int64 `json:"seq"`
	// ID is VK's own id of the event, the same over every transport and at every retry.
	ID      string `json:"id"`
	At      int64  `json:"at"` // Unix time
	Peer    int64  `json:"peer"`
	Message int64  `json:"message"`
	From    int64  `json:"from"`
	Action  action `json:"action"`
}

type action struct {
	Type   string `json:"type"`
	Member int64  `json:"member_id,omitempty"`
	Text   string `json:"text,omitempty"`
}

// happens tells what people see of a change of settings.
func (c *chat) happens(next settingsChange, by int64) happening {
	was, is := c.membership(), (&chat{State: next.State}).membership()
	switch {
	case next.State == ChatGone:
		return happening{}
	case was == string(ChatIn) && is != was:
		return happening{action: actionKick, from: lo.Ternary(next.State == ChatLeft, -c.Group, by), member: -c.Group}
	case is == string(ChatIn) && is != was:
		return happening{action: actionInvite, from: by, member: -c.Group}
	case next.Title != c.Title:
		return happening{action: actionTitle, from: by, title: next.Title}
	default:
		return happening{}
	}
}

// hears tells whether the community is told of what happens in the chat.
func (c *chat) hears() bool {
	return c.State == ChatIn || c.State == ChatDemoted || c.State == ChatUnsupported
}

// told gives the event that the chat's community gets of a happening, nil if it gets none. That
// it comes into a chat or goes from it is told to it in any case.
func (w *World) told(c *chat, h happening) *event {
	if h.action == "" || !c.hears() && h.member != -c.Group {
		return nil
	}
	of := w.state.communities[c.Group]
	return &event{
		Group: c.Group, Seq: of.stream.last() + 1, ID: newEventID(), At: w.now().Unix(), Peer: c.peer(), Message: of.Messages + 1,
		From: h.from, Action: action{Type: h.action, Member: h.member, Text: h.title},
	}
}

func newEventID() string {
	id := make([]byte, 20)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// update is an event as VK sends it. Only a callback has a secret.
type update struct {
	Type    string     `json:"type"`
	EventID string     `json:"event_id"`
	V       string     `json:"v"`
	Object  messageNew `json:"object"`
	GroupID int64      `json:"group_id"`
	Secret  string     `json:"secret,omitempty"`
}

type messageNew struct {
	Message eventMessage `json:"message"`
	Client  clientInfo   `json:"client_info"`
}

type eventMessage struct {
	ID             int64      `json:"id"` // 0 in chats
	Date           int64      `json:"date"`
	PeerID         int64      `json:"peer_id"`
	FromID         int64      `json:"from_id"`
	Out            int        `json:"out"`
	Text           string     `json:"text"`
	ConversationID int64      `json:"conversation_message_id"`
	RandomID       int64      `json:"random_id"`
	Important      bool       `json:"important"`
	IsHidden       bool       `json:"is_hidden"`
	Attachments    []struct{} `json:"attachments"`
	Forwarded      []struct{} `json:"fwd_messages"`
	Action         action     `json:"action"`
}

type clientInfo struct {
	ButtonActions []string `json:"button_actions"`
	Keyboard      bool     `json:"keyboard"`
	InlineButtons bool     `json:"inline_keyboard"`
	Carousel      bool     `json:"carousel"`
	LanguageID    int      `json:"lang_id"`
}

// update gives the event as it is sent, with a callback's secret or none.
func (e event) update(secret string) update {
	return update{
		Type: eventType, EventID: e.ID, V: Version, GroupID: e.Group, Secret: secret,
		Object: messageNew{
			Message: eventMessage{
				Date: e.At, PeerID: e.Peer, FromID: e.From, Out: lo.Ternary(e.From == -e.Group, 1, 0), ConversationID: e.Message,
				Attachments: []struct{}{}, Forwarded: []struct{}{}, Action: e.Action,
			},
			Client: clientInfo{ButtonActions: []string{}},
		},
	}
}

// someone gives a member who may have done something to another by hand: an admin if there is
// one. In a chat without others it is the community, in whose name its managers act.
func (c *chat) someone(butNot int64) int64 {
	others := lo.Filter(c.Members, func(m member, _ int) bool { return m.ID != butNot })
	if admin, ok := lo.Find(others, func(m member) bool { return m.Admin }); ok {
		return admin.ID
	}
	if len(others) > 0 {
		return others[0].ID
	}
	return -c.Group
}
