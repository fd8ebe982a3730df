package vk

import (
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/samber/lo"
)

const (
	// maxMessage is the length of a message in characters.
	maxMessage = 9000
	// maxParts is how many peers one call may send to, and how many messages one may delete.
	maxParts = 100
	// deletable is how long a message can be deleted for everybody.
	deletable = 24 * time.Hour
	// remembered is how many of its latest messages a chat knows.
	remembered = 1000
)

// Message is a message that the community sent to a chat.
type Message struct {
	// ConversationMessageID is what VK calls it in the chat. Here it counts all messages of the community's chats.
	ConversationMessageID int64     `json:"conversation_message_id"`
	RandomID              int64     `json:"random_id"`
	Text                  string    `json:"text"`
	At                    time.Time `json:"at"`
}

// sent is a Message as it is kept. One that was deleted is still known by its random_id.
type sent struct {
	RandomID int64  `json:"random_id"`
	Message  int64  `json:"message"`
	Text     string `json:"text,omitempty"`
	At       int64  `json:"at,omitempty"` // Unix time
	Deleted  bool   `json:"deleted,omitempty"`
}

type sentChange struct {
	chatKey
	RandomID int64  `json:"random_id"`
	Text     string `json:"text"`
	At       int64  `json:"at"`
}

// deletedChange deletes a message for everybody.
type deletedChange struct {
	chatKey
	Message int64 `json:"message"`
}

func (c *chat) noteSent(of *community, s *sentChange) {
	c.notice(of)
	c.Sent = append(c.Sent, sent{RandomID: s.RandomID, Message: c.Activity, Text: s.Text, At: s.At})
	if over := len(c.Sent) - remembered; over > 0 {
		c.Sent = slices.Delete(c.Sent, 0, over)
	}
}

func (c *chat) noteDeleted(id int64) {
	if m := c.message(id); m != nil {
		m.Text, m.Deleted = "", true
		c.Deleted++
	}
}

// message gives a message that is still there, nil if it is not.
func (c *chat) message(id int64) *sent {
	i := slices.IndexFunc(c.Sent, func(s sent) bool { return s.Message == id && !s.Deleted })
	if i < 0 {
		return nil
	}
	return &c.Sent[i]
}

// messages gives what is still there, oldest first; nil if nothing is.
func (c *chat) messages() []Message {
	var there []Message
	for _, s := range c.Sent {
		if !s.Deleted {
			there = append(there, Message{
				ConversationMessageID: s.Message, RandomID: s.RandomID, Text: s.Text, At: time.Unix(s.At, 0).UTC(),
			})
		}
	}
	return there
}

// sentPart is what became of a message for one of many peers. In chats a message has no id of the
// community's own.
type sentPart struct {
	PeerID                int64      `json:"peer_id"`
	MessageID             int64      `json:"message_id"`
	ConversationMessageID int64      `json:"conversation_message_id"`
	Error                 *partError `json:"error,omitempty"`
}

type partError struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

// partOf makes of a refusal the error of a part; other errors it gives back.
func partOf(err error) (*partError, error) {
	if refusal, ok := errors.AsType[*apiError](err); ok {
		return &partError{Code: refusal.code, Description: refusal.text}, nil
	}
	return nil, err
}

func send(w *World, c *community, p *params) (any, error) {
	many, peers := p.given("peer_ids"), lo.Uniq(p.integers("peer_ids", 1))
	if !many {
		peers = []int64{p.integer("peer_id", 1, peerBase+maxChatID)}
	}
	if len(peers) > maxParts {
		p.fail("peer_ids", "should contain at most 100 items")
	}
	random := p.integer("random_id", -anyID, anyID)
	if !p.given("message") {
		p.fail("message", "is empty or invalid")
	}
	if p.err != nil {
		return nil, p.err
	}
	if utf8.RuneCountInString(p.values["message"]) > maxMessage {
		return nil, refuse(codeTooLong, "")
	}
	if !many {
		return w.say(c, peers[0], random, p.values["message"])
	}
	parts := make([]sentPart, len(peers))
	for i, peer := range peers {
		id, err := w.say(c, peer, random, p.values["message"])
		refused, err := partOf(err)
		if err != nil {
			return nil, err
		}
		parts[i] = sentPart{PeerID: peer, ConversationMessageID: id, Error: refused}
	}
	return parts, nil
}

// say sends a message to one peer, unless it was sent there before.
func (w *World) say(c *community, peer, random int64, text string) (int64, error) {
	if peer <= peerBase {
		return 0, refuse(codeDenySend, "")
	}
	chat, err := c.open(peer-peerBase, toTalk)
	if err != nil {
		return 0, err
	}
	again, repeated := lo.Find(chat.Sent, func(s sent) bool { return s.RandomID == random })
	if repeated && random != 0 {
		return again.Message, nil
	}
	row := &sentChange{chatKey: chat.key(), RandomID: random, Text: text, At: w.now().Unix()}
	if err := w.commit(change{Sent: row}); err != nil {
		return 0, err
	}
	return chat.Activity, nil
}

// deletedPart is what became of one of many messages.
type deletedPart struct {
	PeerID                int64      `json:"peer_id"`
	ConversationMessageID int64      `json:"conversation_message_id"`
	Response              int        `json:"response"`
	Error                 *partError `json:"error,omitempty"`
}

func deleteMessages(w *World, c *community, p *params) (any, error) {
	in, messages, forAll := p.chatPeer(), lo.Uniq(p.integers("cmids", 0)), p.flag("delete_for_all")
	if len(messages) == 0 {
		p.fail("cmids", "is undefined")
	}
	if len(messages) > maxParts {
		p.fail("cmids", "should contain at most 100 items")
	}
	if p.err != nil {
		return nil, p.err
	}
	chat, err := c.open(in, toTalk)
	if err != nil {
		return nil, err
	}
	parts := make([]deletedPart, len(messages))
	for i, id := range messages {
		parts[i] = deletedPart{PeerID: chat.peer(), ConversationMessageID: id}
		if chat.message(id) == nil {
			continue
		}
		if parts[i].Error, err = partOf(w.unsay(chat, id, forAll)); err != nil {
			return nil, err
		}
		parts[i].Response = lo.Ternary(parts[i].Error == nil, done, 0)
	}
	return parts, nil
}

// unsay deletes a message that is there. If not for all, it is the community alone that no longer sees it,
// and nobody looks.
func (w *World) unsay(c *chat, id int64, forAll bool) error {
	if !forAll {
		return nil
	}
	if w.now().Sub(time.Unix(c.message(id).At, 0)) > deletable {
		return refuse(codeTooOld, "")
	}
	return w.commit(change{Deleted: &deletedChange{chatKey: c.key(), Message: id}})
}
