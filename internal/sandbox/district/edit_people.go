package district

import (
	"github.com/samber/lo"
)

// AddStudent admits somebody new to a homeroom class and to its subject groups, of a subject
// taught in two groups to the smaller one, and gives their sourcedId. They have no guardian
// yet.
func (f *Files) AddStudent(class string, linked bool) (string, error) {
	to, err := f.homeroom(class)
	if err != nil {
		return "", err
	}
	user := f.admit(to.Get(colSchool), to.Get(colGrades), linked)
	f.seat(to, user)
	return user.ID(), nil
}

// AddGuardian adds a parent of the student and gives their sourcedId.
func (f *Files) AddGuardian(student string, linked bool) (string, error) {
	child, err := f.user(student)
	if err != nil {
		return "", err
	}
	written := child.Get(colFamily)
	family := lo.FindOrElse(surnames, written, func(name string) bool { return feminine(name) == written })
	user := f.newParent(child.Get(colPrimaryOrg), family, linked)
	link(child, user, onStudent)
	f.settle(user)
	return user.ID(), nil
}

// AddTeacher employs a teacher, who teaches nothing yet, and gives their sourcedId.
func (f *Files) AddTeacher(school string, linked bool) (string, error) {
	if err := f.school(school); err != nil {
		return "", err
	}
	user, _ := f.hire(school, roleTeacher, linked)
	return user.ID(), nil
}

// RemovePerson takes somebody out of all files, as happens when they have left. The guardians
// of a removed student lose their role at schools where they stand for nobody else, and are
// gone too if that was all they were. It gives the sourcedIds of everybody gone.
func (f *Files) RemovePerson(id string) ([]string, error) {
	user, err := f.user(id)
	if err != nil {
		return nil, err
	}
	var guardians []*Row
	if len(f.schoolsOf(user)) > 0 {
		guardians = f.relatives(user)
	}
	f.erase(user)
	gone := []string{id}
	for _, guardian := range guardians {
		if f.settle(guardian) {
			continue
		}
		f.erase(guardian)
		gone = append(gone, guardian.ID())
	}
	return gone, nil
}

// Dismiss ends all positions and teaching of an employee on Day. Their user is disabled,
// unless they are a guardian or a student too.
func (f *Files) Dismiss(employee string) error {
	user, positions, err := f.employee(employee)
	if err != nil {
		return err
	}
	for _, position := range positions {
		f.end(position)
	}
	for _, seat := range f.Enrollments().Find(colUser, employee) {
		if seat.Get(colRole) == roleTeacher {
			f.end(seat)
		}
	}
	if lo.EveryBy(f.rolesOf(user), isPosition) {
		user.Set(colEnabled, no)
	}
	return nil
}

// SetActingHead flags an employee as acting head, or takes the flag away.
func (f *Files) SetActingHead(employee string, acting bool) error {
	user, _, err := f.employee(employee)
	if err != nil {
		return err
	}
	user.Set(colActingHead, lo.Ternary(acting, yes, ""))
	return nil
}

// admit adds a student who is in no class.
func (f *Files) admit(school, grade string, linked bool) *Row {
	user := f.addPerson(person{
		school: school, kind: kindStudent, grade: grade, linked: linked,
		name: randomName(f.rand, anySex(f.rand), pick(f.rand, surnames)),
	})
	f.addRole(user, school, roleStudent, f.Day)
	return user
}

// newParent adds a parent who is tied to nobody.
func (f *Files) newParent(school, family string, linked bool) *Row {
	user := f.addPerson(person{
		school: school, kind: kindGuardian, linked: linked, name: randomName(f.rand, anySex(f.rand), family),
	})
	f.addRole(user, school, roleParent, "")
	return user
}

func (f *Files) hire(school, role string, linked bool) (user, position *Row) {
	name := randomName(f.rand, anySex(f.rand), pick(f.rand, surnames))
	return f.employ(person{school: school, kind: kindEmployee, name: name, linked: linked}, role, 1)
}

// addSide gives a user a further role at a school.
func (f *Files) addSide(user *Row, school, role, begin string) *Row {
	first := lo.NoneBy(f.rolesOf(user), func(r *Row) bool { return r.Get(colOrg) == school })
	added := f.addRole(user, school, role, begin)
	if !first {
		added.Set(colRoleType, "secondary")
	}
	return added
}

// end makes a role or an enrolment end on Day, if it has not ended before.
func (f *Files) end(row *Row) {
	if row.Get(colEnd) == "" || row.Get(colEnd) > f.Day {
		row.Set(colEnd, f.Day)
	}
}

// settle makes a guardian's roles fit the schools of their students. It is false if that
// leaves the guardian without any role.
func (f *Files) settle(guardian *Row) bool {
	wanted := lo.Uniq(lo.FlatMap(f.relatives(guardian), func(s *Row, _ int) []string { return f.schoolsOf(s) }))
	roles := lo.Filter(f.rolesOf(guardian), func(r *Row, _ int) bool { return isGuardianship(r) })
	kind := roleParent
	if len(roles) > 0 {
		kind = roles[0].Get(colRole)
	}
	stale := lo.Reject(roles, func(r *Row, _ int) bool { return lo.Contains(wanted, r.Get(colOrg)) })
	have := lo.Map(roles, func(r *Row, _ int) string { return r.Get(colOrg) })
	for _, school := range lo.Without(wanted, have...) {
		f.addSide(guardian, school, kind, "")
	}
	f.Roles().Delete(stale...)
	return len(f.rolesOf(guardian)) > 0
}

// erase takes a user out of every file.
func (f *Files) erase(user *Row) {
	id := user.ID()
	for _, relative := range f.relatives(user) {
		relative.Set(colAgents, withoutItems(relative.Get(colAgents), func(item string) bool { return item == id }))
	}
	for _, t := range []*Table{f.Roles(), f.UserProfiles(), f.Enrollments()} {
		t.Delete(t.Find(colUser, id)...)
	}
	f.Users().Delete(user)
}
