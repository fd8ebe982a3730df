package reconcile

import (
	"cmp"
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
	owners   map[school.AccountID][]school.PersonID
	departed map[school.PersonID]school.Standing
	frozen   map[school.PersonID][]school.FaultCode
	classes  map[school.ClassID]school.Class
	groups   map[school.ClassID]school.Group
	// homes are the running homeroom classes a person is a student of on the day.
	homes map[school.PersonID][]school.ClassID
	// teaches counts the running classes and groups a person teaches on the day.
	teaches map[school.PersonID]int
	// guarded are the students somebody stands for.
	guarded map[school.PersonID]bool
	// cut tells that a file looks like its last version with the end cut off: then a single
	// missing enrolment says nothing.
	cut bool
}

func newJudge(r school.Roster, day school.Date) *judge {
	j := &judge{
		roster:   r,
		day:      day,
		people:   lo.KeyBy(r.People, func(p school.Person) school.PersonID { return p.ID }),
		owners:   map[school.AccountID][]school.PersonID{},
		departed: lo.SliceToMap(r.Departed, func(d school.Departure) (school.PersonID, school.Standing) { return d.Person, d.Standing }),
		frozen:   map[school.PersonID][]school.FaultCode{},
		classes:  lo.KeyBy(r.Classes, func(c school.Class) school.ClassID { return c.ID }),
		groups:   lo.KeyBy(r.Groups, func(g school.Group) school.ClassID { return g.ID }),
		homes:    map[school.PersonID][]school.ClassID{},
		teaches:  map[school.PersonID]int{},
		guarded:  map[school.PersonID]bool{},
		cut:      lo.ContainsBy(r.Faults, func(f school.Fault) bool { return f.Code == school.FaultTailMissing }),
	}
	j.readPeople()
	j.readFaults()
	for _, c := range r.Classes {
		if !c.Ended {
			j.readTeachers(c.Teachers)
			for _, e := range active(c.Students, day) {
				j.homes[e.Person] = append(j.homes[e.Person], c.ID)
			}
		}
	}
	for _, g := range r.Groups {
		if !g.Ended {
			j.readTeachers(g.Teachers)
		}
	}
	return j
}

func (j *judge) readPeople() {
	for _, p := range j.roster.People {
		if p.Account > 0 {
			j.owners[p.Account] = append(j.owners[p.Account], p.ID)
		}
		if p.Guardian == nil || !p.Enabled {
			continue
		}
		for _, student := range p.Guardian.Students {
			j.guarded[student] = true
		}
	}
}

func (j *judge) readFaults() {
	for _, f := range j.roster.Faults {
		for _, p := range f.People {
			j.frozen[p] = append(j.frozen[p], f.Code)
		}
	}
	for p := range chats.Disputed(j.roster) {
		if len(j.frozen[p]) == 0 {
			j.frozen[p] = []school.FaultCode{school.FaultSharedAccount}
		}
	}
}

func (j *judge) readTeachers(enrollments []school.Enrollment) {
	for _, e := range lo.UniqBy(active(enrollments, j.day), personOf) {
		j.teaches[e.Person]++
	}
}

func (j *judge) isFrozen(person school.PersonID) bool { return len(j.frozen[person]) > 0 }

// knows tells whether the roster has the class or group, running or ended.
func (j *judge) knows(id school.ClassID) bool {
	_, class := j.classes[id]
	_, group := j.groups[id]
	return class || group
}

// faultsOf are the faults that freeze an account, whoever it is taken for: the person given,
// and whoever owns it by the roster.
func (j *judge) faultsOf(person school.PersonID, account school.AccountID) []school.FaultCode {
	faults := slices.Clone(j.frozen[person])
	for _, owner := range j.owners[account] {
		faults = append(faults, j.frozen[owner]...)
	}
	return faults
}

// removal finds the evidence for turning a member out of a chat: a rule, or "" for none.
func (j *judge) removal(c Chat, m Member) Rule {
	if isStranger(m) {
		return RuleStranger
	}
	if p, ok := j.people[m.Person]; ok && p.Account > 0 && p.Account != m.Account {
		return RuleAccountReplaced
	}
	return j.orUnlinked(m, j.everyGround(m, func(r chats.Reason) Rule { return j.ended(c, m.Person, r) }))
}

// departure finds the evidence for turning a member out of a chat without a class: they have
// left the school, or never belonged, or the account is not theirs any more. Where nobody has a
// place, nobody can lose it.
func (j *judge) departure(m Member) Rule {
	if isStranger(m) {
		return RuleStranger
	}
	return j.orUnlinked(m, j.everyGround(m, func(r chats.Reason) Rule { return j.leftSchool(m.Person, r) }))
}

// orUnlinked lets an undone link stand in where the member's grounds have not ended, or only in a way
// that is counted. It takes the Portal's own word: that a person has no account is no evidence.
func (j *judge) orUnlinked(m Member, ended Rule) Rule {
	if j.people[m.Person].Unlinked && (ended == "" || ended.Counted()) {
		return RuleUnlinked
	}
	return ended
}

func isStranger(m Member) bool { return m.Person == "" || len(m.Reasons) == 0 }

// everyGround gives the rule by which all grounds of a member have ended, the counted one
// where there are several.
func (j *judge) everyGround(m Member, ended func(chats.Reason) Rule) Rule {
	if len(j.faultsOf(m.Person, m.Account)) > 0 {
		return "" // whatever this reading says of them, it is no evidence
	}
	var rule Rule
	for _, reason := range m.Reasons {
		by := ended(reason)
		if by == "" {
			return ""
		}
		if rule == "" || by.Counted() {
			rule = by
		}
	}
	return rule
}

// vanished are the grounds that no evidence says have ended, of the grounds a member had and
// has no longer: they stay on record, so that a later removal needs evidence for them too.
func (j *judge) vanished(c Chat, m Member, now chats.Member) []chats.Reason {
	if m.Person != now.Person {
		return nil // the account is somebody else's by now: the grounds were not theirs
	}
	return lo.Filter(m.Reasons, func(r chats.Reason, _ int) bool {
		return !slices.Contains(now.Reasons, r) && j.ended(c, m.Person, r) == ""
	})
}

// ended finds the evidence that one ground for being in a chat has ceased.
func (j *judge) ended(c Chat, person school.PersonID, reason chats.Reason) Rule {
	if rule := j.leftSchool(person, reason); rule != "" {
		return rule
	}
	if _, here := j.people[person]; !here || j.isFrozen(person) || j.studentFrozen(reason) {
		return ""
	}
	return j.placeLost(c, person, reason)
}

// leftSchool finds the evidence that one ground has ceased, in whatever chat. A reading is no
// evidence about a person whom one of its faults names, nor about a guardian's ground if it
// names the student.
func (j *judge) leftSchool(person school.PersonID, reason chats.Reason) Rule {
	if j.isFrozen(person) {
		return ""
	}
	if rule := j.personEnded(person); rule != "" || j.studentFrozen(reason) {
		return rule
	}
	return j.partEnded(person, reason)
}

func (j *judge) studentFrozen(reason chats.Reason) bool {
	return reason.Code == chats.ReasonGuardian && j.isFrozen(reason.Of)
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

// partEnded is evidence about what somebody is at this school, in whatever class.
func (j *judge) partEnded(person school.PersonID, reason chats.Reason) Rule {
	switch reason.Code {
	case chats.ReasonStudent:
		return j.graduated(person)
	case chats.ReasonGuardian:
		return cmp.Or(j.personEnded(reason.Of), j.graduated(reason.Of), j.withdrawn(person, reason.Of))
	default:
		return lo.Ternary(chats.Dismissed(j.people[person], j.day), RuleEnded, "")
	}
}

func (j *judge) graduated(student school.PersonID) Rule {
	return lo.Ternary(chats.Graduated(j.people[student], j.day), RuleEnded, "")
}

// withdrawn is evidence that somebody no longer stands for a student: both are there, and
// somebody else stands for the student. A student without anybody is a lost list.
func (j *judge) withdrawn(guardian, student school.PersonID) Rule {
	_, studentStands := j.people[student]
	g, guardianStands := j.people[guardian]
	if !studentStands || !guardianStands || !j.guarded[student] {
		return ""
	}
	if g.Guardian != nil && slices.Contains(g.Guardian.Students, student) {
		return ""
	}
	return RuleWithdrawn
}

// placeLost is evidence about somebody's place in the chat's own class.
func (j *judge) placeLost(c Chat, person school.PersonID, reason chats.Reason) Rule {
	switch reason.Code {
	case chats.ReasonStudent:
		return j.studentLeft(c, person)
	case chats.ReasonGuardian:
		return j.studentLeft(c, reason.Of)
	case chats.ReasonClassTeacher:
		return j.classTeacherLeft(c.Class, person)
	case chats.ReasonSubjectTeacher:
		return j.subjectTeacherLeft(c, person)
	default:
		return j.flagLost(person, reason.Code)
	}
}

func personOf(e school.Enrollment) school.PersonID { return e.Person }

func active(enrollments []school.Enrollment, day school.Date) []school.Enrollment {
	return lo.Filter(enrollments, func(e school.Enrollment, _ int) bool { return e.Active(day) })
}

// over tells whether the source says outright that the person's enrolment has ended.
func over(enrollments []school.Enrollment, person school.PersonID, day school.Date) bool {
	mine := lo.Filter(enrollments, func(e school.Enrollment, _ int) bool { return e.Person == person })
	return len(mine) > 0 && lo.EveryBy(mine, func(e school.Enrollment) bool { return e.Over(day) })
}

func takes(enrollments []school.Enrollment, person school.PersonID, day school.Date) bool {
	return lo.ContainsBy(enrollments, func(e school.Enrollment) bool { return e.Person == person && e.Active(day) })
}
