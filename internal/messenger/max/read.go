package max

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	membersPerPage = 100
	// maxPages bounds a chat, far above what MAX allows: pages without end would be trouble.
	maxPages = 2000
)

// What a chat and a bot's place in it can be.
const (
	statusActive = "active"
	statusClosed = "closed"
	typeGroup    = "chat"
)

// rights are MAX's permissions that the bot needs, by what the port calls them. Some have had another name.
var rights = map[messenger.Right][]string{
	messenger.RightRead:    {"read_all_messages"},
	messenger.RightMembers: {"add_remove_members"},
	messenger.RightAdmins:  {"add_admins"},
	messenger.RightTitle:   {"change_chat_info"},
	messenger.RightWrite:   {"write", "post_edit_delete_message"},
}

type chat struct {
	ID     int64   `json:"chat_id"`
	Type   string  `json:"type"`
	Status string  `json:"status"`
	Title  *string `json:"title"`
	Link   *string `json:"link"`
}

type chatMember struct {
	ID          int64    `json:"user_id"`
	Owner       bool     `json:"is_owner"`
	Admin       bool     `json:"is_admin"`
	Permissions []string `json:"permissions"`
}

// lacks tells which of the needed rights the bot has not. An owner has them all.
func (m chatMember) lacks() []messenger.Right {
	if m.Owner {
		return nil
	}
	var missing []messenger.Right
	for right, names := range rights {
		if !m.Admin || !lo.Some(m.Permissions, names) {
			missing = append(missing, right)
		}
	}
	slices.Sort(missing)
	return missing
}

// Read gives the state of chats as the port says. A chat of up to 100 members costs two requests, and one more for
// each further hundred. Members are sorted by account. Other bots in a chat are members too, and a chat's owner counts
// as its admin.
//
// MAX tells nobody but an admin who is in a chat. Of a chat where the bot is none, Title and Lacks are set beside Err.
func (c *Client) Read(ctx context.Context, refs []messenger.ChatRef) ([]messenger.ChatState, error) {
	ids := make([]int64, len(refs))
	for i, ref := range refs {
		id, err := ParseRef(ref)
		if err != nil {
			return nil, fmt.Errorf("chat %d of %d: %w", i+1, len(refs), err)
		}
		ids[i] = id
	}
	states := make([]messenger.ChatState, len(refs))
	for i, id := range ids {
		state, err := c.state(ctx, id)
		failure, err := ofCall(err)
		if err != nil {
			return nil, err
		}
		state.Ref = refs[i]
		if failure != nil {
			state.Err = failure
		}
		states[i] = state
	}
	return states, nil
}

func (c *Client) state(ctx context.Context, id int64) (messenger.ChatState, error) {
	found, err := c.chat(ctx, id)
	if err != nil {
		return messenger.ChatState{}, err
	}
	state := messenger.ChatState{Title: lo.FromPtr(found.Title)}
	members, refused := c.members(ctx, id)
	own, listed := members[c.bot]
	if refused == nil && listed {
		state.Lacks, state.Members = own.lacks(), c.others(members)
		return state, nil
	}
	failure, err := ofCall(refused)
	if err != nil {
		return messenger.ChatState{}, err
	}
	if failure != nil && failure.Code != messenger.CodeChatDenied {
		return messenger.ChatState{}, failure
	}
	if own, err = c.own(ctx, id); err != nil {
		return state, err
	}
	state.Lacks = own.lacks()
	if failure != nil {
		return state, failure
	}
	state.Members = c.others(members)
	return state, nil
}

// chat reads a chat that the bot is in.
func (c *Client) chat(ctx context.Context, id int64) (chat, error) {
	var found chat
	if err := c.ask(ctx, query{method: methodChat, chat: id}, &found); err != nil {
		return chat{}, err
	}
	switch {
	case found.ID != id, found.Status == "":
		return chat{}, unavailable(methodChat)
	case found.Status == statusClosed:
		return chat{}, &messenger.Error{Code: messenger.CodeChatGone, Method: methodChat}
	case found.Status != statusActive, found.Type != typeGroup:
		return chat{}, &messenger.Error{Code: messenger.CodeChatDenied, Method: methodChat}
	}
	return found, nil
}

type membersPage struct {
	Members []chatMember `json:"members"`
	Marker  *int64       `json:"marker"`
}

// members reads who is in a chat, the bot too. Pages overlap when somebody comes or goes between them.
func (c *Client) members(ctx context.Context, id int64) (map[int64]chatMember, error) {
	members := map[int64]chatMember{}
	var marker *int64
	for range maxPages {
		params := url.Values{"count": {strconv.Itoa(membersPerPage)}}
		if marker != nil {
			params.Set("marker", strconv.FormatInt(*marker, 10))
		}
		var page membersPage
		if err := c.ask(ctx, query{method: methodMembers, chat: id, params: params}, &page); err != nil {
			return nil, err
		}
		if page.Members == nil {
			return nil, unavailable(methodMembers)
		}
		for _, member := range page.Members {
			if member.ID > 0 {
				members[member.ID] = member
			}
		}
		if page.Marker == nil {
			return members, nil
		}
		if marker != nil && *page.Marker == *marker {
			break // it would go round for ever
		}
		marker = page.Marker
	}
	return nil, unavailable(methodMembers)
}

// own reads the bot's own place in a chat, which MAX tells any member.
func (c *Client) own(ctx context.Context, id int64) (chatMember, error) {
	var own chatMember
	if err := c.ask(ctx, query{method: methodOwn, chat: id}, &own); err != nil {
		return chatMember{}, err
	}
	if own.ID != c.bot {
		return chatMember{}, unavailable(methodOwn)
	}
	return own, nil
}

func (c *Client) others(members map[int64]chatMember) []messenger.Member {
	var others []messenger.Member
	for id, m := range members {
		if id != c.bot {
			others = append(others, messenger.Member{Account: school.AccountID(id), Admin: m.Admin || m.Owner, Owner: m.Owner})
		}
	}
	slices.SortFunc(others, func(a, b messenger.Member) int { return cmp.Compare(a.Account, b.Account) })
	return others
}

// ofCall tells what concerns one chat or call alone from what ends everything.
func ofCall(err error) (*messenger.Error, error) {
	e, ok := errors.AsType[*messenger.Error](err)
	if !ok || endsAll(e) {
		return nil, err
	}
	return e, nil
}
