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
	// ProblemNoClass: the roster has no such class or group, so nobody is entitled to see it.
	ProblemNoClass = "no-class"
	// ProblemRoomOpen: the call is cancelled, and there is no token with which its room could be closed.
	ProblemRoomOpen = "room-open"
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
	// Organisation is the school's name on the Portal.
	Organisation string
	// Lost tells that the roster has no such class or group.
	Lost bool
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
	// Remove: the Portal is no longer to show it, where it does now.
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
		return i.todoOver(now, m)
	}
	var t Todo
	t.MakeRoom = i.Link() == "" && m.Rooms && !i.Lost
	if i.Link() == "" || i.Lost { // what is to be seen of it leads nowhere any more
		t.TakeBack, t.Remove = i.Posted != nil, i.Shown != "" && m.Portal
		return t
	}
	if i.Posted != nil {
		t.TakeBack = i.Posted.Text != i.Text() || i.Chat != i.Posted.Chat
	}
	t.Announce = i.Ref != "" && (i.Posted == nil || i.Posted.Message == "" || t.TakeBack)
	t.Remove = m.Portal && i.Shown != "" && i.ShownIn != i.Organisation
	t.Publish = m.Portal && (t.Remove || i.Shown != Digest(i.Published()))
	return t
}

// todoOver is what is to be done about a call of which nothing is to be seen any more.
func (i Item) todoOver(now time.Time, m Means) Todo {
	var t Todo
	if i.Call.Cancelled && i.Posted != nil {
		t.TakeBack = !i.Posted.Notice
		t.Announce = i.Posted.Notice && i.Posted.Message == ""
	}
	t.Remove = i.Shown != "" && m.Portal
	t.Finish = i.Call.Cancelled && i.Room != nil && m.Rooms
	t.Close = m.Rooms || !i.roomIsOpen(now)
	return t
}

// roomIsOpen tells whether somebody may still come into a room that was made for a cancelled call.
func (i Item) roomIsOpen(now time.Time) bool {
	return i.Call.Cancelled && i.Room != nil && now.Before(i.Call.Ends)
}

// Obstacle is the code of what keeps the call from being seen as it should, "" if nothing does.
func (i Item) Obstacle(now time.Time, m Means) string {
	switch {
	case i.Over(now):
		if i.roomIsOpen(now) && !m.Rooms {
			return ProblemRoomOpen
		}
		return ""
	case i.Lost:
		return ProblemNoClass
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
