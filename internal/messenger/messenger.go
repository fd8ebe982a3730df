package messenger

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// ChatRef is the messenger's own name of a chat, opaque outside its adapter.
type ChatRef string

// MessageRef is the messenger's own name of a message within its chat, opaque outside its adapter.
type MessageRef string

// MarshalJSON writes what is a number as one: programs from before MAX read nothing else.
func (m MessageRef) MarshalJSON() ([]byte, error) {
	if n, err := strconv.ParseInt(string(m), 10, 64); err == nil && strconv.FormatInt(n, 10) == string(m) {
		return []byte(m), nil
	}
	return json.Marshal(string(m))
}

// UnmarshalJSON takes a number too: refs were numbers while VK was the only messenger.
func (m *MessageRef) UnmarshalJSON(raw []byte) error {
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		*m = MessageRef(number)
		return nil
	}
	return json.Unmarshal(raw, (*string)(m))
}

// Features are what a protocol can do.
type Features struct {
	// CreateChat: the community can make a chat. Where it cannot, a person makes the chat
	// and lets the community in, and Rollcall adopts it.
	CreateChat bool
	// AddAtCreation: people can be put into a chat while it is being made.
	AddAtCreation bool
	// AddMember: the protocol has a call for it. Whether a token may use it is found out.
	AddMember bool
	// ResetLink: an invite link can be made void and replaced.
	ResetLink bool
	// CallsPerRequest is how many calls travel in one request at the most.
	CallsPerRequest int
}

// Messenger is a community's view of the messenger, bound to its token.
//
// Every method may make several requests; each request passes the Gate first. An error that
// a method returns concerns the request or the whole token; what concerns one chat or one
// person is in the replies. Both are *Error.
type Messenger interface {
	Features() Features
	// Community asks who the token belongs to, and so whether it is good.
	Community(ctx context.Context) (Community, error)
	// Read gives the state of chats, one for each ref and in their order.
	Read(ctx context.Context, refs []ChatRef) ([]ChatState, error)
	// Do makes the calls in their order, as many to a request as the protocol takes. After
	// each request record is called with the replies to the calls it carried (first is the
	// index of their first call); its error ends Do. So whatever was done is recorded
	// before anything more is done.
	Do(ctx context.Context, calls []Call, record func(first int, replies []Reply) error) error
	// FindByTitle looks for the community's chats with exactly these titles, which are
	// nonces: at most one chat is expected for each. Titles not found are absent.
	FindByTitle(ctx context.Context, titles []string) (map[string]ChatRef, error)
}

// Gate is passed before every request: it takes from the token's budget, waiting if it must
// not long, and refuses with CodeFenced who has been overtaken by a later pass. A wait that
// is too long to hold on to is an *Error with CodeBudget and its RetryAfter.
type Gate interface {
	Pass(ctx context.Context) error
}

// Community is the account that owns a school's chats.
type Community struct {
	ID   int64
	Name string
}

// ChatState is a chat as the messenger has it.
type ChatState struct {
	Ref   ChatRef
	Title string
	// Members are people; the community's own account is left out.
	Members []Member
	// Lacks are the rights that the community needs in the chat and does not have, sorted. Empty too where
	// a protocol does not tell.
	Lacks []Right
	// Err is set where the chat could not be read (CodeChatGone, CodeChatDenied, …); the rest is
	// then empty.
	Err error
}

// Member is one account in a chat.
type Member struct {
	Account school.AccountID
	Admin   bool
	// Owner: the account owns the chat, and is its admin (Admin is set). Where a protocol lets nobody turn the owner
	// out or take the rights away, calls that try are refused (CodeChatRights).
	Owner bool
}

// Right is what the community may do in a chat.
type Right string

// The rights that the community needs.
const (
	RightRead    Right = "read"    // see the members and the messages
	RightMembers Right = "members" // turn people out
	RightAdmins  Right = "admins"  // give and take admin rights
	RightTitle   Right = "title"   // rename the chat
	RightWrite   Right = "write"   // send messages
)

// Rights lists the rights that the community needs.
func Rights() []Right { return []Right{RightRead, RightMembers, RightAdmins, RightTitle, RightWrite} }

// CallKind is what a Call does.
type CallKind string

// The calls. To remove somebody who is not there is success; to add somebody who is there may
// be refused (CodeMemberRefused), because VK does not tell the two apart. To send again under the same
// RandomID into the same chat sends nothing, and replies as the first time. To delete a message that is
// not there any more is success; one that is too old to be deleted is refused (CodeChatRights).
const (
	CallCreateChat   CallKind = "create-chat"   // Title, Accounts → Reply.Chat, Added, Link
	CallSetTitle     CallKind = "set-title"     // Chat, Title
	CallInviteLink   CallKind = "invite-link"   // Chat → Reply.Link
	CallResetLink    CallKind = "reset-link"    // Chat → Reply.Link
	CallAddMember    CallKind = "add-member"    // Chat, Account
	CallRemoveMember CallKind = "remove-member" // Chat, Account
	CallPromote      CallKind = "promote"       // Chat, Account
	CallDemote       CallKind = "demote"        // Chat, Account

	CallSendMessage   CallKind = "send-message"   // Chat, Text, RandomID → Reply.Message
	CallDeleteMessage CallKind = "delete-message" // Chat, Message: for everybody
)

// MaxText is how long a message may be with every protocol, in characters.
const MaxText = 4000

// Call is one thing to be done in one chat.
type Call struct {
	Kind     CallKind
	Chat     ChatRef
	Account  school.AccountID
	Accounts []school.AccountID
	// Block: who is removed cannot come back by the link, where the protocol knows it; used of strangers.
	Block bool
	Title string
	// Text is a message's, of 1 to MaxText characters.
	Text string
	// RandomID tells a message from all others of the community, in whatever chat; positive. A messenger
	// may forget it after an hour.
	RandomID int32
	// Message is a Reply's.
	Message MessageRef
}

// Reply answers a Call.
type Reply struct {
	Chat    ChatRef
	Added   []school.AccountID
	Link    string
	Message MessageRef
	Err     error
}
