package district

import (
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"
)

func (f *Files) user(id string) (*Row, error) {
	if user, ok := f.Users().ByID(id); ok {
		return user, nil
	}
	return nil, fmt.Errorf("no user %q in users.csv: give the sourcedId of somebody who is there", id)
}

func (f *Files) school(id string) error {
	if org, ok := f.Orgs().ByID(id); ok && org.Get("type") == "school" {
		return nil
	}
	return fmt.Errorf("no school %q in orgs.csv: give the sourcedId of one that is there", id)
}

func (f *Files) homeroom(id string) (*Row, error) { return f.classOf(id, typeHomeroom) }

func (f *Files) subjectGroup(id string) (*Row, error) { return f.classOf(id, typeScheduled) }

func (f *Files) classOf(id, classType string) (*Row, error) {
	if class, ok := f.Classes().ByID(id); ok && class.Get(colClassType) == classType {
		return class, nil
	}
	return nil, fmt.Errorf("no class %q of type %s in classes.csv: give the sourcedId of one that is there", id, classType)
}

// employee gives a user with a position at some school, and the roles that are positions.
func (f *Files) employee(id string) (user *Row, positions []*Row, err error) {
	user, err = f.user(id)
	if err != nil {
		return nil, nil, err
	}
	positions = lo.Filter(f.rolesOf(user), func(r *Row, _ int) bool { return isPosition(r) })
	if len(positions) == 0 {
		return nil, nil, fmt.Errorf("user %q has no position in roles.csv: give the sourcedId of an employee", id)
	}
	return user, positions, nil
}

func (f *Files) rolesOf(user *Row) []*Row { return f.Roles().Find(colUser, user.ID()) }

func isGuardianship(role *Row) bool {
	return slices.Contains([]string{roleParent, roleGuardian, roleRelative}, role.Get(colRole))
}

func isPosition(role *Row) bool { return role.Get(colRole) != roleStudent && !isGuardianship(role) }

// schoolsOf are the schools where somebody is a student.
func (f *Files) schoolsOf(student *Row) []string {
	return lo.FilterMap(f.rolesOf(student), func(r *Row, _ int) (string, bool) {
		return r.Get(colOrg), r.Get(colRole) == roleStudent
	})
}

// relatives are the guardians of a student or the students of a guardian, whoever's row ties
// them together.
func (f *Files) relatives(user *Row) []*Row {
	own := slices.Collect(list(user.Get(colAgents)))
	return lo.Filter(f.Users().rows, func(other *Row, _ int) bool {
		return slices.Contains(own, other.ID()) || hasItem(other.Get(colAgents), user.ID())
	})
}

func hasItem(field, item string) bool {
	for have := range list(field) {
		if have == item {
			return true
		}
	}
	return false
}

// groupsOf are the subject groups of a homeroom class. OneRoster has no column for that: they
// are those whose title is the class's, or the class's and a part, "5А/1".
func (f *Files) groupsOf(class *Row) []*Row {
	school, title := class.Get(colSchool), class.Get(colTitle)
	return lo.Filter(f.Classes().Find(colSchool, school), func(g *Row, _ int) bool {
		part, ours := strings.CutPrefix(g.Get(colTitle), title)
		return g.Get(colClassType) == typeScheduled && ours && (part == "" || part[0] == '/')
	})
}

// seats are the enrolments in a class or group with this role.
func (f *Files) seats(class *Row, role string) []*Row {
	return lo.Filter(f.Enrollments().Find(colClass, class.ID()), func(e *Row, _ int) bool { return e.Get(colRole) == role })
}

// cards are the enrolments that name the class teacher: the field of the class card.
func (f *Files) cards(class *Row) []*Row {
	return lo.Filter(f.seats(class, roleTeacher), func(e *Row, _ int) bool { return e.Get(colPrimary) == yes })
}

// titleFree tells that no other class of the school has this title.
func (f *Files) titleFree(school, title string) error {
	if title == "" || strings.ContainsAny(title, "\r\n") {
		return fmt.Errorf("a class cannot be called %q: give a title of one line", title)
	}
	for _, c := range f.Classes().Find(colTitle, title) {
		if c.Get(colSchool) == school && c.Get(colClassType) == typeHomeroom {
			return fmt.Errorf("class %q of school %q has the title %q already: give another title", c.ID(), school, title)
		}
	}
	return nil
}
