package vk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// Rooms opens and closes video calls in a community's name. It is safe for concurrent use.
type Rooms struct{ client *Client }

var _ messenger.Rooms = (*Rooms)(nil)

// NewRooms makes Rooms and no request. The config's token is that of a person who manages the
// community: VK lets no community start a call.
func NewRooms(c Config) (*Rooms, error) {
	client, err := newClient(c, "the access token of a person who manages the community")
	if err != nil {
		return nil, err
	}
	return &Rooms{client: client}, nil
}

// StartCall opens a room as the port says.
func (r *Rooms) StartCall(ctx context.Context) (messenger.Room, error) {
	started, err := r.call(ctx, apiCall{method: methodStartCall, args: []arg{number("group_id", r.client.group)}})
	if err != nil {
		return messenger.Room{}, err
	}
	var room struct {
		ID   string `json:"call_id"`
		Link string `json:"join_link"`
	}
	failure := started.decode(&room)
	if failure == nil && (room.ID == "" || !strings.HasPrefix(room.Link, "https://")) {
		failure = unavailable(methodStartCall)
	}
	if failure != nil {
		return messenger.Room{}, failure
	}
	return messenger.Room{ID: room.ID, Link: room.Link}, nil
}

// FinishCall closes a room as the port says.
func (r *Rooms) FinishCall(ctx context.Context, id string) error {
	if id == "" {
		return fmt.Errorf("finish a call: %w", badCall(methodFinishCall, "name the call as its start did"))
	}
	finished, err := r.call(ctx, apiCall{method: methodFinishCall, args: []arg{text("call_id", id)}})
	if err != nil {
		return err
	}
	if failure := done(finished); failure != nil {
		return failure
	}
	return nil
}

// call makes one call. What VK then says of the request as a whole, it says of the call.
func (r *Rooms) call(ctx context.Context, one apiCall) (result, error) {
	results, err := r.client.execute(ctx, []apiCall{one})
	if err == nil {
		return results[0], nil
	}
	if e, ok := errors.AsType[*messenger.Error](err); ok && e.Vendor != 0 {
		e.Code, e.Method = codeOf(one.method, e.Vendor), one.method
	}
	return result{}, err
}
