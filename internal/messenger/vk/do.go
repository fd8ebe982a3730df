package vk

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Do makes the calls as the port says. All calls are checked before the first request, and a
// call that cannot be right (a bad ref, no account, the removal of the community itself)
// is a bad request on which nothing at all is done.
//
// A refusal of one call is in its reply and the others go on. After a request in which a call met
// rate limiting, unavailability or a token fault, Do ends with that error, once the replies
// are recorded. A chat that was made is always replied, with an empty Link if only its link
// could not be had.
func (c *Client) Do(
	ctx context.Context, calls []messenger.Call, record func(first int, replies []messenger.Reply) error,
) error {
	steps := make([]step, len(calls))
	for i, call := range calls {
		s, err := c.step(call)
		if err != nil {
			return fmt.Errorf("call %d of %d: %w", i+1, len(calls), err)
		}
		steps[i] = s
	}
	first := 0
	for batch := range pack(steps, step.apiCalls) {
		results, err := c.execute(ctx, lo.FlatMap(batch, func(s step, _ int) []apiCall { return s.calls }))
		if err != nil {
			return err
		}
		replies, end := repliesOf(batch, results)
		if err := record(first, replies); err != nil {
			return err
		}
		if end != nil {
			return end
		}
		first += len(batch)
	}
	return nil
}

// step is one of the port's calls as VK's API calls.
type step struct {
	kind  messenger.CallKind
	chat  messenger.ChatRef
	calls []apiCall
}

func (s step) apiCalls() []apiCall { return s.calls }

// step translates a call, or tells what is wrong with it.
func (c *Client) step(call messenger.Call) (step, error) {
	s := step{kind: call.Kind, chat: call.Chat}
	if call.Kind == messenger.CallCreateChat {
		calls, err := c.creation(call)
		s.calls = calls
		return s, err
	}
	chatID, err := ParseRef(call.Chat)
	if err != nil {
		return step{}, fmt.Errorf("%s: %w", call.Kind, err)
	}
	one, err := c.inChat(call, chatID)
	s.calls = []apiCall{one}
	return s, err
}

func (c *Client) creation(call messenger.Call) ([]apiCall, error) {
	if call.Title == "" {
		return nil, badCall(methodCreateChat, "give the chat a title")
	}
	if lo.SomeBy(call.Accounts, func(a school.AccountID) bool { return a <= 0 }) {
		return nil, badCall(methodCreateChat, "put only people's accounts into the chat")
	}
	args := []arg{text("title", call.Title), number("group_id", c.group)}
	if len(call.Accounts) > 0 {
		ids := lo.Map(call.Accounts, func(a school.AccountID, _ int) string { return fmt.Sprint(a) })
		args = append(args, text("user_ids", strings.Join(ids, ",")))
	}
	link := apiCall{method: methodInviteLink, args: []arg{number("group_id", c.group)}, ofPrevious: true}
	return []apiCall{{method: methodCreateChat, args: args}, link}, nil
}

func (c *Client) inChat(call messenger.Call, chatID int64) (apiCall, error) {
	chat, peer := number("chat_id", chatID), number("peer_id", peerBase+chatID)
	account := int64(call.Account)
	switch call.Kind {
	case messenger.CallSetTitle:
		if call.Title == "" {
			return apiCall{}, badCall(methodEditChat, "give the chat a title")
		}
		return apiCall{method: methodEditChat, args: []arg{chat, text("title", call.Title)}}, nil
	case messenger.CallInviteLink:
		return apiCall{method: methodInviteLink, args: []arg{peer, number("group_id", c.group)}}, nil
	case messenger.CallResetLink:
		return apiCall{method: methodInviteLink, args: []arg{peer, number("reset", 1), number("group_id", c.group)}}, nil
	case messenger.CallAddMember:
		if account <= 0 {
			return apiCall{}, badCall(methodAddUser, "name a person's account")
		}
		return apiCall{method: methodAddUser, args: []arg{chat, number("user_id", account)}}, nil
	case messenger.CallRemoveMember:
		if account == 0 || account == -c.group {
			return apiCall{}, badCall(methodRemoveUser, "name an account that is not the community's own")
		}
		return apiCall{method: methodRemoveUser, args: []arg{chat, number("member_id", account)}}, nil
	case messenger.CallPromote, messenger.CallDemote:
		if account == 0 || account == -c.group {
			return apiCall{}, badCall(methodSetRole, "name an account that is not the community's own")
		}
		role := lo.Ternary(call.Kind == messenger.CallPromote, "admin", "member")
		return apiCall{method: methodSetRole, args: []arg{peer, number("member_id", account), text("role", role)}}, nil
	case messenger.CallSendMessage:
		return c.sending(call, peerBase+chatID)
	case messenger.CallDeleteMessage:
		return c.deletion(call, peerBase+chatID)
	default:
		return apiCall{}, badCall("", "use one of the port's calls")
	}
}

func badCall(method, advice string) error {
	return fmt.Errorf("%w: %s", &messenger.Error{Code: messenger.CodeBadRequest, Method: method}, advice)
}

// repliesOf answers a batch, and gives the first error that ends all.
func repliesOf(batch []step, results []result) ([]messenger.Reply, *messenger.Error) {
	replies := make([]messenger.Reply, len(batch))
	var end *messenger.Error
	for i, s := range batch {
		var failure *messenger.Error
		replies[i], failure = s.reply(results[:len(s.calls)])
		results = results[len(s.calls):]
		if end == nil && endsAll(failure) {
			end = failure
		}
	}
	return replies, end
}

// reply answers one call. The error is what went wrong, also where the reply itself is good.
func (s step) reply(results []result) (messenger.Reply, *messenger.Error) {
	reply := messenger.Reply{Chat: s.chat}
	var failure *messenger.Error
	switch s.kind {
	case messenger.CallCreateChat:
		return creationReply(results[0], results[1])
	case messenger.CallInviteLink, messenger.CallResetLink:
		reply.Link, failure = linkOf(results[0])
	case messenger.CallSendMessage:
		reply.Message, failure = messageOf(results[0])
	case messenger.CallDeleteMessage:
		failure = deleted(results[0])
	default:
		failure = done(results[0])
	}
	if failure != nil {
		reply.Err = failure
	}
	return reply, failure
}

func creationReply(made, link result) (messenger.Reply, *messenger.Error) {
	var chat struct {
		ID    int64              `json:"chat_id"`
		Peers []school.AccountID `json:"peer_ids"`
	}
	failure := made.decode(&chat)
	if failure == nil && chat.ID <= 0 {
		failure = unavailable(methodCreateChat)
	}
	if failure != nil {
		return messenger.Reply{Err: failure}, failure
	}
	address, failure := linkOf(link)
	return messenger.Reply{
		Chat:  ChatRef(chat.ID),
		Added: lo.Filter(chat.Peers, func(a school.AccountID, _ int) bool { return a > 0 }),
		Link:  address,
	}, failure
}

func linkOf(r result) (string, *messenger.Error) {
	var link struct {
		Link string `json:"link"`
	}
	failure := r.decode(&link)
	if failure == nil && link.Link == "" {
		failure = unavailable(r.method)
	}
	return link.Link, failure
}

// done checks that VK said 1, its word for "done".
func done(r result) *messenger.Error {
	if r.already {
		return nil
	}
	var one int
	if failure := r.decode(&one); failure != nil {
		return failure
	}
	if one != 1 {
		return unavailable(r.method)
	}
	return nil
}
