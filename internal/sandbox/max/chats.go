package max

import (
	"strconv"
	"unicode/utf8"

	"github.com/samber/lo"
)

// maxTitle is the length of a title in characters.
const maxTitle = 200

func getMyInfo(x *exchange, b *bot) (any, error) { return x.user(b.ID), nil }

// known gives the chat of the path that the bot is or was in. One that it never was in it may not see, *assumed*.
func (x *exchange) known(b *bot) (*chat, error) {
	id, err := strconv.ParseInt(x.request.PathValue("chat"), 10, 64)
	if err != nil {
		return nil, refuse(codeNoChat, "there is no such chat")
	}
	return x.knownChat(b, id)
}

func (x *exchange) knownChat(b *bot, id int64) (*chat, error) {
	c, ok := x.state.chats[id]
	if !ok {
		return nil, refuse(codeNoChat, "there is no such chat")
	}
	_, in := c.find(b.ID)
	if _, was := c.Former[b.ID]; !in && !was {
		return nil, refuse(codeChatDenied, "no access to the chat")
	}
	return c, nil
}

// open gives the chat of the path where the bot is an admin with these permissions. What is refused otherwise is chat.denied,
// for reading too, *assumed*.
func (x *exchange) open(b *bot, needs ...Permission) (*chat, error) {
	c, err := x.known(b)
	if err != nil {
		return nil, err
	}
	return c, c.opened(b, needs)
}

func (c *chat) opened(b *bot, needs []Permission) error {
	if c.Closed || !c.may(b.ID, needs...) {
		return refuse(codeChatDenied, "no access to the chat, or not the permission")
	}
	return nil
}

// getChat is answered to a bot that is in the chat, admin or not, and says of what it went from how it went: the
// status. *Assumed*.
func getChat(x *exchange, b *bot) (any, error) {
	c, err := x.known(b)
	if err != nil {
		return nil, err
	}
	return x.chatInfo(c, b), nil
}

type chatPatch struct {
	Title *string `json:"title"`
	Pin   *string `json:"pin"`
}

func editChat(x *exchange, b *bot) (any, error) {
	var patch chatPatch
	if err := x.decode(&patch); err != nil {
		return nil, err
	}
	c, err := x.open(b, lo.Ternary(patch.Title != nil, []Permission{ChangeChatInfo}, nil)...)
	if err == nil && patch.Pin != nil {
		err = c.opened(b, []Permission{PinMessage, ReadAllMessages})
	}
	if err != nil {
		return nil, err
	}
	if patch.Title != nil && !goodTitle(*patch.Title) || patch.Pin != nil && c.said(*patch.Pin) == nil {
		return nil, refuse(codePayload, "the title is too short or too long, or there is no such message")
	}
	if patch.Title != nil {
		if err := x.rename(c, *patch.Title, b.ID); err != nil {
			return nil, err
		}
	}
	if patch.Pin != nil {
		if err := x.pin(x.state.chats[c.ID], *patch.Pin); err != nil {
			return nil, err
		}
	}
	return x.chatInfo(x.state.chats[c.ID], b), nil
}

func goodTitle(title string) bool { return title != "" && utf8.RuneCountInString(title) <= maxTitle }

// rename gives a chat another title. The same one again is no event, *assumed*.
func (w *World) rename(c *chat, title string, by int64) error {
	if title == c.Title {
		return nil
	}
	row := c.edited(w.tick())
	row.Title = title
	return w.commitTold(row, telling{to: row.listeners(w), kind: ChatTitleChanged, update: titleChanged{
		head: row.head(ChatTitleChanged), User: w.user(by), Title: title,
	}})
}

func (w *World) pin(c *chat, id string) error {
	row := c.edited(w.tick())
	row.Pinned = id
	return w.commit(change{Chat: row})
}

func getPinnedMessage(x *exchange, b *bot) (any, error) {
	c, err := x.open(b)
	if err != nil {
		return nil, err
	}
	if m := c.said(c.Pinned); m != nil {
		return oneMessage{new(x.message(*m))}, nil
	}
	return oneMessage{}, nil
}

type pinBody struct {
	Message string `json:"message_id"`
}

func pinMessage(x *exchange, b *bot) (any, error) {
	c, err := x.open(b, PinMessage, ReadAllMessages)
	if err != nil {
		return nil, err
	}
	var what pinBody
	if err := x.decode(&what); err != nil {
		return nil, err
	}
	if c.said(what.Message) == nil {
		return softly("there is no such message in the chat"), nil // *assumed*
	}
	return done, x.pin(c, what.Message)
}

// unpinMessage is done where nothing is pinned, *assumed*.
func unpinMessage(x *exchange, b *bot) (any, error) {
	c, err := x.open(b, PinMessage, ReadAllMessages)
	if err != nil {
		return nil, err
	}
	return done, x.pin(c, "")
}
