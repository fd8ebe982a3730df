package survey

import (
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
)

// Asked are the chats that people were asked to make, by their codes, made or not.
func (s Survey) Asked() map[string]adoption.Asked {
	asked := map[string]adoption.Asked{}
	for _, c := range s.Mirror {
		if c.Code != "" {
			asked[c.Code] = adoption.Asked{Key: c.Key, Adopted: c.State != reconcile.ChatAwaited, Wanted: s.wants(c.Key)}
		}
	}
	return asked
}

func (s Survey) wants(key chats.Key) bool {
	return lo.ContainsBy(s.Desired, func(c chats.Chat) bool { return c.Key == key })
}

// ToMake is a chat that a person is to make.
type ToMake struct {
	chats.Chat
	Code string
}

// ToMake lists the chats that people are to make, in the order of Desired.
func (s Survey) ToMake() []ToMake {
	mirror := s.Mirror.ByKey()
	return lo.FilterMap(s.Desired, func(c chats.Chat, _ int) (ToMake, bool) {
		known := mirror[c.Key]
		if known == nil || known.State != reconcile.ChatAwaited {
			return ToMake{}, false
		}
		return ToMake{Chat: c, Code: known.Code}, true
	})
}
