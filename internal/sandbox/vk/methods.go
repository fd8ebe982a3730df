package vk

import "sync"

// method is one of VK's methods. It runs under the world's lock.
type method struct {
	// reads: it changes nothing.
	reads bool
	// namesGroups: its group_id asks for a community, and need not be the token's own.
	namesGroups bool
	// person: it is for people's tokens, and not for communities'.
	person bool
	run    func(w *World, c *community, p *params) (any, error)
}

var methods = map[string]method{
	"messages.createChat":             {run: createChat},
	"messages.editChat":               {run: editChat},
	"messages.addChatUser":            {run: addChatUser},
	"messages.removeChatUser":         {run: removeChatUser},
	"messages.setMemberRole":          {run: setMemberRole},
	"messages.getInviteLink":          {run: getInviteLink},
	"messages.send":                   {run: send},
	"messages.delete":                 {run: deleteMessages},
	"messages.getConversationMembers": {run: getConversationMembers, reads: true},
	"messages.getConversationsById":   {run: getConversationsByID, reads: true},
	"messages.getConversations":       {run: getConversations, reads: true},
	"groups.getById":                  {run: getGroups, reads: true, namesGroups: true},
	"groups.getTokenPermissions":      {run: getTokenPermissions, reads: true},
	"groups.getLongPollServer":        {run: getLongPollServer},
	"calls.start":                     {run: startCall, person: true},
	"calls.forceFinish":               {run: finishCall, person: true},
}

// call performs one method for whoever holds the token. Its errors are refusals, but for those of the
// stand-in itself.
func (w *World) call(by holder, name string, p *params) (any, error) {
	m, ok := methods[name]
	switch {
	case !ok:
		return nil, refuse(codeUnknownMethod, "")
	case m.person && by.account == 0:
		return nil, refuse(codeGroupAuth, "method is unavailable with group auth.")
	case !m.person && by.account != 0:
		return nil, refuse(codeNoRight, "")
	}
	p.account = by.account
	var lock sync.Locker = &w.mu
	if m.reads {
		lock = w.mu.RLocker()
	}
	lock.Lock()
	defer lock.Unlock()
	c, err := w.community(by.group)
	if err != nil {
		return nil, err
	}
	if named := p.integerOr("group_id", by.group, 1, anyID); p.err == nil && named != by.group && !m.namesGroups {
		return nil, refuse(codeDenied, "group_id is not the token's community")
	}
	if p.err != nil {
		return nil, p.err
	}
	return m.run(w, c, p)
}

// need is what a method wants to do in a chat.
type need int

const (
	toRead need = iota
	toTalk
	toSeeLink
	toResetLink
	toChange
)

// closed says with which code a chat in a state refuses each need; what is not listed is allowed.
var closed = map[ChatState]map[need]int{
	ChatDemoted: {
		toRead: codeNoAccess, toSeeLink: codeCantSeeLink, toResetLink: codeCantResetLink, toChange: codeNotAdmin,
	},
	ChatKicked:      outside,
	ChatLeft:        outside,
	ChatGone:        {toRead: codeNoChat, toTalk: codeNoChat, toSeeLink: codeNoChat, toResetLink: codeNoChat, toChange: codeNoChat},
	ChatDisabled:    {toTalk: codeDisabled, toSeeLink: codeCantSeeLink, toResetLink: codeCantResetLink, toChange: codeDisabled},
	ChatUnsupported: {toTalk: codeUnsupported, toSeeLink: codeCantSeeLink, toResetLink: codeCantResetLink, toChange: codeUnsupported},
}

var outside = map[need]int{
	toRead: codeNoAccess, toTalk: codeNoAccess, toSeeLink: codeCantSeeLink, toResetLink: codeCantResetLink, toChange: codeNotAdmin,
}

// open gives a chat if the community may do there what it needs.
func (c *community) open(id int64, n need) (*chat, error) {
	chat, ok := c.chats[id]
	if !ok {
		return nil, refuse(codeNoChat, "")
	}
	if code := closed[chat.State][n]; code != 0 {
		return nil, refuse(code, "")
	}
	return chat, nil
}
