package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// world models the messenger together with the mirror, which after every call says exactly
// what the messenger has. It carries plans out as an executor has to:
//
//   - first the records: new keys, the classes and years of the desired chats, notes;
//   - then the operations in the plan's order, each a call that must make sense when its turn
//     comes: nobody is added who is there, turned out or promoted who is not, demoted who is
//     no admin;
//   - somebody turned out is forgotten; somebody invited is on record and not there; who is
//     refused is on record as such, and is then not promoted either.
type world struct {
	chats map[chats.Key]*Chat
	// refuses are accounts that the messenger does not let be added.
	refuses map[school.AccountID]bool
	// after is called after every operation, if set.
	after func(Operation)
}

func newWorld() *world {
	return &world{chats: map[chats.Key]*Chat{}, refuses: map[school.AccountID]bool{}}
}

// mirror is a copy of what is there, sorted by key, with members sorted by account.
func (w *world) mirror() []Chat {
	return lo.Map(slices.Sorted(maps.Keys(w.chats)), func(k chats.Key, _ int) Chat {
		c := *w.chats[k]
		c.Members = slices.SortedFunc(slices.Values(c.Members), func(a, b Member) int { return cmp.Compare(a.Account, b.Account) })
		return c
	})
}

func (w *world) apply(t require.TestingT, p Plan, desired []chats.Chat) {
	w.applyRecords(t, p, desired)
	for _, o := range p.Operations {
		w.applyOperation(t, o)
		if w.after != nil {
			w.after(o)
		}
	}
}

func (w *world) applyRecords(t require.TestingT, p Plan, desired []chats.Chat) {
	for _, r := range p.Rekeys {
		c := w.chats[r.From]
		require.NotNil(t, c, "a rekeyed chat exists")
		require.NotContains(t, w.chats, r.To, "a new key is free")
		delete(w.chats, r.From)
		c.Key, c.Year = r.To, r.Year
		w.chats[r.To] = c
	}
	for _, d := range desired {
		if c := w.chats[d.Key]; c != nil {
			c.Class, c.Year = d.Class, d.Year
		}
	}
	for _, n := range p.Notes {
		m := w.member(n.Chat, n.Account)
		require.NotNil(t, m, "a note is about somebody on record")
		m.Person, m.Reasons = n.Person, n.Reasons
	}
	for _, o := range p.Operations {
		if o.Kind == Create && w.chats[o.Chat] == nil {
			d, _ := lo.Find(desired, func(d chats.Chat) bool { return d.Key == o.Chat })
			w.chats[o.Chat] = &Chat{Key: d.Key, Type: d.Type, Class: d.Class, Year: d.Year, State: ChatCreating}
		}
	}
}

func (w *world) applyOperation(t require.TestingT, o Operation) {
	c, m := w.chats[o.Chat], w.member(o.Chat, o.Account)
	require.NotNil(t, c, "an operation's chat exists")
	if o.Kind == Create {
		require.Equal(t, ChatCreating, c.State, "a chat is made once")
		c.State, c.Title = ChatLive, o.Title
		return
	}
	require.Equal(t, ChatLive, c.State, "a chat is worked on when it is live")
	present := m != nil && m.State == MemberPresent
	switch o.Kind {
	case Rename:
		require.NotEqual(t, c.Title, o.Title)
		c.Title = o.Title
	case Add, Invite:
		require.False(t, present, "nobody is brought in who is there")
		w.bringIn(c, o)
	case Remove:
		require.True(t, present, "nobody is turned out who is not there")
		c.Members = slices.DeleteFunc(c.Members, func(x Member) bool { return x.Account == o.Account })
	case Promote:
		if m != nil && m.State == MemberRefused {
			return
		}
		require.True(t, present && !m.Admin, "who is promoted is there and is no admin")
		m.Admin = true
	case Demote:
		require.True(t, present && m.Admin, "who is demoted is there and is admin")
		m.Admin = false
	default:
		require.Fail(t, "unknown operation", o.Kind)
	}
}

func (w *world) bringIn(c *Chat, o Operation) {
	state := MemberPresent
	switch {
	case o.Rule == RuleLeft:
		state = MemberLeft
	case o.Kind == Invite:
		state = MemberInvited
	case w.refuses[o.Account]:
		state = MemberRefused
	}
	m := w.member(c.Key, o.Account)
	if m == nil {
		c.Members = append(c.Members, Member{Account: o.Account})
		m = &c.Members[len(c.Members)-1]
	}
	m.Person, m.Reasons, m.State, m.Admin = o.Person, o.Reasons, state, false
	m.PutBack = m.PutBack || o.Rule == RulePutBack
}

func (w *world) member(key chats.Key, account school.AccountID) *Member {
	c := w.chats[key]
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.Members, func(m Member) bool { return m.Account == account })
	if i < 0 {
		return nil
	}
	return &c.Members[i]
}

// admins counts the present admins of a chat.
func (w *world) admins(key chats.Key) int {
	return lo.CountBy(w.chats[key].Members, func(m Member) bool { return m.State == MemberPresent && m.Admin })
}
