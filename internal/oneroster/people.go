package oneroster

import (
	"cmp"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// addPeople takes in everybody with a role at the school, an enrolment in one of its classes
// or groups, or a guardian's link to one of its students; and whomever it had before and the
// feed disables: that is their explicit end, though nothing else of theirs may be left.
func (b *builder) addPeople() {
	here := map[school.PersonID]bool{}
	for _, r := range b.feed.rolesAt[b.roster.SourceID] {
		here[r.user] = true
		if r.role == roleStudent {
			b.pupils[r.user] = true
		}
	}
	for _, id := range b.classIDs() {
		for _, e := range b.feed.enrollmentsIn[id] {
			here[e.user] = true
			if e.role == roleStudent {
				b.pupils[e.user] = true
			}
		}
	}
	for pupil := range b.pupils {
		for _, other := range b.feed.links[pupil] {
			if b.feed.guardian(other, b.today) {
				here[other] = true
			}
		}
	}
	for _, id := range b.before {
		if u, known := b.feed.users[id]; known && !u.enabled {
			here[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(here)) {
		if u, known := b.feed.users[id]; known {
			b.roster.People = append(b.roster.People, b.person(u))
		}
	}
}

func (b *builder) classIDs() []school.ClassID {
	return append(
		lo.Map(b.roster.Classes, func(c school.Class, _ int) school.ClassID { return c.ID }),
		lo.Map(b.roster.Groups, func(g school.Group, _ int) school.ClassID { return g.ID })...)
}

// guardian tells whether somebody is a guardian who has not ceased to be one. The roster's
// guardians carry no dates, so a guardian's role that is over is left out here; one that has
// yet to begin is not, as nothing would bring it in on the day.
func (f *Feed) guardian(p school.PersonID, today school.Date) bool {
	return lo.ContainsBy(f.rolesOf[p], func(r *role) bool { return guards(r.role) && !r.over(today) })
}

func (b *builder) person(u user) school.Person {
	id := u.person()
	mine := lo.Filter(b.feed.rolesOf[id], func(r *role, _ int) bool { return r.org == b.roster.SourceID })
	return school.Person{
		ID: id, Name: u.name, Enabled: u.enabled, Account: u.account, AccountSource: u.source, Portal: u.portal,
		Employee: employee(u, mine), Student: student(mine), Guardian: b.guardianOf(id, mine),
	}
}

func employee(u user, roles []*role) *school.Employee {
	var positions []school.Position
	for _, r := range roles {
		if !staffs(r.role) {
			continue
		}
		positions = append(positions, school.Position{
			Role: r.role, Level: positionLevel(u, r), Pedagogical: r.pedagogical || u.pedagogical, Period: r.period, Ended: r.ended,
		})
	}
	if positions == nil {
		return nil
	}
	slices.SortFunc(positions, func(x, y school.Position) int {
		return cmp.Or(
			cmp.Compare(x.Role, y.Role), comparePeriods(x.Period, y.Period), compareBools(x.Ended, y.Ended),
			cmp.Compare(x.Level, y.Level), compareBools(x.Pedagogical, y.Pedagogical),
		)
	})
	return &school.Employee{
		Positions: slices.Compact(positions), ActingHead: u.acting, AccessRoles: u.access, CardClass: u.card,
	}
}

func positionLevel(u user, r *role) school.Level {
	if r.role == rolePrincipal {
		return school.HeadLevel1
	}
	return cmp.Or(r.level, u.level)
}

// student makes one facet of all roles as a student: of the role that lasts longest.
func student(roles []*role) *school.Student {
	roles = lo.Filter(roles, func(r *role, _ int) bool { return r.role == roleStudent })
	if len(roles) == 0 {
		return nil
	}
	last := slices.MaxFunc(roles, func(x, y *role) int {
		return cmp.Or(
			compareBools(y.ended, x.ended),
			compareBools(x.period.End == "", y.period.End == ""), cmp.Compare(x.period.End, y.period.End),
			cmp.Compare(x.period.Begin, y.period.Begin),
		)
	})
	return &school.Student{Period: last.period, Ended: last.ended}
}

func (b *builder) guardianOf(id school.PersonID, roles []*role) *school.Guardian {
	if !b.feed.guardian(id, b.today) {
		return nil
	}
	students := lo.Filter(b.feed.links[id], func(other school.PersonID, _ int) bool {
		return b.pupils[other] && lo.HasKey(b.feed.users, other)
	})
	hasRole := lo.ContainsBy(roles, func(r *role) bool { return guards(r.role) && !r.over(b.today) })
	if len(students) == 0 && !hasRole {
		return nil
	}
	return &school.Guardian{Students: lo.Ternary(len(students) == 0, nil, students)}
}
