package messenger

import "fmt"

// Protocol is which messenger a school's chats live on.
type Protocol string

// The protocols.
const (
	VK  Protocol = "vk"
	MAX Protocol = "max"
)

// Protocols lists the protocols.
func Protocols() []Protocol { return []Protocol{VK, MAX} }

// ParseProtocol reads a protocol's name.
func ParseProtocol(name string) (Protocol, error) {
	for _, p := range Protocols() {
		if name == string(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("there is no messenger %q: use vk or max", name)
}

// MakesChats tells whether a community can make chats (Features.CreateChat). Where it cannot, a person makes
// each chat and lets the community in.
func (p Protocol) MakesChats() bool { return p != MAX }

// Name is the protocol's name as people write it.
func (p Protocol) Name() string {
	if p == MAX {
		return "MAX"
	}
	return "VK"
}
