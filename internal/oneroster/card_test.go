package oneroster_test

import (
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const columnCard = "metadata.employeeClass"

// TestTheClassInAnEmployeesCardHasNoEffect takes the manual at its word (step 4): only the field of
// the class card makes a class teacher.
func TestTheClassInAnEmployeesCardHasNoEffect(t *testing.T) {
	t.Parallel()
	without := setup(t)
	users := without.files[feedtest.Users]
	users.Columns = lo.Without(users.Columns, columnCard)
	want := map[string]school.Roster{north: without.roster(north, nil), south: without.roster(south, nil)}

	for name, card := range map[string]string{
		"a class of another teacher": "1А", "another one": "1Б", "the id of a class": "n-1a", "several": "1А,1Б", "no class at all": "99Я",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := setup(t)
			for _, row := range d.files[feedtest.Users].Rows {
				row[columnCard] = card
			}
			for sourceID, want := range want {
				got := d.roster(sourceID, nil)
				require.Equal(t, desired(want), desired(got))
				require.Empty(t, got.Faults, "it is not for us to judge either")
				require.Equal(t, want, withoutCards(t, got, card), "nothing else of the roster hangs on it")
			}
		})
	}
}

func desired(r school.Roster) []chats.Chat {
	return chats.Desired(r, chats.Settings{SubjectChats: true}, feedtest.Today)
}

// withoutCards empties the cards of a roster, every one of which must have been read.
func withoutCards(t *testing.T, r school.Roster, card string) school.Roster {
	t.Helper()
	for _, p := range r.People {
		if p.Employee != nil {
			require.Equal(t, card, p.Employee.CardClass, p.ID)
			p.Employee.CardClass = ""
		}
	}
	return r
}
