package max

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/samber/lo"
)

const (
	// maxText is the length of a message in characters.
	maxText = 4000
	// messagesPerCall is how many messages one answer can hold, usualMessages how many it holds unless told.
	messagesPerCall, usualMessages = 100, 50
	// remembered is how many of its latest messages a chat knows.
	remembered = 1000
)

type newMessage struct {
	Text *string `json:"text"`
}

// toMessages are the permissions for whatever a bot does with messages; that it needs both each time is *assumed*.
var toMessages = []Permission{Write, ReadAllMessages}

// chatOf gives the chat that a parameter names, where the bot may do with messages as it likes.
func (x *exchange) chatOf(b *bot) (*chat, error) {
	id, err := x.number("chat_id", 0, math.MinInt64, math.MaxInt64)
	switch {
	case err != nil:
		return nil, err
	case id == 0 && x.request.URL.Query().Has("user_id"):
		return nil, refuse(codeChatDenied, "nobody has begun a dialog with the bot")
	case id == 0:
		return nil, refuse(codePayload, "chat_id is not given")
	}
	c, err := x.knownChat(b, id)
	if err != nil {
		return nil, err
	}
	return c, c.opened(b, toMessages)
}

func sendMessage(x *exchange, b *bot) (any, error) {
	c, err := x.chatOf(b)
	if err != nil {
		return nil, err
	}
	var what newMessage
	if err := x.decode(&what); err != nil {
		return nil, err
	}
	if text := lo.FromPtr(what.Text); text == "" || utf8.RuneCountInString(text) > maxText {
		return nil, refuse(codePayload, "the text is empty or too long")
	}
	if !x.messages.Allow(strconv.FormatInt(c.ID, 10)) {
		return nil, refuse(codeTooMany, "too many messages to this chat")
	}
	row := c.edited(x.tick())
	row.Said++
	said := message{
		Chat: c.ID, Seq: row.Said, ID: messageID(c.ID, row.Said), Sender: b.ID, Text: *what.Text, At: row.Moved,
	}
	if err := x.commit(change{Chat: row}, change{Said: &said}); err != nil {
		return nil, err
	}
	return oneMessage{new(x.message(said))}, nil
}

// getMessages gives messages, the latest first: from is the later end, to the earlier one, both included, *assumed*.
func getMessages(x *exchange, b *bot) (any, error) {
	if ids := x.request.URL.Query().Get("message_ids"); ids != "" {
		return x.messagesByID(b, strings.Split(ids, ",")), nil
	}
	c, err := x.chatOf(b)
	if err != nil {
		return nil, err
	}
	from, err := x.number("from", math.MaxInt64, 0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	to, err := x.number("to", 0, 0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	count, err := x.number("count", usualMessages, 1, messagesPerCall)
	if err != nil {
		return nil, err
	}
	list := messageList{Messages: []messageInfo{}}
	for _, m := range slices.Backward(c.messages) {
		if m.At >= to && m.At <= from && len(list.Messages) < int(count) {
			list.Messages = append(list.Messages, x.message(m))
		}
	}
	return list, nil
}

// messagesByID gives those of the messages that are there, and that the bot may read, *assumed*.
func (x *exchange) messagesByID(b *bot, ids []string) messageList {
	list := messageList{Messages: []messageInfo{}}
	for _, id := range ids {
		c, ok := x.state.chats[chatOfMessage(id)]
		if !ok || c.opened(b, toMessages) != nil {
			continue
		}
		if m := c.said(id); m != nil {
			list.Messages = append(list.Messages, x.message(*m))
		}
	}
	return list
}

// deleteMessage deletes a message of whomever, however old it is, *assumed*.
func deleteMessage(x *exchange, b *bot) (any, error) {
	id := x.request.URL.Query().Get("message_id")
	if id == "" {
		return nil, refuse(codePayload, "message_id is not given")
	}
	c, ok := x.state.chats[chatOfMessage(id)]
	if !ok || c.said(id) == nil {
		return softly("there is no such message"), nil // *assumed*
	}
	if err := c.opened(b, toMessages); err != nil {
		return nil, err
	}
	return done, x.commit(change{Deleted: &deletedChange{Chat: c.ID, ID: id}})
}

func messageID(chat, seq int64) string { return fmt.Sprintf("mid.%016x%016x", uint64(chat), seq) }

// chatOfMessage is the chat of a message by its id, 0 if that is none.
func chatOfMessage(id string) int64 {
	digits, ok := strings.CutPrefix(id, "mid.")
	if !ok || len(digits) != 32 {
		return 0
	}
	n, _ := strconv.ParseUint(digits[:16], 16, 64)
	return int64(n)
}

func (c *chat) hear(m message) {
	c.messages = append(c.messages, m)
	if over := len(c.messages) - remembered; over > 0 {
		c.messages = slices.Delete(c.messages, 0, over)
	}
}

func (c *chat) forget(id string) {
	c.messages = slices.DeleteFunc(c.messages, func(m message) bool { return m.ID == id })
}

// said gives a message that is still there, nil if it is not.
func (c *chat) said(id string) *message {
	i := slices.IndexFunc(c.messages, func(m message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return &c.messages[i]
}
