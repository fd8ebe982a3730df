package district

import (
	"github.com/samber/lo"
)

// familyPlays are the cases about students and guardians.
func (s *scene) familyPlays() []play {
	return []play{
		{name: TeacherParent, classes: 1, stage: s.teacherParent},
		{name: SharedAccount, classes: 2, stage: s.sharedAccount},
		{name: TwoAccounts, classes: 1, stage: s.twoAccounts},
		{name: GuardianWithoutStudent, stage: s.guardianWithoutStudent},
		{name: StudentWithoutClass, stage: s.studentWithoutClass},
		{name: Expelled, classes: 1, stage: s.expelled},
	}
}

func (s *scene) teacherParent(c cast) Involved {
	teacher, child := s.classTeacher(c.classes[0]), s.students(c.classes[0])[0]
	link(child, teacher, onStudent)
	s.f.addSide(teacher, s.school, roleParent, "")
	return Involved{People: ids(teacher, child), Classes: ids(c.classes[0])}
}

func (s *scene) sharedAccount(c cast) Involved {
	one := s.linkedGuardians(c.classes[0])[0]
	// Siblings may share a guardian, and two guardians of one student are one family.
	another, ok := lo.Find(s.linkedGuardians(c.classes[1]), func(g *Row) bool {
		return len(lo.Intersect(s.studentsOf(one), s.studentsOf(g))) == 0
	})
	if !ok {
		return Involved{}
	}
	s.profile(another).Set(colUsername, s.profile(one).Get(colUsername))
	return Involved{People: ids(one, another), Classes: ids(c.classes...)}
}

func (s *scene) twoAccounts(c cast) Involved {
	guardian := s.linkedGuardians(c.classes[0])[0]
	s.f.addProfile(guardian, s.school, s.f.NewAccount())
	return Involved{People: ids(guardian), Classes: ids(c.classes[0])}
}

func (s *scene) guardianWithoutStudent(cast) Involved {
	return Involved{People: ids(s.f.newParent(s.school, pick(s.f.rand, surnames), true))}
}

func (s *scene) studentWithoutClass(cast) Involved {
	return Involved{People: ids(s.f.admit(s.school, grade(1), true))}
}

func (s *scene) expelled(c cast) Involved {
	student := s.students(c.classes[0])[0]
	// What begins with the school year cannot have ended before its first day.
	seats := s.f.Enrollments().Find(colUser, student.ID())
	for _, seat := range seats {
		seat.Set(colBegin, s.f.yearsAgo(0)+"-08-15")
		s.f.end(seat)
	}
	for _, role := range s.f.rolesOf(student) {
		s.f.end(role)
	}
	return Involved{People: ids(student), Classes: ids(c.classes[0]), Rows: ids(seats...)}
}

func (s *scene) studentsOf(guardian *Row) []string { return ids(s.f.relatives(guardian)...) }

func (s *scene) profile(user *Row) *Row { return s.f.UserProfiles().Find(colUser, user.ID())[0] }
