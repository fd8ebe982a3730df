package accounts

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// What the Portal says of one of a school's teachers, and what becomes of it in the teachers' room. The
// others are there to stay.
func TestPortalsWordInAChat(t *testing.T) {
	t.Parallel()
	const day school.Date = "2026-10-15"
	staff := lo.Map([]school.PersonID{"ann", "bob", "cid"}, func(id school.PersonID, i int) school.Person {
		p := person(id, school.AccountID(i+1), "p-"+string(id))
		p.Employee = &school.Employee{Positions: []school.Position{{Role: "teacher", Pedagogical: true}}}
		return p
	})
	all := []reconcile.Member{}
	for _, p := range staff {
		all = append(all, reconcile.Member{
			Account: p.Account, Person: p.ID, State: reconcile.MemberPresent, Reasons: []chats.Reason{{Code: chats.ReasonPedagogical}},
		})
	}
	first := complete(0, linked("p-ann", 1, -9), linked("p-bob", 2, -9))
	type held = map[school.AccountID]reconcile.HoldKind
	for name, tc := range map[string]struct {
		roster  func(*school.Roster)
		reading Reading
		want    map[school.AccountID]reconcile.Kind
		rule    reconcile.Rule // of the removal
		held    held
		missing []school.PersonID
	}{
		"nothing new": {reading: changes(1)},
		"unlinked": {
			reading: changes(1, unlinked("p-ann", 1)),
			want:    map[school.AccountID]reconcile.Kind{1: reconcile.Remove}, rule: reconcile.RuleUnlinked, missing: []school.PersonID{"ann"},
		},
		"not among all links any more": {
			reading: complete(1, linked("p-bob", 2, -9)),
			want:    map[school.AccountID]reconcile.Kind{1: reconcile.Remove}, rule: reconcile.RuleUnlinked, missing: []school.PersonID{"ann"},
		},
		"never linked, gone from userProfiles.csv: no evidence": {
			roster:  func(r *school.Roster) { r.People[2].Account = 0 },
			reading: changes(1), held: held{3: reconcile.HoldNoEvidence}, missing: []school.PersonID{"cid"},
		},
		"another account, and none by the roster": {
			roster:  func(r *school.Roster) { r.People[0].Account = 0 },
			reading: changes(1, linked("p-ann", 10, 1)),
			want:    map[school.AccountID]reconcile.Kind{1: reconcile.Remove, 10: reconcile.Add}, rule: reconcile.RuleAccountReplaced,
		},
		"another account, and the old one by the roster: it stays until they agree": {
			reading: changes(1, linked("p-ann", 10, 1)),
			want:    map[school.AccountID]reconcile.Kind{10: reconcile.Add}, held: held{1: reconcile.HoldFrozen},
		},
		"the account of somebody else": {
			reading: changes(1, linked("p-ann", 3, 1)),
			held:    held{1: reconcile.HoldFrozen, 3: reconcile.HoldFrozen}, missing: []school.PersonID{"ann", "cid"},
		},
		"unlinked, with two accounts by the roster": {
			roster: func(r *school.Roster) {
				r.Faults = []school.Fault{{Code: school.FaultTwoAccounts, People: []school.PersonID{"ann"}}}
			},
			reading: changes(1, unlinked("p-ann", 1)), held: held{1: reconcile.HoldFrozen}, missing: []school.PersonID{"ann"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := school.Roster{Name: "School", People: append([]school.Person{}, staff...)}
			if tc.roster != nil {
				tc.roster(&r)
			}

			r = taken(t, first, tc.reading).Roster(r)
			desired := chats.Desired(r, chats.Settings{}, day)
			room := reconcile.Chat{Key: "teachers", Type: chats.Teachers, State: reconcile.ChatLive, Title: desired[0].Title, Members: all}
			p := reconcile.Make(reconcile.Input{
				Roster: r, Day: day, Desired: desired, Actual: []reconcile.Chat{room}, Limits: reconcile.DefaultLimits(),
			})

			done := lo.SliceToMap(p.Operations, func(o reconcile.Operation) (school.AccountID, reconcile.Kind) { return o.Account, o.Kind })
			require.Equal(t, lo.CoalesceMapOrEmpty(tc.want), done)
			for _, o := range p.Operations {
				require.True(t, o.Kind != reconcile.Remove || o.Rule == tc.rule, o.Rule)
			}
			kept := lo.SliceToMap(p.Holds, func(h reconcile.Hold) (school.AccountID, reconcile.HoldKind) { return h.Operation.Account, h.Kind })
			require.Equal(t, lo.CoalesceMapOrEmpty(tc.held), kept)
			missing := lo.Map(desired[0].Missing, func(m chats.Missing, _ int) school.PersonID { return m.Person })
			require.ElementsMatch(t, tc.missing, missing)
		})
	}
}
