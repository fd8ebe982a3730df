package max

import (
	"net/http"
	"time"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// The calls in use, as templates: errors and spans name them so.
const (
	methodMe          = "GET /me"
	methodChat        = "GET /chats/{chatId}"
	methodEditChat    = "PATCH /chats/{chatId}"
	methodMembers     = "GET /chats/{chatId}/members"
	methodOwn         = "GET /chats/{chatId}/members/me"
	methodAdd         = "POST /chats/{chatId}/members"
	methodRemove      = "DELETE /chats/{chatId}/members"
	methodPromote     = "POST /chats/{chatId}/members/admins"
	methodDemote      = "DELETE /chats/{chatId}/members/admins/{userId}"
	methodMessages    = "GET /messages"
	methodSend        = "POST /messages"
	methodDelete      = "DELETE /messages"
	methodUpdates     = "GET /updates"
	methodSubscribe   = "POST /subscriptions"
	methodUnsubscribe = "DELETE /subscriptions"
	methodSubscribed  = "GET /subscriptions"
)

const (
	codeChatNotFound = "chat.not.found"
	rateLimitPause   = time.Second
)

// meaning is what MAX may mean by refusing a call.
type meaning struct {
	forbidden messenger.Code // 403
	missing   messenger.Code // 404 that does not speak of the chat; "" is a bad request
	soft      messenger.Code // 200 with success false
}

// meanings holds the calls in chats. All others are the token's business.
var meanings = map[string]meaning{
	methodChat:     {forbidden: messenger.CodeChatDenied, missing: messenger.CodeChatDenied, soft: messenger.CodeChatDenied},
	methodMembers:  {forbidden: messenger.CodeChatDenied, missing: messenger.CodeChatDenied, soft: messenger.CodeChatDenied},
	methodOwn:      {forbidden: messenger.CodeChatDenied, missing: messenger.CodeChatDenied, soft: messenger.CodeChatDenied},
	methodEditChat: {forbidden: messenger.CodeChatRights, soft: messenger.CodeChatRights},
	methodAdd:      {forbidden: messenger.CodeAddDenied, missing: messenger.CodeMemberRefused, soft: messenger.CodeMemberRefused},
	methodRemove:   {forbidden: messenger.CodeChatRights, missing: messenger.CodeMemberAbsent, soft: messenger.CodeChatRights},
	methodPromote:  {forbidden: messenger.CodeChatRights, missing: messenger.CodeMemberAbsent, soft: messenger.CodeChatRights},
	methodDemote:   {forbidden: messenger.CodeChatRights, missing: messenger.CodeMemberAbsent, soft: messenger.CodeChatRights},
	// To look for a message is a part of sending it, or of deleting it.
	methodMessages: {forbidden: messenger.CodeChatRights, missing: messenger.CodeChatRights, soft: messenger.CodeChatRights},
	methodSend:     {forbidden: messenger.CodeChatRights, soft: messenger.CodeChatRights},
	methodDelete:   {forbidden: messenger.CodeChatRights, missing: messenger.CodeMemberAbsent, soft: messenger.CodeChatRights},
}

// refusal maps a refusal of MAX's own. It is told by its status; of the codes, one says more than that.
func refusal(method string, status int, code string) *messenger.Error {
	return &messenger.Error{Code: codeOf(method, status, code), Vendor: status, Method: method}
}

func codeOf(method string, status int, code string) messenger.Code {
	m, inChat := meanings[method]
	switch {
	case status >= http.StatusInternalServerError:
		return messenger.CodeUnavailable
	case status == http.StatusUnauthorized:
		return messenger.CodeTokenRefused
	case status == http.StatusForbidden && inChat:
		return m.forbidden
	case status == http.StatusForbidden:
		return messenger.CodeTokenRights
	case status == http.StatusMethodNotAllowed && method == methodUpdates:
		return messenger.CodeTokenRights // the bot is subscribed: its updates go to an address
	case status == http.StatusNotFound && inChat && code == codeChatNotFound:
		return messenger.CodeChatGone
	case status == http.StatusNotFound && m.missing != "":
		return m.missing
	default:
		return messenger.CodeBadRequest
	}
}

// softRefusal maps an answer that says no more than that it was no success.
func softRefusal(method string) *messenger.Error {
	e := &messenger.Error{Code: messenger.CodeBadRequest, Vendor: http.StatusOK, Method: method}
	if m, inChat := meanings[method]; inChat {
		e.Code = m.soft
	}
	return e
}

// soft tells whether an error is a softRefusal.
func soft(e *messenger.Error) bool { return e != nil && e.Vendor == http.StatusOK }

// unavailable is trouble between MAX and us that another try may get over.
func unavailable(method string) *messenger.Error {
	return &messenger.Error{Code: messenger.CodeUnavailable, Method: method}
}

// endsAll tells whether an error of one call makes the calls after it pointless for now. A bad request concerns
// its own call: one call that MAX does not like must not keep all others from being made, pass after pass.
func endsAll(e *messenger.Error) bool {
	switch e.Code {
	case messenger.CodeTokenRefused, messenger.CodeTokenRights, messenger.CodeTokenForeign, messenger.CodeFenced:
		return true
	default:
		return e.Scope() == messenger.ScopeRetry
	}
}
