package max

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

const (
	// SecretHeader carries what was given to Subscribe; it is to be compared before anything is believed.
	SecretHeader = "X-Max-Bot-Api-Secret"
	// MaxUpdate bounds the body of an update, in bytes.
	MaxUpdate = 256 << 10

	maxType = 64
)

// Types of updates, of MAX's many. They are asked for by name: messages are nobody's business but their readers'.
const (
	typeUserAdded   = "user_added"
	typeUserRemoved = "user_removed"
	typeBotAdded    = "bot_added"
	typeBotRemoved  = "bot_removed"
	typeBotRights   = "bot_admin_permissions_changed"
	typeTitle       = "chat_title_changed"
)

var updateTypes = []string{typeUserAdded, typeUserRemoved, typeBotAdded, typeBotRemoved, typeBotRights, typeTitle}

// ErrNoUpdate says that something is not an update of MAX's. Nothing of it is quoted.
var ErrNoUpdate = errors.New("not an update of MAX's")

// update is what happened. The user is who it happened to, or for the bot and the title who did it.
type update struct {
	Type      string `json:"update_type"`
	Timestamp int64  `json:"timestamp"` // ms
	Chat      int64  `json:"chat_id"`
	Channel   bool   `json:"is_channel"`
	User      struct {
		ID int64 `json:"user_id"`
	} `json:"user"`
	Inviter int64 `json:"inviter_id"`
	Admin   int64 `json:"admin_id"`
	By      int64 `json:"user_id"` // who changed the bot's rights
}

// ParseUpdate reads the body of an update to the bot of this user id. What is no chat's business gives no event:
// messages, comments, dialogs, channels. A type that MAX may have added since is taken for something that matters.
func ParseUpdate(body []byte, bot int64) (*messenger.Event, error) {
	if len(body) > MaxUpdate {
		return nil, ErrNoUpdate
	}
	var named struct {
		Type string `json:"update_type"`
	}
	if json.Unmarshal(body, &named) != nil || named.Type == "" || len(named.Type) > maxType {
		return nil, ErrNoUpdate
	}
	for _, prefix := range []string{"message_", "comment_", "dialog_", "bot_started", "bot_stopped"} {
		if strings.HasPrefix(named.Type, prefix) {
			return nil, nil // whatever its shape
		}
	}
	var u update
	if json.Unmarshal(body, &u) != nil || u.Timestamp <= 0 {
		return nil, ErrNoUpdate
	}
	kind, actor, known := u.means(bot)
	switch {
	case u.Channel, !known && u.Chat == 0:
		return nil, nil
	case u.Chat == 0:
		return nil, ErrNoUpdate
	}
	return &messenger.Event{ID: u.id(), Kind: kind, Chat: ChatRef(u.Chat), Own: actor == bot}, nil
}

// means tells what happened, and who did it; 0 is nobody knows.
func (u update) means(bot int64) (kind messenger.EventKind, actor int64, known bool) {
	user := u.User.ID
	switch u.Type {
	case typeUserAdded:
		if u.Inviter == 0 || u.Inviter == user {
			return messenger.EventJoined, user, true
		}
		return messenger.EventAdded, u.Inviter, true
	case typeUserRemoved:
		if u.Admin == 0 || u.Admin == user {
			return messenger.EventLeft, user, true
		}
		return messenger.EventRemoved, u.Admin, true
	case typeBotAdded:
		return messenger.EventOwnAdded, user, true
	case typeBotRemoved:
		return messenger.EventOwnRemoved, user, true
	case typeBotRights:
		return messenger.EventOwnRights, u.By, true
	case typeTitle:
		return messenger.EventTitle, user, true
	default:
		return messenger.EventOther, 0, false
	}
}

// id is the same each time the event is told. MAX gives its updates none; no account is to be read from ours.
func (u update) id() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %d %d %d %d %d", u.Type, u.Chat, u.User.ID, u.Inviter, u.Admin, u.By, u.Timestamp))
	return "max:" + hex.EncodeToString(sum[:12])
}
