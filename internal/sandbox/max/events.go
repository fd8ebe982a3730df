package max

import (
	"encoding/json"

	"github.com/samber/lo"
)

// UpdateType says what a bot is told.
type UpdateType string

// What bots are told here. Of messages MAX tells too; here nobody writes but bots.
const (
	BotAdded                   UpdateType = "bot_added"
	BotRemoved                 UpdateType = "bot_removed"
	UserAdded                  UpdateType = "user_added"
	UserRemoved                UpdateType = "user_removed"
	ChatTitleChanged           UpdateType = "chat_title_changed"
	BotAdminPermissionsChanged UpdateType = "bot_admin_permissions_changed"
)

type head struct {
	Type UpdateType `json:"update_type"`
	At   int64      `json:"timestamp"` // ms
	Chat int64      `json:"chat_id"`
}

func (c *chat) head(kind UpdateType) head { return head{Type: kind, At: c.Moved, Chat: c.ID} }

// inChat is BotAdded and BotRemoved, where the user is who did it, and the beginning of others.
type inChat struct {
	head
	User      user `json:"user"`
	IsChannel bool `json:"is_channel"`
}

func (w *World) inChat(c *chat, kind UpdateType, user int64) inChat {
	return inChat{head: c.head(kind), User: w.user(user)}
}

type userAdded struct {
	inChat
	Inviter *int64 `json:"inviter_id"` // null: by the link
}

type userRemoved struct {
	inChat
	Admin *int64 `json:"admin_id,omitempty"` // absent: of their own will
}

type titleChanged struct {
	head
	User  user   `json:"user"`
	Title string `json:"title"`
}

// permissionsChanged is not in the vendor's schema 0.0.32; its fields are *assumed* from what clients of later ones read.
type permissionsChanged struct {
	head
	User        int64        `json:"user_id"` // who did it
	Bot         int64        `json:"bot_id"`
	IsChannel   bool         `json:"is_channel"`
	IsAdmin     bool         `json:"is_admin"`
	Permissions []Permission `json:"permissions"` // null where it is no admin
}

// telling is an update for some bots.
type telling struct {
	to     []int64
	kind   UpdateType
	update any
}

// listeners are the bots that are told what happens in a chat: admins that may read all messages, as the vendor says of
// webhooks. *Assumed*: of long polls too, and a bot is told of what it does itself.
func (c *chat) listeners(w *World) []int64 {
	return lo.FilterMap(c.Members, func(m member, _ int) (int64, bool) {
		_, isBot := w.state.bots[m.ID]
		return m.ID, isBot && c.may(m.ID, ReadAllMessages)
	})
}

// commitTold puts a chat in its place, and tells bots of it.
func (w *World) commitTold(row *chat, told ...telling) error {
	changes := []change{{Chat: row}}
	more := map[int64]int64{}
	for _, t := range told {
		update, err := json.Marshal(t.update)
		if err != nil {
			return err
		}
		for _, id := range t.to {
			more[id]++
			changes = append(changes, change{Event: &event{
				Bot: id, Seq: w.state.bots[id].stream.last() + more[id], Type: t.kind, At: row.Moved, Update: update,
			}})
		}
	}
	return w.commit(changes...)
}
