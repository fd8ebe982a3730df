package main

import (
	"context"
	"crypto/rand"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/trouble"
	"github.com/rollcall-edu/rollcall/workflows"
)

// changeSchedule writes a school's schedule into the registry and has the Temporal server and the
// school's lane follow. Where that cannot be now, the workers see to it. With insist the
// pause is what the registry says, whatever was done by hand.
func changeSchedule(ctx context.Context, a *app, id school.ID, insist bool, change func(store.SchoolRow) (school.Schedule, error)) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := schoolItself(ctx, st, id, "set it")
	if err != nil {
		return err
	}
	before := row.Schedule
	if row.Schedule, err = change(row); err != nil {
		return err
	}
	if err := row.Schedule.Validate(); err != nil {
		return &usageError{err}
	}
	if err := st.SetSchedule(ctx, id, row.Schedule); err != nil {
		return err
	}
	v := changedSchedule{School: id, Schedule: viewSchedule(row), TokenSet: row.TokenSet}
	learns := row.TokenSet && before.KeepsLaneOpen() != row.Schedule.KeepsLaneOpen()
	if problem := followSchedule(ctx, a, row, insist, learns, &v); problem != nil {
		if before == row.Schedule && insist {
			return problem // the registry had it so before: nobody would do it later
		}
		v.Problem = trouble.Explain(problem)
		if learns {
			if err := st.Want(ctx, id, string(workflows.TriggerManual), workflows.Scope{}, false, a.login()); err != nil {
				return err
			}
		}
	}
	if err := a.show(v); err != nil {
		return err
	}
	return lo.Ternary(v.Change == temporal.ScheduleForeign, errIncomplete, nil)
}

// followSchedule makes the server's schedule of a school equal to the registry, and asks the lane
// for a pass where it has to learn that it stays open, or does not any more.
func followSchedule(ctx context.Context, a *app, row store.SchoolRow, insist, learns bool, v *changedSchedule) error {
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	wanted := temporal.WantedSchedules([]store.SchoolRow{row}, nil)
	for i := range wanted.Schedules {
		wanted.Schedules[i].Insist = insist
	}
	schedules := temporal.NewSchedules(c.ScheduleClient())
	difference, err := schedules.DifferenceOf(ctx, wanted, temporal.SchoolScheduleID(row.ID))
	if err != nil {
		return err
	}
	if _, err := schedules.Apply(ctx, difference); err != nil {
		return err
	}
	v.Change, v.Why = difference[0].Kind, difference[0].Why
	if !learns {
		return nil
	}
	request := workflows.Request{ID: rand.Text(), Trigger: workflows.TriggerManual, RequestedBy: a.login()}
	if err := temporal.Resync(ctx, c, row.ID, request); err != nil {
		return err
	}
	v.Request = request.ID
	return nil
}

// changedSchedule is a school's schedule that has just been changed.
type changedSchedule struct {
	School   school.ID    `json:"school"`
	Schedule scheduleView `json:"schedule"`
	// TokenSet tells whether the school can have passes at all.
	TokenSet bool `json:"tokenSet"`
	// Change is what was done to the Temporal server's schedule, and Why; "" where Problem kept
	// it from being done.
	Change temporal.ChangeKind `json:"change"`
	Why    string              `json:"why"`
	// Request is the id of the request by which the lane learns of it, "" where none was needed.
	Request string `json:"request"`
	Problem string `json:"problem"`
}

func (v changedSchedule) text(p *page) {
	p.line("school %s: %s", v.School, v.Schedule.text())
	if v.Problem != "" {
		p.line("the registry has it, the Temporal server not yet: a worker will apply it")
		p.line("(%s)", v.Problem)
		return
	}
	switch v.Change {
	case temporal.ScheduleCreate:
		p.line("the Temporal server has the schedule from now on")
	case temporal.ScheduleUpdate:
		p.line("the Temporal server's schedule is changed: %s", v.Why)
	case temporal.ScheduleDelete:
		p.line("the Temporal server's schedule is deleted")
	case temporal.ScheduleForeign:
		p.line("the Temporal server's schedule %s is left alone: %s", temporal.SchoolScheduleID(v.School), v.Why)
	default:
		if v.TokenSet {
			p.line("the Temporal server has it so already")
		}
	}
	if v.Request != "" {
		p.line("its lane is asked for a pass, and learns of it")
	}
	if !v.TokenSet {
		p.line("it begins once the school has its community token: rollcall school set-token %s", v.School)
	}
}

// scheduleView is a schedule as the registry has it. One of the first four says when.
type scheduleView struct {
	Every      string `json:"every"`
	Cron       string `json:"cron"`
	Continuous bool   `json:"continuous"`
	Off        bool   `json:"off"`
	// TimeZone is the one of the cron expression.
	TimeZone string `json:"timeZone"`
	// Paused is the registry's reason for a pause, "" for none.
	Paused string `json:"paused"`
}

func viewSchedule(r store.SchoolRow) scheduleView {
	v := scheduleView{
		Cron: r.Schedule.Cron, Continuous: r.Schedule.Continuous, Off: r.Schedule.Off, TimeZone: r.TimeZone, Paused: r.Schedule.Paused,
	}
	if r.Schedule.Every != 0 {
		v.Every = r.Schedule.Every.String()
	}
	return v
}

// when is the schedule without the pause.
func (v scheduleView) when() string {
	switch {
	case v.Every != "":
		return "every " + v.Every
	case v.Cron != "":
		return v.Cron + " (" + v.TimeZone + ")"
	case v.Continuous:
		return "continuous"
	case v.Off:
		return "off"
	default:
		return "cannot be read"
	}
}

func (v scheduleView) text() string {
	return v.when() + lo.Ternary(v.Paused == "", "", ", paused: "+v.Paused)
}
