package reconcile

import (
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Chat is a chat as the mirror knows it.
type Chat struct {
	Key   chats.Key
	Type  chats.Type
	Class school.ClassID
	Year  string
	State ChatState
	Title string
	// Members are everyone in the chat or expected in it, the community's own account
	// excepted.
	Members []Member
}

// ChatState is how far a chat has come.
type ChatState string

// The states of a chat.
const (
	ChatCreating ChatState = "creating" // intended, perhaps made: the messenger's answer is missing
	// ChatAwaited: a person is to make it, and to let the community in.
	ChatAwaited ChatState = "awaited"
	ChatLive    ChatState = "live"
	ChatGone    ChatState = "gone" // the messenger gives no access to it any more
)

// Member is one account of a chat, present or expected.
type Member struct {
	Account school.AccountID
	// Person is whom we know the account to belong to; empty for a stranger.
	Person school.PersonID
	// Reasons are the grounds on which the roster placed the person here; empty for
	// somebody it never placed here.
	Reasons []chats.Reason
	State   MemberState
	Admin   bool
	// Owner: made the chat, where a person does. No request turns the owner out, or takes the rights away.
	Owner bool
	// PutBack tells that the person has once been put back after going.
	PutBack bool
}

// MemberState is how an account stands to a chat.
type MemberState string

// The states of a member.
const (
	MemberPresent MemberState = "present"
	MemberMissing MemberState = "missing" // was present, and is not any more
	MemberInvited MemberState = "invited" // may not be added by us: expected by the link
	MemberRefused MemberState = "refused" // the messenger did not let this person be added
	MemberLeft    MemberState = "left"    // went by choice: only invited
)

// Adding is what is known of the right to add people to a chat.
type Adding string

// What can be known.
const (
	AddingUnknown Adding = ""
	AddingGranted Adding = "granted"
	AddingDenied  Adding = "denied"
)

// Limits are the breaker's: from how many counted removals in one pass on they are held.
type Limits struct {
	ChatCount, ChatPercent     int // members of one chat
	SchoolCount, SchoolPercent int // people of the school
}

// DefaultLimits are the design's.
func DefaultLimits() Limits {
	return Limits{ChatCount: 3, ChatPercent: 20, SchoolCount: 15, SchoolPercent: 5}
}

// Input is everything a plan is made of.
type Input struct {
	Roster  school.Roster
	Day     school.Date
	Desired []chats.Chat
	Actual  []Chat
	// ByHand: the messenger does not make chats; each is asked for, and a person makes it.
	ByHand bool
	Adding Adding
	Limits Limits
	// HoldCounted holds every counted removal, whatever its number: the breaker has tripped
	// for the school in this pass already.
	HoldCounted bool
	// Decisions are those on the holds of the last plan.
	Decisions map[HoldID]Decision
}
