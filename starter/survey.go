package main

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// schoolHead names a school and the roster that a view is made from.
type schoolHead struct {
	School school.ID   `json:"school"`
	Name   string      `json:"name"`
	Day    school.Date `json:"day"`
	Roster string      `json:"roster"`
}

func headOf(s survey.Survey) schoolHead {
	return schoolHead{School: s.School.ID, Name: s.School.Name, Day: s.Day, Roster: s.School.Snapshot}
}

// survey lays out a school as of now. Nothing is changed and the messenger is not asked.
func (a *app) survey(ctx context.Context, id school.ID) (survey.Survey, error) {
	st, err := a.openSealed(ctx)
	if err != nil {
		return survey.Survey{}, err
	}
	defer st.Close()
	return survey.Take(ctx, st, id, a.now(), survey.Options{})
}
