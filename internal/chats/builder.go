package chats

import (
	"cmp"
	"slices"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// builder collects who belongs in one chat. Somebody with several grounds is one member, and
// admin wins.
type builder struct {
	desk    *desk
	c       Chat
	reasons map[school.PersonID][]Reason
}

func (d *desk) newChat(c Chat) *builder {
	return &builder{desk: d, c: c, reasons: map[school.PersonID][]Reason{}}
}

func (b *builder) put(p school.PersonID, r Reason) { b.reasons[p] = append(b.reasons[p], r) }

func (b *builder) notYet(n NotYet) { b.c.NotYet = append(b.c.NotYet, n) }

func (b *builder) chat() Chat {
	for person, reasons := range b.reasons {
		slices.SortFunc(reasons, compareReasons)
		reasons = slices.Compact(reasons)
		role := roleOf(reasons)
		if why := b.desk.obstacle(person); why != "" {
			b.c.Missing = append(b.c.Missing, Missing{Person: person, Role: role, Reasons: reasons, Why: why})
			continue
		}
		b.c.Members = append(b.c.Members, Member{
			Account: b.desk.people[person].Account, Person: person, Role: role, Reasons: reasons,
		})
	}
	slices.SortFunc(b.c.Members, func(x, y Member) int { return cmp.Compare(x.Account, y.Account) })
	slices.SortFunc(b.c.Missing, func(x, y Missing) int { return cmp.Compare(x.Person, y.Person) })
	if len(b.c.Members) == 0 {
		b.notYet(NotYetNoLinkedMember)
	}
	return b.c
}

func roleOf(reasons []Reason) Role {
	if slices.ContainsFunc(reasons, func(r Reason) bool { return r.Code.Role() == RoleAdmin }) {
		return RoleAdmin
	}
	return RoleMember
}

func (d *desk) obstacle(person school.PersonID) Why {
	p, known := d.people[person]
	switch {
	case !known:
		return WhyUnknownPerson
	case d.disputed[person]:
		return WhyDisputed
	case p.Account <= 0: // people's accounts are positive
		return WhyNotLinked
	default:
		return ""
	}
}
