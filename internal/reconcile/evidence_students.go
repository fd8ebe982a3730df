package reconcile

import (
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// studentLeft is evidence that a student has left the chat's class or group.
func (j *judge) studentLeft(c Chat, student school.PersonID) Rule {
	if _, here := j.people[student]; !here {
		return ""
	}
	if c.Type == chats.Subject {
		return j.groupLeft(c, student)
	}
	homes := j.homes[student]
	switch {
	case over(j.classes[c.Class].Students, student, j.day):
		return RuleEnded
	case len(homes) > 0 && !slices.Contains(homes, c.Class):
		return RuleMoved
	default:
		return ""
	}
}

// groupLeft is evidence that a student has left a subject group.
func (j *judge) groupLeft(c Chat, student school.PersonID) Rule {
	group := j.groups[c.Class]
	switch {
	case takes(group.Students, student, j.day):
		return ""
	case over(group.Students, student, j.day):
		return RuleEnded
	case j.takesElsewhere(group, student):
		return RuleMoved
	case j.cut:
		return ""
	case j.strangeTo(group, student):
		// Moved away from the group's class, and with it from the group. Unless others of the
		// same class vanish from it too: then it is the group that lost its rows.
		return lo.Ternary(j.classmateVanished(c, group, student), "", RuleMoved)
	case len(j.homes[student]) == 1:
		return RuleDropped
	default:
		return ""
	}
}

// takesElsewhere tells whether a student takes the group's subject in another group.
func (j *judge) takesElsewhere(group school.Group, student school.PersonID) bool {
	return lo.ContainsBy(j.roster.Groups, func(g school.Group) bool {
		return g.ID != group.ID && !g.Ended && g.Subject == group.Subject && takes(g.Students, student, j.day)
	})
}

// strangeTo tells whether a student sits in a homeroom class that nobody in the group comes
// from, while others in it do come from one.
func (j *judge) strangeTo(group school.Group, student school.PersonID) bool {
	others := lo.FilterMap(group.Students, func(e school.Enrollment, _ int) (school.PersonID, bool) {
		return e.Person, e.Active(j.day) && len(j.homes[e.Person]) > 0
	})
	return len(j.homes[student]) > 0 && len(others) > 0 &&
		lo.NoneBy(others, func(other school.PersonID) bool { return j.classmates(student, other) })
}

func (j *judge) classmates(a, b school.PersonID) bool {
	return a != b && lo.Some(j.homes[a], j.homes[b])
}

// classmateVanished tells whether the chat has somebody of the student's class on record who
// is not in the group any more either, without anything to say why.
func (j *judge) classmateVanished(c Chat, group school.Group, student school.PersonID) bool {
	return lo.ContainsBy(c.Members, func(m Member) bool {
		p, here := j.people[m.Person]
		explained := !here || !p.Enabled || chats.Graduated(p, j.day) || p.Unlinked || p.Account > 0 && p.Account != m.Account ||
			over(group.Students, m.Person, j.day) || j.takesElsewhere(group, m.Person)
		return j.classmates(student, m.Person) && !takes(group.Students, m.Person, j.day) && !explained &&
			slices.Contains(m.Reasons, chats.Reason{Code: chats.ReasonStudent})
	})
}
