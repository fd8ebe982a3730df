package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// place is where a school's chats live: what is there, and what people do there by hand. Chats are named by their titles, which
// are the school's.
type place interface {
	// now are the chats as the messenger has them.
	now() map[string]chatNow
	join(title string, account int64) // by the link
	leave(title string, account int64)
	kick(title string, account int64)  // somebody turns them out by hand
	bring(title string, account int64) // somebody adds them by hand
	setAdmin(title string, account int64, admin bool)
	rename(title, to string)
	// deeds are what a request to the messenger changes, or tries to; none for one that reads.
	deeds(c traffic.Call) []deed
	// listens tells whether a request only waits for events.
	listens(method string) bool
	// turnsOut is how a stranger is turned out.
	turnsOut() string
}

// chatNow is a chat as it is now.
type chatNow struct {
	ID              int64
	Names           []string // by which requests name it
	Link            string
	Members, Admins []int64
	Texts           []string // of messages
}

// deed is something that a request changes, in no messenger's own words. Chat is its id at first, and its title when all is done.
type deed struct{ Did, Chat, Account string }

const (
	didCreate  = "create"
	didRename  = "rename"
	didAdd     = "add"
	didRemove  = "remove"
	didBlock   = "remove and block"
	didPromote = "promote"
	didDemote  = "demote"
	didSay     = "message"
	didUnsay   = "take a message back"
)

// onVK is the place of a school on VK.
type onVK struct{ *site }

func (p onVK) now() map[string]chatNow {
	return lo.MapValues(p.chats(), func(c vk.Chat, _ string) chatNow {
		return chatNow{c.ChatID, []string{itoa(c.ChatID), itoa(c.PeerID)}, c.Link, c.Members, c.Admins, lo.Map(c.Messages, func(m vk.Message, _ int) string { return m.Text })}
	})
}

func (p onVK) seat(title string, account int64) vk.Seat {
	p.t.Helper()
	c, there := p.chats()[title]
	require.True(p.t, there, title)
	return vk.Seat{GroupID: p.group, ChatID: c.ChatID, Account: account}
}

func (p onVK) join(title string, account int64) {
	p.t.Helper()
	_, err := world.stack.Sandbox().Join(vk.Joining{Link: p.chats()[title].Link, Account: account})
	require.NoError(p.t, err)
}

func (p onVK) leave(title string, account int64) {
	p.t.Helper()
	_, err := world.stack.Sandbox().Leave(p.seat(title, account))
	require.NoError(p.t, err)
}

func (p onVK) kick(title string, account int64) {
	p.t.Helper()
	_, err := world.stack.Sandbox().KickByHand(p.seat(title, account))
	require.NoError(p.t, err)
}

func (p onVK) bring(title string, account int64) {
	p.t.Helper()
	_, err := world.stack.Sandbox().AddByHand(p.seat(title, account))
	require.NoError(p.t, err)
}

func (p onVK) setAdmin(title string, account int64, admin bool) {
	p.t.Helper()
	_, err := world.stack.Sandbox().SetAdminByHand(vk.Rights{Seat: p.seat(title, account), Admin: admin})
	require.NoError(p.t, err)
}

func (p onVK) rename(title, to string) {
	p.t.Helper()
	_, err := world.stack.Sandbox().RenameByHand(vk.Renaming{GroupID: p.group, ChatID: p.seat(title, 0).ChatID, Title: to})
	require.NoError(p.t, err)
}

func (p onVK) listens(method string) bool {
	return method == vk.PollMethod || method == "groups.getLongPollServer"
}

func (p onVK) turnsOut() string { return didRemove }

func (p onVK) deeds(c traffic.Call) []deed {
	d := deed{Chat: cmp.Or(c.Params["chat_id"], c.Params["peer_id"], c.Params["peer_ids"]), Account: cmp.Or(c.Params["user_id"], c.Params["member_id"])}
	switch c.Method {
	case create:
		d.Did = didCreate
	case setTitle:
		d.Did = didRename
	case add:
		d.Did = didAdd
	case remove:
		d.Did = didRemove
	case setRole:
		d.Did = lo.Ternary(c.Params["role"] == "admin", didPromote, didDemote)
	case "messages.send":
		d.Did = didSay
	case "messages.delete":
		d.Did = didUnsay
	case link:
		if c.Params["reset"] != "1" {
			return nil
		}
		d.Did = "make a link void"
	default:
		if strings.HasPrefix(c.Method, "messages.get") || strings.HasPrefix(c.Method, "groups.get") {
			return nil
		}
		d.Did = c.Method
	}
	return []deed{d}
}

// onMAX is the place of a school on MAX.
type onMAX struct {
	*site
	people
}

func (p onMAX) now() map[string]chatNow {
	found := map[string]chatNow{}
	for _, c := range p.letInto() {
		require.NotContains(p.site.t, found, c.Title, "two chats are called alike")
		found[c.Title] = chatNow{c.ChatID, []string{itoa(c.ChatID)}, c.Link, c.Members, c.Admins, lo.Map(c.Messages, func(m max.Message, _ int) string { return m.Text })}
	}
	return found
}

func (p onMAX) seat(title string, account int64) max.Seat {
	p.site.t.Helper()
	c, there := p.now()[title]
	require.True(p.site.t, there, title)
	return max.Seat{Chat: c.ID, User: account}
}

func (p onMAX) join(title string, account int64) { p.comeIn(p.seat(title, account).Chat, account) }

func (p onMAX) leave(title string, account int64) {
	p.site.t.Helper()
	_, err := world.stack.Sandbox().Max.Leave(p.seat(title, account))
	require.NoError(p.site.t, err)
}

func (p onMAX) kick(title string, account int64) {
	p.site.t.Helper()
	_, err := world.stack.Sandbox().Max.Kick(max.Kicking{Seat: p.seat(title, account)})
	require.NoError(p.site.t, err)
}

func (p onMAX) bring(title string, account int64) {
	p.site.t.Helper()
	_, err := world.stack.Sandbox().Max.Add(p.seat(title, account))
	require.NoError(p.site.t, err)
}

func (p onMAX) setAdmin(title string, account int64, admin bool) {
	p.site.t.Helper()
	_, err := world.stack.Sandbox().Max.SetAdmin(max.Rights{Seat: p.seat(title, account), Admin: admin})
	require.NoError(p.site.t, err)
}

func (p onMAX) rename(title, to string) {
	p.site.t.Helper()
	_, err := world.stack.Sandbox().Max.Rename(max.Renaming{Chat: p.seat(title, 0).Chat, Title: to})
	require.NoError(p.site.t, err)
}

// polls is MAX's request that waits for events.
const polls = max.MethodPrefix + "getUpdates"

func (p onMAX) listens(method string) bool { return method == polls }

func (p onMAX) turnsOut() string { return didBlock }

func (p onMAX) deeds(c traffic.Call) []deed { return deedsOnMAX(c) }

func deedsOnMAX(c traffic.Call) []deed {
	type one struct {
		User int64 `json:"user_id"`
	}
	var body struct {
		Admins []one   `json:"admins"`
		Users  []int64 `json:"user_ids"`
	}
	_ = json.Unmarshal([]byte(c.Params["body"]), &body)
	d := deed{Chat: cmp.Or(c.Params["chat"], c.Params["chat_id"])}
	each := func(did string, accounts []int64) []deed {
		return lo.Map(accounts, func(a int64, _ int) deed { return deed{did, d.Chat, itoa(a)} })
	}
	switch method := strings.TrimPrefix(c.Method, max.MethodPrefix); method {
	case "editChat":
		d.Did = didRename
	case "addMembers":
		return each(didAdd, body.Users)
	case "removeMember":
		d.Did, d.Account = lo.Ternary(c.Params["block"] == "true", didBlock, didRemove), c.Params["user_id"]
	case "postAdmins":
		return each(didPromote, lo.Map(body.Admins, func(a one, _ int) int64 { return a.User }))
	case "deleteAdmin":
		d.Did, d.Account = didDemote, c.Params["user"]
	case "sendMessage":
		d.Did = didSay
	case "deleteMessage":
		var chat uint64 // the first half of a message's id
		_, _ = fmt.Sscanf(c.Params["message_id"], "mid.%16x", &chat)
		d.Did, d.Chat = didUnsay, itoa(int64(chat))
	default:
		if strings.HasPrefix(method, "get") {
			return nil
		}
		d.Did = method
	}
	return []deed{d}
}
