package rostertest

import (
	"encoding/json"
	"math/rand/v2"
	"slices"

	"github.com/samber/lo"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Copy makes a roster that shares nothing with the first.
func Copy(r school.Roster) school.Roster {
	raw, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	var c school.Roster
	if err := json.Unmarshal(raw, &c); err != nil {
		panic(err)
	}
	return c
}

// Person finds a person to be changed; nil if there is none.
func Person(r *school.Roster, id school.PersonID) *school.Person {
	i := slices.IndexFunc(r.People, func(p school.Person) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &r.People[i]
}

// Enrollments are the places of all enrolment lists of the roster.
func Enrollments(r *school.Roster) []*[]school.Enrollment {
	var lists []*[]school.Enrollment
	for i := range r.Classes {
		lists = append(lists, &r.Classes[i].Teachers, &r.Classes[i].Students)
	}
	for i := range r.Groups {
		lists = append(lists, &r.Groups[i].Teachers, &r.Groups[i].Students)
	}
	return lists
}

// Expel takes every mention of a person out of the roster's enrolments.
func Expel(r *school.Roster, id school.PersonID) {
	for _, list := range Enrollments(r) {
		*list = slices.DeleteFunc(*list, func(e school.Enrollment) bool { return e.Person == id })
	}
}

// Edit draws up to eight changes such as happen in a school, and gives the roster after them
// with its faults and departures.
func Edit(t *rapid.T, before school.Roster) school.Roster {
	r := Copy(before)
	for range rapid.IntRange(0, 8).Draw(t, "edits") {
		if len(r.People) > 0 {
			pick(t, edits)(t, &r, &r.People[rapid.IntRange(0, len(r.People)-1).Draw(t, "whom")])
		}
	}
	r.Departed = departures(t, before, r)
	r.Faults = Faults(r)
	if !mostly(t, 12, "no file is cut") {
		r.Faults = append(r.Faults, school.Fault{Code: school.FaultTailMissing})
	}
	return r
}

// edits change one thing each, about one person where they are about a person.
var edits = []func(*rapid.T, *school.Roster, *school.Person){
	func(_ *rapid.T, _ *school.Roster, p *school.Person) { p.Enabled = !p.Enabled },
	func(_ *rapid.T, _ *school.Roster, p *school.Person) { p.Account = 0 },
	func(t *rapid.T, _ *school.Roster, p *school.Person) {
		p.Account = school.AccountID(2000 + rapid.IntRange(0, 999).Draw(t, "account"))
	},
	func(t *rapid.T, r *school.Roster, p *school.Person) { // an account passes to somebody else
		other := &r.People[rapid.IntRange(0, len(r.People)-1).Draw(t, "other")]
		p.Account, other.Account = other.Account, p.Account
	},
	func(_ *rapid.T, r *school.Roster, p *school.Person) { // out of every file
		Expel(r, p.ID)
		gone := p.ID
		for i := range r.People {
			if g := r.People[i].Guardian; g != nil {
				g.Students = lo.Without(g.Students, gone)
			}
		}
		r.People = slices.DeleteFunc(r.People, func(p school.Person) bool { return p.ID == gone })
	},
	func(_ *rapid.T, _ *school.Roster, p *school.Person) {
		if p.Student != nil {
			p.Student.Ended = true
		}
		if p.Employee != nil {
			for i := range p.Employee.Positions {
				p.Employee.Positions[i].Period.End = Day
			}
		}
	},
	func(_ *rapid.T, _ *school.Roster, p *school.Person) {
		if p.Employee != nil {
			p.Employee.ActingHead, p.Employee.AccessRoles = !p.Employee.ActingHead, nil
		}
	},
	func(t *rapid.T, r *school.Roster, p *school.Person) { // drops a subject
		if len(r.Groups) > 0 {
			g := &r.Groups[rapid.IntRange(0, len(r.Groups)-1).Draw(t, "group")]
			g.Students = slices.DeleteFunc(g.Students, func(e school.Enrollment) bool { return e.Person == p.ID })
		}
	},
	func(_ *rapid.T, _ *school.Roster, p *school.Person) { // stands for one student less
		if p.Guardian != nil && len(p.Guardian.Students) > 0 {
			p.Guardian.Students = slices.Delete(p.Guardian.Students, 0, 1)
		}
	},
	func(t *rapid.T, r *school.Roster, p *school.Person) { // into another class, and out of the first
		if p.Student == nil {
			return
		}
		for i := range r.Classes {
			r.Classes[i].Students = slices.DeleteFunc(r.Classes[i].Students, func(e school.Enrollment) bool { return e.Person == p.ID })
		}
		c := &r.Classes[rapid.IntRange(0, len(r.Classes)-1).Draw(t, "class")]
		c.Students = append(c.Students, school.Enrollment{Person: p.ID})
	},
	func(t *rapid.T, r *school.Roster, p *school.Person) { // a row of an enrolment list ends, or is not there
		list := pick(t, Enrollments(r))
		if len(*list) == 0 {
			return
		}
		i := rapid.IntRange(0, len(*list)-1).Draw(t, "row")
		if rapid.Bool().Draw(t, "ends") {
			(*list)[i].Ended = true
		} else {
			*list = slices.Delete(*list, i, i+1)
		}
	},
	func(t *rapid.T, r *school.Roster, p *school.Person) { // a class gets another teacher
		c := &r.Classes[rapid.IntRange(0, len(r.Classes)-1).Draw(t, "class")]
		c.Teachers = []school.Enrollment{{Person: p.ID, Primary: true}}
	},
	func(t *rapid.T, r *school.Roster, p *school.Person) { // a group gets another teacher
		if len(r.Groups) > 0 {
			g := &r.Groups[rapid.IntRange(0, len(r.Groups)-1).Draw(t, "group")]
			g.Teachers = []school.Enrollment{{Person: p.ID}}
		}
	},
	func(t *rapid.T, r *school.Roster, _ *school.Person) { // a class is renamed, or ends, or gets a cohort, or loses it
		c := &r.Classes[rapid.IntRange(0, len(r.Classes)-1).Draw(t, "class")]
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0:
			c.Title += "!"
		case 1:
			c.Ended = !c.Ended
		case 2:
			c.CohortID = "cohort-new"
		default:
			c.CohortID = ""
		}
	},
	func(_ *rapid.T, r *school.Roster, _ *school.Person) { // a new year, in which the classes have new ids
		r.Year.ID += "+"
		for i := range r.Classes {
			r.Classes[i].ID += "+"
		}
		for i := range r.Groups {
			r.Groups[i].ID += "+"
		}
	},
}

func departures(t *rapid.T, before, after school.Roster) []school.Departure {
	mentioned := unknown(after)
	var departed []school.Departure
	for _, p := range before.People {
		if Person(&after, p.ID) != nil {
			continue
		}
		standing := school.Gone
		switch {
		case slices.Contains(mentioned, p.ID):
			standing = school.Unclear
		case p.Student != nil && rapid.Bool().Draw(t, "went to another school"):
			standing = school.Elsewhere
		}
		departed = append(departed, school.Departure{Person: p.ID, Standing: standing})
	}
	return departed
}

// Shuffle gives the same roster with every list in another order.
func Shuffle(r school.Roster, seed uint64) school.Roster {
	r = Copy(r)
	random := rand.New(rand.NewPCG(seed, 0))
	shuffle(random, r.People)
	shuffle(random, r.Classes)
	shuffle(random, r.Groups)
	shuffle(random, r.Departed)
	shuffle(random, r.Faults)
	for _, list := range Enrollments(&r) {
		shuffle(random, *list)
	}
	for _, f := range r.Faults {
		shuffle(random, f.People)
	}
	for _, p := range r.People {
		if p.Employee != nil {
			shuffle(random, p.Employee.Positions)
			shuffle(random, p.Employee.AccessRoles)
		}
		if p.Guardian != nil {
			shuffle(random, p.Guardian.Students)
		}
	}
	return r
}

func shuffle[T any](random *rand.Rand, s []T) {
	random.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}
