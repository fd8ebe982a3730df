package vk

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// The permission, by name and by bit, without which a community can do nothing in chats.
const (
	messagesRight = "messages"
	messagesBit   = 4096
)

// Community asks who the token belongs to. A token of another community than the configured
// one is refused: with it the community's own account could not be told from a stranger's.
func (c *Client) Community(ctx context.Context) (messenger.Community, error) {
	results, err := c.execute(ctx, []apiCall{{method: methodGroup}, {method: methodPermissions}})
	if err != nil {
		return messenger.Community{}, err
	}
	var reply struct {
		Groups []struct {
			ID   int64  `json:"id"`
			Name string `json:"name"`
		} `json:"groups"`
	}
	if failure := results[0].decode(&reply); failure != nil {
		return messenger.Community{}, failure
	}
	if failure := checkRights(results[1]); failure != nil {
		return messenger.Community{}, failure
	}
	if len(reply.Groups) != 1 || reply.Groups[0].ID != c.group {
		return messenger.Community{}, fmt.Errorf("%w: set the token of the school's own community, or correct the community's id",
			&messenger.Error{Code: messenger.CodeTokenForeign, Method: methodGroup})
	}
	return messenger.Community{ID: reply.Groups[0].ID, Name: reply.Groups[0].Name}, nil
}

func checkRights(r result) error {
	type permission struct {
		Name string `json:"name"`
	}
	var rights struct {
		Mask        int          `json:"mask"`
		Permissions []permission `json:"permissions"`
	}
	if failure := r.decode(&rights); failure != nil {
		return failure
	}
	named := lo.SomeBy(rights.Permissions, func(p permission) bool { return p.Name == messagesRight })
	if !named && rights.Mask&messagesBit == 0 {
		return fmt.Errorf("%w: give the token the right to manage the community's messages",
			&messenger.Error{Code: messenger.CodeTokenRights, Method: methodPermissions})
	}
	return nil
}
