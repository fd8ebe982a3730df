package calls

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// State is a call and what has been done about it.
type State struct {
	Call school.Call
	// HeldAt is when we took in what the call says now.
	HeldAt time.Time
	// Room is the room that the messenger has made for it, nil if there is none.
	Room *messenger.Room
	// Posted is the message that announces it, nil if none was ever sent.
	Posted *Posted
	// Shown is the digest of what the Portal shows of it, "" if nothing, and Asked where it was asked
	// to and its answer is not known.
	Shown string
	// ShownIn is the organisation in which the Portal shows it.
	ShownIn string
	// ShownAt is when the Portal showed it first. Lag is how long that took from its publication
	// (from HeldAt where that is not known), HeldLag from HeldAt.
	ShownAt      *time.Time
	Lag, HeldLag *time.Duration
	// Problem is the code of what keeps something from being done, "" if nothing does.
	Problem string
	// DoneAt is when nothing more was to be done about it, nil while something is.
	DoneAt *time.Time
}

// Asked stands for the digest of something that may be shown.
const Asked = "asked"

// Posted is a message in a chat. It is recorded before it is sent, so that it is found again whatever
// is lost: sent again with its RandomID it is the same message.
type Posted struct {
	Chat     chats.Key         `json:"chat"`
	Ref      messenger.ChatRef `json:"ref"`
	Text     string            `json:"text"`
	RandomID int32             `json:"randomId"`
	// Message is empty until it is known to have been sent.
	Message messenger.MessageRef `json:"message,omitempty"`
	// Notice tells that it says that the call is cancelled: what the messenger did not let be taken
	// back is corrected so. It is never taken back itself, unless the call takes place after all.
	Notice bool `json:"notice,omitempty"`
}

// Announcement is the message that is to announce a call. The random id must be one that no message had
// before: a messenger takes a message with a known one for that message, also where it was deleted.
func (i Item) Announcement(randomID int32) Posted {
	return Posted{Chat: i.Chat, Ref: i.Ref, Text: i.Text(), RandomID: randomID}
}

// Cancellation is the message that says in the same chat that the call does not take place.
func (i Item) Cancellation(randomID int32) Posted {
	return Posted{Chat: i.Posted.Chat, Ref: i.Posted.Ref, Text: i.cancelText(), RandomID: randomID, Notice: true}
}

// Link is where the call takes place, "" while there is no room.
func (s State) Link() string {
	switch {
	case s.Call.Link != "":
		return s.Call.Link
	case s.Room != nil:
		return s.Room.Link
	default:
		return ""
	}
}

// Over tells whether nothing of the call is to be seen any more.
func (s State) Over(now time.Time) bool { return s.Call.Cancelled || !now.Before(s.Call.Ends) }

// Digest is equal for values that say the same: 32 hexadecimal digits.
func Digest(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("what is digested is plain data and can always be written as JSON: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
