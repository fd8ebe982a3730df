package workflows

import (
	"cmp"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// sweepWindow is how many schools a sweep over a district has under way at once.
//
// Why not all: a running activity cannot be pushed aside, so what a sweep must not do is to hold
// the workers' slots (a worker has 100 for the messenger). The window bounds what it holds. All
// else is a matter of order: each pass carries its trigger's priority, and a sweep's is behind
// that of people and events, so that wherever there is a backlog a pass that a person asked for
// goes first; and each school is a fairness key of its own and spends its own token's budget.
// Hence a manual resync in the middle of a sweep over 700 schools needs no way around it. Ten are
// also about what one machine can do: a pass that finds nothing costs some hundred milliseconds,
// so that many schools are through in minutes.
const sweepWindow = 10

// sweepPage is how many schools a run goes through before it hands over to the next: some
// thousand events of history.
const sweepPage = 100

// SweepState is what a sweep over a district hands over from run to run.
type SweepState struct {
	// Sweep names the sweep: it is the id of its first run.
	Sweep string `json:"sweep"`
	// After is the last school of the pages gone through.
	After  school.ID `json:"after"`
	Paused bool      `json:"paused,omitempty"`
	// Total is how many schools there are, gone through or not, as of the last look.
	Total  int         `json:"total"`
	Report SweepReport `json:"report"`
}

// districtSweep is a sweep over a district: one page of schools a run, a sliding window of them
// at once.
type districtSweep struct {
	in    SweepInput
	state SweepState
	notes details

	pauses, resumes, cancels workflow.ReceiveChannel

	cancelled bool
	inFlight  int
	phase     string
}

func newDistrictSweep(in SweepInput) *districtSweep {
	s := &districtSweep{in: in, state: SweepState{Report: SweepReport{District: in.District}}}
	if in.Carried != nil {
		s.state = *in.Carried
	}
	return s
}

func (s *districtSweep) run(ctx workflow.Context) (SweepReport, error) {
	if err := s.open(ctx); err != nil {
		return SweepReport{}, err
	}
	if s.in.Carried == nil {
		if err := s.begin(ctx); err != nil {
			return s.giveUp(ctx, err)
		}
	}
	page, err := schoolsPage.run(ctx, sweepOptions(s.in.Trigger, "list the next schools"),
		SchoolsPageInput{District: s.in.District, After: s.state.After, Limit: sweepPage})
	if err != nil {
		return s.giveUp(ctx, err)
	}
	s.state.Total = s.state.Report.Schools + len(page.Schools) + page.Left
	s.note(ctx, "%d schools, %d left after them", len(page.Schools), page.Left)
	asked := s.askAll(ctx, page.Schools)
	s.until(ctx, func() bool { return s.inFlight == 0 })
	if page.Left > 0 && !s.stopped(ctx) {
		// until has just received the signals that were there: nothing yields before the return.
		// The next run is one for the current workers: a long pause may outlast a version.
		s.state.After = page.Schools[len(page.Schools)-1]
		next := s.in
		next.Carried = &s.state
		return SweepReport{}, workflow.NewContinueAsNewErrorWithOptions(ctx,
			workflow.ContinueAsNewErrorOptions{InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade},
			TypeSweep, next)
	}
	return s.end(ctx, len(page.Schools)-asked+page.Left)
}

// open makes the sweep answer to signals and the query. It must be called before the workflow
// first yields.
func (s *districtSweep) open(ctx workflow.Context) error {
	channel := func(name, description string) workflow.ReceiveChannel {
		return workflow.GetSignalChannelWithOptions(ctx, name, workflow.SignalChannelOptions{Description: description})
	}
	s.pauses = channel(PauseSweep, "Begin no further school until told to resume. Schools that have been asked are waited for. No argument.")
	s.resumes = channel(ResumeSweep, "Go on after a pause. No argument.")
	s.cancels = channel(CancelSweep, "End the sweep: begin no further school, wait for those that have been asked, and report the rest as not reached. No argument.")
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, func() (SweepStatus, error) { return s.status(), nil },
		workflow.QueryHandlerOptions{Description: "How far the sweep has come, and how the schools' passes ended."})
	if err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx,
		districtAttribute().ValueSet(string(s.in.District)), triggerAttribute().ValueSet(string(s.in.Trigger)))
}

func (s *districtSweep) status() SweepStatus {
	return SweepStatus{
		District: s.in.District, Phase: s.phase, Schools: s.state.Total, Ended: s.state.Report.Schools, InFlight: s.inFlight,
		Paused: s.state.Paused, Cancelled: s.cancelled, Counts: s.state.Report.Counts,
	}
}

func (s *districtSweep) begin(ctx workflow.Context) (err error) {
	s.state.Sweep = sweepID(ctx)
	s.state.Total, err = beginSweep.run(ctx, sweepOptions(s.in.Trigger, "record that the sweep has begun"), BeginSweepInput{
		Sweep: s.state.Sweep, WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, District: s.in.District,
		Trigger: s.in.Trigger, RequestedBy: s.in.RequestedBy,
	})
	return err
}

// askAll asks the schools, as many at once as the window holds, until all have been asked or the
// sweep is stopped. It tells how many were.
func (s *districtSweep) askAll(ctx workflow.Context, schools []school.ID) int {
	for asked, id := range schools {
		s.until(ctx, func() bool { return s.stopped(ctx) || !s.state.Paused && s.inFlight < sweepWindow })
		if s.stopped(ctx) {
			return asked
		}
		s.inFlight++
		workflow.GoNamed(ctx, string(id), func(ctx workflow.Context) { s.ask(ctx, id) })
	}
	return len(schools)
}

func (s *districtSweep) ask(ctx workflow.Context, id school.ID) {
	began := workflow.Now(ctx)
	reply := s.in.ask(ctx, s.state.Sweep, id)
	took := workflow.Now(ctx).Sub(began)
	s.inFlight--
	s.state.Report.add(id, reply, took)
	outcome := string(reply.Outcome)
	if reply.Problem != nil {
		outcome += " (" + reply.Problem.Code + ")"
	}
	s.note(ctx, "%s: %s", id, outcome)
}

// stopped tells that no further school is begun: somebody ended the sweep by signal, or
// cancelled the run.
func (s *districtSweep) stopped(ctx workflow.Context) bool { return s.cancelled || ctx.Err() != nil }

// until waits for a condition, doing meanwhile what signals say. It waits on also when the run is
// cancelled; a condition that shall end then has to ask for that.
func (s *districtSweep) until(ctx workflow.Context, ready func() bool) {
	settled, _ := workflow.NewDisconnectedContext(ctx)
	unread := func() bool { return s.pauses.Len()+s.resumes.Len()+s.cancels.Len() > 0 }
	for s.receive(ctx); !ready(); s.receive(ctx) {
		_ = workflow.Await(settled, func() bool { return unread() || ready() })
	}
}

// receive takes in the signals that are there. It does not yield. Of a pause and a resume that
// come together the resume wins: their order is not known, and a sweep that nobody meant to
// pause would stand still unnoticed.
func (s *districtSweep) receive(ctx workflow.Context) {
	for s.pauses.ReceiveAsync(nil) {
		s.state.Paused = true
		s.note(ctx, "paused: no further school is begun, %d are waited for", s.inFlight)
	}
	for s.resumes.ReceiveAsync(nil) {
		s.state.Paused = false
		s.note(ctx, "resumed")
	}
	for s.cancels.ReceiveAsync(nil) {
		s.cancelled = true
		s.note(ctx, "cancelled: no further school is begun, %d are waited for", s.inFlight)
	}
}

// end completes the report and records it, also when the run was cancelled. Signals that come
// meanwhile have nothing left to change.
func (s *districtSweep) end(ctx workflow.Context, left int) (SweepReport, error) {
	report := &s.state.Report
	report.leaveOut(left)
	report.Cancelled = s.stopped(ctx)
	report.Outcome = report.overall()
	settled, _ := workflow.NewDisconnectedContext(ctx)
	recorded, err := endSweep.run(settled, sweepOptions(s.in.Trigger, "complete the report and record it"),
		EndSweepInput{Sweep: s.state.Sweep, District: s.in.District, Report: *report})
	if err == nil {
		*report = recorded
	}
	s.note(ctx, "the sweep has ended: %s", report.Outcome)
	_ = workflow.UpsertTypedSearchAttributes(ctx, outcomeAttribute().ValueSet(string(report.Outcome)))
	s.receive(ctx)
	if ctx.Err() != nil {
		return *report, ctx.Err() // the run's status shall say that it was cancelled
	}
	return *report, fail(problemOf(err))
}

// giveUp is how a sweep ends that cannot even list the schools, or record that it begins. One
// that was cancelled just then ends like any other.
func (s *districtSweep) giveUp(ctx workflow.Context, err error) (SweepReport, error) {
	if ctx.Err() != nil {
		return s.end(ctx, s.state.Total-s.state.Report.Schools)
	}
	problem := problemOf(err)
	s.note(ctx, "%s: %s", problem.Code, problem.Message)
	_ = workflow.UpsertTypedSearchAttributes(ctx, outcomeAttribute().ValueSet(string(OutcomeFailed)))
	s.receive(ctx)
	return SweepReport{}, fail(problem)
}

// note says what happens, under a heading that shows how far the sweep has come.
func (s *districtSweep) note(ctx workflow.Context, format string, args ...any) {
	report := &s.state.Report
	s.notes.title = fmt.Sprintf("Sweep over district %s: %d of %d schools\n\n%s, %d in flight",
		s.in.District, report.Schools, s.state.Total, cmp.Or(report.Counts.String(), "none yet"), s.inFlight)
	s.phase = s.notes.add(ctx, format, args...)
}
