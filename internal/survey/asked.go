package survey

import (
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Asked are the chats that people were asked to make, by their codes, made or not. Who belongs into a chat may own it, and whoever is on the
// staff.
func (s Survey) Asked() map[string]adoption.Asked {
	desired := lo.KeyBy(s.Desired, func(c chats.Chat) chats.Key { return c.Key })
	staff := map[school.AccountID]bool{}
	for _, p := range s.Roster.People {
		if p.Employee != nil && p.Enabled && p.Account > 0 && !chats.Dismissed(p, s.Day) {
			staff[p.Account] = true
		}
	}
	asked := map[string]adoption.Asked{}
	for _, c := range s.Mirror {
		if c.Code == "" {
			continue
		}
		want, wanted := desired[c.Key]
		members := lo.SliceToMap(want.Members, func(m chats.Member) (school.AccountID, bool) { return m.Account, true })
		asked[c.Code] = adoption.Asked{
			Key: c.Key, Adopted: c.State != reconcile.ChatAwaited, Wanted: wanted, Owners: lo.Assign(members, staff),
		}
	}
	return asked
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
