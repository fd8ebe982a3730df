package accounts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/chats/rostertest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// person has an account by userProfiles.csv, or none, and an identity on the Portal, or none.
func person(id school.PersonID, account school.AccountID, identity string) school.Person {
	p := school.Person{ID: id, Enabled: true, Account: account, Portal: identity}
	if account > 0 {
		p.AccountSource = school.AccountFromProfiles
	}
	return p
}

func TestRoster(t *testing.T) {
	t.Parallel()
	type found struct {
		code   school.FaultCode
		people []school.PersonID
	}
	fromPortal := func(id school.PersonID, account school.AccountID) school.Person {
		p := person(id, account, "p-"+string(id))
		p.AccountSource, p.AccountSince = school.AccountFromPortal, minute(-9)
		return p
	}
	undone := func(id school.PersonID) school.Person {
		p := person(id, 0, "p-"+string(id))
		p.Unlinked = true
		return p
	}
	l := taken(t, complete(0, linked("p-ann", 1, -9), linked("p-bob", 2, -9), linked("p-cid", 3, -9), linked("p-dan", 4, -9)),
		changes(1, unlinked("p-dan", 1)))
	for name, tc := range map[string]struct {
		people, want []school.Person
		faults       []found
	}{
		"no account by the roster": {
			[]school.Person{person("ann", 0, "p-ann")}, []school.Person{fromPortal("ann", 1)},
			nil,
		},
		"the same account by the roster": {
			[]school.Person{person("ann", 1, "p-ann")}, []school.Person{fromPortal("ann", 1)},
			nil,
		},
		"another account by the roster": {
			[]school.Person{person("ann", 9, "p-ann")}, []school.Person{fromPortal("ann", 1)},
			[]found{{school.FaultAccountsDiffer, []school.PersonID{"ann"}}},
		},
		"unlinked":                      {[]school.Person{person("dan", 0, "p-dan")}, []school.Person{undone("dan")}, nil},
		"unlinked, whatever the roster": {[]school.Person{person("dan", 4, "p-dan")}, []school.Person{undone("dan")}, nil},
		"unknown to the Portal": {
			[]school.Person{person("eve", 5, "p-eve"), person("fay", 0, "p-fay")}, []school.Person{person("eve", 5, "p-eve"), person("fay", 0, "p-fay")},
			nil,
		},
		"no identity": {
			[]school.Person{person("gil", 7, ""), person("hal", 8, "")}, []school.Person{person("gil", 7, ""), person("hal", 8, "")},
			nil,
		},
		"an account by roster and Portal": {
			[]school.Person{person("ann", 0, "p-ann"), person("eve", 1, "")}, []school.Person{fromPortal("ann", 1), person("eve", 1, "")},
			[]found{{school.FaultSharedAccount, []school.PersonID{"ann", "eve"}}},
		},
		"an account two have by the roster is the importer's to find": {
			[]school.Person{person("eve", 5, ""), person("fay", 5, "")}, []school.Person{person("eve", 5, ""), person("fay", 5, "")}, nil,
		},
		"also where the Portal says the same": {
			[]school.Person{person("ann", 1, "p-ann"), person("eve", 1, "")}, []school.Person{fromPortal("ann", 1), person("eve", 1, "")}, nil,
		},
		"two people with one identity": {
			[]school.Person{person("ann", 9, "p-ann"), person("zoe", 0, "p-ann"), person("bob", 0, "p-bob")},
			[]school.Person{person("ann", 9, "p-ann"), person("zoe", 0, "p-ann"), fromPortal("bob", 2)},
			[]found{{school.FaultSharedIdentity, []school.PersonID{"ann", "zoe"}}},
		},
		"two people with one unlinked identity": {
			[]school.Person{person("dan", 9, "p-dan"), person("zoe", 0, "p-dan")},
			[]school.Person{person("dan", 9, "p-dan"), person("zoe", 0, "p-dan")},
			[]found{{school.FaultSharedIdentity, []school.PersonID{"dan", "zoe"}}},
		},
		"accounts exchanged": {
			[]school.Person{person("ann", 2, "p-ann"), person("bob", 1, "p-bob")}, []school.Person{fromPortal("ann", 1), fromPortal("bob", 2)},
			[]found{{school.FaultAccountsDiffer, []school.PersonID{"ann"}}, {school.FaultAccountsDiffer, []school.PersonID{"bob"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := school.Roster{People: tc.people}

			got := l.Roster(r)

			require.Equal(t, tc.want, got.People)
			faults := lo.Map(got.Faults, func(f school.Fault, _ int) found { return found{f.Code, f.People} })
			require.Equal(t, append([]found{}, tc.faults...), faults)
			for _, f := range got.Faults {
				require.Equal(t, "portal", f.File)
				require.NotRegexp(t, `p-|\d`, f.Advice)
			}
		})
	}
}

// Somebody with two accounts by the roster has the Portal's, and stays in dispute until the roster is
// mended.
func TestTwoAccountsStayAFault(t *testing.T) {
	t.Parallel()
	r := school.Roster{People: []school.Person{person("ann", 0, "p-ann")}}
	r.Faults = []school.Fault{
		{Code: school.FaultTwoAccounts, File: "userProfiles.csv", Row: 2, People: []school.PersonID{"ann"}},
		{Code: school.FaultUnknownCourse, File: "classes.csv"},
	}

	got := taken(t, complete(0, linked("p-ann", 1, -9))).Roster(r)

	require.Equal(t, r.Faults, got.Faults)
	require.Equal(t, school.AccountID(1), got.People[0].Account)
	require.True(t, chats.Disputed(got)["ann"])
}

func TestFaultsAreAddedInOrder(t *testing.T) {
	t.Parallel()
	l := taken(t, complete(0, linked("p-ann", 1, -9), linked("p-bob", 2, -9), linked("p-cid", 1, -9)))
	own := []school.Fault{{Code: school.FaultUnknownTerm, File: "classes.csv"}}
	r := school.Roster{Faults: own, People: []school.Person{
		person("cid", 0, "p-cid"), person("bob", 9, "p-bob"), person("y", 0, "p-x"), person("ann", 8, "p-ann"), person("x", 0, "p-x"),
	}}

	got := l.Roster(r)

	require.Equal(t, []string{"unknown-term[]", "accounts-differ[ann]", "accounts-differ[bob]", "shared-account[ann cid]", "shared-identity[x y]"},
		lo.Map(got.Faults, func(f school.Fault, _ int) string { return fmt.Sprint(f.Code, f.People) }))
	require.Len(t, own, 1)
}

// The Portal's word is applied to whatever roster: each has the account it says, or their own; who is named
// by two accounts or identities is named by a fault; the roster given stays as it is; and applying it
// again says nothing new.
func TestRosterOfAnySchool(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rostertest.Draw(t)
		l := Links{Known: map[string]Link{}}
		identities := []string{"p0", "p1", "p2", "p3", "p4", "p5"}
		for _, identity := range identities[:4] {
			account := rapid.SampledFrom([]school.AccountID{0, 1000, 1001, 1002, 77, 78}).Draw(t, "account")
			l.Known[identity] = Link{Account: account, At: minute(-9), ReadAt: start}
		}
		for i := range r.People {
			r.People[i].Portal = rapid.SampledFrom(append(identities, "", "", "")).Draw(t, "identity")
		}
		before := rostertest.Copy(r)

		got := l.Roster(r)

		require.Equal(t, before, rostertest.Copy(r))
		require.Equal(t, got, l.Roster(got))
		require.Equal(t, portalFaults(got), portalFaults(l.Roster(rostertest.Shuffle(r, 7))))
		named := func(code school.FaultCode, id school.PersonID) bool {
			return slices.ContainsFunc(got.Faults, func(f school.Fault) bool { return f.Code == code && slices.Contains(f.People, id) })
		}
		sharing := lo.CountValuesBy(r.People, func(p school.Person) string { return p.Portal })
		for i, p := range got.People {
			own := r.People[i]
			link, told := l.Known[p.Portal]
			alone := sharing[p.Portal] == 1
			require.Equal(t, p.Portal != "" && !alone, named(school.FaultSharedIdentity, p.ID))
			switch {
			case !told || !alone:
				require.Equal(t, own, p)
			case link.Account == 0:
				require.True(t, p.Unlinked && p.Account == 0 && p.AccountSource == "" && p.AccountSince.Equal(time.Time{}))
			default:
				require.Equal(t, link.Account, p.Account)
				require.Equal(t, own.Account > 0 && own.Account != link.Account, named(school.FaultAccountsDiffer, p.ID))
			}
			require.Equal(t, told && alone && link.Account == 0, p.Unlinked)
		}
	})
}

// portalFaults are those that were found here.
func portalFaults(r school.Roster) []school.Fault {
	return lo.Filter(r.Faults, func(f school.Fault, _ int) bool { return f.File == fromPortal })
}

func TestPeople(t *testing.T) {
	t.Parallel()
	r := school.Roster{People: []school.Person{
		person("cid", 0, "p-1"), person("ann", 0, "p-2"), person("bob", 0, "p-1"), person("dan", 0, ""), person("eve", 0, "p-3"),
	}}

	require.Equal(t, []school.PersonID{"ann", "bob", "cid"}, People(r, []string{"p-2", "p-1", "p-9", ""}))
	require.Empty(t, People(r, nil))
}
