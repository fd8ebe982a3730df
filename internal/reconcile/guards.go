package reconcile

import (
	"cmp"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// settleDropped holds the removals of people who would leave several groups at once without
// any other sign: one dropped group is a decision, several are more likely a damaged file.
func (m *maker) settleDropped() {
	dropped := lo.CountValuesBy(lo.Filter(m.plan.Operations, isDrop), func(o Operation) school.PersonID { return o.Person })
	m.holdWhere(HoldNoEvidence, func(o Operation) bool { return isDrop(o, 0) && dropped[o.Person] > 1 })
}

func isDrop(o Operation, _ int) bool { return o.Kind == Remove && o.Rule == RuleDropped }

// breaker holds counted removals where they are too many: in one chat, or in the school.
func (m *maker) breaker() {
	counted := lo.Filter(m.plan.Operations, func(o Operation, _ int) bool { return o.Kind == Remove && o.Rule.Counted() })
	tripped := map[chats.Key]bool{}
	perChat := lo.CountValuesBy(counted, func(o Operation) chats.Key { return o.Chat })
	rekeyed := lo.SliceToMap(m.plan.Rekeys, func(r Rekey) (chats.Key, chats.Key) { return r.From, r.To })
	everyone := map[school.AccountID]bool{}
	for _, a := range m.in.Actual {
		present := lo.Filter(a.Members, func(x Member, _ int) bool { return x.State == MemberPresent })
		for _, x := range present {
			everyone[x.Account] = true
		}
		key := cmp.Or(rekeyed[a.Key], a.Key)
		l := m.in.Limits
		tripped[key] = tooMany(perChat[key], len(present), l.ChatCount, l.ChatPercent)
	}
	people := lo.UniqBy(counted, func(o Operation) school.AccountID { return o.Account })
	l := m.in.Limits
	whole := m.in.HoldCounted || tooMany(len(people), len(everyone), l.SchoolCount, l.SchoolPercent)
	m.plan.SchoolHeld = whole
	m.holdWhere(HoldBreaker, func(o Operation) bool {
		return o.Kind == Remove && o.Rule.Counted() && (whole || tripped[o.Chat])
	})
}

// tooMany is the breaker's limit: n ≥ max(count, percent of total).
func tooMany(n, total, count, percent int) bool {
	return n >= count && n*100 >= percent*total
}

// keepLastAdmin keeps one admin where the next one is neither here nor on the way: of those
// who would lose their rights or be replaced, the one with a ground, else the lowest account.
// Strangers, and people whose time has ended, go all the same.
func (m *maker) keepLastAdmin(d chats.Chat, a Chat) {
	expected := lo.ContainsBy(d.Members, func(x chats.Member) bool { return x.Role == chats.RoleAdmin }) ||
		lo.ContainsBy(d.Missing, func(x chats.Missing) bool { return x.Role == chats.RoleAdmin })
	if !expected || m.adminsAfter(d, a) > 0 {
		return
	}
	leaving := lo.Filter(m.plan.Operations, func(o Operation, _ int) bool {
		return o.Chat == d.Key && (o.Kind == Demote || o.Kind == Remove && o.Step == StepRetire && o.Rule == RuleReplaced)
	})
	if len(leaving) == 0 {
		return
	}
	grounded := func(o Operation) int {
		return lo.Ternary(lo.ContainsBy(o.Reasons, func(r chats.Reason) bool { return r.Code.Role() == chats.RoleAdmin }), 0, 1)
	}
	last := slices.MinFunc(leaving, func(x, y Operation) int {
		return cmp.Or(cmp.Compare(grounded(x), grounded(y)), cmp.Compare(x.Account, y.Account))
	})
	m.holdWhere(HoldLastAdmin, func(o Operation) bool {
		return o.Chat == last.Chat && o.Kind == last.Kind && o.Account == last.Account
	})
}

// adminsAfter counts the people who will be admins of the chat when the plan is done.
func (m *maker) adminsAfter(d chats.Chat, a Chat) int {
	admins := map[school.AccountID]bool{}
	for _, x := range a.Members {
		if x.State == MemberPresent && x.Admin {
			admins[x.Account] = true
		}
	}
	for _, o := range m.plan.Operations {
		switch {
		case o.Chat != d.Key:
		case o.Kind == Promote:
			admins[o.Account] = true
		case o.Kind == Demote, o.Kind == Remove:
			delete(admins, o.Account)
		}
	}
	return len(admins)
}

// holdWhere turns operations into holds.
func (m *maker) holdWhere(kind HoldKind, held func(Operation) bool) {
	m.plan.Operations = lo.Filter(m.plan.Operations, func(o Operation, _ int) bool {
		if held(o) {
			m.hold(kind, o)
			return false
		}
		return true
	})
}
