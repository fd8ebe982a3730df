package accounts

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestTake(t *testing.T) {
	t.Parallel()
	type known = map[string]school.AccountID
	before := []Reading{complete(0, linked("ann", 1, -9), linked("bob", 2, -9)), changes(5, unlinked("bob", 4), linked("cid", 3, 5))}
	for name, tc := range map[string]struct {
		before  []Reading
		reading Reading
		want    known
		change  Change
	}{
		"the first complete reading": {
			nil, complete(0, linked("b", 2, -5), linked("a", 1, -5)), known{"a": 1, "b": 2}, Change{Linked: []string{"a", "b"}, First: true},
		},
		"the first, of no links": {nil, complete(0), known{}, Change{First: true}},
		"changes before it": {
			nil, changes(0, linked("a", 1, -1), unlinked("b", -1)), known{"a": 1, "b": 0}, Change{Linked: []string{"a"}, Unlinked: []string{"b"}},
		},
		"changes: linked, moved, unlinked": {
			before, changes(9, linked("bob", 20, 8), linked("cid", 30, 8), unlinked("ann", 7)),
			known{"ann": 0, "bob": 20, "cid": 30}, Change{Linked: []string{"bob"}, Moved: []string{"cid"}, Unlinked: []string{"ann"}},
		},
		"changes: none": {before, changes(9), known{"ann": 1, "bob": 0, "cid": 3}, Change{}},
		"changes: late words are not heard": {
			before, changes(9, linked("bob", 2, 3), unlinked("cid", 4)), known{"ann": 1, "bob": 0, "cid": 3}, Change{},
		},
		"changes: a word of the same moment is": {
			before, changes(9, linked("cid", 30, 5)), known{"ann": 1, "bob": 0, "cid": 30}, Change{Moved: []string{"cid"}},
		},
		"changes: the same twice": {
			before, changes(9, linked("cid", 3, 8), linked("cid", 3, 7)), known{"ann": 1, "bob": 0, "cid": 3}, Change{},
		},
		"complete: replaces": {
			before, complete(9, linked("bob", 2, -9), linked("dan", 4, 8)),
			known{"ann": 0, "bob": 2, "cid": 0, "dan": 4}, Change{Linked: []string{"bob", "dan"}, Unlinked: []string{"ann", "cid"}},
		},
		"complete: nothing new": {before, complete(9, linked("ann", 1, -9), linked("cid", 3, 5)), known{"ann": 1, "bob": 0, "cid": 3}, Change{}},
		"complete: an unlink in it says that it is not there": {
			before, complete(9, unlinked("ann", 8), linked("cid", 3, 5), unlinked("eve", 8)),
			known{"ann": 0, "bob": 0, "cid": 3}, Change{Unlinked: []string{"ann"}},
		},
		"of the same moment as the last": {before, complete(5, linked("ann", 1, -9), linked("cid", 3, 5)), known{"ann": 1, "bob": 0, "cid": 3}, Change{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := taken(t, tc.before...)

			after, change, err := l.Take(tc.reading, Options{})

			require.NoError(t, err)
			require.Equal(t, tc.want, accountsOf(after))
			require.Equal(t, tc.change, change)
			require.Equal(t, tc.reading.AsOf, after.AsOf)
			require.Equal(t, taken(t, tc.before...), l, "the links before are left alone")
		})
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	second := time.Second

	l := taken(t, complete(0, linked("ann", 1, -9), linked("bob", 2, -9)))
	require.Equal(t, minute(0).Add(second), l.CompleteAt)
	require.Equal(t, Link{Account: 1, At: minute(-9), ReadAt: minute(0).Add(second)}, l.Known["ann"])

	l, _, err := l.Take(changes(5, linked("ann", 1, 4), unlinked("bob", 3)), Options{})
	require.NoError(t, err)
	require.Equal(t, minute(0).Add(second), l.CompleteAt, "only a complete reading moves it")
	require.Equal(t, Link{Account: 1, At: minute(4), ReadAt: minute(0).Add(second)}, l.Known["ann"], "linked anew to the same account")
	require.Equal(t, Link{At: minute(3), ReadAt: minute(5).Add(second)}, l.Known["bob"])

	l, _, err = l.Take(complete(9), Options{})
	require.NoError(t, err)
	require.Equal(t, Link{At: minute(9), ReadAt: minute(9).Add(second)}, l.Known["ann"], "undone as of the reading that lacks it")
	require.Equal(t, Link{At: minute(3), ReadAt: minute(5).Add(second)}, l.Known["bob"], "undone before")
}

// That a link was undone is remembered for 90 days since it was read, be it undone long before, and for as long
// as the roster has the identity: else an account of its own would count again.
func TestUndoneLinksAreForgotten(t *testing.T) {
	t.Parallel()
	const days = 24 * 60
	l := taken(t, complete(0, linked("ann", 1, -9), linked("bob", 2, -9)), changes(1, unlinked("bob", -100*days)))
	require.Equal(t, school.AccountID(2), l.Known["bob"].Account, "a late word")
	l = taken(t, changes(0, unlinked("bob", -100*days)), complete(0, linked("ann", 1, -200*days)))
	roster := school.Roster{People: []school.Person{person("b", 9, "bob")}}
	nobody := map[string]bool{}
	for name, tc := range map[string]struct {
		at        int
		needed    map[string]bool
		forgotten bool
	}{
		"not before 90 days":      {90 * days, nobody, false},
		"after 90 days":           {90*days + 1, nobody, true},
		"where the roster has it": {1000 * days, map[string]bool{"bob": true}, false},
		"where it has others":     {90*days + 1, map[string]bool{"ann": true, "": true}, true},
		"where nobody says":       {1000 * days, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, change, err := l.Take(changes(tc.at), Options{Needed: tc.needed})
			require.NoError(t, err)
			require.Contains(t, after.Known, "ann", "linked ones are never forgotten")
			if !tc.forgotten {
				require.Zero(t, change)
				p := after.Roster(roster).People[0]
				require.True(t, p.Unlinked && p.Account == 0)
				return
			}
			require.NotContains(t, after.Known, "bob")
			require.Equal(t, Change{Forgotten: []string{"bob"}}, change)
			require.Equal(t, []string{"bob"}, change.Identities())
		})
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	c := Change{Linked: []string{"d", "f"}, Moved: []string{"c"}, Unlinked: []string{"a", "e"}, Forgotten: []string{"b"}}
	require.Equal(t, []string{"a", "b", "c", "d", "e", "f"}, c.Identities())
	require.Empty(t, Change{First: true}.Identities())
}

func TestLinksAreJSON(t *testing.T) {
	t.Parallel()
	for _, l := range []Links{{}, taken(t, complete(0, linked("ann", 1, -9)), changes(1, linked("bob", 2, 1), unlinked("cid", 1)))} {
		raw, err := json.Marshal(l)
		require.NoError(t, err)
		var back Links
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Equal(t, l, back)
	}
	raw, err := json.Marshal(Links{})
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(raw))
}

// Following a Portal by its changes gives what reading all of it gives, whichever readings fail to come.
func TestChangesLeadToWhatACompleteReadingSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := map[string]portal.Link{} // the Portal
		var l Links
		heard := 0
		for at := range rapid.IntRange(1, 25).Draw(t, "minutes") {
			identity := fmt.Sprintf("p%d", rapid.IntRange(0, 4).Draw(t, "identity"))
			now[identity] = linked(identity, school.AccountID(rapid.IntRange(0, 3).Draw(t, "account")), at)
			var r Reading
			switch rapid.IntRange(0, 2).Draw(t, "reading") {
			case 0:
				continue
			case 1:
				r = changes(at)
				for _, link := range now {
					if !link.At.Before(minute(heard)) {
						r.Links = append(r.Links, link)
					}
				}
			default:
				r = complete(at)
				for _, link := range now {
					if link.Account != 0 {
						r.Links = append(r.Links, link)
					}
				}
			}
			r.Total = len(r.Links)
			next, change, err := l.Take(r, Options{AcceptLoss: 5})
			require.NoError(t, err)
			requireChange(t, l, next, change)
			l, heard = next, at
			want := map[string]school.AccountID{}
			for identity, link := range now {
				want[identity] = link.Account
			}
			got := accountsOf(l)
			maps.DeleteFunc(want, func(_ string, a school.AccountID) bool { return a == 0 })
			maps.DeleteFunc(got, func(_ string, a school.AccountID) bool { return a == 0 })
			require.Equal(t, want, got)
		}
	})
}

// requireChange checks that exactly those identities are named whose account is another.
func requireChange(t *rapid.T, before, after Links, c Change) {
	named := map[string]bool{}
	for _, identity := range c.Identities() {
		require.False(t, named[identity], "named once")
		named[identity] = true
	}
	for identity, is := range after.Known {
		was, known := before.Known[identity]
		require.Equal(t, !known || was.Account != is.Account, named[identity])
	}
}
