package chats_test

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/chats/rostertest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// TestTheClassInAnEmployeesCardHasNoEffect: whatever class is chosen in employees' own cards, the
// class teachers and the chats, with all their members, roles and grounds, are the same.
func TestTheClassInAnEmployeesCardHasNoEffect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		without := rostertest.Edit(t, rostertest.Draw(t))
		cards := []string{"", "no such class"}
		for _, c := range without.Classes {
			cards = append(cards, c.Title, string(c.ID))
		}
		with := rostertest.Copy(without)
		for i := range without.People {
			if without.People[i].Employee != nil {
				without.People[i].Employee.CardClass = ""
				with.People[i].Employee.CardClass = rapid.SampledFrom(cards).Draw(t, "card")
			}
		}
		require.Equal(t, chats.Desired(without, settings, rostertest.Day), chats.Desired(with, settings, rostertest.Day))
		require.Equal(t, classTeachers(without), classTeachers(with))
	})
}

// classTeachers gives each class its class teacher, "" where it has none.
func classTeachers(r school.Roster) map[school.ClassID]school.PersonID {
	people := lo.KeyBy(r.People, func(p school.Person) school.PersonID { return p.ID })
	return lo.SliceToMap(r.Classes, func(c school.Class) (school.ClassID, school.PersonID) {
		teacher, _ := chats.ClassTeacher(c, people, rostertest.Day)
		return c.ID, teacher
	})
}
