package district

import "strings"

// person is what is known of somebody before they are in the files.
type person struct {
	school string
	kind   string
	name   fullName
	grade  string
	linked bool
}

// addPerson adds a user, and the account if they are linked, but no role.
func (f *Files) addPerson(p person) *Row {
	f.people++
	t := f.Users()
	id := f.nextID(t, p.school, p.kind)
	user := t.Append(Values{
		colID:         id,
		colEnabled:    yes,
		colUsername:   id,
		colUserIDs:    "{portal:" + portalOf(f.people) + "}",
		"givenName":   p.name.given,
		colFamily:     p.name.family,
		"middleName":  p.name.middle,
		colGrades:     p.grade,
		colPrimaryOrg: p.school,
	})
	if p.linked {
		f.linkAs(user, p.school, accountOf(f.people), formatOf(f.people))
	}
	return user
}

// addRole adds a role at a school that has begun and has no end.
func (f *Files) addRole(user *Row, school, role, begin string) *Row {
	t := f.Roles()
	return t.Append(Values{
		colID:       f.nextID(t, school, kindRole),
		colUser:     user.ID(),
		colRoleType: "primary",
		colRole:     role,
		colBegin:    begin,
		colOrg:      school,
	})
}

// group is a homeroom class or subject group before it is in the files.
type group struct {
	school, title, grade string
	// course is the course's sourcedId.
	course, code string
	kind         string
}

func (f *Files) addGroup(g group) *Row {
	t := f.Classes()
	classType, cohort := typeHomeroom, "co"
	if g.kind == kindGroup {
		classType, cohort = typeScheduled, "cg"
	}
	id := f.nextID(t, g.school, g.kind)
	return t.Append(Values{
		colID:            id,
		colTitle:         g.title,
		colGrades:        g.grade,
		colCourse:        g.course,
		"classCode":      g.code,
		colClassType:     classType,
		colSchool:        g.school,
		"termSourcedIds": f.session,
		colCohort:        strings.Replace(id, "-"+g.kind+"-", "-"+cohort+"-", 1),
	})
}

func (f *Files) enrollStudent(class, user *Row) *Row {
	return f.enroll(class, user.ID(), roleStudent, "")
}

func (f *Files) enrollTeacher(class, user *Row, primary bool) *Row {
	if primary {
		return f.enroll(class, user.ID(), roleTeacher, yes)
	}
	return f.enroll(class, user.ID(), roleTeacher, no)
}

func (f *Files) enroll(class *Row, user, role, primary string) *Row {
	t := f.Enrollments()
	school := class.Get(colSchool)
	return t.Append(Values{
		colID:      f.nextID(t, school, kindEnrollment),
		colClass:   class.ID(),
		colSchool:  school,
		colUser:    user,
		colRole:    role,
		colPrimary: primary,
		colBegin:   f.Day,
	})
}
