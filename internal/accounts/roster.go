package accounts

import (
	"cmp"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// fromPortal is the file of the faults that are found here.
const fromPortal = "portal"

// Roster gives a feed's roster with the Portal's word applied: it goes before the roster's own. Of whom the
// Portal has said nothing, and who shares an identity with somebody, has the account of the roster. The
// roster given is left alone.
func (l Links) Roster(r school.Roster) school.Roster {
	claimants := byValue(r.People, func(p school.Person) string { return p.Portal })
	before := r.People
	r.People = slices.Clone(r.People)
	var faults []school.Fault
	for identity, people := range claimants {
		if len(people) > 1 {
			faults = append(faults, fault(school.FaultSharedIdentity, adviceSharedIdentity, people))
			delete(claimants, identity)
		}
	}
	for i := range r.People {
		p := &r.People[i]
		p.Unlinked = false
		link, told := l.Known[p.Portal]
		if _, alone := claimants[p.Portal]; !told || !alone {
			continue
		}
		if p.Account > 0 && link.Account > 0 && p.Account != link.Account {
			faults = append(faults, fault(school.FaultAccountsDiffer, adviceAccountsDiffer, []school.PersonID{p.ID}))
		}
		link.applyTo(p)
	}
	faults = append(faults, sharedAccounts(before, r.People)...)
	r.Faults = withFaults(r.Faults, faults)
	return r
}

func (l Link) applyTo(p *school.Person) {
	if l.Account == 0 {
		p.Account, p.AccountSource, p.AccountSince, p.Unlinked = 0, "", time.Time{}, true
		return
	}
	p.Account, p.AccountSource, p.AccountSince = l.Account, school.AccountFromPortal, l.At
}

// sharedAccounts finds the accounts that two people have now. Where all of them had it by the roster
// already, that is the roster's own fault.
func sharedAccounts(before, after []school.Person) []school.Fault {
	had := lo.SliceToMap(before, func(p school.Person) (school.PersonID, school.AccountID) { return p.ID, p.Account })
	var faults []school.Fault
	for account, people := range byValue(after, func(p school.Person) school.AccountID { return max(p.Account, 0) }) {
		if len(people) > 1 && !lo.EveryBy(people, func(id school.PersonID) bool { return had[id] == account }) {
			faults = append(faults, fault(school.FaultSharedAccount, adviceSharedAccount, people))
		}
	}
	return faults
}

const (
	adviceSharedIdentity = "several people have the same identity on the Portal, and nobody knows whose its account is: " +
		"keep it with the right one in users.csv"
	adviceAccountsDiffer = "the roster and the Portal have different messenger accounts for the person, the Portal's is used: " +
		"correct the roster's, or have the person link the right one on the Portal"
	adviceSharedAccount = "several people have the same messenger account now that the Portal's links are in: " +
		"find out whose it is, and take it from the others, on the Portal or in the roster"
)

func fault(code school.FaultCode, advice string, people []school.PersonID) school.Fault {
	return school.Fault{Code: code, File: fromPortal, People: people, Advice: advice}
}

// withFaults adds the faults that are not there yet, in order, after those that are.
func withFaults(faults, more []school.Fault) []school.Fault {
	compare := func(a, b school.Fault) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.File, b.File), slices.Compare(a.People, b.People))
	}
	more = lo.Reject(more, func(f school.Fault, _ int) bool {
		return slices.ContainsFunc(faults, func(other school.Fault) bool { return compare(f, other) == 0 })
	})
	return append(slices.Clone(faults), slices.SortedFunc(slices.Values(more), compare)...)
}

// byValue gives the people, sorted, who have each value that is not zero.
func byValue[V comparable](people []school.Person, value func(school.Person) V) map[V][]school.PersonID {
	var none V
	holders := map[V][]school.PersonID{}
	for _, p := range people {
		if v := value(p); v != none {
			holders[v] = append(holders[v], p.ID)
		}
	}
	for _, ids := range holders {
		slices.Sort(ids)
	}
	return holders
}

// People gives who has one of the identities in a roster, sorted.
func People(r school.Roster, identities []string) []school.PersonID {
	asked := lo.SliceToMap(identities, func(identity string) (string, bool) { return identity, identity != "" })
	people := lo.FilterMap(r.People, func(p school.Person, _ int) (school.PersonID, bool) { return p.ID, asked[p.Portal] })
	slices.Sort(people)
	return people
}
