package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// settleDropped holds the removals of people who would leave several groups at once without
// any other sign: one dropped group is a decision, several are more likely a damaged file.
func (m *maker) settleDropped() {
	drops := lo.Filter(m.plan.Operations, func(o Operation, _ int) bool { return o.Rule == RuleDropped })
	dropped := lo.CountValuesBy(drops, func(o Operation) school.PersonID { return o.Person })
	m.holdWhere(HoldNoEvidence, func(o Operation) bool {
		return o.Rule == RuleDropped && (dropped[o.Person] > 1 || m.undecided(HoldNoEvidence, o))
	})
}

// breaker holds counted removals where they are too many: in one chat, or in the school.
func (m *maker) breaker() {
	counted := lo.Filter(m.plan.Operations, isCounted)
	perChat := lo.CountValuesBy(counted, func(o Operation) chats.Key { return o.Chat })
	l := m.in.Limits
	tripped := map[chats.Key]bool{}
	everyone := map[school.AccountID]bool{}
	for key, members := range m.membersAfter() {
		tripped[key] = tooMany(perChat[key], len(members), l.ChatCount, l.ChatPercent)
		maps.Copy(everyone, members)
	}
	people := lo.UniqBy(counted, func(o Operation) school.AccountID { return o.Account })
	whole := m.in.HoldCounted || tooMany(len(people), len(everyone), l.SchoolCount, l.SchoolPercent)
	m.plan.SchoolHeld = whole
	m.holdWhere(HoldBreaker, func(o Operation) bool {
		return isCounted(o, 0) && (whole || tripped[o.Chat] || m.undecided(HoldBreaker, o))
	})
}

func isCounted(o Operation, _ int) bool { return o.Kind == Remove && o.Rule.Counted() }

// membersAfter are the members of each chat once everything but the counted removals is done.
// Shares are taken of that number, because additions go on while removals are held: against
// the number before, a hold would dissolve by itself at the next pass.
func (m *maker) membersAfter() map[chats.Key]map[school.AccountID]bool {
	after := map[chats.Key]map[school.AccountID]bool{}
	rekeyed := lo.SliceToMap(m.plan.Rekeys, func(r Rekey) (chats.Key, chats.Key) { return r.From, r.To })
	for _, a := range m.in.Actual {
		members := map[school.AccountID]bool{}
		for _, x := range a.Members {
			if x.State == MemberPresent {
				members[x.Account] = true
			}
		}
		after[cmp.Or(rekeyed[a.Key], a.Key)] = members
	}
	for _, o := range m.plan.Operations {
		switch {
		case o.Kind == Create && after[o.Chat] == nil:
			after[o.Chat] = map[school.AccountID]bool{}
		case o.Kind == Add:
			after[o.Chat][o.Account] = true
		case o.Kind == Remove && !o.Rule.Counted():
			delete(after[o.Chat], o.Account)
		}
	}
	return after
}

// tooMany is the breaker's limit: n ≥ max(count, percent of total).
func tooMany(n, total, count, percent int) bool {
	return n >= count && n*100 >= percent*total
}

// keepOldAccounts keeps an admin's former account until the new one is admin too: else a
// teacher who is only invited under it would leave the chat meanwhile.
func (m *maker) keepOldAccounts(d chats.Chat, a Chat) {
	confirmed := m.adminsAfter(d, groundedAdmins(d, a))
	next := lo.SliceToMap(d.Members, func(x chats.Member) (school.PersonID, chats.Member) { return x.Person, x })
	m.holdWhere(HoldLastAdmin, func(o Operation) bool {
		want := next[o.Person]
		return o.Chat == d.Key && o.Rule == RuleAccountReplaced && mayWait(o) &&
			want.Role == chats.RoleAdmin && !confirmed[want.Account]
	})
}

// keepLastAdmin keeps one admin where the next one is neither here nor on the way: of those
// who would lose their rights or be replaced, one who has had a ground for them, else the
// lowest account. Strangers, and people whose time has ended, go all the same.
func (m *maker) keepLastAdmin(d chats.Chat, a Chat) {
	expected := lo.ContainsBy(d.Members, func(x chats.Member) bool { return x.Role == chats.RoleAdmin }) ||
		lo.ContainsBy(d.Missing, func(x chats.Missing) bool { return x.Role == chats.RoleAdmin })
	grounded := groundedAdmins(d, a)
	if !expected || len(m.adminsAfter(d, grounded)) > 0 {
		return
	}
	waiting := lo.Filter(m.plan.Operations, func(o Operation, _ int) bool { return o.Chat == d.Key && mayWait(o) })
	if len(waiting) == 0 {
		return
	}
	last := slices.MinFunc(waiting, func(x, y Operation) int {
		return cmp.Or(
			-cmp.Compare(lo.Ternary(grounded[x.Account], 1, 0), lo.Ternary(grounded[y.Account], 1, 0)),
			cmp.Compare(x.Account, y.Account),
		)
	})
	m.holdWhere(HoldLastAdmin, func(o Operation) bool {
		return o.Chat == last.Chat && o.Kind == last.Kind && o.Account == last.Account
	})
}

// MayWait tells whether somebody may stay admin for as long as the next one is not confirmed.
func (o Operation) MayWait() bool { return mayWait(o) }

// mayWait tells whether somebody may stay admin for as long as the next one is not there: a
// ground of theirs has ceased, but nothing says that they have left.
func mayWait(o Operation) bool {
	switch o.Rule {
	case RuleNotAdmin:
		return true
	case RuleReplaced, RuleDropped, RuleCleared, RuleAccountReplaced, RuleUnlinked:
		return o.Step == StepRetire && givesAdmin(o.Reasons)
	default:
		return false
	}
}

// groundedAdmins are the present admins who have, or have had, a ground for it. A right given
// by hand does not make up for the admin who is to come, nor one that came with the account.
func groundedAdmins(d chats.Chat, a Chat) map[school.AccountID]bool {
	grounded := map[school.AccountID]bool{}
	wanted := lo.KeyBy(d.Members, func(x chats.Member) school.AccountID { return x.Account })
	for _, x := range a.Members {
		want, belongs := wanted[x.Account]
		had := givesAdmin(x.Reasons) && (!belongs || want.Person == x.Person)
		if x.State == MemberPresent && x.Admin && (had || want.Role == chats.RoleAdmin) {
			grounded[x.Account] = true
		}
	}
	return grounded
}

// adminsAfter are the admins with a ground once the plan is done, given those before.
func (m *maker) adminsAfter(d chats.Chat, grounded map[school.AccountID]bool) map[school.AccountID]bool {
	after := maps.Clone(grounded)
	for _, o := range m.plan.Operations {
		switch {
		case o.Chat != d.Key:
		case o.Kind == Promote:
			after[o.Account] = true
		case o.Kind == Demote, o.Kind == Remove:
			delete(after, o.Account)
		}
	}
	return after
}

func givesAdmin(reasons []chats.Reason) bool {
	return lo.ContainsBy(reasons, func(r chats.Reason) bool { return r.Code.Role() == chats.RoleAdmin })
}

// holdWhere turns operations into holds.
func (m *maker) holdWhere(kind HoldKind, held func(Operation) bool) {
	m.plan.Operations = lo.Filter(m.plan.Operations, func(o Operation, _ int) bool {
		if held(o) && !m.approved(kind, o) {
			m.hold(kind, o)
			return false
		}
		return true
	})
}
