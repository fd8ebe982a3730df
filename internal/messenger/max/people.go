package max

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// adminPermissions are what an admin by rule gets. MAX takes the whole list each time. Not among them, on purpose:
//
//   - add_remove_members and add_admins: who comes and goes, and who leads, is the roster's;
//   - change_chat_info: the title is the roster's too;
//   - edit_link: a changed link would make void the one that people are invited by.
//
// write, which in a group lets an admin delete what others wrote, and pin_message need read_all_messages.
var adminPermissions = []string{"read_all_messages", "write", "pin_message", "can_call"}

// added is the answer to an add. What keeps a person out is told by the list that they are on: the codes
// (add.participant.privacy, add.participant.not.found) all mean that they have to be invited.
type added struct {
	Success *bool              `json:"success"`
	Failed  []school.AccountID `json:"failed_user_ids"`
	Details []struct {
		Accounts []school.AccountID `json:"user_ids"`
	} `json:"failed_user_details"`
}

func (a added) failed() []school.AccountID {
	failed := slices.Clone(a.Failed)
	for _, detail := range a.Details {
		failed = append(failed, detail.Accounts...)
	}
	return failed
}

// add adds people to a chat. Where the deployment says that bots may not, no request is made.
func (c *Client) add(ctx context.Context, group []step, replies []messenger.Reply) error {
	if !c.adding {
		return &messenger.Error{Code: messenger.CodeAddDenied, Method: methodAdd}
	}
	var answer added
	q := query{
		method: methodAdd, chat: group[0].chat, body: map[string]any{"user_ids": accounts(group)}, calls: len(group),
	}
	if err := c.ask(ctx, q, &answer); err != nil {
		return err
	}
	failed := answer.failed()
	switch {
	case answer.Success == nil:
		return unavailable(methodAdd)
	case !*answer.Success && len(failed) == 0:
		return softRefusal(methodAdd)
	}
	for i, s := range group {
		if slices.Contains(failed, s.Account) {
			replies[i].Err = &messenger.Error{Code: messenger.CodeMemberRefused, Vendor: http.StatusOK, Method: methodAdd}
		}
	}
	return nil
}

type admin struct {
	Account     school.AccountID `json:"user_id"`
	Permissions []string         `json:"permissions"`
}

// promote makes members admins. One who is an admin gets the permissions of one by rule.
func (c *Client) promote(ctx context.Context, group []step) error {
	admins := make([]admin, len(group))
	for i, s := range group {
		admins[i] = admin{Account: s.Account, Permissions: adminPermissions}
	}
	err := c.act(ctx, query{
		method: methodPromote, chat: group[0].chat, body: map[string]any{"admins": admins}, calls: len(group),
	})
	if len(group) > 1 {
		return err
	}
	return c.settle(ctx, err, group[0], func(_ chatMember, there bool) *messenger.Error {
		if !there {
			return &messenger.Error{Code: messenger.CodeMemberAbsent, Vendor: http.StatusOK, Method: methodPromote}
		}
		return softRefusal(methodPromote)
	})
}

func (c *Client) demote(ctx context.Context, s step) error {
	err := absentIsFine(c.act(ctx, query{method: methodDemote, chat: s.chat, user: int64(s.Account)}))
	return c.settle(ctx, err, s, func(m chatMember, there bool) *messenger.Error {
		if !there || !m.Admin && !m.Owner {
			return nil
		}
		return softRefusal(methodDemote)
	})
}

func (c *Client) remove(ctx context.Context, s step) error {
	params := url.Values{"user_id": {strconv.FormatInt(int64(s.Account), 10)}}
	if s.Block {
		params.Set("block", "true")
	}
	err := absentIsFine(c.act(ctx, query{method: methodRemove, chat: s.chat, params: params}))
	return c.settle(ctx, err, s, func(_ chatMember, there bool) *messenger.Error {
		if !there {
			return nil
		}
		return softRefusal(methodRemove)
	})
}

// absentIsFine makes a success of what concerns somebody or something that is not there.
func absentIsFine(err error) error {
	if messenger.CodeOf(err) == messenger.CodeMemberAbsent {
		return nil
	}
	return err
}
