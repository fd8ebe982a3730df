package vk

import (
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// The API methods in use.
const (
	methodExecute          = "execute"
	methodCreateChat       = "messages.createChat"
	methodEditChat         = "messages.editChat"
	methodInviteLink       = "messages.getInviteLink"
	methodAddUser          = "messages.addChatUser"
	methodRemoveUser       = "messages.removeChatUser"
	methodSetRole          = "messages.setMemberRole"
	methodMembers          = "messages.getConversationMembers"
	methodConversationByID = "messages.getConversationsById"
	methodConversations    = "messages.getConversations"
	methodGroup            = "groups.getById"
	methodPermissions      = "groups.getTokenPermissions"
	methodSend             = "messages.send"
	methodDelete           = "messages.delete"
	methodStartCall        = "calls.start"
	methodFinishCall       = "calls.forceFinish"
)

const (
	// vkAccessDenied means something else for every kind of method.
	vkAccessDenied = 15
	// vkBadParameter is a defect of ours, except where we give but one parameter that is never malformed.
	vkBadParameter = 100
	vkNotFound     = 104
	vkNotInChat    = 935

	rateLimitPause = time.Second
)

// anyMethod says what VK's numbers mean, unless the method says otherwise.
var anyMethod = map[int]messenger.Code{
	1:  messenger.CodeUnavailable, // unknown error
	10: messenger.CodeUnavailable, // internal server error
	32: messenger.CodeUnavailable, // need wait
	36: messenger.CodeUnavailable, // interrupted by VK's own time-out
	43: messenger.CodeUnavailable, // section temporarily unavailable

	6:  messenger.CodeRateLimited, // too many requests per second
	9:  messenger.CodeRateLimited, // flood control
	29: messenger.CodeRateLimited, // rate limit

	5:    messenger.CodeTokenRefused, // authorization failed
	28:   messenger.CodeTokenRefused, // a token of another kind
	1117: messenger.CodeTokenRefused, // token has expired

	7:  messenger.CodeTokenRights, // permission denied
	27: messenger.CodeTokenRights, // not for communities

	// Nothing can be done in the chat any more.
	917: messenger.CodeChatDenied, // no access to the chat
	922: messenger.CodeChatDenied, // the community left the chat
	945: messenger.CodeChatDenied, // chat disabled
	946: messenger.CodeChatDenied, // chat not supported
	927: messenger.CodeChatGone,

	// This cannot be done; other things may.
	919: messenger.CodeChatRights, // may not see the invite link
	925: messenger.CodeChatRights, // not its admin
	931: messenger.CodeChatRights, // may not change the invite link
}

// oneMethod holds what a number means for one method only.
var oneMethod = map[string]map[int]messenger.Code{
	methodAddUser: {
		// The method is not for this token, or not there at all: a matter of inviting.
		3:  messenger.CodeAddDenied,
		7:  messenger.CodeAddDenied,
		23: messenger.CodeAddDenied,
		27: messenger.CodeAddDenied,

		vkAccessDenied: messenger.CodeMemberRefused,
		18:             messenger.CodeMemberRefused, // account deleted or banned
		103:            messenger.CodeMemberRefused, // the chat is full
		900:            messenger.CodeMemberRefused, // has blocked the community
		902:            messenger.CodeMemberRefused, // privacy
		932:            messenger.CodeMemberRefused, // the community may not deal with this account
		936:            messenger.CodeMemberRefused, // contact not found
		939:            messenger.CodeMemberRefused, // has a request to join already
		947:            messenger.CodeMemberRefused, // has no access to the community
	},
	methodCreateChat: {936: messenger.CodeMemberRefused},
	methodRemoveUser: {936: messenger.CodeMemberAbsent},
	methodSetRole: {
		vkNotInChat: messenger.CodeMemberAbsent,
		936:         messenger.CodeMemberAbsent,
	},
	methodSend: {
		// The first three speak of people, and are not expected of chats.
		900:  messenger.CodeChatRights, // has blocked the community
		901:  messenger.CodeChatRights, // has not allowed the community to write
		902:  messenger.CodeChatRights, // privacy
		912:  messenger.CodeChatRights, // the community's bot is switched off in its settings
		932:  messenger.CodeChatRights, // the community may not deal with this peer
		985:  messenger.CodeChatRights, // only notifications may be written
		1012: messenger.CodeChatRights, // nobody may write
	},
	methodDelete: {
		924: messenger.CodeChatRights, // not for everybody any more
	},
	methodStartCall:  ofPersons,
	methodFinishCall: ofPersons,
}

// ofPersons is what befalls a person's token and not a community's.
var ofPersons = map[int]messenger.Code{
	// Its owner has to do something that we cannot do for them, and get another token.
	14:   messenger.CodeTokenRefused, // captcha
	17:   messenger.CodeTokenRefused, // validation
	18:   messenger.CodeTokenRefused, // account deleted or banned
	24:   messenger.CodeTokenRefused, // confirmation
	25:   messenger.CodeTokenRefused, // confirmation of the token
	3610: messenger.CodeTokenRefused, // account deactivated

	3:   messenger.CodeTokenRights, // no such method for this application
	20:  messenger.CodeTokenRights, // not for this kind of application
	21:  messenger.CodeTokenRights, // not for this kind of application
	23:  messenger.CodeTokenRights, // method switched off
	203: messenger.CodeTokenRights, // no access to the community
}

// alreadySo tells whether the number says that what was asked for is so already.
func alreadySo(method string, vendor int) bool {
	switch method {
	case methodRemoveUser:
		return vendor == vkNotInChat
	case methodDelete:
		return vendor == vkNotFound
	case methodFinishCall:
		return vendor == vkNotFound || vendor == vkBadParameter
	default:
		return false
	}
}

// vendorError maps VK's number for a failure of the method.
func vendorError(method string, vendor int) *messenger.Error {
	e := &messenger.Error{Code: codeOf(method, vendor), Vendor: vendor, Method: method}
	if e.Code == messenger.CodeRateLimited {
		e.RetryAfter = rateLimitPause
	}
	return e
}

func codeOf(method string, vendor int) messenger.Code {
	if code, ok := oneMethod[method][vendor]; ok {
		return code
	}
	if code, ok := anyMethod[vendor]; ok {
		return code
	}
	if vendor == vkAccessDenied {
		return accessDenied(method)
	}
	return messenger.CodeBadRequest
}

// accessDenied tells whom code 15 blames: the token, where no chat is spoken of; the chat, where
// it cannot even be read; else nothing but the call.
func accessDenied(method string) messenger.Code {
	switch {
	case strings.HasPrefix(method, "groups."):
		return messenger.CodeTokenRefused
	case method == methodExecute, method == methodCreateChat, method == methodConversations, strings.HasPrefix(method, "calls."):
		return messenger.CodeTokenRights
	case method == methodMembers, method == methodConversationByID:
		return messenger.CodeChatDenied
	default:
		return messenger.CodeChatRights
	}
}

// unavailable is trouble between VK and us that another try may get over.
func unavailable(method string) *messenger.Error {
	return &messenger.Error{Code: messenger.CodeUnavailable, Method: method}
}

// endsAll tells whether an error of one call makes the calls after it pointless for now. A
// number that means a bad request concerns its own call: one call that VK does not like must
// not keep all others from being made, pass after pass.
func endsAll(e *messenger.Error) bool {
	if e == nil {
		return false
	}
	switch e.Code {
	case messenger.CodeTokenRefused, messenger.CodeTokenRights, messenger.CodeTokenForeign:
		return true
	default:
		return e.Scope() == messenger.ScopeRetry
	}
}
