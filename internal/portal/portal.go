package portal

import (
	"context"
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Portal is all that Rollcall wants of the Portal. An organisation is a school by its sourcedId in
// the roster; an identity is a person on the Portal. Errors are *Error.
type Portal interface {
	Links
	Publisher
}

// Links tells which identity has which messenger account.
type Links interface {
	// Page gives one page of an organisation's account links. A reading is one or more pages,
	// each asked for with the cursor of the one before.
	Page(ctx context.Context, organisation string, q Query) (Page, error)
}

// Query asks for a page.
type Query struct {
	// Since asks for what has changed after that moment, unlinks included; the zero time asks for
	// all links that there are.
	Since time.Time
	// Cursor is Next of the page before, "" for the first.
	Cursor string
}

// Page is a part of a reading.
type Page struct {
	Links []Link
	// Next is the cursor of the next page, "" on the last.
	Next string
	// Total is how many links the whole reading has, over all its pages.
	Total int
	// AsOf is the Portal's time at which the reading began, the same on all its pages: what changes
	// later is in a reading since then.
	AsOf time.Time
}

// Link ties an identity to a messenger account.
type Link struct {
	Identity string
	// Account is 0 where the link was undone; that is told only of changes.
	Account school.AccountID
	// At is when it was linked, or unlinked.
	At time.Time
}

// Publisher shows chats and calls to those entitled to them. Every act may be repeated: the same
// act twice is the same as once.
type Publisher interface {
	// PutChats shows chats, or shows them as they are now; at most MaxChats at once.
	PutChats(ctx context.Context, organisation string, chats []Chat) error
	// RemoveChat no longer shows a chat. One that is not shown is no error.
	RemoveChat(ctx context.Context, organisation, key string) error
	// PutCall shows a call, or shows it as it is now.
	PutCall(ctx context.Context, organisation string, call Call) error
	// RemoveCall no longer shows a call. One that is not shown is no error.
	RemoveCall(ctx context.Context, organisation, id string) error
}

// MaxChats is how many chats are published at once.
const MaxChats = 100

// Chat is a chat as the Portal shows it.
type Chat struct {
	// Key is the chat's stable name within its school.
	Key string
	// Type is a chat type, e.g. "parents"; Class the sourcedId of its class or group, "" where it
	// has none.
	Type, Class string
	Title       string
	// Link is the invite link.
	Link string
	// Audience are the identities to whom the chat is shown, and nobody else; sorted.
	Audience []string
}

// Call is a video call as the Portal shows it.
type Call struct {
	// ID is the call's stable name within its school.
	ID    string
	Title string
	// Class is the sourcedId of its class or group, "" where it has none.
	Class string
	// Teacher is the identity of who holds it, "" if unknown.
	Teacher      string
	Starts, Ends time.Time
	// Link is where the call takes place.
	Link string
	// Audience are the identities to whom the call is shown, and nobody else; sorted.
	Audience []string
}
