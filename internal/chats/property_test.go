package chats_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/chats/rostertest"
)

var settings = chats.Settings{SubjectChats: true}

func TestDesiredIsWellFormed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rostertest.Edit(t, rostertest.Draw(t))
		desired := chats.Desired(r, settings, rostertest.Day)

		keys := lo.Map(desired, func(c chats.Chat, _ int) chats.Key { return c.Key })
		require.True(t, slices.IsSorted(keys))
		require.Len(t, lo.Uniq(keys), len(keys), "keys are unique")
		for _, c := range desired {
			requireWellFormed(t, c)
		}
	})
}

func requireWellFormed(t *rapid.T, c chats.Chat) {
	t.Helper()
	givesAdmin := func(reasons []chats.Reason) bool {
		return slices.ContainsFunc(reasons, func(r chats.Reason) bool { return r.Code.Role() == chats.RoleAdmin })
	}
	accounts := map[int64]bool{}
	people := map[string]bool{}
	for _, m := range c.Members {
		require.Positive(t, m.Account)
		require.False(t, accounts[int64(m.Account)], "one member per account")
		require.False(t, people[string(m.Person)], "one member per person")
		accounts[int64(m.Account)], people[string(m.Person)] = true, true
		require.NotEmpty(t, m.Reasons)
		require.Equal(t, givesAdmin(m.Reasons), m.Role == chats.RoleAdmin, "admin if and only if a ground gives it")
	}
	for _, m := range c.Missing {
		require.NotEmpty(t, m.Why)
		require.NotEmpty(t, m.Reasons)
		require.False(t, people[string(m.Person)], "nobody is both there and missing")
		require.Equal(t, givesAdmin(m.Reasons), m.Role == chats.RoleAdmin)
	}
	outlivesYears := c.Type == chats.Teachers || strings.Contains(string(c.Key), ":cohort:")
	require.Equal(t, outlivesYears, c.Year == "", "a key is bound to its year, or to none")
}

func TestOrderOfRosterDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rostertest.Edit(t, rostertest.Draw(t))
		shuffled := rostertest.Shuffle(r, rapid.Uint64().Draw(t, "seed"))

		require.Equal(t, chats.Desired(r, settings, rostertest.Day), chats.Desired(shuffled, settings, rostertest.Day))
	})
}
