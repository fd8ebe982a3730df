package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/portal"
)

// maxRequest is the biggest body that the Portal takes, in bytes.
const maxRequest = 1 << 20

type chatsBody struct {
	Chats []chatBody `json:"chats"`
}

type chatBody struct {
	Key      string   `json:"key"`
	Type     string   `json:"type"`
	Class    string   `json:"class,omitempty"`
	Title    string   `json:"title"`
	Link     string   `json:"link"`
	Audience []string `json:"audience"`
}

type callBody struct {
	Title    string   `json:"title"`
	Class    string   `json:"class,omitempty"`
	Teacher  string   `json:"teacher,omitempty"`
	StartsAt string   `json:"startsAt"`
	EndsAt   string   `json:"endsAt"`
	Link     string   `json:"link"`
	Audience []string `json:"audience"`
}

// PutChats shows chats. Those that are too big for one request go in several.
func (c *Client) PutChats(ctx context.Context, organisation string, chats []portal.Chat) error {
	if len(chats) > portal.MaxChats {
		return &portal.Error{
			Code: portal.CodeBadRequest, Act: actPutChats, Advice: fmt.Sprintf("publish %d chats at most at once", portal.MaxChats),
		}
	}
	return c.putChats(ctx, organisation, lo.Map(chats, func(chat portal.Chat, _ int) chatBody {
		return chatBody{
			Key: chat.Key, Type: chat.Type, Class: chat.Class, Title: chat.Title, Link: chat.Link, Audience: list(chat.Audience),
		}
	}))
}

func (c *Client) putChats(ctx context.Context, organisation string, chats []chatBody) error {
	if len(chats) == 0 {
		return nil
	}
	body, err := json.Marshal(chatsBody{Chats: chats})
	if err != nil {
		return unwritable(actPutChats)
	}
	if half := len(chats) / 2; half > 0 && len(body) > maxRequest {
		if err := c.putChats(ctx, organisation, chats[:half]); err != nil {
			return err
		}
		return c.putChats(ctx, organisation, chats[half:])
	}
	return c.write(ctx, request{act: actPutChats, method: http.MethodPut, path: []string{organisation, "chats"}, body: body})
}

// RemoveChat no longer shows a chat.
func (c *Client) RemoveChat(ctx context.Context, organisation, key string) error {
	return c.write(ctx, request{act: actRemoveChat, method: http.MethodDelete, path: []string{organisation, "chats", key}})
}

// PutCall shows a call.
func (c *Client) PutCall(ctx context.Context, organisation string, call portal.Call) error {
	body, err := json.Marshal(callBody{
		Title: call.Title, Class: call.Class, Teacher: call.Teacher, StartsAt: timeText(call.Starts), EndsAt: timeText(call.Ends),
		Link: call.Link, Audience: list(call.Audience),
	})
	if err != nil {
		return unwritable(actPutCall)
	}
	return c.write(ctx, request{act: actPutCall, method: http.MethodPut, path: []string{organisation, "calls", call.ID}, body: body})
}

// RemoveCall no longer shows a call.
func (c *Client) RemoveCall(ctx context.Context, organisation, id string) error {
	return c.write(ctx, request{act: actRemoveCall, method: http.MethodDelete, path: []string{organisation, "calls", id}})
}

// list has nobody as [] on the wire, not as null.
func list(identities []string) []string {
	if identities == nil {
		return []string{}
	}
	return identities
}

func unwritable(act string) error {
	return &portal.Error{Code: portal.CodeBadRequest, Act: act, Advice: "what is to be published cannot be written as JSON"}
}
