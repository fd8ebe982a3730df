package district

import "strconv"

// teachersPerClass makes a school's staff what it is in life: half of the teachers are class
// teachers, and each subject is shared by a few.
const teachersPerClass = 2

// hire makes the school's staff: a class teacher for each class, as many other teachers, and
// the people no school does without.
func (s *schoolMaker) hire() {
	s.hireOffice()
	for _, c := range s.classes {
		linked := s.chance(s.o.linkedStaff())
		c.teacher = s.hireTeacher(linked && !c.unlinked)
	}
	for range (teachersPerClass - 1) * max(len(s.classes), 1) {
		s.hireTeacher(s.chance(s.o.linkedStaff()))
	}
}

func (s *schoolMaker) hireTeacher(linked bool) *Row {
	teacher, _ := s.employ(roleTeacher, linked)
	s.teachers = append(s.teachers, teacher)
	if !linked {
		s.noteFirst(UnlinkedTeacher, teacher)
	}
	return teacher
}

// hireOffice makes the staff outside the classroom. All of them are linked: each stands for a
// rule that could not be seen otherwise.
func (s *schoolMaker) hireOffice() {
	head, position := s.employ("principal", true)
	position.Set(colLevel, "1")
	s.noteFirst(Head, head)

	deputy, _ := s.employ(roleTeacher, true)
	deputy.Set(colAccessRole, "administrator")
	s.noteFirst(AccessAdministrator, deputy)

	manager, _ := s.employ("aide", true)
	manager.Set(colAccessRole, "head")
	s.noteFirst(AccessHead, manager)

	engineer, _ := s.employ("siteAdministrator", true)
	s.noteFirst(SiteAdministrator, engineer)

	counselor, _ := s.employ("counselor", true)
	s.noteFirst(Counselor, counselor)

	tutor, position := s.employ("aide", true)
	position.Set(colPedagogical, yes)
	s.noteFirst(PedagogicalByMark, tutor)

	librarian, position := s.employ("aide", true)
	position.Set(colPedagogical, no)
	secretary, _ := s.employ("aide", true)
	s.noteFirst(NonPedagogical, librarian, secretary)
}

// employ adds somebody with a position at the school.
func (s *schoolMaker) employ(role string, linked bool) (user, position *Row) {
	name := randomName(s.r, anySex(s.r), pick(s.r, surnames))
	return s.f.employ(person{school: s.id, kind: kindEmployee, name: name, linked: linked}, role, 1+s.r.IntN(12))
}

// employ adds an employee who came so many years ago.
func (f *Files) employ(p person, role string, years int) (user, position *Row) {
	user = f.addPerson(p)
	return user, f.addRole(user, p.school, role, f.yearsAgo(years)+"-08-25")
}

// yearsAgo is the calendar year so many years before the school year's first.
func (f *Files) yearsAgo(years int) string { return strconv.Itoa(f.first - years) }

func (s *schoolMaker) chance(share float64) bool { return s.r.Float64() < share }
