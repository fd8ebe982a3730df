package calls_test

import (
	"time"

	"github.com/rollcall-edu/rollcall/internal/school"
)

var ten = time.Date(2026, 9, 14, 7, 0, 0, 0, time.UTC)

// lesson is a call that nothing is wrong with.
func lesson() school.Call {
	return school.Call{
		ID: "vc-7", Title: "Алгебра, урок 3", Class: "n-math", Chat: "subject", Teacher: "vera", Starts: ten, Ends: ten.Add(time.Hour),
		Link: "https://calls.example/join/abc", Published: ten.Add(-time.Hour),
	}
}

func roster() school.Roster {
	return school.Roster{Classes: []school.Class{{ID: "n-1a"}}, Groups: []school.Group{{ID: "n-math"}}}
}
