package main

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
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
	return a.surveyIn(ctx, st, id)
}

// surveyIn is survey in a database that is open already.
func (a *app) surveyIn(ctx context.Context, st *store.Store, id school.ID) (survey.Survey, error) {
	settings, err := a.settings()
	if err != nil {
		return survey.Survey{}, &usageError{err}
	}
	return survey.Take(ctx, st, id, a.now(), survey.Options{LinksDue: linksSourceOf(settings) != linksNowhere})
}

// linksSource is where the deployment has its account links from.
type linksSource string

const (
	linksPortal  linksSource = "portal"
	linksFile    linksSource = "file"
	linksNowhere linksSource = "none"
)

// linksSourceOf asks the settings alone: no key is read for a view.
func linksSourceOf(c config.Config) linksSource {
	switch {
	case c.LinksFile != "":
		return linksFile
	case c.PortalURL != "":
		return linksPortal
	default:
		return linksNowhere
	}
}
