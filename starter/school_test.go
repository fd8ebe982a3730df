package main

import (
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// The made-up school of these tests: 2А with algebra, 10А without students, and a group of
// pupils of both; some people are not linked, and one fault names a teacher.
func fixtureRoster() school.Roster {
	pedagogue := school.Position{Role: "teacher", Pedagogical: true}
	principal := school.Position{Role: "principal", Level: school.HeadLevel1}
	staff := func(id school.PersonID, account school.AccountID, family string, p school.Position) school.Person {
		return school.Person{
			ID: id, Enabled: true, Account: account, Name: school.Name{Family: family, Given: "Анна"},
			Employee: &school.Employee{Positions: []school.Position{p}},
		}
	}
	pupil := func(id school.PersonID, account school.AccountID, family string) school.Person {
		return school.Person{ID: id, Enabled: true, Account: account, Name: school.Name{Family: family, Given: "Пётр"}, Student: &school.Student{}}
	}
	guardian := func(id school.PersonID, account school.AccountID, family string, of ...school.PersonID) school.Person {
		return school.Person{
			ID: id, Enabled: true, Account: account, Name: school.Name{Family: family, Given: "Ольга"}, Guardian: &school.Guardian{Students: of},
		}
	}
	enrolled := func(ids ...school.PersonID) []school.Enrollment {
		return lo.Map(ids, func(id school.PersonID, _ int) school.Enrollment { return school.Enrollment{Person: id} })
	}
	return school.Roster{
		SourceID: "org-1", Name: "Школа № 17", Year: school.SchoolYear{ID: "2026"},
		People: []school.Person{
			staff("head", 1, "Соколова", principal), staff("teacher", 2, "Зимина", pedagogue), staff("algebraist", 3, "Ключевская", pedagogue),
			pupil("p1", 11, "Воробьёв"), pupil("p2", 12, "Синицын"), pupil("p3", 0, "Чижов"), pupil("p4", 14, "Дроздов"),
			guardian("g1", 21, "Воробьёва", "p1"), guardian("g2", 0, "Синицына", "p2"), guardian("g3", 23, "Чижова", "p3"),
		},
		Classes: []school.Class{
			{ID: "10a", Title: "10А", Teachers: []school.Enrollment{{Person: "algebraist", Primary: true}}},
			{ID: "2a", Title: "2А", Teachers: []school.Enrollment{{Person: "teacher", Primary: true}}, Students: enrolled("p1", "p2", "p3")},
			{ID: "3b", Title: "3Б", Teachers: []school.Enrollment{{Person: "teacher", Primary: true}}, Students: enrolled("p4")},
		},
		Groups: []school.Group{
			{ID: "algebra", Title: "2А", Subject: "Алгебра", Teachers: enrolled("algebraist"), Students: enrolled("p1", "p2")},
			{ID: "choir", Title: "Хор", Subject: "Пение", Teachers: enrolled("teacher"), Students: enrolled("p1", "p4")},
		},
		Faults: []school.Fault{{
			Code: school.FaultTwoClassTeachers, File: "enrollments.csv", Row: 17, Column: "primary", People: []school.PersonID{"algebraist"},
			Classes: []school.ClassID{"10a"}, Advice: "two primary teachers: leave one",
		}},
	}
}

func grounds(codes ...chats.ReasonCode) []chats.Reason {
	return lo.Map(codes, func(c chats.ReasonCode, _ int) chats.Reason { return chats.Reason{Code: c} })
}

func present(account school.AccountID, person school.PersonID, admin bool, reasons []chats.Reason) reconcile.Member {
	return reconcile.Member{Account: account, Person: person, Reasons: reasons, State: reconcile.MemberPresent, Admin: admin}
}

// fixtureMirror has Учительская with a stranger and with somebody who has left the roster,
// the parents of 2А with somebody invited, a chat without a class, and one that is gone.
func fixtureMirror() store.Mirror {
	verified := time.Date(2026, 10, 15, 9, 0, 0, 0, time.UTC)
	ofP1 := []chats.Reason{{Code: chats.ReasonGuardian, Of: "p1"}}
	return store.Mirror{
		{ID: 1, HasLink: true, VerifiedAt: &verified, Chat: reconcile.Chat{
			Key: "teachers", Type: chats.Teachers, State: reconcile.ChatLive, Title: "Учительская · Школа № 17",
			Members: []reconcile.Member{
				present(1, "head", true, grounds(chats.ReasonHead)),
				present(2, "teacher", false, grounds(chats.ReasonPedagogical)),
				present(9, "", true, nil),
				present(21, "", false, nil),
				present(8, "former", false, grounds(chats.ReasonPedagogical)),
			},
		}},
		{ID: 2, HasLink: true, Chat: reconcile.Chat{
			Key: "parents:2026:2a", Type: chats.Parents, Class: "2a", Year: "2026", State: reconcile.ChatLive, Title: "2А · Родители",
			Members: []reconcile.Member{
				present(2, "teacher", true, grounds(chats.ReasonClassTeacher)),
				{Account: 21, Person: "g1", Reasons: ofP1, State: reconcile.MemberInvited},
			},
		}},
		{ID: 3, Problem: messenger.CodeChatGone, Chat: reconcile.Chat{
			Key: "students:2026:2a", Type: chats.Students, Class: "2a", Year: "2026", State: reconcile.ChatGone, Title: "2А · Ученики",
		}},
		{ID: 4, Chat: reconcile.Chat{
			Key: "parents:2025:9v", Type: chats.Parents, Class: "9v", Year: "2025", State: reconcile.ChatLive, Title: "9В · Родители",
			Members: []reconcile.Member{present(23, "g3", false, []chats.Reason{{Code: chats.ReasonGuardian, Of: "p3"}})},
		}},
	}
}

// fixture is the school surveyed on 15 October 2026.
func fixture() survey.Survey {
	s := survey.Survey{
		School: store.SchoolRow{
			School:   school.School{ID: "s", District: "d", Feed: "f", SourceID: "org-1", Name: "Школа № 17", SubjectChats: true},
			Snapshot: "digest",
		},
		Roster: fixtureRoster(), Day: "2026-10-15", Mirror: fixtureMirror(),
	}
	s.Desired = chats.Desired(s.Roster, chats.Settings{SchoolName: s.School.Name, SubjectChats: true}, s.Day)
	s.Plan = reconcile.Make(reconcile.Input{
		Roster: s.Roster, Day: s.Day, Desired: s.Desired, Actual: s.Mirror.Plain(),
		Adding: reconcile.AddingDenied, Limits: reconcile.DefaultLimits(),
	})
	return s
}
