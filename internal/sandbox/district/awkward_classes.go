package district

import "strings"

// classPlays are the cases about homeroom classes; NoStudents and NoLinkedMember are made with
// the classes themselves.
func (s *scene) classPlays() []play {
	return []play{
		{name: NoClassTeacher, classes: 1, stage: s.noClassTeacher},
		{name: TwoClassTeachers, classes: 1, teachers: 1, stage: s.twoClassTeachers},
		{name: SecondHomeroomTeacher, classes: 1, teachers: 1, stage: s.secondHomeroomTeacher},
		{name: CardClass, classes: 2, stage: s.cardClass},
		{name: UnknownUser, classes: 1, stage: s.unknownUser},
		{name: QuotedTitle, classes: 1, stage: s.quotedTitle},
	}
}

func (s *scene) noClassTeacher(c cast) Involved {
	s.f.Enrollments().Delete(s.f.cards(c.classes[0])...)
	return Involved{Classes: ids(c.classes[0])}
}

func (s *scene) twoClassTeachers(c cast) Involved {
	class := c.classes[0]
	first := s.classTeacher(class)
	s.f.enrollTeacher(class, c.teachers[0], true)
	return Involved{People: ids(first, c.teachers[0]), Classes: ids(class)}
}

func (s *scene) secondHomeroomTeacher(c cast) Involved {
	class := c.classes[0]
	s.f.enrollTeacher(class, c.teachers[0], false)
	return Involved{People: ids(s.classTeacher(class), c.teachers[0]), Classes: ids(class)}
}

func (s *scene) cardClass(c cast) Involved {
	teacher := s.classTeacher(c.classes[0])
	teacher.Set(colCardClass, c.classes[1].Get(colTitle))
	return Involved{People: ids(teacher), Classes: ids(c.classes...)}
}

func (s *scene) unknownUser(c cast) Involved {
	const nobody = "-st-99999"
	seat := s.f.enroll(c.classes[0], s.school+nobody, roleStudent, "")
	return Involved{People: []string{s.school + nobody}, Classes: ids(c.classes[0]), Rows: ids(seat)}
}

func (s *scene) quotedTitle(c cast) Involved {
	class := c.classes[0]
	title := class.Get(colTitle)
	letter := strings.TrimLeft(title, "0123456789")
	s.f.retitle(class, strings.TrimSuffix(title, letter)+` "`+letter+`", вечерний`)
	return Involved{Classes: ids(class)}
}
