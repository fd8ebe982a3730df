package messenger

import "context"

// Rooms are where video calls take place. They need a token of another kind than chats: that of a
// person who manages the community.
//
// Every method passes the Gate before its request, and its error is an *Error or the Gate's.
type Rooms interface {
	// StartCall opens a room in the community's name. Every try opens one more: where a reply is lost, its
	// room stays open, but nobody knows the way into it.
	StartCall(ctx context.Context) (Room, error)
	// FinishCall closes a room for all. A call that is over, or that nobody knows, is success.
	FinishCall(ctx context.Context, id string) error
}

// Room is an open room. Whoever has the link may come in.
type Room struct {
	ID   string
	Link string
}
