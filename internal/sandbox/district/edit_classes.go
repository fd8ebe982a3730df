package district

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"
)

// MoveStudent moves a student to another homeroom class and its subject groups, out of all
// groups they were in; to another school as well, and then their guardians' roles follow.
func (f *Files) MoveStudent(student, toClass string) error {
	user, err := f.user(student)
	if err != nil {
		return err
	}
	to, err := f.homeroom(toClass)
	if err != nil {
		return err
	}
	if len(f.schoolsOf(user)) == 0 {
		return fmt.Errorf("user %q is not a student: give the sourcedId of one", student)
	}
	seats := lo.Filter(f.Enrollments().Find(colUser, student), func(e *Row, _ int) bool { return e.Get(colRole) == roleStudent })
	if lo.ContainsBy(seats, func(e *Row) bool { return e.Get(colClass) == toClass }) {
		return fmt.Errorf("student %q is in class %q already: give another class", student, toClass)
	}
	f.Enrollments().Delete(seats...)
	f.seat(to, user)
	user.Set(colGrades, to.Get(colGrades))
	f.changeSchool(user, to.Get(colSchool))
	return nil
}

// DropGroup takes a student out of one subject group.
func (f *Files) DropGroup(student, group string) error {
	if _, err := f.subjectGroup(group); err != nil {
		return err
	}
	seats := lo.Filter(f.Enrollments().Find(colUser, student), func(e *Row, _ int) bool {
		return e.Get(colClass) == group && e.Get(colRole) == roleStudent
	})
	if len(seats) == 0 {
		return fmt.Errorf("user %q does not take group %q: give a student who does", student, group)
	}
	f.Enrollments().Delete(seats...)
	return nil
}

// ReplaceClassTeacher puts another employee into the class card, in place of whoever it names.
func (f *Files) ReplaceClassTeacher(class, employee string) error {
	row, err := f.homeroom(class)
	if err != nil {
		return err
	}
	user, _, err := f.employee(employee)
	if err != nil {
		return err
	}
	seats := f.seats(row, roleTeacher)
	f.Enrollments().Delete(lo.Filter(seats, func(e *Row, _ int) bool {
		return e.Get(colPrimary) == yes || e.Get(colUser) == employee
	})...)
	f.enrollTeacher(row, user, true)
	return nil
}

// RenameClass changes the title of a homeroom class, and those of its subject groups with it.
func (f *Files) RenameClass(class, title string) error {
	row, err := f.homeroom(class)
	if err != nil {
		return err
	}
	if err := f.titleFree(row.Get(colSchool), title); err != nil {
		return err
	}
	f.retitle(row, title)
	return nil
}

// AddClass opens a homeroom class with a new class teacher and so many new students, all of
// them linked, and gives its sourcedId. It has no subject groups yet. The grade is the number
// that the title begins with.
func (f *Files) AddClass(school, title string, students int) (string, error) {
	if err := f.school(school); err != nil {
		return "", err
	}
	if err := f.titleFree(school, title); err != nil {
		return "", err
	}
	class := f.addGroup(group{
		school: school, title: title, grade: gradeOf(title),
		course: courseID(homeroomCourse), code: homeroomCourse, kind: kindClass,
	})
	teacher, _ := f.hire(school, roleTeacher, true)
	f.enrollTeacher(class, teacher, true)
	for range students {
		f.enrollStudent(class, f.admit(school, class.Get(colGrades), true))
	}
	return class.ID(), nil
}

// AddGroup makes a subject group of all students of a homeroom class and gives its sourcedId.
// The course is a sourcedId of courses.csv.
func (f *Files) AddGroup(class, course, teacher string) (string, error) {
	home, err := f.homeroom(class)
	if err != nil {
		return "", err
	}
	subject, ok := f.Courses().ByID(course)
	if !ok {
		return "", fmt.Errorf("no course %q in courses.csv: give the sourcedId of one that is there", course)
	}
	user, _, err := f.employee(teacher)
	if err != nil {
		return "", err
	}
	row := f.addGroup(group{
		school: home.Get(colSchool), title: home.Get(colTitle), grade: home.Get(colGrades),
		course: course, code: subject.Get("courseCode"), kind: kindGroup,
	})
	f.enrollTeacher(row, user, true)
	for _, seat := range f.seats(home, roleStudent) {
		f.enroll(row, seat.Get(colUser), roleStudent, "")
	}
	return row.ID(), nil
}

func (f *Files) retitle(class *Row, title string) {
	old := class.Get(colTitle)
	for _, row := range append(f.groupsOf(class), class) {
		row.Set(colTitle, title+strings.TrimPrefix(row.Get(colTitle), old))
	}
}

// seat enrols a student in a homeroom class and in one group of each subject it takes.
func (f *Files) seat(class, user *Row) {
	f.enrollStudent(class, user)
	groups := f.groupsOf(class)
	for _, course := range lo.UniqMap(groups, func(g *Row, _ int) string { return g.Get(colCourse) }) {
		parts := lo.Filter(groups, func(g *Row, _ int) bool { return g.Get(colCourse) == course })
		f.enrollStudent(f.smallest(parts), user)
	}
}

func (f *Files) smallest(groups []*Row) *Row {
	if len(groups) == 1 {
		return groups[0]
	}
	return slices.MinFunc(groups, func(a, b *Row) int {
		return len(f.seats(a, roleStudent)) - len(f.seats(b, roleStudent))
	})
}

// changeSchool makes a student one of this school only.
func (f *Files) changeSchool(user *Row, school string) {
	if lo.EveryBy(f.schoolsOf(user), func(s string) bool { return s == school }) {
		return
	}
	f.Roles().Delete(lo.Filter(f.rolesOf(user), func(r *Row, _ int) bool { return r.Get(colRole) == roleStudent })...)
	f.addSide(user, school, roleStudent, f.Day)
	user.Set(colPrimaryOrg, school)
	for _, guardian := range f.relatives(user) {
		f.settle(guardian)
	}
}

func gradeOf(title string) string {
	digits := title[:len(title)-len(strings.TrimLeft(title, "0123456789"))]
	n, err := strconv.Atoi(digits)
	if err != nil {
		return ""
	}
	return grade(n)
}
