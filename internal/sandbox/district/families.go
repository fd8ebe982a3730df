package district

import (
	"slices"

	"github.com/samber/lo"
)

// family is some children of a school and those who stand for them.
type family struct {
	surname   string
	father    forename
	guardians []*Row
	children  []*Row
	// classes are the classes of the children.
	classes []*class
	written direction
}

// direction tells in whose row a guardian and a student are tied together: real exports have
// all three, and a reader has to take any of them for the same.
type direction int

const (
	onStudent direction = iota
	onGuardian
	onBoth
)

func directionOf(family int) direction {
	switch family % 10 {
	case 3:
		return onGuardian
	case 6:
		return onBoth
	default:
		return onStudent
	}
}

const (
	// siblingShare is how many of the students have a sibling at the school before them.
	siblingShare = 0.15
	maxSiblings  = 3
)

// admit fills a class with students and their guardians.
func (s *schoolMaker) admit(c *class) {
	for range c.size {
		s.admitStudent(c, s.familyFor(c))
	}
}

// familyFor is a family with a child in another class already, or a new one.
func (s *schoolMaker) familyFor(c *class) *family {
	if len(s.families) > 0 && !c.unlinked && s.chance(siblingShare) {
		known := pick(s.r, s.families)
		if len(known.children) < maxSiblings && !slices.Contains(known.classes, c) {
			return known
		}
	}
	return s.newFamily(c)
}

func (s *schoolMaker) newFamily(c *class) *family {
	fam := &family{surname: pick(s.r, surnames), father: pick(s.r, maleNames), written: directionOf(len(s.families))}
	mother, father := s.chance(0.95), s.chance(0.7)
	if mother {
		s.addGuardian(c, fam, randomName(s.r, female, fam.surname), s.guardianRole())
	}
	if father || !mother {
		name := randomName(s.r, male, fam.surname)
		name.given = fam.father.given
		s.addGuardian(c, fam, name, s.guardianRole())
	}
	s.families = append(s.families, fam)
	return fam
}

// guardianRole is nearly always a parent's.
func (s *schoolMaker) guardianRole() string {
	switch n := s.r.IntN(100); {
	case n < 3:
		return roleGuardian
	case n < 5:
		return roleRelative
	default:
		return roleParent
	}
}

func (s *schoolMaker) addGuardian(c *class, fam *family, name fullName, role string) {
	linked := s.chance(s.o.linkedGuardians()) && !c.unlinked
	user := s.f.addPerson(person{school: s.id, kind: kindGuardian, name: name, linked: linked})
	s.f.addRole(user, s.id, role, "")
	fam.guardians = append(fam.guardians, user)
	switch {
	case linked && userID(user, application) != "" && formatOf(s.f.people) == inUserIDs:
		s.noteFirst(AccountInUserIDs, user)
	case !linked && !c.unlinked:
		s.noteFirst(UnlinkedGuardian, user)
	}
}

func (s *schoolMaker) admitStudent(c *class, fam *family) {
	linked := s.chance(s.o.linkedStudents()) && !c.unlinked
	user := s.f.addPerson(person{
		school: s.id, kind: kindStudent, grade: grade(c.grade), linked: linked,
		name: childName(s.r, anySex(s.r), fam.surname, fam.father),
	})
	s.f.addRole(user, s.id, roleStudent, s.f.yearsAgo(c.grade-1)+"-09-01")
	s.f.enrollStudent(c.row, user)
	c.students = append(c.students, user)
	if !linked && !c.unlinked {
		s.noteFirst(UnlinkedStudent, user)
	}
	for _, guardian := range fam.guardians {
		link(user, guardian, fam.written)
	}
	fam.children = append(fam.children, user)
	fam.classes = append(fam.classes, c)
	s.noteFamily(fam)
}

func (s *schoolMaker) noteFamily(fam *family) {
	last := fam.children[len(fam.children)-1]
	if len(fam.children) > 1 {
		s.noteFirst(SharedGuardian, slices.Concat(fam.guardians[:1], fam.children)...)
	}
	written := map[direction]Case{onStudent: LinkOnStudent, onGuardian: LinkOnGuardian, onBoth: LinkOnBoth}
	s.noteFirst(written[fam.written], fam.guardians[0], last)
}

// link ties a student and a guardian together.
func link(student, guardian *Row, d direction) {
	if d != onGuardian {
		student.Set(colAgents, withItem(student.Get(colAgents), guardian.ID()))
	}
	if d != onStudent {
		guardian.Set(colAgents, withItem(guardian.Get(colAgents), student.ID()))
	}
}

// noteFirst names a case by the first people it happens to.
func (s *schoolMaker) noteFirst(c Case, people ...*Row) {
	s.f.note(c, Involved{School: s.id, People: lo.Map(people, func(r *Row, _ int) string { return r.ID() })})
}
