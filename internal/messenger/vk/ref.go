package vk

import (
	"fmt"
	"strconv"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// peerBase is what VK adds to a chat's id where it wants a peer.
const peerBase = 2_000_000_000

// ChatRef gives the port's name of the chat with this chat_id.
func ChatRef(chatID int64) messenger.ChatRef {
	return messenger.ChatRef(strconv.FormatInt(chatID, 10))
}

// ParseRef gives the chat_id behind a ref. A ref that ChatRef did not make is a bad request.
func ParseRef(ref messenger.ChatRef) (int64, error) {
	id, err := strconv.ParseInt(string(ref), 10, 32)
	if err != nil || id <= 0 || ChatRef(id) != ref {
		return 0, fmt.Errorf("%w: give the chat's decimal chat_id as its reference", &messenger.Error{Code: messenger.CodeBadRequest})
	}
	return id, nil
}
