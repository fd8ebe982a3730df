package oneroster

import (
	"cmp"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

const orgSchool = "school"

// Feed is what one reading of the files says. It does not change, and may be used by several
// goroutines.
type Feed struct {
	receipt Receipt
	counts  map[string]int
	cut     []string // files that lost their end

	orgs     map[string]org
	sessions map[string]session
	courses  map[string]course
	classes  map[school.ClassID]class
	users    map[school.PersonID]user

	rolesOf       map[school.PersonID][]*role
	rolesAt       map[string][]*role
	enrollmentsOf map[school.PersonID][]*enrollment
	enrollmentsIn map[school.ClassID][]*enrollment
	classesAt     map[string][]class
	callsAt       map[string][]call
	// links are the agents of people, either way round.
	links map[school.PersonID][]school.PersonID
	// mentioned are people whom a row refers to, outside users, roles and enrollments.
	mentioned map[school.PersonID]bool
	findings  findings
}

// Receipt is to be kept, if the reading is accepted, and given to the next one.
func (f *Feed) Receipt() Receipt { return f.receipt }

// Counts are the rows of each file that was read, by its name.
func (f *Feed) Counts() map[string]int { return maps.Clone(f.counts) }

// Schools are the orgs of type school, by id.
func (f *Feed) Schools() []Org {
	schools := lo.FilterMapToSlice(f.orgs, func(_ string, o org) (Org, bool) {
		return Org{SourcedID: o.id, Name: o.name, Parent: o.parent}, o.kind == orgSchool
	})
	slices.SortFunc(schools, func(a, b Org) int { return cmp.Compare(a.SourcedID, b.SourcedID) })
	return schools
}

// feed lays out what was read and checks it against itself.
func (l *loader) feed(receipt Receipt, counts map[string]int, cut []string) *Feed {
	f := &Feed{
		receipt: receipt, counts: counts, cut: cut,
		orgs:          choose[string](l.orgs),
		sessions:      choose[string](l.sessions),
		courses:       choose[string](l.courses),
		classes:       choose[school.ClassID](l.classes),
		users:         choose[school.PersonID](l.users),
		rolesOf:       lo.GroupBy(l.roles, func(r *role) school.PersonID { return r.user }),
		rolesAt:       lo.GroupBy(l.roles, func(r *role) string { return r.org }),
		enrollmentsOf: lo.GroupBy(l.enrollments, func(e *enrollment) school.PersonID { return e.user }),
		enrollmentsIn: lo.GroupBy(l.enrollments, func(e *enrollment) school.ClassID { return e.class }),
		mentioned:     map[school.PersonID]bool{},
		findings:      l.findings,
	}
	f.classesAt = lo.GroupBy(slices.Collect(maps.Values(f.classes)), func(c class) string { return c.school })
	f.link(l.profiles)
	f.settleAccounts(l.claims)
	f.checkRepeated(l)
	f.checkRecords(l)
	f.addCalls(l.calls)
	f.findings.index(f.places(), f.classPlaces(l.classes))
	return f
}

// choose gives the records by id. Where an id occurs twice, which record it is depends on what
// they say, not on their order; that it does is a fault of its own.
func choose[K ~string, T interface{ place() origin }](records []T) map[K]T {
	chosen := make(map[K]T, len(records))
	for _, r := range records {
		id := K(r.place().id)
		if other, taken := chosen[id]; !taken || r.place().hash < other.place().hash {
			chosen[id] = r
		}
	}
	return chosen
}

// link ties people to their agents. Sources write the link on either side, so it has none.
func (f *Feed) link(profiles []profile) {
	f.links = map[school.PersonID][]school.PersonID{}
	for id, u := range f.users {
		for _, agent := range u.agents {
			f.links[id] = append(f.links[id], agent)
			f.links[agent] = append(f.links[agent], id)
			f.mentioned[agent] = true
		}
	}
	for id, others := range f.links {
		f.links[id] = sortedUniq(others)
	}
	for _, p := range profiles {
		f.mentioned[p.user] = true
	}
}

// places are the schools in which somebody has something: by a role, an enrolment, or a link
// to somebody who has.
func (f *Feed) places() map[school.PersonID][]string {
	own := map[school.PersonID][]string{}
	for id, roles := range f.rolesOf {
		for _, r := range roles {
			own[id] = insert(own[id], r.org)
		}
	}
	for id, enrollments := range f.enrollmentsOf {
		for _, e := range enrollments {
			own[id] = insert(insert(own[id], e.school), f.classes[e.class].school)
		}
	}
	all := maps.Clone(own)
	for id, places := range own {
		for _, other := range f.links[id] {
			all[other] = insert(slices.Clone(all[other]), places...)
		}
	}
	return all
}

// insert adds values that are not there yet: somebody has a few schools and many rows.
func insert(set []string, values ...string) []string {
	for _, v := range values {
		if !slices.Contains(set, v) {
			set = append(set, v)
		}
	}
	return set
}

// classPlaces are the schools that a class is said to be of, by itself or by an enrolment.
func (f *Feed) classPlaces(classes []class) map[school.ClassID][]string {
	places := map[school.ClassID][]string{}
	for _, c := range classes {
		places[c.classID()] = insert(places[c.classID()], c.school)
	}
	for id, enrollments := range f.enrollmentsIn {
		for _, e := range enrollments {
			places[id] = insert(places[id], e.school)
		}
	}
	return places
}

// known tells whether an org is a school of the feed.
func (f *Feed) known(sourceID string) bool {
	_, ok := f.orgs[sourceID]
	return ok
}

func (f *Feed) guards(p school.PersonID) bool {
	return lo.ContainsBy(f.rolesOf[p], func(r *role) bool { return guards(r.role) })
}

// studies tells whether somebody is a student anywhere, by role or by enrolment.
func (f *Feed) studies(p school.PersonID) bool {
	return lo.ContainsBy(f.rolesOf[p], func(r *role) bool { return r.role == roleStudent }) ||
		lo.ContainsBy(f.enrollmentsOf[p], func(e *enrollment) bool { return e.role == roleStudent })
}
