package reconcile

import (
	"cmp"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Make plans a whole school. Carrying the plan out gives the desired chats exactly, what is
// held excepted.
func Make(in Input) Plan {
	in.Desired = slices.SortedFunc(slices.Values(in.Desired), func(a, b chats.Chat) int { return cmp.Compare(a.Key, b.Key) })
	in.Actual = slices.SortedFunc(slices.Values(in.Actual), func(a, b Chat) int { return cmp.Compare(a.Key, b.Key) })
	m := &maker{in: in, judge: newJudge(in.Roster, in.Day)}
	matched := m.match()
	for _, d := range in.Desired {
		if actual, exists := matched[d.Key]; exists {
			m.existing(d, actual)
		} else {
			m.missing(d)
		}
	}
	for _, a := range in.Actual {
		if !m.claimed[a.Key] {
			m.dormant(a)
		}
	}
	m.settleDropped()
	m.breaker()
	for _, d := range in.Desired {
		if actual, exists := matched[d.Key]; exists {
			m.keepOldAccounts(d, actual)
			m.keepLastAdmin(d, actual)
		}
	}
	m.plan.sort()
	return m.plan
}

type maker struct {
	in      Input
	judge   *judge
	claimed map[chats.Key]bool // actual chats that a desired one continues
	plan    Plan
}

// missing plans a chat that is not there.
func (m *maker) missing(d chats.Chat) {
	switch {
	case len(d.NotYet) > 0:
	case d.Year != "" && lo.ContainsBy(m.in.Actual, func(a Chat) bool { return m.mayPrecede(a, d) }):
		if m.approved(HoldNewYear, m.creation(d)) {
			m.create(d)
		} else {
			m.hold(HoldNewYear, m.creation(d))
		}
	default:
		m.create(d)
	}
}

// create plans the making of a chat. People are added even where adding is denied: they are
// given along with the creation, which is another right. Whoever does not come in that way is
// planned for again when the chat is there. A chat that a person makes is only asked for.
func (m *maker) create(d chats.Chat) {
	m.plan.Operations = append(m.plan.Operations, m.creation(d))
	if m.in.ByHand {
		return // whoever belongs there is invited when it is there
	}
	for _, want := range d.Members {
		m.op(d, StepAdd, Add, RuleEntitled, want)
		if want.Role == chats.RoleAdmin {
			m.op(d, StepPromote, Promote, RuleAdmin, want)
		}
	}
}

// existing plans a chat that is there, or perhaps is.
func (m *maker) existing(d chats.Chat, a Chat) {
	switch a.State {
	case ChatAwaited:
		return
	case ChatCreating:
		m.create(d) // it may have been made already: finish it, whatever has changed since
		return
	case ChatGone:
		m.hold(HoldChatGone, m.creation(d))
		return
	}
	if a.Title != d.Title {
		rename := operation(d, StepEnsure, Rename, RuleTitle)
		rename.Title = d.Title
		m.plan.Operations = append(m.plan.Operations, rename)
	}
	actual := lo.KeyBy(a.Members, func(x Member) school.AccountID { return x.Account })
	for _, want := range d.Members {
		have, known := actual[want.Account]
		delete(actual, want.Account)
		if known {
			m.note(a, have, want)
		}
		if known && have.State == MemberPresent {
			m.setRole(d, a, have, want)
			continue
		}
		m.expect(d, have, known, want)
	}
	for _, have := range actual {
		m.turnOut(a, have, m.judge.removal(a, have))
	}
}

// setRole plans the rights of somebody who is here and belongs here.
func (m *maker) setRole(d chats.Chat, a Chat, have Member, want chats.Member) {
	switch {
	case want.Role == chats.RoleAdmin && !have.Admin:
		m.op(d, StepPromote, Promote, RuleAdmin, want)
	case want.Role == chats.RoleMember && have.Admin && !have.Owner: // an owner's rights come with the chat
		m.demote(a, have, want, personal(d, StepDemote, Demote, RuleNotAdmin, want))
	}
}

// demote withdraws rights given by hand, and rights whose ground is known to have ceased.
func (m *maker) demote(a Chat, have Member, want chats.Member, op Operation) {
	if faults := m.judge.faultsOf(want.Person, want.Account); len(faults) > 0 {
		m.hold(HoldFrozen, op, faults...)
	} else if givesAdmin(m.judge.vanished(a, have, want)) {
		m.hold(HoldNoEvidence, op)
	} else {
		m.plan.Operations = append(m.plan.Operations, op)
	}
}

// expect plans for somebody who belongs here and is not here.
func (m *maker) expect(d chats.Chat, have Member, known bool, want chats.Member) {
	rule := RuleEntitled
	if known {
		switch have.State {
		case MemberLeft, MemberRefused:
			return
		case MemberInvited:
			if m.in.Adding == AddingDenied {
				return
			}
		case MemberMissing:
			rule = RulePutBack
			if have.PutBack {
				m.op(d, StepAdd, Invite, RuleLeft, want)
				return
			}
		}
	}
	if m.in.Adding == AddingDenied {
		m.op(d, StepAdd, Invite, RuleAddDenied, want)
		return
	}
	m.op(d, StepAdd, Add, rule, want)
	if want.Role == chats.RoleAdmin {
		m.op(d, StepPromote, Promote, RuleAdmin, want)
	}
}

// turnOut plans for somebody who is in the mirror and does not belong into the chat.
func (m *maker) turnOut(a Chat, have Member, rule Rule) {
	if have.State != MemberPresent {
		return // not here: nobody to turn out, and the record does no harm
	}
	remove := Operation{
		Chat: a.Key, Type: a.Type, Step: StepRemove, Kind: Remove, Rule: rule,
		Account: have.Account, Person: have.Person, Reasons: have.Reasons,
	}
	if have.Admin {
		remove.Step = StepRetire
	}
	if have.Owner {
		m.hold(HoldOwner, remove)
	} else if faults := m.judge.faultsOf(have.Person, have.Account); len(faults) > 0 {
		m.hold(HoldFrozen, remove, faults...)
	} else if rule == "" {
		m.hold(HoldNoEvidence, remove)
	} else {
		m.plan.Operations = append(m.plan.Operations, remove)
	}
}

// dormant plans a chat that the roster has no class for any more: nobody comes in and rights
// stay, but who has left the school, or never belonged, goes. Who has not is at home there:
// nothing is held.
func (m *maker) dormant(a Chat) {
	if a.State != ChatLive {
		return
	}
	for _, have := range a.Members {
		if rule := m.judge.departure(have); rule != "" {
			m.turnOut(a, have, rule)
		}
	}
}

// note keeps the record of a member's grounds: those of today, and those that vanished
// without evidence.
func (m *maker) note(a Chat, have Member, want chats.Member) {
	reasons := append(slices.Clone(want.Reasons), m.judge.vanished(a, have, want)...)
	slices.SortFunc(reasons, func(x, y chats.Reason) int {
		return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Of, y.Of))
	})
	if have.Person == want.Person && slices.Equal(have.Reasons, reasons) {
		return
	}
	m.plan.Notes = append(m.plan.Notes, Note{Chat: a.Key, Type: a.Type, Account: want.Account, Person: want.Person, Reasons: reasons})
}

// hold holds an operation, or does it if an operator has approved it.
func (m *maker) hold(kind HoldKind, op Operation, faults ...school.FaultCode) {
	if m.approved(kind, op) {
		op.Rule = cmp.Or(op.Rule, RuleApproved)
		m.plan.Operations = append(m.plan.Operations, op)
		return
	}
	faults = lo.Uniq(faults)
	slices.Sort(faults)
	m.plan.Holds = append(m.plan.Holds, Hold{Kind: kind, Operation: op, Faults: faults})
}

func (m *maker) op(d chats.Chat, step Step, kind Kind, rule Rule, who chats.Member) {
	m.plan.Operations = append(m.plan.Operations, personal(d, step, kind, rule, who))
}

func (m *maker) creation(d chats.Chat) Operation {
	o := operation(d, StepEnsure, lo.Ternary(m.in.ByHand, Ask, Create), RuleNewChat)
	o.Title = d.Title
	return o
}

func operation(d chats.Chat, step Step, kind Kind, rule Rule) Operation {
	return Operation{Chat: d.Key, Type: d.Type, Step: step, Kind: kind, Rule: rule}
}

func personal(d chats.Chat, step Step, kind Kind, rule Rule, who chats.Member) Operation {
	o := operation(d, step, kind, rule)
	o.Account, o.Person, o.Reasons = who.Account, who.Person, who.Reasons
	return o
}
