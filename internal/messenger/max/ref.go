package max

import (
	"fmt"
	"strconv"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// ChatRef gives the port's name of the chat with this chat_id.
func ChatRef(chatID int64) messenger.ChatRef {
	return messenger.ChatRef(strconv.FormatInt(chatID, 10))
}

// ParseRef gives the chat_id behind a ref; groups have negative ones. A ref that ChatRef did not make is a bad request.
func ParseRef(ref messenger.ChatRef) (int64, error) {
	id, err := strconv.ParseInt(string(ref), 10, 64)
	if err != nil || id == 0 || ChatRef(id) != ref {
		return 0, fmt.Errorf("%w: give the chat's decimal chat_id as its reference", &messenger.Error{Code: messenger.CodeBadRequest})
	}
	return id, nil
}
