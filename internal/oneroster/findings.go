package oneroster

import (
	"cmp"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// finding is a fault that does not depend on the day, with the schools it concerns beyond
// those of the people and classes it names.
type finding struct {
	school.Fault
	schools    []string
	everywhere bool
	// until is the day on which the row at fault lapses; "" is never.
	until school.Date
}

// findings are the faults of a feed, to be looked up by school and by person.
type findings struct {
	all        []finding
	everywhere []int
	bySchool   map[string][]int
	byPerson   map[school.PersonID][]int
}

func (fs *findings) add(f finding) { fs.all = append(fs.all, f) }

// index prepares the look-up: a finding concerns the schools of everybody and everything it
// names.
func (fs *findings) index(people map[school.PersonID][]string, classes map[school.ClassID][]string) {
	fs.bySchool, fs.byPerson = map[string][]int{}, map[school.PersonID][]int{}
	for i, f := range fs.all {
		if f.everywhere {
			fs.everywhere = append(fs.everywhere, i)
			continue
		}
		schools := slices.Clone(f.schools)
		for _, p := range f.People {
			schools = append(schools, people[p]...)
			fs.byPerson[p] = append(fs.byPerson[p], i)
		}
		for _, c := range f.Classes {
			schools = append(schools, classes[c]...)
		}
		for _, s := range lo.Uniq(schools) {
			fs.bySchool[s] = append(fs.bySchool[s], i)
		}
	}
}

// concerning are the faults, on a day, of a school and of people it had before.
func (fs *findings) concerning(sourceID string, before []school.PersonID, today school.Date) []school.Fault {
	chosen := slices.Concat(fs.everywhere, fs.bySchool[sourceID])
	for _, p := range before {
		chosen = append(chosen, fs.byPerson[p]...)
	}
	return lo.FilterMap(lo.Uniq(chosen), func(i, _ int) (school.Fault, bool) {
		f := fs.all[i]
		return f.Fault, f.until == "" || f.until > today
	})
}

// sortFaults brings faults into an order that depends on rows last of all, and leaves out
// repetitions that differ in their rows only.
func sortFaults(faults []school.Fault) []school.Fault {
	slices.SortFunc(faults, func(a, b school.Fault) int { return cmp.Or(compareFaults(a, b), cmp.Compare(a.Row, b.Row)) })
	return slices.CompactFunc(faults, func(a, b school.Fault) bool { return compareFaults(a, b) == 0 })
}

func compareFaults(a, b school.Fault) int {
	return cmp.Or(
		cmp.Compare(a.Code, b.Code), cmp.Compare(a.File, b.File), cmp.Compare(a.Column, b.Column),
		slices.Compare(a.People, b.People), slices.Compare(a.Classes, b.Classes), cmp.Compare(a.Advice, b.Advice),
	)
}

// sortedUniq gives the distinct values in order; nil for none.
func sortedUniq[T cmp.Ordered](values []T) []T {
	if len(values) == 0 {
		return nil
	}
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}
