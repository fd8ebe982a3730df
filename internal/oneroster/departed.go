package oneroster

import (
	"cmp"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// peopleBefore are the people whom the school had at the last reading. Those of whom it was
// unclear then are not carried over into another school year.
func peopleBefore(previous *school.Roster, year school.SchoolYear) []school.PersonID {
	if previous == nil {
		return nil
	}
	before := lo.Map(previous.People, func(p school.Person, _ int) school.PersonID { return p.ID })
	if previous.Year.ID == year.ID {
		before = append(before, lo.Map(previous.Departed, func(d school.Departure, _ int) school.PersonID { return d.Person })...)
	}
	return sortedUniq(before)
}

// addDeparted works out what has become of the people whom the school had before.
func (b *builder) addDeparted() {
	here := lo.KeyBy(b.roster.People, func(p school.Person) school.PersonID { return p.ID })
	for _, p := range b.before {
		if !lo.HasKey(here, p) {
			b.roster.Departed = append(b.roster.Departed, school.Departure{Person: p, Standing: b.standing(p)})
		}
	}
}

func (b *builder) standing(p school.PersonID) school.Standing {
	f := b.feed
	u, known := f.users[p]
	switch {
	case !known && len(f.rolesOf[p]) == 0 && len(f.enrollmentsOf[p]) == 0 && !f.mentioned[p]:
		return school.Gone
	case known && u.enabled && lo.ContainsBy(b.homes(p), func(c class) bool { return b.studiesAt(p, c.school) }):
		return school.Elsewhere
	default:
		return school.Unclear
	}
}

// studiesAt tells whether somebody has a student's role at a school on the day.
func (b *builder) studiesAt(p school.PersonID, sourceID string) bool {
	return lo.ContainsBy(b.feed.rolesOf[p], func(r *role) bool {
		return r.role == roleStudent && r.org == sourceID && r.active(b.today)
	})
}

// homes are the homeroom classes, of all schools, that somebody studies in on the day.
func (b *builder) homes(p school.PersonID) []class {
	var homes []class
	for _, e := range b.feed.enrollmentsOf[p] {
		c, known := b.feed.classes[e.class]
		if known && e.role == roleStudent && e.active(b.today) && c.kind == kindHomeroom && !c.ended &&
			b.feed.known(c.school) && b.ofYear(c) {
			homes = append(homes, c)
		}
	}
	slices.SortFunc(homes, func(x, y class) int { return cmp.Compare(x.id, y.id) })
	return slices.CompactFunc(homes, func(x, y class) bool { return x.id == y.id })
}
