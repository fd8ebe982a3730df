package oneroster

import (
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// settleAccounts gives people their messenger accounts. Somebody with two has none until it is
// known which; an account of two people stays with both, and the fault says so.
func (f *Feed) settleAccounts(claims []claim) {
	byPerson := lo.GroupBy(claims, func(c claim) school.PersonID { return c.person })
	for person, mine := range byPerson {
		u, known := f.users[person]
		if !known {
			continue
		}
		accounts := sortedUniq(lo.Map(mine, func(c claim, _ int) school.AccountID { return c.account }))
		if len(accounts) > 1 {
			f.fault(mine, school.FaultTwoAccounts, []school.PersonID{person},
				"the person has several messenger accounts: keep the right one in userProfiles.csv and users.csv")
			continue
		}
		u.account, u.source = accounts[0], sourceOf(mine)
		f.users[person] = u
	}
	for _, claimants := range lo.GroupBy(claims, func(c claim) school.AccountID { return c.account }) {
		people := sortedUniq(lo.Map(claimants, func(c claim, _ int) school.PersonID { return c.person }))
		if len(people) > 1 {
			f.fault(claimants, school.FaultSharedAccount, people,
				"several people have the same messenger account: find out whose it is, and take it from the others")
		}
	}
}

// sourceOf is where an account was read; where both files have it, the one that is made for it.
func sourceOf(claims []claim) school.AccountSource {
	if lo.ContainsBy(claims, func(c claim) bool { return c.file == fileProfiles }) {
		return school.AccountFromProfiles
	}
	return school.AccountFromUserIDs
}

func (f *Feed) fault(claims []claim, code school.FaultCode, people []school.PersonID, advice string) {
	lines := lo.GroupBy(claims, func(c claim) string { return c.file })
	file := slices.Min(slices.Collect(maps.Keys(lines))) // userProfiles.csv, if it has a part in it
	last := lo.MaxBy(lines[file], func(a, b claim) bool { return a.line > b.line })
	f.findings.add(finding{Fault: school.Fault{
		Code: code, File: file, Row: last.line, Column: lo.Ternary(file == fileProfiles, colLogin, colUserIDs), People: people, Advice: advice,
	}})
}
