package vk

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// sending uses peer_ids although there is but one: only then VK tells the conversation_message_id, by which
// a community can delete the message. In chats it has no other.
func (c *Client) sending(call messenger.Call, peer int64) (apiCall, error) {
	switch {
	case strings.TrimSpace(call.Text) == "", utf8.RuneCountInString(call.Text) > messenger.MaxText:
		return apiCall{}, badCall(methodSend, "give the message a text of up to "+strconv.Itoa(messenger.MaxText)+" characters")
	case call.RandomID <= 0:
		return apiCall{}, badCall(methodSend, "give the message a positive random id of its own")
	}
	return apiCall{method: methodSend, args: []arg{
		text("peer_ids", strconv.FormatInt(peer, 10)), text("message", call.Text), number("random_id", int64(call.RandomID)),
		number("group_id", c.group),
	}}, nil
}

func (c *Client) deletion(call messenger.Call, peer int64) (apiCall, error) {
	id, err := strconv.ParseInt(string(call.Message), 10, 64)
	if err != nil || id <= 0 {
		return apiCall{}, badCall(methodDelete, "name the message as the reply to its sending did")
	}
	return apiCall{method: methodDelete, args: []arg{
		number("peer_id", peer), text("cmids", strconv.FormatInt(id, 10)), number("delete_for_all", 1),
		number("group_id", c.group),
	}}, nil
}

// messageOf reads the answer for the one peer.
func messageOf(r result) (messenger.MessageRef, *messenger.Error) {
	var sent []struct {
		Message int64           `json:"conversation_message_id"`
		Error   json.RawMessage `json:"error"`
	}
	if failure := r.decode(&sent); failure != nil {
		return "", failure
	}
	if len(sent) != 1 {
		return "", unavailable(r.method)
	}
	if vendor, refused := partError(sent[0].Error); refused {
		return "", vendorError(r.method, vendor)
	}
	if sent[0].Message <= 0 {
		return "", unavailable(r.method)
	}
	return messenger.MessageRef(strconv.FormatInt(sent[0].Message, 10)), nil
}

// deleted reads the answer for the one message. One that is not told of, or with a 0, was not there.
func deleted(r result) *messenger.Error {
	if r.already {
		return nil
	}
	var answers []struct {
		Error json.RawMessage `json:"error"`
	}
	if failure := r.decode(&answers); failure != nil {
		return failure
	}
	for _, answer := range answers {
		if vendor, refused := partError(answer.Error); refused && !alreadySo(r.method, vendor) {
			return vendorError(r.method, vendor)
		}
	}
	return nil
}

// partError reads the error of a part of a call: an object by the schema, a text by the method's page. A
// text is left unread, and its number is 0.
func partError(raw json.RawMessage) (vendor int, refused bool) {
	if len(raw) == 0 || failed(raw) {
		return 0, false
	}
	var e struct {
		Code int `json:"code"`
	}
	_ = json.Unmarshal(raw, &e)
	return e.Code, true
}
