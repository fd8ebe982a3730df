package vk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/samber/lo"
)

type memberItem struct {
	MemberID  int64 `json:"member_id"`
	InvitedBy int64 `json:"invited_by"`
	JoinDate  int64 `json:"join_date"`
	IsAdmin   bool  `json:"is_admin,omitempty"`
	IsOwner   bool  `json:"is_owner,omitempty"`
	CanKick   bool  `json:"can_kick,omitempty"`
}

type list[T any] struct {
	Count int `json:"count"`
	Items []T `json:"items"`
}

// page cuts a page out of all items.
func page[T any](all []T, offset, count int64) []T {
	return lo.Slice(all, int(offset), int(offset+count))
}

func getConversationMembers(_ *World, c *community, p *params) (any, error) {
	id := p.chatPeer()
	offset, count := p.integerOr("offset", 0, 0, maxChatID), p.integerOr("count", 20, 1, 1000)
	if p.err != nil {
		return nil, p.err
	}
	chat, err := c.open(id, toRead)
	if err != nil {
		return nil, err
	}
	items := make([]memberItem, 0, len(chat.Members)+1)
	items = append(items, memberItem{
		MemberID: -c.ID, InvitedBy: -c.ID, JoinDate: chat.Created.Unix(), IsAdmin: true, IsOwner: true,
	})
	for _, m := range chat.Members {
		items = append(items, memberItem{
			MemberID: m.ID, InvitedBy: m.InvitedBy, JoinDate: m.Joined, IsAdmin: m.Admin, CanKick: true,
		})
	}
	return list[memberItem]{Count: len(items), Items: page(items, offset, count)}, nil
}

type conversation struct {
	Peer                      peer         `json:"peer"`
	LastMessageID             int64        `json:"last_message_id"`
	LastConversationMessageID int64        `json:"last_conversation_message_id"`
	InRead                    int64        `json:"in_read"`
	OutRead                   int64        `json:"out_read"`
	CanWrite                  canWrite     `json:"can_write"`
	Settings                  chatSettings `json:"chat_settings"`
}

type peer struct {
	ID      int64  `json:"id"`
	Type    string `json:"type"`
	LocalID int64  `json:"local_id"`
}

type canWrite struct {
	Allowed bool `json:"allowed"`
}

type chatSettings struct {
	OwnerID      int64   `json:"owner_id"`
	Title        string  `json:"title"`
	State        string  `json:"state"`
	MembersCount int     `json:"members_count"`
	AdminIDs     []int64 `json:"admin_ids"`
	ActiveIDs    []int64 `json:"active_ids"`
	ACL          acl     `json:"acl"`
}

type acl struct {
	CanChangeInfo       bool `json:"can_change_info"`
	CanChangeInviteLink bool `json:"can_change_invite_link"`
	CanChangePin        bool `json:"can_change_pin"`
	CanInvite           bool `json:"can_invite"`
	CanPromoteUsers     bool `json:"can_promote_users"`
	CanSeeInviteLink    bool `json:"can_see_invite_link"`
	CanModerate         bool `json:"can_moderate"`
	CanCopyChat         bool `json:"can_copy_chat"`
	CanCall             bool `json:"can_call"`
	CanUseMassMentions  bool `json:"can_use_mass_mentions"`
}

func (c *chat) conversation(of *community) conversation {
	owns := c.State == ChatIn
	settings := chatSettings{
		OwnerID: -of.ID, Title: c.Title, State: c.membership(), AdminIDs: []int64{}, ActiveIDs: []int64{},
		ACL: acl{
			CanChangeInfo: owns, CanChangeInviteLink: owns, CanChangePin: owns, CanInvite: owns && of.Adding,
			CanPromoteUsers: owns, CanSeeInviteLink: owns, CanModerate: owns, CanUseMassMentions: owns,
		},
	}
	if settings.State == "in" {
		settings.MembersCount = len(c.Members) + 1
		settings.AdminIDs = c.admins()
	}
	return conversation{
		Peer:                      peer{ID: c.peer(), Type: "chat", LocalID: c.ID},
		LastMessageID:             c.Activity,
		LastConversationMessageID: c.Activity,
		InRead:                    c.Activity,
		OutRead:                   c.Activity,
		CanWrite:                  canWrite{Allowed: closed[c.State][toTalk] == 0},
		Settings:                  settings,
	}
}

// membership is VK's word for how the community stands to the chat.
func (c *chat) membership() string {
	switch c.State {
	case ChatKicked, ChatLeft:
		return string(c.State)
	default:
		return string(ChatIn)
	}
}

func getConversationsByID(_ *World, c *community, p *params) (any, error) {
	if !p.given("peer_ids") {
		p.fail("peer_ids", "is undefined")
	}
	peers := lo.Uniq(p.integers("peer_ids", -anyID))
	if len(peers) > 100 {
		p.fail("peer_ids", "should contain at most 100 items")
	}
	if p.err != nil {
		return nil, p.err
	}
	items := lo.FilterMap(peers, func(peer int64, _ int) (conversation, bool) {
		chat, ok := c.chats[peer-peerBase]
		if !ok || chat.State == ChatGone {
			return conversation{}, false
		}
		return chat.conversation(c), true
	})
	return list[conversation]{Count: len(items), Items: items}, nil
}

type conversationItem struct {
	Conversation conversation `json:"conversation"`
	LastMessage  message      `json:"last_message"`
}

type message struct {
	ID     int64 `json:"id"`
	PeerID int64 `json:"peer_id"`
	FromID int64 `json:"from_id"`
}

func getConversations(_ *World, c *community, p *params) (any, error) {
	offset, count := p.integerOr("offset", 0, 0, maxChatID), p.integerOr("count", 20, 0, 200)
	if p.err != nil {
		return nil, p.err
	}
	there := lo.Filter(slices.Collect(maps.Values(c.chats)), func(c *chat, _ int) bool { return c.State != ChatGone })
	slices.SortFunc(there, func(a, b *chat) int { return cmp.Compare(b.Activity, a.Activity) })
	items := lo.Map(page(there, offset, count), func(chat *chat, _ int) conversationItem {
		return conversationItem{
			Conversation: chat.conversation(c),
			LastMessage:  message{ID: chat.Activity, PeerID: chat.peer(), FromID: -c.ID},
		}
	})
	return list[conversationItem]{Count: len(there), Items: items}, nil
}

type groupsReply struct {
	Groups   []groupItem `json:"groups"`
	Profiles []struct{}  `json:"profiles"`
}

type groupItem struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	ScreenName string `json:"screen_name"`
	IsClosed   int    `json:"is_closed"`
	Type       string `json:"type"`
}

func getGroups(w *World, c *community, p *params) (any, error) {
	ids := p.integers("group_ids", 1)
	if p.given("group_id") {
		ids = append(ids, p.integer("group_id", 1, anyID))
	}
	if p.err != nil {
		return nil, p.err
	}
	if len(ids) == 0 {
		ids = []int64{c.ID}
	}
	groups := lo.FilterMap(lo.Uniq(ids), func(id int64, _ int) (groupItem, bool) {
		group, ok := w.state.communities[id]
		if !ok {
			return groupItem{}, false
		}
		return groupItem{ID: id, Name: group.Name, ScreenName: fmt.Sprintf("club%d", id), Type: "group"}, true
	})
	return groupsReply{Groups: groups, Profiles: []struct{}{}}, nil
}

type tokenPermissions struct {
	Mask        int          `json:"mask"`
	Permissions []permission `json:"permissions"`
}

type permission struct {
	Setting int    `json:"setting"`
	Name    string `json:"name"`
}

func getTokenPermissions(*World, *community, *params) (any, error) {
	granted := []permission{{Setting: 1 << 12, Name: "messages"}, {Setting: 1 << 18, Name: "manage"}}
	return tokenPermissions{
		Mask:        lo.SumBy(granted, func(p permission) int { return p.Setting }),
		Permissions: granted,
	}, nil
}
