package calls

import (
	"time"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/portal"
)

// Codes of what keeps a call from being seen.
const (
	// ProblemNoRoom: the call brings no link, and no token is set with which a room could be made.
	ProblemNoRoom = "no-room"
	// ProblemNoChat: the chat it is to be announced in is not there (yet).
	ProblemNoChat = "no-chat"
)

// Item is a call among the chats.
type Item struct {
	State
	// Chat is the chat it is announced in, "" where the roster gives none; Ref is "" while the
	// messenger has none.
	Chat chats.Key
	Ref  messenger.ChatRef
	// Entitled is the call as the Portal is to show it, its link left out.
	Entitled portal.Call
	// zone is that of the times in its text.
	zone *time.Location
}

// Means are what there is to serve calls with.
type Means struct {
	// Rooms can be made; Portal is there to publish on.
	Rooms, Portal bool
}

// Todo is what is to be done about a call, in this order.
type Todo struct {
	// MakeRoom: the messenger is to make a room.
	MakeRoom bool
	// TakeBack: the message in the chat says what is no longer so.
	TakeBack bool
	// Announce: a message is to be sent into the chat.
	Announce bool
	// Publish: the Portal is to show the call as it is now.
	Publish bool
	// Remove: the Portal is no longer to show it.
	Remove bool
	// Finish: the room that the messenger made is to be closed.
	Finish bool
	// Close: once all this is done, nothing more ever will be.
	Close bool
}

// Any tells whether there is anything to do.
func (t Todo) Any() bool { return t != Todo{} }

// Todo tells what is to be done about a call now. What waits for a room waits for the next time.
func (i Item) Todo(now time.Time, m Means) Todo {
	if i.Over(now) {
		return Todo{
			TakeBack: i.Call.Cancelled && i.Posted != nil,
			Remove:   i.Shown != "" && m.Portal,
			Finish:   i.Call.Cancelled && i.Room != nil && m.Rooms,
			Close:    true,
		}
	}
	var t Todo
	t.MakeRoom = i.Link() == "" && m.Rooms
	if i.Link() == "" {
		return t
	}
	if i.Posted != nil {
		t.TakeBack = i.Posted.Text != i.Text() || i.Chat != i.Posted.Chat
	}
	t.Announce = i.Ref != "" && (i.Posted == nil || i.Posted.Message == 0 || t.TakeBack)
	t.Publish = m.Portal && i.Shown != Digest(i.Published())
	return t
}

// Obstacle is the code of what keeps the call from being seen as it should, "" if nothing does.
func (i Item) Obstacle(now time.Time, m Means) string {
	switch {
	case i.Over(now):
		return ""
	case i.Link() == "" && !m.Rooms:
		return ProblemNoRoom
	case i.Link() != "" && i.Ref == "":
		return ProblemNoChat
	default:
		return ""
	}
}

// Published is the call as the Portal is to show it.
func (i Item) Published() portal.Call {
	c := i.Entitled
	c.Link = i.Link()
	return c
}
