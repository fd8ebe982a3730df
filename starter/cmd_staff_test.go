package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// staffFixture is the fixture with everything that may be said of an employee.
func staffFixture() survey.Survey {
	s := fixture()
	for i, source := range []school.AccountSource{school.AccountFromProfiles, school.AccountFromUserIDs} {
		s.Roster.People[i].AccountSource = source
	}
	s.Roster.People[2].Employee.CardClass = "2А"
	staff := func(id school.PersonID, family string, enabled bool, account school.AccountID, positions ...school.Position) {
		s.Roster.People = append(s.Roster.People, school.Person{
			ID: id, Enabled: enabled, Account: account, Name: school.Name{Family: family}, Employee: &school.Employee{Positions: positions},
		})
	}
	teacher := school.Position{Role: "teacher", Pedagogical: true}
	past := school.Position{Role: "teacher", Pedagogical: true, Period: school.Period{Begin: "2020-09-01", End: "2026-10-15"}}
	staff("clerk", "Абрамова", true, 0, school.Position{Role: "aide"}, past)
	staff("former", "Белова", true, 8, past)
	staff("disabled", "Власова", false, 0, teacher)
	staff("ended", "Гаврилова", true, 0, school.Position{Role: "aide", Ended: true})
	staff("coming", "Громова", true, 0, school.Position{Role: "teacher", Pedagogical: true, Period: school.Period{Begin: "2026-11-01"}})
	staff("disputed", "Дымова", true, 0, teacher)
	staff("linked", "Ершова", true, 31, teacher)
	staff("unlinked", "Жукова", true, 0, teacher)
	linked, unlinked := &s.Roster.People[len(s.Roster.People)-2], &s.Roster.People[len(s.Roster.People)-1]
	linked.AccountSource, linked.AccountSince = school.AccountFromPortal, time.Date(2026, 8, 29, 22, 0, 0, 0, time.UTC)
	unlinked.Unlinked, s.School.TimeZone = true, "Europe/Moscow"
	s.Roster.Faults = append(s.Roster.Faults, school.Fault{Code: school.FaultTwoAccounts, People: []school.PersonID{"disputed"}})
	s.Desired = chats.Desired(s.Roster, chats.Settings{SchoolName: s.School.Name, SubjectChats: true}, s.Day)
	return s
}

func TestViewOfStaff(t *testing.T) {
	t.Parallel()
	v := viewStaff(staffFixture())
	text, asJSON := written(t, v)
	golden(t, "staff.txt", text)
	golden(t, "staff.json", asJSON)
	requireNoNil(t, reflect.ValueOf(v), "staff")
	requireNoNil(t, reflect.ValueOf(viewStaff(survey.Survey{})), "nobody")
}

func TestChatsOfAnEmployeeAreCounted(t *testing.T) {
	t.Parallel()
	s := fixture()
	count := func() (in, due int) {
		who := lookUp(t, viewStaff(s), "teacher")
		return who.ChatsIn, who.ChatsDue
	}
	in, due := count()
	require.Equal(t, 2, in, "Учительская and the parents of 2А")
	require.Equal(t, 6, due, "and the students of 2А, both chats of 3Б, the choir")

	room := &s.Mirror[0]
	room.Members = append(room.Members, reconcile.Member{Account: 77, Person: "teacher", State: reconcile.MemberPresent})
	in, _ = count()
	require.Equal(t, 2, in, "with two accounts in one chat it is one chat")

	room.State = reconcile.ChatGone
	in, due = count()
	require.Equal(t, 1, in, "nobody is in a chat that is gone")
	require.Equal(t, 6, due)

	s.Mirror[1].Members[0].State = reconcile.MemberInvited
	in, _ = count()
	require.Zero(t, in, "who is invited is not in yet")
}

func lookUp(t *testing.T, v staffView, id school.PersonID) employeeView {
	t.Helper()
	for _, e := range v.Employees {
		if e.ID == id {
			return e
		}
	}
	require.Fail(t, "not among the staff", "person %s", id)
	return employeeView{}
}

func TestStaffIsShownAndAudited(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	require.Contains(t, b.ok("staff", "s"), "Соколова Анна (head)")
	require.NotContains(t, b.out, "Воробьёв", "pupils and parents are no employees")
	v := decode[staffView](b, "staff", "s")
	require.Equal(t, school.AccountID(1), lookUp(t, v, "head").Account)
	require.Equal(t, sourceUnknown, lookUp(t, v, "head").AccountSource.Code, "a roster from before the source was kept")
	require.Equal(t, []string{"operator show-staff s digest", "operator show-staff s digest"}, audited(t, b))

	execute(t, b, "ALTER TABLE audit RENAME TO away")
	b.refused(exitFailed, "staff", "s") // and prints nothing
}
