package max

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

const (
	// sameFor is how long a message of the same text counts as the same.
	sameFor = time.Hour
	// lookBack is how many messages of a chat are looked through, the most that one request gives.
	lookBack     = 100
	maxMessageID = 128
)

func checkSending(call messenger.Call) error {
	switch {
	case strings.TrimSpace(call.Text) == "", utf8.RuneCountInString(call.Text) > messenger.MaxText:
		return badCall(methodSend, "give the message a text of up to "+strconv.Itoa(messenger.MaxText)+" characters")
	case call.RandomID <= 0:
		return badCall(methodSend, "give the message a positive random id of its own")
	}
	return nil
}

func checkDeletion(call messenger.Call) error {
	strange := func(r rune) bool { return r <= ' ' || r > '~' }
	if id := string(call.Message); id == "" || len(id) > maxMessageID || strings.ContainsFunc(id, strange) {
		return badCall(methodDelete, "name the message as the reply to its sending did")
	}
	return nil
}

type message struct {
	Sender struct {
		ID int64 `json:"user_id"`
	} `json:"sender"`
	Timestamp int64 `json:"timestamp"` // ms
	Body      struct {
		ID   string `json:"mid"`
		Text string `json:"text"`
	} `json:"body"`
}

type messageList struct {
	Messages []message `json:"messages"`
}

// send sends a message, once. MAX knows no RandomID, and after a lost reply the message may be there: so the chat's
// latest messages are looked through for one of the bot's own with the same text, of the last hour. That one is the reply. Two
// messages that are meant to say the same within an hour therefore have to differ in some word.
//
// The parameters from and to are left out: MAX's documents say of each what its name denies, and a wrong guess would find
// nothing.
func (c *Client) send(ctx context.Context, s step) (messenger.MessageRef, error) {
	id := strconv.FormatInt(s.chat, 10)
	var latest messageList
	q := query{method: methodMessages, params: url.Values{"chat_id": {id}, "count": {strconv.Itoa(lookBack)}}}
	if err := c.ask(ctx, q, &latest); err != nil {
		return "", err
	}
	if latest.Messages == nil {
		return "", unavailable(methodMessages)
	}
	since := time.Now().Add(-sameFor).UnixMilli()
	for _, m := range latest.Messages {
		if m.Sender.ID == c.bot && m.Timestamp >= since && m.Body.ID != "" && sameText(m.Body.Text, s.Text) {
			return messenger.MessageRef(m.Body.ID), nil
		}
	}
	if err := c.spaces.await(ctx, s.chat); err != nil {
		return "", err
	}
	var sent struct {
		Message message `json:"message"`
	}
	q = query{
		method: methodSend, params: url.Values{"chat_id": {id}},
		body: map[string]any{"text": s.Text, "attachments": nil, "link": nil},
	}
	if err := c.ask(ctx, q, &sent); err != nil {
		return "", err
	}
	if sent.Message.Body.ID == "" {
		return "", unavailable(methodSend)
	}
	return messenger.MessageRef(sent.Message.Body.ID), nil
}

// sameText compares texts as they may come back: without the space around them.
func sameText(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }

// unsend deletes a message for everybody. After a soft failure it looks whether the message is there at all.
func (c *Client) unsend(ctx context.Context, s step) error {
	err := absentIsFine(c.act(ctx, query{method: methodDelete, params: url.Values{"message_id": {string(s.Message)}}}))
	failure, ends := ofCall(err)
	if ends != nil || !soft(failure) {
		return err
	}
	var found messageList
	q := query{method: methodMessages, params: url.Values{"message_ids": {string(s.Message)}}}
	missing, ends := ofCall(c.ask(ctx, q, &found))
	switch {
	case ends != nil:
		return ends
	case missing == nil && found.Messages != nil && len(found.Messages) == 0:
		return nil
	default:
		return err
	}
}
