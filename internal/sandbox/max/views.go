package max

import (
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// Chat is a chat as it is now.
type Chat struct {
	ChatID  int64     `json:"chat_id"`
	Title   string    `json:"title"`
	Link    string    `json:"link"`
	Owner   int64     `json:"owner"`
	Closed  bool      `json:"closed"`
	Created time.Time `json:"created"`
	// Members are people, the owner first, in the order in which they came; Admins those of them who are admins.
	Members []int64 `json:"members"`
	Admins  []int64 `json:"admins"`
	// Bots are the bots in it.
	Bots []int64 `json:"bots"`
	// Permissions are those of each admin, bots too.
	Permissions map[int64][]Permission `json:"permissions"`
	// Blocked cannot come back by the link.
	Blocked []int64 `json:"blocked"`
	// Messages are the latest that are still there, oldest first.
	Messages []Message `json:"messages"`
	Pinned   string    `json:"pinned,omitempty"`
}

// Message is a message in a chat.
type Message struct {
	ID     string    `json:"mid"`
	Sender int64     `json:"sender"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// State is all that there is: bots by id, chats in the order in which they were made.
type State struct {
	Bots  []Bot  `json:"bots"`
	Chats []Chat `json:"chats"`
}

// Chat gives a chat by its id.
func (s State) Chat(id int64) (Chat, bool) {
	return lo.Find(s.Chats, func(c Chat) bool { return c.ChatID == id })
}

// State gives all that there is.
func (w *World) State() State {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return State{
		Bots:  lo.Map(w.state.orderedBots(), func(b *bot, _ int) Bot { return b.view() }),
		Chats: lo.Map(w.state.orderedChats(), func(c *chat, _ int) Chat { return c.view(w) }),
	}
}

// Requests gives the log's entries of MAX after seq since, of one bot or, with 0, of all. Of an entry, the GroupID is the bot,
// and the ErrorCode the HTTP status.
func (w *World) Requests(since, bot int64) []traffic.Entry {
	return lo.Filter(w.log.Entries(since, bot), func(e traffic.Entry, _ int) bool { return strings.HasPrefix(e.Method, MethodPrefix) })
}

func (c *chat) view(w *World) Chat {
	view := Chat{
		ChatID: c.ID, Title: c.Title, Link: c.Link, Owner: c.Owner, Closed: c.Closed, Created: time.UnixMilli(c.Created).UTC(),
		Members: []int64{}, Admins: []int64{}, Bots: []int64{}, Permissions: map[int64][]Permission{},
		Blocked: append([]int64{}, c.Blocked...), Pinned: c.Pinned,
		Messages: lo.Map(c.messages, func(m message, _ int) Message {
			return Message{ID: m.ID, Sender: m.Sender, Text: m.Text, At: time.UnixMilli(m.At).UTC()}
		}),
	}
	for _, m := range c.Members {
		if m.Admin {
			view.Permissions[m.ID] = append([]Permission{}, m.Permissions...)
		}
		switch _, isBot := w.state.bots[m.ID]; {
		case isBot:
			view.Bots = append(view.Bots, m.ID)
		case m.Admin:
			view.Admins = append(view.Admins, m.ID)
			fallthrough
		default:
			view.Members = append(view.Members, m.ID)
		}
	}
	return view
}
