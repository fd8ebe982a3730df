package rostertest

import (
	"slices"

	"github.com/samber/lo"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Damage takes all mentions of one to three people out of one kind of row: users, enrolments,
// guardians' lists (their own, or as a student in those of others) or positions. It gives the
// roster with the faults an importer finds in it.
func Damage(t *rapid.T, before school.Roster) school.Roster {
	r := Copy(before)
	lose := pick(t, damages)
	for range rapid.IntRange(1, 3).Draw(t, "damaged people") {
		if len(r.People) > 0 {
			lose(&r, pick(t, r.People).ID)
		}
	}
	r.Faults = Faults(r)
	for _, p := range before.People {
		if Person(&r, p.ID) == nil { // their roles, and the agents of their students, still name them
			r.Faults = append(r.Faults, school.Fault{Code: school.FaultUnknownPerson, People: []school.PersonID{p.ID}})
			r.Departed = append(r.Departed, school.Departure{Person: p.ID, Standing: school.Unclear})
		}
	}
	return r
}

var damages = []func(*school.Roster, school.PersonID){
	func(r *school.Roster, id school.PersonID) {
		r.People = slices.DeleteFunc(r.People, func(p school.Person) bool { return p.ID == id })
	},
	func(r *school.Roster, id school.PersonID) { Expel(r, id) },
	func(r *school.Roster, id school.PersonID) {
		if g := Person(r, id).Guardian; g != nil {
			g.Students = nil
		}
	},
	func(r *school.Roster, id school.PersonID) {
		for _, p := range r.People {
			if p.Guardian != nil {
				p.Guardian.Students = lo.Without(p.Guardian.Students, id)
			}
		}
	},
	func(r *school.Roster, id school.PersonID) {
		if e := Person(r, id).Employee; e != nil {
			e.Positions = nil
		}
	},
}
