package district

// staffPlays are the cases about employees.
func (s *scene) staffPlays() []play {
	return []play{
		{name: VisitingTeacher, classes: 1, visitors: 1, stage: s.visitingTeacher},
		{name: TwoSchools, classes: 1, visitors: 1, stage: s.twoSchools},
		{name: HeadByLevel, stage: s.headByLevel},
		{name: ExHead, teachers: 1, stage: s.exHead},
		{name: ActingHead, teachers: 1, stage: s.actingHead},
		{name: DismissedDisabled, classes: 1, stage: s.dismissedDisabled},
		{name: DismissedByDate, classes: 1, stage: s.dismissedByDate},
		{name: RoleToBeDeleted, stage: s.roleToBeDeleted},
	}
}

func (s *scene) visitingTeacher(c cast) Involved {
	visitor, group := c.visitors[0], s.lastGroup(c.classes[0])
	s.giveGroup(group, visitor)
	return Involved{People: ids(visitor), Classes: ids(group)}
}

func (s *scene) twoSchools(c cast) Involved {
	visitor, here := c.visitors[0], s.lastGroup(c.classes[0])
	there := ""
	for _, seat := range s.f.Enrollments().Find(colUser, visitor.ID()) {
		there = seat.Get(colClass)
	}
	s.f.addSide(visitor, s.school, roleTeacher, s.f.yearsAgo(0)+"-08-25")
	s.giveGroup(here, visitor)
	return Involved{People: ids(visitor), Classes: []string{here.ID(), there}}
}

func (s *scene) headByLevel(cast) Involved {
	head, position := s.f.hire(s.school, "aide", true)
	position.Set(colLevel, "1")
	return Involved{People: ids(head), Rows: ids(position)}
}

func (s *scene) exHead(c cast) Involved {
	position := s.f.addSide(c.teachers[0], s.school, "principal", s.f.yearsAgo(5)+"-08-25")
	position.Set(colLevel, "1")
	position.Set(colEnd, s.f.yearsAgo(0)+"-08-20")
	return Involved{People: ids(c.teachers[0]), Rows: ids(position)}
}

func (s *scene) actingHead(c cast) Involved {
	c.teachers[0].Set(colActingHead, yes)
	return Involved{People: ids(c.teachers[0])}
}

func (s *scene) dismissedDisabled(c cast) Involved {
	teacher, _ := s.f.hire(s.school, roleTeacher, true)
	group := s.lastGroup(c.classes[0])
	s.f.enrollTeacher(group, teacher, false)
	teacher.Set(colEnabled, no)
	return Involved{People: ids(teacher), Classes: ids(group)}
}

func (s *scene) dismissedByDate(c cast) Involved {
	teacher, position := s.f.hire(s.school, roleTeacher, true)
	group := s.lastGroup(c.classes[0])
	s.f.enrollTeacher(group, teacher, false)
	position.Set(colEnd, s.f.Day)
	return Involved{People: ids(teacher), Classes: ids(group), Rows: ids(position)}
}

func (s *scene) roleToBeDeleted(cast) Involved {
	teacher, position := s.f.hire(s.school, roleTeacher, true)
	position.Set(colStatus, "tobedeleted")
	position.Set(colModified, s.f.Day+"T06:00:00.000Z")
	return Involved{People: ids(teacher), Rows: ids(position)}
}

func (s *scene) lastGroup(class *Row) *Row {
	groups := s.f.groupsOf(class)
	return groups[len(groups)-1]
}

// giveGroup makes somebody the group's only teacher.
func (s *scene) giveGroup(group, teacher *Row) {
	s.f.Enrollments().Delete(s.f.seats(group, roleTeacher)...)
	s.f.enrollTeacher(group, teacher, true)
}
