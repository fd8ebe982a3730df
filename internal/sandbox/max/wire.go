package max

import "github.com/samber/lo"

// Permission is a right of an admin.
type Permission string

// The permissions that there are in chats. Write and PinMessage need ReadAllMessages.
const (
	ReadAllMessages  Permission = "read_all_messages"
	AddRemoveMembers Permission = "add_remove_members"
	AddAdmins        Permission = "add_admins"
	ChangeChatInfo   Permission = "change_chat_info"
	PinMessage       Permission = "pin_message"
	EditLink         Permission = "edit_link"
	Write            Permission = "write"
	CanCall          Permission = "can_call"
)

// Permissions lists the permissions.
func Permissions() []Permission {
	return []Permission{ReadAllMessages, AddRemoveMembers, AddAdmins, ChangeChatInfo, PinMessage, EditLink, Write, CanCall}
}

// user is a person or a bot as the vendor describes them. Times are in ms.
type user struct {
	ID        int64   `json:"user_id"`
	FirstName string  `json:"first_name"`
	Username  *string `json:"username"`
	IsBot     bool    `json:"is_bot"`
	Active    int64   `json:"last_activity_time"`
	Name      string  `json:"name"`
}

type chatInfo struct {
	ID           int64        `json:"chat_id"`
	Type         string       `json:"type"`
	Status       string       `json:"status"`
	Title        string       `json:"title"`
	Icon         *struct{}    `json:"icon"`
	Moved        int64        `json:"last_event_time"`
	Participants int          `json:"participants_count"`
	Owner        int64        `json:"owner_id"`
	IsPublic     bool         `json:"is_public"`
	Link         string       `json:"link,omitempty"`
	Description  *string      `json:"description"`
	Messages     int          `json:"messages_count"`
	Pinned       *messageInfo `json:"pinned_message,omitempty"`
}

type memberInfo struct {
	user
	Seen        int64        `json:"last_access_time"`
	Owner       bool         `json:"is_owner"`
	Admin       bool         `json:"is_admin"`
	Joined      int64        `json:"join_time"`
	Permissions []Permission `json:"permissions"`
}

type memberList struct {
	Members []memberInfo `json:"members"`
	Marker  *int64       `json:"marker"`
}

type recipient struct {
	Chat int64  `json:"chat_id"`
	Type string `json:"chat_type"`
	User *int64 `json:"user_id"`
}

type messageInfo struct {
	Sender    user        `json:"sender"`
	Recipient recipient   `json:"recipient"`
	At        int64       `json:"timestamp"`
	Body      messageBody `json:"body"`
}

type messageBody struct {
	ID          string      `json:"mid"`
	Seq         int64       `json:"seq"`
	Text        string      `json:"text"`
	Attachments *[]struct{} `json:"attachments"`
}

type messageList struct {
	Messages []messageInfo `json:"messages"`
}

type oneMessage struct {
	Message *messageInfo `json:"message"`
}

// outcome is the answer where there is nothing to say but whether it is done.
type outcome struct {
	Success bool   `json:"success"`
	Message string `json:"message,omitempty"`
}

var done = outcome{Success: true}

// softly refuses without an error: HTTP 200, and it is not done.
func softly(message string) outcome { return outcome{Message: message} }

type modified struct {
	outcome
	Failed  []int64   `json:"failed_user_ids,omitempty"`
	Details []failure `json:"failed_user_details,omitempty"`
}

type failure struct {
	Code  string  `json:"error_code"`
	Users []int64 `json:"user_ids"`
}

type subscriptionInfo struct {
	URL   string   `json:"url"`
	At    int64    `json:"time"`
	Types []string `json:"update_types"`
}

type subscriptionList struct {
	Subscriptions []subscriptionInfo `json:"subscriptions"`
}

// user describes somebody. The caller holds the lock.
func (w *World) user(id int64) user {
	u := user{ID: id, FirstName: w.state.people[id].name(id), Active: w.now().UnixMilli()}
	if b, ok := w.state.bots[id]; ok {
		u.FirstName, u.IsBot, u.Username = b.Name, true, new(b.username())
	}
	u.Name = u.FirstName
	return u
}

func (w *World) member(c *chat, m member) memberInfo {
	info := memberInfo{user: w.user(m.ID), Seen: m.At, Owner: m.ID == c.Owner, Admin: m.Admin, Joined: m.At}
	if m.Admin {
		info.Permissions = append([]Permission{}, m.Permissions...)
	}
	return info
}

func (w *World) message(m message) messageInfo {
	return messageInfo{
		Sender: w.user(m.Sender), Recipient: recipient{Chat: m.Chat, Type: "chat"}, At: m.At,
		Body: messageBody{ID: m.ID, Seq: m.Seq, Text: m.Text},
	}
}

// chatInfo describes a chat to a bot that is or was in it. Only an admin is given the link, *assumed*.
func (w *World) chatInfo(c *chat, b *bot) chatInfo {
	info := chatInfo{
		ID: c.ID, Type: "chat", Status: c.status(b.ID), Title: c.Title, Moved: c.Moved, Participants: len(c.Members), Owner: c.Owner,
		Messages: len(c.messages), Link: lo.Ternary(c.may(b.ID), c.Link, ""),
	}
	if m := c.said(c.Pinned); m != nil {
		info.Pinned = new(w.message(*m))
	}
	return info
}

// status is how a bot stands to a chat.
func (c *chat) status(bot int64) string {
	if _, in := c.find(bot); in && !c.Closed {
		return "active"
	}
	switch left, was := c.Former[bot]; {
	case c.Closed:
		return "closed"
	case was && left:
		return "left"
	default:
		return "removed"
	}
}
