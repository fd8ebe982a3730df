package max

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// settle finds out what a soft failure means: MAX says in words alone whether it may not do a thing, or whether there is
// nothing to do. So the member is looked at, and judged.
func (c *Client) settle(
	ctx context.Context, err error, s step, judge func(m chatMember, there bool) *messenger.Error,
) error {
	if failure, ok := errors.AsType[*messenger.Error](err); !ok || !soft(failure) {
		return err
	}
	member, there, unknown := c.member(ctx, s)
	if failure, ends := ofCall(unknown); ends != nil {
		return ends
	} else if failure != nil {
		return err // who may not look may not act either
	}
	if failure := judge(member, there); failure != nil {
		return failure
	}
	return nil
}

func (c *Client) member(ctx context.Context, s step) (chatMember, bool, error) {
	account := int64(s.Account)
	q := query{method: methodMembers, chat: s.chat, params: url.Values{"user_ids": {strconv.FormatInt(account, 10)}}}
	var page membersPage
	if err := c.ask(ctx, q, &page); err != nil {
		return chatMember{}, false, err
	}
	if page.Members == nil {
		return chatMember{}, false, unavailable(methodMembers)
	}
	for _, m := range page.Members {
		if m.ID == account {
			return m, true, nil
		}
	}
	return chatMember{}, false, nil
}
