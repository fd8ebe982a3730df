package vk

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

// MaxCallback bounds the body of a callback, in bytes.
const MaxCallback = 256 << 10

// Bounds of an event's parts, far above what VK sends.
const (
	maxEventID   = 128
	maxEventType = 64
	maxSecret    = 256
	maxPeer      = peerBase + 100_000_000
)

// Event types, of VK's many.
const (
	// TypeConfirmation asks for the string that confirms the address.
	TypeConfirmation = "confirmation"
	typeMessage      = "message_new"
)

// ErrNoCallback says that something is not a callback of VK's. Nothing of it is quoted.
var ErrNoCallback = errors.New("not a callback of VK's")

// errEventShape says that an event cannot be read.
var errEventShape = fmt.Errorf("%w that can be read: set version %s for the events in the community's settings", ErrNoCallback, apiVersion)

// Callback is what VK sends to an address.
type Callback struct {
	Group int64
	// Type is TypeConfirmation or an event's.
	Type string
	// Secret is what the sender knows; it is to be compared before anything is believed.
	Secret string `json:"-"`
	// Event is set where something happened in a chat.
	Event *messenger.Event
}

// Format prints a callback without its secret, whatever the verb.
func (c Callback) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "vk.Callback{Group: %d, Type: %q}", c.Group, c.Type)
}

// ParseCallback reads the body of a callback. What is no chat's business has no Event: messages,
// events of other types, pictures and pinned messages.
func ParseCallback(body []byte) (Callback, error) {
	if len(body) > MaxCallback {
		return Callback{}, ErrNoCallback
	}
	var e envelope
	if json.Unmarshal(body, &e) != nil || e.Group <= 0 || e.Type == "" || len(e.Type) > maxEventType || len(e.Secret) > maxSecret {
		return Callback{}, ErrNoCallback
	}
	event, err := e.event()
	if err != nil {
		return Callback{}, err
	}
	return Callback{Group: e.Group, Type: e.Type, Secret: e.Secret, Event: event}, nil
}

// envelope is an event as both the callback and the long poll bring it.
type envelope struct {
	Type   string          `json:"type"`
	ID     string          `json:"event_id"`
	Group  int64           `json:"group_id"`
	Secret string          `json:"secret"`
	Object json.RawMessage `json:"object"`
}

// event gives what happened in a chat, nil if the envelope holds something else.
func (e envelope) event() (*messenger.Event, error) {
	if e.Type != typeMessage {
		return nil, nil
	}
	var object struct {
		Message *struct {
			Peer   int64 `json:"peer_id"`
			From   int64 `json:"from_id"`
			Action *struct {
				Type   string `json:"type"`
				Member int64  `json:"member_id"`
			} `json:"action"`
		} `json:"message"`
	}
	if json.Unmarshal(e.Object, &object) != nil || object.Message == nil || object.Message.Peer == 0 {
		return nil, errEventShape
	}
	m := object.Message
	if m.Peer <= peerBase || m.Action == nil {
		return nil, nil // somebody wrote something
	}
	kind := kindOfAction(m.Action.Type, m.From, m.Action.Member)
	if kind == "" {
		return nil, nil
	}
	if !plainID(e.ID) || m.Peer > maxPeer || m.From == 0 {
		return nil, errEventShape
	}
	return &messenger.Event{ID: e.ID, Kind: kind, Chat: ChatRef(m.Peer - peerBase), Own: m.From == -e.Group}, nil
}

// plainID tells whether an id is one that can be stored, as VK's hexadecimal ones are.
func plainID(id string) bool {
	strange := func(r rune) bool { return r <= ' ' || r > '~' }
	return id != "" && len(id) <= maxEventID && !strings.ContainsFunc(id, strange)
}

// kindOfAction tells what a service message means; "" is nothing to us. An action that VK may
// have added since is taken for something that matters.
func kindOfAction(action string, from, member int64) messenger.EventKind {
	switch action {
	case "chat_photo_update", "chat_photo_remove", "chat_pin_message", "chat_unpin_message", "chat_screenshot",
		"conversation_style_update", "chat_group_call_started":
		return ""
	case "chat_title_update":
		return messenger.EventTitle
	case "chat_invite_user":
		if from == member {
			return messenger.EventJoined // came back after going
		}
		return messenger.EventAdded
	case "chat_kick_user":
		if from == member {
			return messenger.EventLeft
		}
		return messenger.EventRemoved
	}
	if strings.HasPrefix(action, "chat_invite_user_by_") {
		return messenger.EventJoined
	}
	return messenger.EventOther
}

// stamp is a ts: VK writes it as a string or as a number.
type stamp string

func (s *stamp) UnmarshalJSON(raw []byte) error {
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil { // takes a quoted number too
		return err
	}
	*s = stamp(number)
	return nil
}
