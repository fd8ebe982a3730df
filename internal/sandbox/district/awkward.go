package district

import (
	"slices"

	"github.com/samber/lo"
)

// awkwardSchools are the first schools, which have all awkward cases between them. They are
// staged as soon as these schools stand, and not searched for in a whole district.
const awkwardSchools = 2

// scene stages the awkward cases. Nearly all of them are put into the first school, from its
// last class backwards and each into a class of its own, so that the rest of the district is
// in step.
type scene struct {
	f      *Files
	school string
	// users, guardians (by student) and linked are looked up once.
	users     map[string]*Row
	guardians map[string][]*Row
	linked    map[string]bool
	// classes have students and are sound; teachers and visitors are linked teachers of the
	// two schools who teach subjects and are no class teachers. All are in the order of use.
	classes, teachers, visitors []*Row
}

// cast is what one case may spoil.
type cast struct{ classes, teachers, visitors []*Row }

// play is a case, whom it needs, and how it comes about; nobody involved means that it could
// not be staged after all.
type play struct {
	name                        Case
	classes, teachers, visitors int
	stage                       func(cast) Involved
}

// addAwkwardCases stages what the district is large enough for.
func (f *Files) addAwkwardCases() {
	s := newScene(f)
	for _, p := range slices.Concat(s.staffPlays(), s.classPlays(), s.familyPlays()) {
		if len(s.classes) < p.classes || len(s.teachers) < p.teachers || len(s.visitors) < p.visitors {
			continue
		}
		involved := p.stage(cast{
			classes: take(&s.classes, p.classes), teachers: take(&s.teachers, p.teachers), visitors: take(&s.visitors, p.visitors),
		})
		if len(involved.People)+len(involved.Classes) > 0 {
			involved.School = s.school
			f.note(p.name, involved)
		}
	}
}

// newScene looks the schools over, of which there is one at least.
func newScene(f *Files) *scene {
	schools := f.Orgs().Find("type", "school")
	s := &scene{
		f:         f,
		school:    schools[0].ID(),
		users:     lo.KeyBy(f.Users().rows, func(u *Row) string { return u.ID() }),
		guardians: map[string][]*Row{},
		linked:    map[string]bool{},
	}
	for user := range f.Users().All() {
		s.linked[user.ID()] = userID(user, application) != ""
		for agent := range list(user.Get(colAgents)) {
			student, guardian := user, s.users[agent]
			if user.Get(colGrades) == "" {
				student, guardian = guardian, student
			}
			s.guardians[student.ID()] = append(s.guardians[student.ID()], guardian)
		}
	}
	for profile := range f.UserProfiles().All() {
		s.linked[profile.Get(colUser)] = true
	}
	s.classes = s.soundClasses()
	s.teachers = s.subjectTeachers(s.school)
	if len(schools) > 1 {
		s.visitors = s.subjectTeachers(schools[1].ID())
	}
	return s
}

func take(pool *[]*Row, n int) []*Row {
	taken := (*pool)[:n]
	*pool = (*pool)[n:]
	return taken
}

// soundClasses are the school's classes with students, groups, linked guardians and a linked
// class teacher, the last one first.
func (s *scene) soundClasses() []*Row {
	f := s.f
	spoiled := slices.Concat(f.cases[NoStudents].Classes, f.cases[NoLinkedMember].Classes)
	sound := lo.Filter(f.Classes().Find(colSchool, s.school), func(c *Row, _ int) bool {
		return c.Get(colClassType) == typeHomeroom && !lo.Contains(spoiled, c.ID()) &&
			len(f.groupsOf(c)) > 0 && len(s.linkedGuardians(c)) > 1 && s.linked[s.classTeacher(c).ID()]
	})
	slices.Reverse(sound)
	return sound
}

// subjectTeachers are the linked teachers of a school who teach groups and have no class.
func (s *scene) subjectTeachers(school string) []*Row {
	f := s.f
	homerooms := lo.Keyify(ids(f.Classes().Find(colClassType, typeHomeroom)...))
	teaches, hasClass := map[string]bool{}, map[string]bool{}
	for _, seat := range f.Enrollments().Find(colRole, roleTeacher) {
		teaches[seat.Get(colUser)] = true
		if lo.HasKey(homerooms, seat.Get(colClass)) {
			hasClass[seat.Get(colUser)] = true
		}
	}
	return lo.Filter(f.Users().Find(colPrimaryOrg, school), func(u *Row, _ int) bool {
		return teaches[u.ID()] && !hasClass[u.ID()] && s.linked[u.ID()]
	})
}

// students are a class's students.
func (s *scene) students(class *Row) []*Row {
	return lo.Map(s.f.seats(class, roleStudent), func(seat *Row, _ int) *Row { return s.users[seat.Get(colUser)] })
}

// linkedGuardians are guardians in the class whose account stands in userProfiles alone, one
// a student.
func (s *scene) linkedGuardians(class *Row) []*Row {
	return lo.FilterMap(s.students(class), func(student *Row, _ int) (*Row, bool) {
		return lo.Find(s.guardians[student.ID()], func(g *Row) bool {
			return s.linked[g.ID()] && userID(g, application) == ""
		})
	})
}

// classTeacher is whoever a sound class's card names.
func (s *scene) classTeacher(class *Row) *Row { return s.users[s.f.cards(class)[0].Get(colUser)] }

func ids(rows ...*Row) []string {
	return lo.Map(rows, func(r *Row, _ int) string { return r.ID() })
}
