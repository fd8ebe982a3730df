package main

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/trouble"
)

type scheduleListOptions struct{ district string }

func newScheduleList(a *app) *cobra.Command {
	var o scheduleListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List when the schools are gone through by themselves",
		Long: `Lists every school's schedule and every district's nightly: when, whether it is
paused and why, when it runs next, when it ran last and what became of that run
(completed, failed, running, …), and how the school's last pass ended, whatever
asked for it.

A pause "by hand" was made in the Temporal UI; "schedule resume" ends it. One
that was ended there is said to be "resumed by hand".

It ends with 2 if the Temporal server cannot be asked: then it shows what the
registry has.`,
		Example: "  rollcall schedule list\n  rollcall schedule list --district nevsky -o json",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runScheduleList(ctx, a, o) }),
	}
	cmd.Flags().StringVar(&o.district, "district", "", "only the schools of this district")
	return cmd
}

func runScheduleList(ctx context.Context, a *app, o scheduleListOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	rows, err := chosenSchools(ctx, st, nil, school.DistrictID(o.district))
	if err != nil {
		return err
	}
	districts, err := st.Districts(ctx)
	if err != nil {
		return err
	}
	districts = lo.Filter(districts, func(d school.District, _ int) bool { return o.district == "" || d.ID == school.DistrictID(o.district) })
	passes, err := st.LastPasses(ctx)
	if err != nil {
		return err
	}
	v := schedulesView{Schools: []schoolSchedule{}, now: a.now()}
	ids := append(lo.Map(rows, func(r store.SchoolRow, _ int) string { return temporal.SchoolScheduleID(r.ID) }),
		lo.Map(districts, func(d school.District, _ int) string { return temporal.DistrictScheduleID(d.ID) })...)
	server, problem := askSchedules(ctx, a, ids)
	if problem != nil {
		v.Problem = trouble.Explain(problem)
	}
	for _, row := range rows {
		line := schoolSchedule{School: row.ID, Name: row.Name, District: row.District, TokenSet: row.TokenSet, Schedule: viewSchedule(row)}
		line.onServer = server.view(temporal.SchoolScheduleID(row.ID), row.Schedule.Paused)
		if pass, found := passes[row.ID]; found {
			if line.LastPass, err = passOf(ctx, st, pass); err != nil {
				return err
			}
		}
		v.Schools = append(v.Schools, line)
	}
	v.Districts = lo.Map(districts, func(d school.District, _ int) districtSchedule {
		return districtSchedule{District: d.ID, TimeZone: d.TimeZone, Nightly: d.Nightly, onServer: server.view(temporal.DistrictScheduleID(d.ID), "")}
	})
	if err := a.show(v); err != nil {
		return err
	}
	return lo.Ternary(problem != nil, errIncomplete, nil)
}

// serverSchedules is what the server says of schedules, by id, and of the runs that they
// started, by workflow id.
type serverSchedules struct {
	states map[string]temporal.ScheduleState
	runs   map[string]string
}

func askSchedules(ctx context.Context, a *app, ids []string) (s serverSchedules, err error) {
	c, err := a.temporal(ctx)
	if err != nil {
		return s, err
	}
	defer c.Close()
	states, err := temporal.NewSchedules(c.ScheduleClient()).States(ctx)
	if err != nil {
		return s, err
	}
	s.states = lo.PickByKeys(states, ids)
	runs := lo.FilterMap(lo.Values(s.states), func(x temporal.ScheduleState, _ int) (string, bool) { return x.WorkflowID, x.WorkflowID != "" })
	s.runs, err = temporal.RunStatuses(ctx, c, runs)
	return s, err
}

// onServer is how a schedule stands on the Temporal server.
type onServer struct {
	// Applied tells that the server has it.
	Applied bool       `json:"applied"`
	Pause   *pauseView `json:"pause"`
	Next    *time.Time `json:"next"`
	Last    *time.Time `json:"last"`
	// LastRun is the status of the workflow that was started last, "" for none or one long gone.
	LastRun string `json:"lastRun"`
}

// pauseView is a pause, or the end of one that the registry does not know of.
type pauseView struct {
	// ByHand tells that it is not the registry's word but somebody's at the Temporal UI.
	ByHand bool   `json:"byHand"`
	Paused bool   `json:"paused"`
	Reason string `json:"reason"`
}

func (p *pauseView) text() string {
	switch {
	case p == nil:
		return ""
	case !p.Paused:
		return "no, resumed by hand: " + p.Reason
	case p.ByHand:
		return "by hand: " + p.Reason
	default:
		return p.Reason
	}
}

// view is how a schedule stands, and its pause by the server's word and the registry's.
func (s serverSchedules) view(id, registryPause string) onServer {
	state, applied := s.states[id]
	v := onServer{Applied: applied, Next: utc(state.Next), Last: utc(state.Last), LastRun: s.runs[state.WorkflowID]}
	switch {
	case registryPause != "" && (!applied || state.Paused):
		v.Pause = &pauseView{Paused: true, Reason: registryPause}
	case registryPause != "":
		v.Pause = &pauseView{ByHand: true, Reason: state.Note}
	case state.Paused:
		v.Pause = &pauseView{ByHand: true, Paused: true, Reason: state.Note}
	}
	if v.Pause != nil && v.Pause.Paused {
		v.Next = nil
	}
	return v
}

// next says when it runs next, or why it does not.
func (v onServer) next(timed, tokenSet bool, now time.Time) string {
	switch {
	case !timed:
		return ""
	case !tokenSet:
		return "no token"
	case v.Pause != nil && v.Pause.Paused:
		return ""
	case !v.Applied:
		return "not applied yet"
	default:
		return ahead(v.Next, now)
	}
}

// ahead says in how long something is, "" if never.
func ahead(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	const day = 24 * time.Hour
	switch d := t.Sub(now); {
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return fmt.Sprintf("in %d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("in %d h", d/time.Hour)
	default:
		return fmt.Sprintf("in %d days", d/day)
	}
}

// schedulesView is when schools are gone through by themselves.
type schedulesView struct {
	Schools   []schoolSchedule   `json:"schools"`
	Districts []districtSchedule `json:"districts"`
	// Problem is why the Temporal server could not be asked, "" if it was.
	Problem string `json:"problem"`
	now     time.Time
}

// schoolSchedule is a school's schedule with how it stands.
type schoolSchedule struct {
	School   school.ID         `json:"school"`
	Name     string            `json:"name"`
	District school.DistrictID `json:"district"`
	TokenSet bool              `json:"tokenSet"`
	Schedule scheduleView      `json:"schedule"`
	onServer
	LastPass *passView `json:"lastPass"`
}

// districtSchedule is a district's nightly with how it stands.
type districtSchedule struct {
	District school.DistrictID `json:"district"`
	TimeZone string            `json:"timeZone"`
	Nightly  string            `json:"nightly"`
	onServer
}

func (v schedulesView) text(p *page) {
	if len(v.Schools) == 0 {
		p.line("no school is registered: begin with: rollcall school add")
	} else {
		header := []string{"SCHOOL", "SCHEDULE", "PAUSED", "NEXT RUN", "LAST RUN", "ENDED", "LAST PASS"}
		p.table(header, lo.Map(v.Schools, func(s schoolSchedule, _ int) []string {
			timed := s.Schedule.Every != "" || s.Schedule.Cron != ""
			return []string{
				string(s.School), s.Schedule.when(), s.Pause.text(), s.next(timed, s.TokenSet, v.now), ago(s.Last, v.now), s.LastRun,
				lo.FromPtr(s.LastPass).outcome(),
			}
		}))
	}
	if len(v.Districts) > 0 {
		p.gap()
		p.table([]string{"DISTRICT", "NIGHTLY", "PAUSED", "NEXT RUN", "LAST RUN", "ENDED"}, lo.Map(v.Districts, func(d districtSchedule, _ int) []string {
			nightly := lo.Ternary(d.Nightly == "", nightlyOff, d.Nightly+" ("+d.TimeZone+")")
			return []string{string(d.District), nightly, d.Pause.text(), d.next(d.Nightly != "", true, v.now), ago(d.Last, v.now), d.LastRun}
		}))
	}
	if v.Problem != "" {
		p.gap()
		p.line("the Temporal server was not asked: %s", v.Problem)
	}
}
