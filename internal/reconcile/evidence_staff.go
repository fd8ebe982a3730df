package reconcile

import (
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func (j *judge) classTeacherLeft(id school.ClassID, person school.PersonID) Rule {
	class := j.classes[id]
	primary := lo.Filter(class.Teachers, func(e school.Enrollment, _ int) bool { return e.Primary })
	if over(primary, person, j.day) {
		return RuleEnded
	}
	if teacher, ok := chats.ClassTeacher(class, j.people, j.day); ok && teacher != person {
		return RuleReplaced
	}
	return ""
}

func (j *judge) subjectTeacherLeft(c Chat, person school.PersonID) Rule {
	group := j.groups[c.Class]
	now := chats.ActiveTeachers(group.Teachers, j.people, j.day)
	switch {
	case slices.Contains(now, person):
		return ""
	case over(group.Teachers, person, j.day):
		return RuleEnded
	case j.cut || len(now) == 0:
		return ""
	case j.replaced(c, person, now):
		return RuleReplaced
	case j.teaches[person] > 0:
		return RuleDropped // a co-teacher less; one who teaches nothing any more may be a lost row
	default:
		return ""
	}
}

// replaced tells whether those who teach now have come after somebody: one of them is new to
// the chat, or is on record there and waits for the other to make way. That is not so of a
// co-teacher who is merely left when another's row is lost.
func (j *judge) replaced(c Chat, person school.PersonID, now []school.PersonID) bool {
	teachers := lo.Filter(c.Members, func(m Member, _ int) bool {
		owners := j.owners[m.Account] // where they are others, the record is about to be theirs
		own := !j.people[m.Person].Unlinked && (len(owners) == 0 || slices.Contains(owners, m.Person))
		stands := m.Person == person || own
		return stands && slices.Contains(m.Reasons, chats.Reason{Code: chats.ReasonSubjectTeacher})
	})
	onRecord := func(p school.PersonID) bool {
		return lo.ContainsBy(teachers, func(m Member) bool { return m.Person == p })
	}
	inOffice := func(p school.PersonID) bool {
		return lo.ContainsBy(teachers, func(m Member) bool { return m.Person == p && m.State == MemberPresent && m.Admin })
	}
	coming := lo.Filter(now, func(p school.PersonID, _ int) bool { return j.reachable(p) })
	if !lo.EveryBy(coming, onRecord) {
		return true
	}
	return len(coming) > 0 && inOffice(person) && lo.NoneBy(now, inOffice)
}

// reachable tells whether a person can be put into chats: only their absence from a chat's
// record shows that they are new to it.
func (j *judge) reachable(person school.PersonID) bool {
	return j.people[person].Account > 0 && !j.isFrozen(person)
}

// flagLost is evidence that a ground for being in the teachers' room has ceased.
func (j *judge) flagLost(person school.PersonID, code chats.ReasonCode) Rule {
	p := j.people[person]
	if p.Employee == nil {
		return ""
	}
	// Flags stand in the person's own row, which is here as a whole or not at all.
	switch code {
	case chats.ReasonActingHead:
		return lo.Ternary(p.Employee.ActingHead, "", RuleCleared)
	case chats.ReasonAccessAdmin:
		return j.accessLost(p, school.AccessAdministrator)
	case chats.ReasonAccessHead:
		return j.accessLost(p, school.AccessHead)
	}
	if slices.Contains(chats.StaffReasons(p, j.day), code) {
		return ""
	}
	gaveIt := func(pos school.Position) bool {
		switch code {
		case chats.ReasonHead:
			return pos.Level == school.HeadLevel1
		case chats.ReasonPedagogical:
			return pos.Pedagogical
		default:
			return pos.Role == chats.RoleSiteAdministrator
		}
	}
	if lo.ContainsBy(p.Employee.Positions, func(pos school.Position) bool { return gaveIt(pos) && pos.Over(j.day) }) {
		return RuleEnded
	}
	return ""
}

func (j *judge) accessLost(p school.Person, role school.AccessRole) Rule {
	return lo.Ternary(slices.Contains(p.Employee.AccessRoles, role), "", RuleCleared)
}
