package workflows

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func ofDistrict() SweepInput {
	return SweepInput{District: "d", Trigger: TriggerDistrict, RequestedBy: "operator"}
}

func TestSweepAsksEachSchoolOnceAndForAVerify(t *testing.T) {
	t.Parallel()
	d := districtOf(25)
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Equal(t, 25, report.Schools)
	require.Equal(t, SweepCounts{InStep: 25}, report.Counts)
	require.Equal(t, OutcomeInStep, report.Outcome)
	require.False(t, report.Cancelled)
	require.Empty(t, report.Failures)

	asked := lo.Map(d.asked, func(in ResyncSchoolInput, _ int) school.ID { return in.School })
	slices.Sort(asked)
	require.Equal(t, d.schools, asked)
	require.Len(t, d.begun, 1)
	sweep := d.begun[0].Sweep
	require.NotEmpty(t, sweep)
	require.Equal(t, BeginSweepInput{
		Sweep: sweep, WorkflowID: d.begun[0].WorkflowID, District: "d", Trigger: TriggerDistrict, RequestedBy: "operator",
	}, d.begun[0])
	for _, in := range d.asked {
		require.Equal(t, Request{ID: "sweep-" + sweep, Trigger: TriggerDistrict, Verify: true, RequestedBy: "operator"}, in.Request)
		require.Equal(t, 15*time.Minute, in.Within())
	}
	require.Equal(t, []EndSweepInput{{Sweep: sweep, District: "d", Report: report}}, d.ended)
}

func TestWindowIsFilledAndNeverExceeded(t *testing.T) {
	t.Parallel()
	d := districtOf(57)
	full := make(chan struct{})
	var once sync.Once
	d.reply = func(*testsuite.TestWorkflowEnvironment, school.ID) (ResyncReply, error) {
		d.mu.Lock()
		reached := d.inFlight == sweepWindow
		d.mu.Unlock()
		if reached {
			once.Do(func() { close(full) })
		}
		<-full // nobody answers before the window is full
		return ResyncReply{Outcome: OutcomeChanged}, nil
	}
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Equal(t, sweepWindow, d.atOnce)
	require.Equal(t, SweepCounts{Changed: 57}, report.Counts)
	require.Equal(t, OutcomeChanged, report.Outcome)
}

// outcomes are what can become of a school, and what is counted for it.
var outcomes = []struct {
	reply ResyncReply
	err   error
	count SweepCounts
	code  string
}{
	{reply: ResyncReply{Outcome: OutcomeInStep}, count: SweepCounts{InStep: 1}},
	{reply: ResyncReply{Outcome: OutcomeChanged}, count: SweepCounts{Changed: 1}},
	{reply: ResyncReply{Outcome: OutcomeHeld}, count: SweepCounts{Held: 1}},
	{reply: ResyncReply{Outcome: OutcomePartial}, count: SweepCounts{Partial: 1}},
	{reply: ResyncReply{Outcome: OutcomeSkipped}, count: SweepCounts{Skipped: 1}},
	{
		reply: ResyncReply{Outcome: OutcomeFailed, Problem: &Problem{Code: ProblemTokenRefused, Message: "set a new one"}},
		count: SweepCounts{Failed: 1}, code: ProblemTokenRefused,
	},
	{reply: ResyncReply{Outcome: "of a later version"}, count: SweepCounts{Failed: 1}, code: ProblemInternal},
	{
		reply: ResyncReply{Outcome: OutcomeNotReached, Problem: &Problem{Code: ProblemNotReached, Message: "it goes on"}},
		count: SweepCounts{NotReached: 1}, code: ProblemNotReached,
	},
	{err: temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil), count: SweepCounts{NotReached: 1}, code: ProblemNotReached},
	{err: temporal.NewNonRetryableApplicationError("gone", ProblemSchoolUnknown, nil), count: SweepCounts{Failed: 1}, code: ProblemSchoolUnknown},
	{err: temporal.NewNonRetryableApplicationError("a defect", ProblemInternal, nil), count: SweepCounts{NotReached: 1}, code: ProblemNotReached},
}

func TestSweepGoesOnWhateverBecomesOfASchool(t *testing.T) {
	t.Parallel()
	for i, o := range outcomes {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			d := districtOf(12)
			d.reply = func(_ *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error) {
				if id == "s0003" {
					return o.reply, o.err
				}
				return ResyncReply{Outcome: OutcomeInStep}, nil
			}
			report, err := d.sweep(t, ofDistrict())
			require.NoError(t, err)
			want := o.count
			want.InStep += 11
			require.Equal(t, want, report.Counts)
			require.Equal(t, want.Complete(), report.Outcome == OutcomeInStep || report.Outcome == OutcomeChanged)
			if o.code == "" {
				require.Empty(t, report.Failures)
			} else {
				require.Equal(t, []SweepFailure{{School: "s0003", Code: o.code}}, report.Failures)
			}
			require.Len(t, d.asked, 12)
		})
	}
}

func TestSweepOverNoSchoolsIsFine(t *testing.T) {
	t.Parallel()
	d := districtOf(0)
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Equal(t, SweepReport{District: "d", Outcome: OutcomeInStep}, report)
	require.Len(t, d.ended, 1)
}

func TestPagesAreRunsOfOneSweep(t *testing.T) {
	t.Parallel()
	d := districtOf(250)
	d.reply = func(_ *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error) {
		i := slices.Index(d.schools, id)
		if i%4 == 0 {
			return ResyncReply{Outcome: OutcomeFailed, Problem: &Problem{Code: ProblemTokenRefused}}, nil
		}
		return ResyncReply{Outcome: OutcomeChanged}, nil
	}
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Equal(t, 3, d.runs)
	require.Equal(t, 250, report.Schools)
	require.Equal(t, SweepCounts{Changed: 187, Failed: 63}, report.Counts)
	require.Len(t, report.Failures, reportedFailures)
	require.Equal(t, 13, report.MoreFailures)
	require.Len(t, report.Slowest, reportedSlowest)
	require.Len(t, d.asked, 250)
	require.Len(t, lo.UniqBy(d.asked, func(in ResyncSchoolInput) school.ID { return in.School }), 250)
	require.Len(t, lo.UniqBy(d.asked, func(in ResyncSchoolInput) string { return in.Request.ID }), 1)
	require.Len(t, d.begun, 1)
	require.Len(t, d.ended, 1)
	require.Equal(t, d.begun[0].Sweep, d.ended[0].Sweep)
}

func TestAFullLastPageIsTheLast(t *testing.T) {
	t.Parallel()
	d := districtOf(sweepPage)
	_, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Equal(t, 1, d.runs)
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	d := districtOf(40)
	d.reply = func(env *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error) {
		if id == "s0012" {
			env.SignalWorkflow(PauseSweep, nil)
		}
		return ResyncReply{Outcome: OutcomeInStep}, nil
	}
	var while SweepStatus
	d.prepare = func(env *testsuite.TestWorkflowEnvironment, _ int) {
		// The clock only runs while there is nothing to do: an hour into the pause.
		env.RegisterDelayedCallback(func() {
			while = d.status(t)
			env.SignalWorkflow(ResumeSweep, "whatever the argument is")
		}, time.Hour)
	}
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.True(t, while.Paused)
	require.Zero(t, while.InFlight, "those that were asked have been waited for")
	require.Equal(t, while.Ended, while.Counts.InStep)
	require.GreaterOrEqual(t, while.Ended, 13)
	require.Less(t, while.Ended, 40)
	require.Equal(t, 40, while.Schools)
	require.Equal(t, SweepCounts{InStep: 40}, report.Counts)
	require.False(t, d.status(t).Paused)
}

func TestAPauseLastsFromRunToRun(t *testing.T) {
	t.Parallel()
	d := districtOf(9)
	d.perPage = 3
	d.reply = func(env *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error) {
		if id == "s0002" {
			env.SignalWorkflow(PauseSweep, nil)
		}
		return ResyncReply{Outcome: OutcomeInStep}, nil
	}
	asked := -1
	d.prepare = func(env *testsuite.TestWorkflowEnvironment, run int) {
		if run == 1 {
			env.RegisterDelayedCallback(func() {
				asked = d.timesAsked()
				env.SignalWorkflow(ResumeSweep, nil)
			}, time.Hour)
		}
	}
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Equal(t, 3, asked, "the second page is not begun")
	require.Equal(t, 3, d.runs)
	require.Equal(t, SweepCounts{InStep: 9}, report.Counts)
}

func TestAResumeThatComesWithThePauseWins(t *testing.T) {
	t.Parallel()
	d := districtOf(5)
	d.pageRead = func(env *testsuite.TestWorkflowEnvironment, _ SchoolsPageInput) {
		env.SignalWorkflow(ResumeSweep, nil)
		env.SignalWorkflow(PauseSweep, nil)
	}
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Equal(t, 5, report.Counts.InStep)
}

func TestCancelWaitsForThoseAskedAndReportsTheRest(t *testing.T) {
	t.Parallel()
	d := districtOf(60)
	d.perPage = 25
	d.reply = func(env *testsuite.TestWorkflowEnvironment, id school.ID) (ResyncReply, error) {
		if id == "s0030" {
			env.SignalWorkflow(CancelSweep, nil)
		}
		return ResyncReply{Outcome: OutcomeChanged}, nil
	}
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err, "a sweep that was ended by signal completes")
	require.True(t, report.Cancelled)
	require.Equal(t, 2, d.runs)
	require.Equal(t, 60, report.Schools)
	require.Equal(t, len(d.asked), report.Counts.Changed, "every school that was asked is counted as it ended")
	require.GreaterOrEqual(t, len(d.asked), 31)
	require.Less(t, len(d.asked), 50)
	require.Equal(t, 60-len(d.asked), report.Counts.NotReached)
	require.Empty(t, report.Failures, "schools that were never asked have not failed")
	require.Equal(t, OutcomePartial, report.Outcome)
	require.Equal(t, report, d.ended[0].Report)
}

func TestCancelEndsAPause(t *testing.T) {
	t.Parallel()
	d := districtOf(30)
	d.pageRead = func(env *testsuite.TestWorkflowEnvironment, _ SchoolsPageInput) { env.SignalWorkflow(PauseSweep, nil) }
	d.prepare = func(env *testsuite.TestWorkflowEnvironment, _ int) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(CancelSweep, nil) }, time.Hour)
	}
	report, err := d.sweep(t, ofDistrict())
	require.NoError(t, err)
	require.Empty(t, d.asked)
	require.Equal(t, SweepCounts{NotReached: 30}, report.Counts)
}

func TestACancelledRunIsRecordedAndSaysSo(t *testing.T) {
	t.Parallel()
	d := districtOf(30)
	d.perPage = 20
	d.pageRead = func(env *testsuite.TestWorkflowEnvironment, _ SchoolsPageInput) { env.SignalWorkflow(PauseSweep, nil) }
	d.prepare = func(env *testsuite.TestWorkflowEnvironment, _ int) {
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	}
	_, err := d.sweep(t, ofDistrict())
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Len(t, d.ended, 1)
	require.True(t, d.ended[0].Report.Cancelled)
	require.Equal(t, SweepCounts{NotReached: 30}, d.ended[0].Report.Counts)
}

func TestARunThatIsCancelledBetweenPagesCountsAllSchools(t *testing.T) {
	t.Parallel()
	d := districtOf(30)
	d.perPage = 10
	d.pageRead = func(env *testsuite.TestWorkflowEnvironment, in SchoolsPageInput) {
		if in.After != "" {
			env.CancelWorkflow()
		}
	}
	_, err := d.sweep(t, ofDistrict())
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Equal(t, SweepCounts{InStep: 10, NotReached: 20}, d.ended[0].Report.Counts)
}

func TestSweepThatCannotBeginFails(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.beginSweep = func(BeginSweepInput) (int, error) {
		return 0, temporal.NewNonRetryableApplicationError("there is no district: add it", ProblemDistrictUnknown, nil)
	}
	env.ExecuteWorkflow(Sweep, ofDistrict())
	requireProblem(t, env.GetWorkflowError(), ProblemDistrictUnknown, "add it")
}

func TestSweepInputThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]SweepInput{
		"give one of the two":         {},
		"one of the two":              {School: "s", District: "d"},
		`trigger "whim" is unknown`:   {School: "s", Trigger: "whim"},
		"deadlineSeconds is negative": {School: "s", DeadlineSeconds: -1},
	} {
		env, f := setup(t)
		env.ExecuteWorkflow(Sweep, in)
		requireProblem(t, env.GetWorkflowError(), ProblemBadRequest, want)
		require.Empty(t, f.calls)
	}
}

func TestSweepStartedByHand(t *testing.T) {
	t.Parallel()
	d := districtOf(1)
	_, err := d.sweep(t, SweepInput{District: "d", DeadlineSeconds: 3})
	require.NoError(t, err)
	require.Equal(t, TriggerDistrict, d.asked[0].Request.Trigger)
	require.Equal(t, 3*time.Second, d.asked[0].Within())
	require.NotEmpty(t, d.asked[0].Request.RequestedBy)
}

func TestSweepOverOneSchoolEndsAsThePassDid(t *testing.T) {
	t.Parallel()
	for i, o := range outcomes {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			env, f := setup(t)
			f.resyncSchool = func(in ResyncSchoolInput) (ResyncReply, error) {
				require.Equal(t, TriggerSchedule, in.Request.Trigger)
				require.True(t, in.Request.Verify)
				return o.reply, o.err
			}
			env.ExecuteWorkflow(Sweep, SweepInput{School: "s", Trigger: TriggerSchedule, RequestedBy: "schedule"})
			require.Equal(t, []string{"ResyncSchool"}, f.calls)
			if o.code != "" {
				requireProblem(t, env.GetWorkflowError(), o.code, "")
				return
			}
			require.NoError(t, env.GetWorkflowError())
			var report SweepReport
			require.NoError(t, env.GetWorkflowResult(&report))
			report.TookMillis = 0
			require.Equal(t, SweepReport{School: "s", Outcome: o.reply.Outcome}, report)
		})
	}
}

func TestFailedSweepOverOneSchoolSaysWhy(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.resyncSchool = func(ResyncSchoolInput) (ResyncReply, error) {
		return ResyncReply{Outcome: OutcomeFailed, Problem: &Problem{Code: ProblemTokenRefused, Message: "set a new token"}}, nil
	}
	env.ExecuteWorkflow(Sweep, SweepInput{School: "s"})
	requireProblem(t, env.GetWorkflowError(), ProblemTokenRefused, "set a new token")
	value, err := env.QueryWorkflow(StatusQuery)
	require.NoError(t, err)
	var status SweepStatus
	require.NoError(t, value.Get(&status))
	require.Equal(t, SweepStatus{School: "s", Phase: "failed", Schools: 1, Ended: 1, Counts: SweepCounts{Failed: 1}}, status)
}

func TestCancelledSweepOverOneSchool(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.resyncSchool = func(ResyncSchoolInput) (ResyncReply, error) {
		env.CancelWorkflow()
		return ResyncReply{Outcome: OutcomeInStep}, nil
	}
	env.ExecuteWorkflow(Sweep, SweepInput{School: "s"})
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
}
