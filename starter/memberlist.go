package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// membersView is everybody who is in a chat, or should be.
type membersView struct {
	schoolHead
	Chat    chatHead     `json:"chat"`
	NotYet  []coded      `json:"notYet"`
	Members []memberView `json:"members"`
}

type memberView struct {
	// Person is null for an account that is nobody's we know.
	Person *personView `json:"person"`
	// Account is 0 where none is linked.
	Account school.AccountID `json:"account"`
	// Role is the role that the roster gives, "" where it gives none; Admin tells whether
	// the person is admin in the chat.
	Role  chats.Role `json:"role"`
	Admin bool       `json:"admin"`
	State coded      `json:"state"`
	// Notes say what keeps the person out, would turn them out, or is held about them.
	Notes   []coded      `json:"notes"`
	Reasons []reasonView `json:"reasons"`
}

// roll makes the list of a chat's members.
type roll struct {
	place *place
	who   people
	have  map[school.AccountID]reconcile.Member
}

func viewMembers(s survey.Survey, p *place) membersView {
	r := roll{place: p, who: peopleOf(s.Roster), have: lo.KeyBy(p.known(), func(m reconcile.Member) school.AccountID { return m.Account })}
	members := lo.Map(p.wanted(), func(m chats.Member, _ int) memberView { return r.expected(m) })
	for _, m := range p.missing() {
		members = append(members, r.missing(m))
	}
	wanted := lo.KeyBy(p.wanted(), func(m chats.Member) school.AccountID { return m.Account })
	for _, m := range p.known() {
		if !lo.HasKey(wanted, m.Account) && m.State == reconcile.MemberPresent {
			members = append(members, r.unexpected(m))
		}
	}
	slices.SortFunc(members, compareMembers)
	return membersView{schoolHead: headOf(s), Chat: p.head(), NotYet: sayAll(notYetWords, p.notYet()), Members: members}
}

// compareMembers puts admins first and those last who do not belong here.
func compareMembers(a, b memberView) int {
	order := func(m memberView) int {
		return slices.Index([]chats.Role{chats.RoleAdmin, chats.RoleMember, ""}, m.Role)
	}
	x, y := lo.FromPtr(a.Person), lo.FromPtr(b.Person)
	return cmp.Or(
		cmp.Compare(order(a), order(b)), cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID), cmp.Compare(a.Account, b.Account),
	)
}

// expected is somebody who belongs here and can be here.
func (r roll) expected(want chats.Member) memberView {
	have := r.have[want.Account]
	state := stateOf(have.State)
	v := memberView{
		Person: lo.ToPtr(r.who.view(want.Person)), Account: want.Account, Role: want.Role,
		Admin: have.State == reconcile.MemberPresent && have.Admin, State: say(memberStateWords, state),
		Reasons: r.who.reasons(want.Reasons), Notes: r.planned(want.Account),
	}
	if note := memberNotes[state]; note != "" {
		v.Notes = append([]coded{{Code: string(state), Words: note}}, v.Notes...)
	}
	return v
}

func stateOf(s reconcile.MemberState) memberState {
	switch s {
	case reconcile.MemberPresent:
		return memberPresent
	case reconcile.MemberInvited:
		return memberInvited
	case reconcile.MemberRefused:
		return memberRefused
	case reconcile.MemberLeft:
		return memberLeft
	case reconcile.MemberMissing:
		return memberWent
	default:
		return memberToAdd
	}
}

func (r roll) missing(m chats.Missing) memberView {
	return memberView{
		Person: lo.ToPtr(r.who.view(m.Person)), Role: m.Role, State: say(memberStateWords, memberMissing),
		Notes: []coded{say(whyWords, m.Why)}, Reasons: r.who.reasons(m.Reasons),
	}
}

// unexpected is somebody who is here and does not belong here.
func (r roll) unexpected(have reconcile.Member) memberView {
	placed := have.Person != "" && len(have.Reasons) > 0
	return memberView{
		Person: r.who.find(have.Person, have.Account), Account: have.Account, Admin: have.Admin,
		State: say(memberStateWords, lo.Ternary(placed, memberNoPlace, memberStranger)),
		Notes: r.planned(have.Account), Reasons: r.who.reasons(have.Reasons),
	}
}

// planned says what the next pass does about somebody, and what is held.
func (r roll) planned(account school.AccountID) []coded {
	notes := []coded{}
	for _, o := range r.place.operations {
		switch {
		case o.Account != account:
		case o.Step == reconcile.StepAdd:
			notes = append(notes, coded{Code: string(o.Rule), Words: nextPass[o.Kind]})
		case r.have[account].State == reconcile.MemberPresent:
			notes = append(notes, coded{Code: string(o.Rule), Words: kindWords[o.Kind] + ": " + say(ruleWords, o.Rule).Words})
		}
	}
	for _, h := range r.place.holds {
		if h.Operation.Account == account {
			words := fmt.Sprintf("held: %s: %s", kindWords[h.Operation.Kind], say(holdWords, h.Kind).Words)
			notes = append(notes, coded{Code: string(h.Kind), Words: words})
		}
	}
	return notes
}

func (v membersView) text(p *page) {
	p.line("%s · %s (%s)", v.Chat, v.Name, v.School)
	for _, n := range v.NotYet {
		p.line("not yet: %s", n.Words)
	}
	p.gap()
	if len(v.Members) == 0 {
		p.line("nobody is in it, and nobody belongs in it")
		return
	}
	p.table([]string{"WHO", "ROLE", "STATE", "NOTE", "GROUNDS"}, lo.Map(v.Members, func(m memberView, _ int) []string {
		return []string{m.name(), m.role(), m.State.Words, joinWords(m.Notes), joinReasons(m.Reasons)}
	}))
}

func (m memberView) name() string {
	if m.Person == nil {
		return fmt.Sprintf("account %d", m.Account)
	}
	return m.Person.String()
}

// role is the role that the roster gives, and what the chat has where that differs.
func (m memberView) role() string {
	if m.Admin && m.Role != chats.RoleAdmin {
		return lo.Ternary(m.Role == "", "is admin", string(m.Role)+", is admin")
	}
	if !m.Admin && m.Role == chats.RoleAdmin && m.State.Code == string(memberPresent) {
		return "admin, not yet"
	}
	return string(m.Role)
}
