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
	m.plan.sort()
	return m.plan
}

type maker struct {
	in      Input
	judge   *judge
	claimed map[chats.Key]bool // actual chats that a desired one continues
	plan    Plan
}

// match pairs desired chats with actual ones by key. A class that begins or ceases to have a
// cohort within one school year keeps its chat, under its new key.
func (m *maker) match() map[chats.Key]Chat {
	byKey := lo.KeyBy(m.in.Actual, func(c Chat) chats.Key { return c.Key })
	m.claimed = map[chats.Key]bool{}
	matched := map[chats.Key]Chat{}
	for _, d := range m.in.Desired {
		if a, ok := byKey[d.Key]; ok {
			matched[d.Key] = a
			m.claimed[a.Key] = true
		}
	}
	for _, d := range m.in.Desired {
		if _, ok := matched[d.Key]; ok || d.Class == "" {
			continue
		}
		a, ok := lo.Find(m.in.Actual, func(a Chat) bool {
			thisYear := a.Year == "" || a.Year == m.in.Roster.Year.ID
			return !m.claimed[a.Key] && a.Type == d.Type && a.Class == d.Class && thisYear
		})
		if !ok {
			continue
		}
		m.plan.Rekeys = append(m.plan.Rekeys, Rekey{Type: d.Type, From: a.Key, To: d.Key, Year: d.Year})
		m.claimed[a.Key] = true
		a.Key = d.Key
		matched[d.Key] = a
	}
	return matched
}

// missing plans a chat that is not there.
func (m *maker) missing(d chats.Chat) {
	if len(d.NotYet) > 0 {
		return
	}
	create := operation(d, StepEnsure, Create, RuleNewChat)
	create.Title = d.Title
	earlier := func(a Chat) bool { return a.Type == d.Type && a.Year != "" && a.Year != d.Year }
	if d.Year != "" && lo.ContainsBy(m.in.Actual, earlier) {
		m.hold(HoldNewYear, create)
		return
	}
	m.plan.Operations = append(m.plan.Operations, create)
	for _, want := range d.Members {
		m.bringIn(d, want, RuleEntitled)
		if want.Role == chats.RoleAdmin {
			m.op(d, StepPromote, Promote, RuleAdmin, want)
		}
	}
}

// existing plans a chat that is there, or perhaps is.
func (m *maker) existing(d chats.Chat, a Chat) {
	switch a.State {
	case ChatCreating:
		unfinished := d
		unfinished.NotYet = nil // it may have been made already: finish it
		m.missingAgain(unfinished)
		return
	case ChatGone:
		create := operation(d, StepEnsure, Create, RuleNewChat)
		create.Title = d.Title
		m.hold(HoldChatGone, create)
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
			m.setRole(d, have, want)
			continue
		}
		m.expect(d, have, known, want)
	}
	m.others(d, a, actual)
	m.keepLastAdmin(d, a)
}

func (m *maker) missingAgain(d chats.Chat) {
	all := m.in.Actual
	m.in.Actual = nil // its being begun settles that it is to be made: no question of years
	m.missing(d)
	m.in.Actual = all
}

// setRole plans the rights of somebody who is here and belongs here.
func (m *maker) setRole(d chats.Chat, have Member, want chats.Member) {
	switch {
	case want.Role == chats.RoleAdmin && !have.Admin:
		m.op(d, StepPromote, Promote, RuleAdmin, want)
	case want.Role == chats.RoleMember && have.Admin:
		demote := personal(d, StepDemote, Demote, RuleNotAdmin, want)
		if faults := m.judge.faultsOf(have); len(faults) > 0 {
			m.hold(HoldFrozen, demote, faults...)
			return
		}
		m.plan.Operations = append(m.plan.Operations, demote)
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
	if m.bringIn(d, want, rule) && want.Role == chats.RoleAdmin {
		m.op(d, StepPromote, Promote, RuleAdmin, want)
	}
}

// bringIn plans an add, or an invitation where adding is known to be denied; it tells which.
func (m *maker) bringIn(d chats.Chat, want chats.Member, rule Rule) (added bool) {
	if m.in.Adding == AddingDenied {
		m.op(d, StepAdd, Invite, RuleAddDenied, want)
		return false
	}
	m.op(d, StepAdd, Add, rule, want)
	return true
}

// others plans for the accounts that are in the mirror and do not belong into the chat.
func (m *maker) others(d chats.Chat, a Chat, rest map[school.AccountID]Member) {
	for _, have := range rest {
		rule := m.judge.removal(a, have)
		if have.State != MemberPresent {
			continue // not here: nobody to turn out, and the record does no harm
		}
		remove := Operation{
			Chat: d.Key, Type: d.Type, Step: StepRemove, Kind: Remove, Rule: rule,
			Account: have.Account, Person: have.Person, Reasons: have.Reasons,
		}
		if have.Admin {
			remove.Step = StepRetire
		}
		if faults := m.judge.faultsOf(have); len(faults) > 0 {
			m.hold(HoldFrozen, remove, faults...)
		} else if rule == "" {
			m.hold(HoldNoEvidence, remove)
		} else {
			m.plan.Operations = append(m.plan.Operations, remove)
		}
	}
}

// dormant plans a chat that the roster has no class for any more: nobody comes in and rights
// stay, but who has left the school, or never belonged, goes.
func (m *maker) dormant(a Chat) {
	if a.State != ChatLive {
		return
	}
	rest := lo.KeyBy(a.Members, func(x Member) school.AccountID { return x.Account })
	m.others(chats.Chat{Key: a.Key, Type: a.Type}, a, rest)
}

// note keeps the record of a member's grounds: those of today, and those that vanished
// without evidence.
func (m *maker) note(a Chat, have Member, want chats.Member) {
	reasons := append(slices.Clone(want.Reasons), m.judge.vanished(a, have, want.Reasons)...)
	slices.SortFunc(reasons, func(x, y chats.Reason) int {
		return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Of, y.Of))
	})
	if have.Person == want.Person && slices.Equal(have.Reasons, reasons) {
		return
	}
	m.plan.Notes = append(m.plan.Notes, Note{Chat: a.Key, Type: a.Type, Account: want.Account, Person: want.Person, Reasons: reasons})
}

func (m *maker) hold(kind HoldKind, op Operation, faults ...school.FaultCode) {
	faults = lo.Uniq(faults)
	slices.Sort(faults)
	m.plan.Holds = append(m.plan.Holds, Hold{Kind: kind, Operation: op, Faults: faults})
}

func (m *maker) op(d chats.Chat, step Step, kind Kind, rule Rule, who chats.Member) {
	m.plan.Operations = append(m.plan.Operations, personal(d, step, kind, rule, who))
}

func operation(d chats.Chat, step Step, kind Kind, rule Rule) Operation {
	return Operation{Chat: d.Key, Type: d.Type, Step: step, Kind: kind, Rule: rule}
}

func personal(d chats.Chat, step Step, kind Kind, rule Rule, who chats.Member) Operation {
	o := operation(d, step, kind, rule)
	o.Account, o.Person, o.Reasons = who.Account, who.Person, who.Reasons
	return o
}
