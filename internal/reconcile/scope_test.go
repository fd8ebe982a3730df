package reconcile_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func types(t ...chats.Type) reconcile.Scope       { return reconcile.Scope{Types: t} }
func someChats(k ...chats.Key) reconcile.Scope    { return reconcile.Scope{Chats: k} }
func people(p ...school.PersonID) reconcile.Scope { return reconcile.Scope{People: p} }
func videoCalls() reconcile.Scope                 { return reconcile.Scope{Calls: true} }
func allOf(s ...reconcile.Scope) (r reconcile.Scope) {
	r = s[0]
	for _, x := range s[1:] {
		r.Types, r.Chats, r.People = append(r.Types, x.Types...), append(r.Chats, x.Chats...), append(r.People, x.People...)
		r.Calls = r.Calls || x.Calls
	}
	return r
}

// TestScopesUnite is the table of DESIGN's "scopes unite".
func TestScopesUnite(t *testing.T) {
	t.Parallel()
	const a, b = chats.Key("parents:cohort:a"), chats.Key("students:cohort:b")
	for name, c := range map[string]struct{ one, other, want reconcile.Scope }{
		"whole and anything is whole":       {reconcile.Scope{}, people("p"), reconcile.Scope{}},
		"two types":                         {types(chats.Students), types(chats.Parents), types(chats.Parents, chats.Students)},
		"all types are the whole school":    {types(chats.Types()[:2]...), types(chats.Types()[2:]...), reconcile.Scope{}},
		"a type takes its chats in":         {types(chats.Parents), someChats(a, b), allOf(types(chats.Parents), someChats(b))},
		"two chats":                         {someChats(b), someChats(a), someChats(a, b)},
		"the same chat":                     {someChats(a), someChats(a), someChats(a)},
		"two people":                        {people("q"), people("p"), people("p", "q")},
		"a person and a chat":               {people("p"), someChats(a), allOf(someChats(a), people("p"))},
		"a person stays beside their types": {people("p"), types(chats.Parents), allOf(types(chats.Parents), people("p"))},
		"calls twice":                       {videoCalls(), videoCalls(), videoCalls()},
		"calls and the whole school":        {videoCalls(), reconcile.Scope{}, reconcile.Scope{}},
		"calls and a person":                {videoCalls(), people("p"), allOf(people("p"), videoCalls())},
		"calls and a chat":                  {videoCalls(), someChats(a), allOf(someChats(a), videoCalls())},
		"calls and a type":                  {videoCalls(), types(chats.Parents), allOf(types(chats.Parents), videoCalls())},
		"calls and all types":               {allOf(types(chats.Types()[:1]...), videoCalls()), types(chats.Types()[1:]...), reconcile.Scope{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.one.Unite(c.other))
			require.Equal(t, c.want, c.other.Unite(c.one), "the order does not matter")
		})
	}
}

func TestSmallScopes(t *testing.T) {
	t.Parallel()
	require.True(t, people("p").Small())
	require.True(t, someChats("parents:cohort:a").Small())
	require.False(t, reconcile.Scope{}.Small())
	require.False(t, types(chats.Parents).Small())
	require.False(t, people(make([]school.PersonID, 21)...).Small())
	require.True(t, videoCalls().Small())
	require.True(t, allOf(videoCalls(), people("p")).Small())
	require.False(t, allOf(videoCalls(), types(chats.Parents)).Small())
	require.False(t, allOf(videoCalls(), people(make([]school.PersonID, 21)...)).Small())
}

func TestCallsInScopes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scope               reconcile.Scope
		whole, covers, only bool
	}{
		"the whole school":   {reconcile.Scope{}, true, true, false},
		"calls":              {videoCalls(), false, true, true},
		"a person":           {people("p"), false, false, false},
		"a type":             {types(chats.Parents), false, false, false},
		"a chat":             {someChats("parents:cohort:a"), false, false, false},
		"calls and a person": {allOf(videoCalls(), people("p")), false, true, false},
		"calls and a type":   {allOf(videoCalls(), types(chats.Parents)), false, true, false},
		"calls and a chat":   {allOf(videoCalls(), someChats("parents:cohort:a")), false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.whole, c.scope.Whole())
			require.Equal(t, c.covers, c.scope.CoversCalls())
			require.Equal(t, c.only, c.scope.OnlyCalls())
		})
	}
	plan := reconcile.Plan{Operations: []reconcile.Operation{{Chat: "parents:cohort:a", Type: chats.Parents, Kind: reconcile.Add, Person: "p"}}}
	require.Empty(t, plan.Within(videoCalls()).Operations, "calls alone change no chat")
	for _, kind := range chats.Types() {
		require.False(t, videoCalls().Covers(kind))
	}
}

func TestUnitedScopesCoverBoth(t *testing.T) {
	t.Parallel()
	typeOf := rapid.SampledFrom(chats.Types())
	key := rapid.Custom(func(t *rapid.T) chats.Key {
		return chats.KeyOf(typeOf.Draw(t, "type"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cohort"), "", "")
	})
	person := rapid.SampledFrom([]school.PersonID{"p", "q"})
	scope := rapid.Custom(func(t *rapid.T) reconcile.Scope {
		return reconcile.Scope{
			Types: rapid.SliceOfNDistinct(typeOf, 0, 2, rapid.ID).Draw(t, "types"),
			Chats: rapid.SliceOfNDistinct(key, 0, 2, rapid.ID).Draw(t, "chats"), People: rapid.SliceOfNDistinct(person, 0, 2, rapid.ID).Draw(t, "people"),
			Calls: rapid.Bool().Draw(t, "calls"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		plan := reconcile.Plan{Operations: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) reconcile.Operation {
			k := key.Draw(t, "chat")
			return reconcile.Operation{
				Chat: k, Type: chats.Type(string(k)[:len(k)-len(":cohort:a")]), Person: person.Draw(t, "person"),
				Kind: rapid.SampledFrom([]reconcile.Kind{reconcile.Add, reconcile.Remove, reconcile.Promote, reconcile.Demote}).Draw(t, "kind"),
			}
		}), 0, 12).Draw(t, "operations")}
		one, other := scope.Draw(t, "one"), scope.Draw(t, "other")
		both := plan.Within(one.Unite(other)).Operations
		require.Equal(t, one.Unite(other), other.Unite(one))
		for _, part := range []reconcile.Scope{one, other} {
			require.True(t, !part.CoversCalls() || one.Unite(other).CoversCalls())
			for _, o := range plan.Within(part).Operations {
				require.Contains(t, both, o)
				require.True(t, one.Unite(other).Covers(o.Type))
			}
		}
	})
}

func TestPlanWithinAPersonTakesAlongWhatItNeeds(t *testing.T) {
	t.Parallel()
	op := func(chat chats.Key, step reconcile.Step, kind reconcile.Kind, person school.PersonID, account school.AccountID) reconcile.Operation {
		return reconcile.Operation{Chat: chat, Type: chats.Parents, Step: step, Kind: kind, Person: person, Account: account}
	}
	const made, standing = chats.Key("parents:cohort:new"), chats.Key("parents:cohort:old")
	plan := reconcile.Plan{Operations: []reconcile.Operation{
		op(made, reconcile.StepEnsure, reconcile.Create, "", 0),
		op(made, reconcile.StepAdd, reconcile.Add, "p", 1),
		op(made, reconcile.StepAdd, reconcile.Add, "q", 2),
		op(standing, reconcile.StepAdd, reconcile.Add, "next", 3),
		op(standing, reconcile.StepAdd, reconcile.Add, "q", 2),
		op(standing, reconcile.StepPromote, reconcile.Promote, "next", 3),
		op(standing, reconcile.StepRetire, reconcile.Remove, "p", 1),
	}}
	require.Equal(t, []reconcile.Operation{
		plan.Operations[0], plan.Operations[1], plan.Operations[2], // the chat has to be made
		plan.Operations[3], plan.Operations[5], plan.Operations[6], // the next admin comes first
	}, plan.Within(people("p")).Operations)
	require.Equal(t, []reconcile.Operation{plan.Operations[4]}, plan.Within(people("q")).WithoutCreations(reconcile.Scope{}).Operations)
	require.Equal(t, plan.Within(people("q")), plan.Within(people("q")).WithoutCreations(types(chats.Students)), "somebody else makes nothing there")
	require.Empty(t, plan.Within(people("nobody")).Operations)
}
