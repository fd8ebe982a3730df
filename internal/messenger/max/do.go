package max

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Bounds of what travels in one request.
const (
	maxTitle    = 200 // characters
	addsPerCall = 100
)

// Do makes the calls as the port says. All calls are checked before the first request, and a call that cannot be right
// (a bad ref, no account, the removal of the bot itself, what MAX has no call for) is a bad request on which nothing at
// all is done.
//
// A refusal of one call is in its reply and the others go on. Rate limiting, unavailability or a token fault ends Do
// with that error, and the call that met it is not recorded. Calls to add people to one chat share a request where they follow
// each other, and so do those that promote people; where such a request is refused for no reason of each, they are
// made one by one.
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
	for groups := together(steps); len(groups) > 0; {
		group := groups[0]
		groups = groups[1:]
		replies, err := c.perform(ctx, group)
		if errors.Is(err, errOneByOne) {
			groups = append(lo.Map(group, func(s step, _ int) []step { return []step{s} }), groups...)
			continue
		}
		if err != nil {
			return err
		}
		if err := record(first, replies); err != nil {
			return err
		}
		first += len(group)
	}
	return nil
}

// step is one of the port's calls, checked.
type step struct {
	messenger.Call
	chat int64
}

// with tells whether a call may share the request of those before it.
func (s step) with(group []step) bool {
	last := group[len(group)-1]
	if s.Kind != last.Kind || s.chat != last.chat {
		return false
	}
	limit := map[messenger.CallKind]int{messenger.CallAddMember: addsPerCall, messenger.CallPromote: maxAdmins}[s.Kind]
	return len(group) < limit && !slices.ContainsFunc(group, func(other step) bool { return other.Account == s.Account })
}

func together(steps []step) [][]step {
	var groups [][]step
	for _, s := range steps {
		if n := len(groups); n > 0 && s.with(groups[n-1]) {
			groups[n-1] = append(groups[n-1], s)
		} else {
			groups = append(groups, []step{s})
		}
	}
	return groups
}

// step checks a call.
func (c *Client) step(call messenger.Call) (step, error) {
	if call.Kind == messenger.CallCreateChat || call.Kind == messenger.CallResetLink {
		return step{}, badCall("", "ask for what MAX can do: see Features")
	}
	id, err := ParseRef(call.Chat)
	if err != nil {
		return step{}, fmt.Errorf("%s: %w", call.Kind, err)
	}
	return step{Call: call, chat: id}, c.check(call)
}

func (c *Client) check(call messenger.Call) error {
	method, isMembers := map[messenger.CallKind]string{
		messenger.CallAddMember: methodAdd, messenger.CallRemoveMember: methodRemove,
		messenger.CallPromote: methodPromote, messenger.CallDemote: methodDemote,
	}[call.Kind]
	switch {
	case isMembers:
		if call.Account <= 0 || int64(call.Account) == c.bot {
			return badCall(method, "name an account that is not the bot's own")
		}
	case call.Kind == messenger.CallSetTitle:
		if strings.TrimSpace(call.Title) == "" || utf8.RuneCountInString(call.Title) > maxTitle {
			return badCall(methodEditChat, "give the chat a title of up to "+strconv.Itoa(maxTitle)+" characters")
		}
	case call.Kind == messenger.CallSendMessage:
		return checkSending(call)
	case call.Kind == messenger.CallDeleteMessage:
		return checkDeletion(call)
	case call.Kind != messenger.CallInviteLink:
		return badCall("", "use one of the port's calls")
	}
	return nil
}

func badCall(method, advice string) error {
	return fmt.Errorf("%w: %s", &messenger.Error{Code: messenger.CodeBadRequest, Method: method}, advice)
}

// errOneByOne asks for the calls of a group to be made each by itself.
var errOneByOne = errors.New("one by one")

// perform makes the calls of a group, and gives a reply for each. Its error ends all, or is errOneByOne.
func (c *Client) perform(ctx context.Context, group []step) ([]messenger.Reply, error) {
	replies := lo.Map(group, func(s step, _ int) messenger.Reply { return messenger.Reply{Chat: s.Chat} })
	var err error
	switch s := group[0]; s.Kind {
	case messenger.CallAddMember:
		err = c.add(ctx, group, replies)
	case messenger.CallPromote:
		err = c.promote(ctx, group)
	case messenger.CallDemote:
		err = c.demote(ctx, s)
	case messenger.CallRemoveMember:
		err = c.remove(ctx, s)
	case messenger.CallSetTitle:
		err = c.setTitle(ctx, s)
	case messenger.CallInviteLink:
		replies[0].Link, err = c.link(ctx, s)
	case messenger.CallSendMessage:
		replies[0].Message, err = c.send(ctx, s)
	case messenger.CallDeleteMessage:
		err = c.unsend(ctx, s)
	}
	failure, err := ofCall(err)
	if err != nil {
		return nil, err
	}
	if failure == nil {
		return replies, nil
	}
	if len(group) > 1 && ofOne(failure.Code) {
		return nil, errOneByOne
	}
	for i := range replies {
		replies[i].Err = failure
	}
	return replies, nil
}

// ofOne tells whether one call of a group may have spoilt it for the others. Nothing was done then: MAX
// takes such a request as a whole, and to do again what was done is success.
func ofOne(code messenger.Code) bool {
	switch code {
	case messenger.CodeBadRequest, messenger.CodeChatRights, messenger.CodeMemberRefused, messenger.CodeMemberAbsent:
		return true
	default:
		return false
	}
}

func (c *Client) setTitle(ctx context.Context, s step) error {
	var changed chat
	q := query{method: methodEditChat, chat: s.chat, body: map[string]string{"title": s.Title}}
	if err := c.ask(ctx, q, &changed); err != nil {
		return err
	}
	if changed.ID != s.chat {
		return unavailable(methodEditChat)
	}
	return nil
}

// link reads a chat's invite link. A chat without one has been set so by hand, and a bot cannot change it.
func (c *Client) link(ctx context.Context, s step) (string, error) {
	found, err := c.chat(ctx, s.chat)
	if err != nil {
		return "", err
	}
	if lo.FromPtr(found.Link) == "" {
		return "", &messenger.Error{Code: messenger.CodeChatRights, Method: methodChat}
	}
	return *found.Link, nil
}

func accounts(group []step) []school.AccountID {
	return lo.Map(group, func(s step, _ int) school.AccountID { return s.Account })
}
