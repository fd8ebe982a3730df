package reconcile

import (
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// judge finds the positive evidence without which nobody is removed. That a row is not there
// is no evidence: the roster has to say that somebody left, moved or was replaced, in a way
// that no damaged file can imitate.
type judge struct {
	roster   school.Roster
	day      school.Date
	people   map[school.PersonID]school.Person
	owners   map[school.AccountID]school.PersonID
	departed map[school.PersonID]school.Standing
	frozen   map[school.PersonID][]school.FaultCode
	classes  map[school.ClassID]school.Class
	groups   map[school.ClassID]school.Group
	// homes are the homeroom classes a person is enrolled in on the day.
	homes map[school.PersonID][]school.ClassID
	// cut tells that a file looks like its last version with the end cut off: then a single
	// missing enrolment says nothing.
	cut bool
}

func newJudge(r school.Roster, day school.Date) *judge {
	j := &judge{
		roster:   r,
		day:      day,
		people:   lo.KeyBy(r.People, func(p school.Person) school.PersonID { return p.ID }),
		owners:   map[school.AccountID]school.PersonID{},
		departed: lo.SliceToMap(r.Departed, func(d school.Departure) (school.PersonID, school.Standing) { return d.Person, d.Standing }),
		frozen:   map[school.PersonID][]school.FaultCode{},
		classes:  lo.KeyBy(r.Classes, func(c school.Class) school.ClassID { return c.ID }),
		groups:   lo.KeyBy(r.Groups, func(g school.Group) school.ClassID { return g.ID }),
		homes:    map[school.PersonID][]school.ClassID{},
		cut:      lo.ContainsBy(r.Faults, func(f school.Fault) bool { return f.Code == school.FaultTailMissing }),
	}
	for _, p := range r.People {
		if p.Account != 0 {
			j.owners[p.Account] = p.ID
		}
	}
	for _, f := range r.Faults {
		for _, p := range f.People {
			j.frozen[p] = append(j.frozen[p], f.Code)
		}
	}
	for p := range chats.Disputed(r) {
		if len(j.frozen[p]) == 0 {
			j.frozen[p] = []school.FaultCode{school.FaultSharedAccount}
		}
	}
	for _, c := range r.Classes {
		for _, e := range c.Students {
			if e.Active(day) {
				j.homes[e.Person] = append(j.homes[e.Person], c.ID)
			}
		}
	}
	return j
}

// faultsOf are the faults that freeze a member, whoever it is: a known person, or the owner
// of a stranger's account.
func (j *judge) faultsOf(m Member) []school.FaultCode {
	if faults := j.frozen[m.Person]; len(faults) > 0 {
		return faults
	}
	return j.frozen[j.owners[m.Account]]
}

// removal finds the evidence for turning a member out of a chat: a rule, or "" for none.
func (j *judge) removal(c Chat, m Member) Rule {
	if m.Person == "" || len(m.Reasons) == 0 {
		return RuleStranger
	}
	if p, ok := j.people[m.Person]; ok && p.Account != 0 && p.Account != m.Account {
		return RuleAccountReplaced
	}
	var rule Rule
	for _, reason := range m.Reasons {
		ended := j.ended(c, m.Person, reason)
		if ended == "" {
			return ""
		}
		if rule == "" || ended.Counted() {
			rule = ended
		}
	}
	return rule
}

// vanished are the grounds that no evidence says have ended, of the grounds a member had and
// has no longer: they stay on record, so that a later removal needs evidence for them too.
func (j *judge) vanished(c Chat, m Member, now []chats.Reason) []chats.Reason {
	return lo.Filter(m.Reasons, func(r chats.Reason, _ int) bool {
		return !slices.Contains(now, r) && j.ended(c, m.Person, r) == ""
	})
}

// ended finds the evidence that one ground has ceased.
func (j *judge) ended(c Chat, person school.PersonID, reason chats.Reason) Rule {
	if rule := j.personEnded(person); rule != "" {
		return rule
	}
	switch reason.Code {
	case chats.ReasonStudent:
		return j.studentLeft(c, person)
	case chats.ReasonGuardian:
		return j.guardianLeft(c, person, reason.Of)
	case chats.ReasonClassTeacher:
		return j.classTeacherLeft(c.Class, person)
	case chats.ReasonSubjectTeacher:
		return j.subjectTeacherLeft(c, person)
	default:
		return j.staffLeft(person, reason.Code)
	}
}

// personEnded is evidence about the whole person.
func (j *judge) personEnded(person school.PersonID) Rule {
	if p, here := j.people[person]; here {
		return lo.Ternary(p.Enabled, "", RuleEnded)
	}
	switch j.departed[person] {
	case school.Gone:
		return RuleGone
	case school.Elsewhere:
		return RuleMoved
	default:
		return ""
	}
}

func (j *judge) studentLeft(c Chat, person school.PersonID) Rule {
	if len(j.frozen[person]) > 0 {
		return ""
	}
	if rule := j.personEnded(person); rule != "" {
		return rule
	}
	p, here := j.people[person]
	if !here {
		return ""
	}
	if chats.Graduated(p, j.day) {
		return RuleEnded
	}
	if c.Type == chats.Subject {
		return j.groupLeft(c.Class, person)
	}
	if over(j.classes[c.Class].Students, person, j.day) {
		return RuleEnded
	}
	if lo.SomeBy(j.homes[person], func(home school.ClassID) bool { return home != c.Class }) &&
		!slices.Contains(j.homes[person], c.Class) {
		return RuleMoved
	}
	return ""
}

// groupLeft is evidence that a student has left a subject group.
func (j *judge) groupLeft(id school.ClassID, person school.PersonID) Rule {
	group, stands := j.groups[id]
	if !stands {
		return ""
	}
	if over(group.Students, person, j.day) {
		return RuleEnded
	}
	if takes(group.Students, person, j.day) {
		return ""
	}
	sameSubject := lo.ContainsBy(j.roster.Groups, func(g school.Group) bool {
		return g.ID != id && g.Subject == group.Subject && takes(g.Students, person, j.day)
	})
	if sameSubject || j.strangeTo(group, person) {
		return RuleMoved
	}
	if len(j.homes[person]) == 1 && !j.cut {
		return RuleDropped
	}
	return ""
}

// strangeTo tells whether a student sits in a homeroom class that nobody left in the group
// comes from: they moved away from the group's class, and with it from the group.
func (j *judge) strangeTo(group school.Group, person school.PersonID) bool {
	homes := j.homes[person]
	anybody := false
	for _, e := range group.Students {
		if e.Person == person || !e.Active(j.day) {
			continue
		}
		for _, home := range j.homes[e.Person] {
			anybody = true
			if slices.Contains(homes, home) {
				return false
			}
		}
	}
	return anybody && len(homes) > 0
}

func (j *judge) guardianLeft(c Chat, guardian, student school.PersonID) Rule {
	if rule := j.studentLeft(c, student); rule != "" {
		return rule
	}
	s, studentStands := j.people[student]
	g, guardianStands := j.people[guardian]
	if !studentStands || !guardianStands || !s.Enabled || len(j.frozen[student]) > 0 {
		return ""
	}
	if g.Guardian == nil || !slices.Contains(g.Guardian.Students, student) {
		return RuleWithdrawn
	}
	return ""
}

func (j *judge) classTeacherLeft(id school.ClassID, person school.PersonID) Rule {
	if chats.Dismissed(j.people[person], j.day) {
		return RuleEnded
	}
	class := j.classes[id]
	if over(class.Teachers, person, j.day) {
		return RuleEnded
	}
	if teacher, ok := chats.ClassTeacher(class, j.people, j.day); ok && teacher != person {
		return RuleReplaced
	}
	return ""
}

func (j *judge) subjectTeacherLeft(c Chat, person school.PersonID) Rule {
	if chats.Dismissed(j.people[person], j.day) {
		return RuleEnded
	}
	group, stands := j.groups[c.Class]
	if !stands {
		return ""
	}
	if over(group.Teachers, person, j.day) {
		return RuleEnded
	}
	before := lo.FilterMap(c.Members, func(m Member, _ int) (school.PersonID, bool) {
		return m.Person, slices.Contains(m.Reasons, chats.Reason{Code: chats.ReasonSubjectTeacher})
	})
	now := chats.ActiveTeachers(group.Teachers, j.people, j.day)
	if len(lo.Without(now, before...)) > 0 {
		return RuleReplaced
	}
	if _, here := j.people[person]; here && len(now) > 0 && !j.cut {
		return RuleDropped
	}
	return ""
}

// staffLeft is evidence that a ground for being in the teachers' room has ceased.
func (j *judge) staffLeft(person school.PersonID, code chats.ReasonCode) Rule {
	p, here := j.people[person]
	if !here || p.Employee == nil {
		return ""
	}
	if chats.Dismissed(p, j.day) {
		return RuleEnded
	}
	gave := func(pos school.Position) bool {
		switch code {
		case chats.ReasonHead:
			return pos.Level == school.HeadLevel1
		case chats.ReasonPedagogical:
			return pos.Pedagogical
		case chats.ReasonSiteAdministrator:
			return pos.Role == chats.RoleSiteAdministrator
		default:
			return false
		}
	}
	if lo.ContainsBy(p.Employee.Positions, func(pos school.Position) bool { return gave(pos) && pos.Over(j.day) }) {
		return RuleEnded
	}
	switch code {
	case chats.ReasonActingHead, chats.ReasonAccessAdmin, chats.ReasonAccessHead:
		// Flags stand in the person's own row, which is here as a whole or not at all.
		return RuleCleared
	default:
		return ""
	}
}

// over tells whether the source says outright that the person's enrolment has ended.
func over(enrollments []school.Enrollment, person school.PersonID, day school.Date) bool {
	mine := lo.Filter(enrollments, func(e school.Enrollment, _ int) bool { return e.Person == person })
	return len(mine) > 0 && lo.EveryBy(mine, func(e school.Enrollment) bool { return e.Over(day) })
}

func takes(enrollments []school.Enrollment, person school.PersonID, day school.Date) bool {
	return lo.ContainsBy(enrollments, func(e school.Enrollment) bool { return e.Person == person && e.Active(day) })
}
