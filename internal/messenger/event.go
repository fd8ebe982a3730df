package messenger

// EventKind is what happened in a chat.
type EventKind string

// The kinds. None is proof of anything: an event only says that it is worth while to read the chat.
const (
	EventJoined     EventKind = "joined"      // somebody came of their own will
	EventLeft       EventKind = "left"        // somebody went of their own will
	EventAdded      EventKind = "added"       // somebody was brought in by another
	EventRemoved    EventKind = "removed"     // somebody was turned out
	EventTitle      EventKind = "title"       // the chat has another title
	EventOwnAdded   EventKind = "own-added"   // the community was let into a chat
	EventOwnRemoved EventKind = "own-removed" // the community was turned out, or the chat is gone
	EventOwnRights  EventKind = "own-rights"  // the community's rights in the chat are others
	EventOther      EventKind = "other"       // something that may concern membership, title or rights
)

// Event is something that happened in a chat. It names no account: who is in a chat is read.
type Event struct {
	// ID is the messenger's, the same each time the event is told.
	ID   string
	Kind EventKind
	Chat ChatRef
	// Own: the community itself did it. That is us, or somebody who acts in its name.
	Own bool
}
