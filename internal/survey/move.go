package survey

import (
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// Complete tells whether every chat that the school must have is there: what a school that moves waits for, of its
// successor. A chat that the school must not have yet is not waited for; but one at least has to be there.
func (s Survey) Complete() bool {
	mirror := s.Mirror.ByKey()
	some := lo.SomeBy(s.Mirror, func(c store.MirrorChat) bool { return c.State == reconcile.ChatLive })
	return some && lo.EveryBy(s.Desired, func(c chats.Chat) bool {
		known := mirror[c.Key]
		return known != nil && known.State == reconcile.ChatLive || known == nil && len(c.NotYet) > 0
	})
}
