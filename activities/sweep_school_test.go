package activities_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/activities"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// fakeLane takes the requests that ResyncSchool makes.
type fakeLane struct {
	asked []workflows.Request
	// serve does with a request what a lane does; nil is nothing.
	serve func(workflows.Request)
}

func (l *fakeLane) ask(r workflows.Request) error {
	l.asked = append(l.asked, r)
	if l.serve != nil {
		l.serve(r)
	}
	return nil
}

// activityEnvironment runs the bench's activities one by one, with a lane in the test's hands.
func (b *bench) activityEnvironment(l *fakeLane) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Interceptor()}})
	env.SetTestTimeout(time.Minute)
	if l == nil {
		activities.Register(env, b.acts)
	} else {
		env.RegisterActivityWithOptions(activities.ResyncSchoolBy(b.acts, l.ask), activity.RegisterOptions{Name: "ResyncSchool"})
	}
	return env
}

// resync runs the activity ResyncSchool as a worker would.
func (b *bench) resync(l *fakeLane, in workflows.ResyncSchoolInput) (workflows.ResyncReply, error) {
	b.t.Helper()
	return call[workflows.ResyncReply](b.t, b.activityEnvironment(l), "ResyncSchool", in)
}

// realLane serves requests with passes.
func (b *bench) realLane() *fakeLane {
	var running sync.WaitGroup
	b.t.Cleanup(running.Wait)
	return &fakeLane{serve: func(r workflows.Request) {
		running.Go(func() {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Interceptor()}})
			env.SetTestTimeout(time.Minute)
			workflows.Register(env)
			activities.Register(env, b.acts)
			env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.Resync, r) }, 0)
			env.ExecuteWorkflow(workflows.SchoolSync, workflows.SchoolSyncInput{School: "s"})
		})
	}}
}

func ask(id string, within time.Duration) workflows.ResyncSchoolInput {
	return workflows.ResyncSchoolInput{
		School: "s", WithinSeconds: int(within / time.Second),
		Request: workflows.Request{ID: id, Trigger: workflows.TriggerDistrict, Verify: true, RequestedBy: "sweep"},
	}
}

func TestResyncSchoolGivesTheOutcomeOfThePass(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.realLane()
	reply, err := b.resync(l, ask("none", time.Minute))
	require.NoError(t, err, "a pass that failed is a reply")
	require.Equal(t, workflows.OutcomeFailed, reply.Outcome)
	require.Equal(t, workflows.ProblemRosterMissing, reply.Problem.Code)
	require.Contains(t, reply.Problem.Message, "rollcall feed read")

	b.roster(big(1, 2))
	reply, err = b.resync(l, ask("first", time.Minute))
	require.NoError(t, err)
	require.Equal(t, workflows.ResyncReply{Outcome: workflows.OutcomeChanged}, reply)
	reply, err = b.resync(l, ask("second", time.Minute))
	require.NoError(t, err)
	require.Equal(t, workflows.ResyncReply{Outcome: workflows.OutcomeInStep}, reply)
	require.Equal(t, ask("second", time.Minute).Request, l.asked[2])

	passes, err := b.store.Passes(t.Context(), "s", 10)
	require.NoError(t, err)
	before := len(passes)
	reply, err = b.resync(l, ask("second", time.Minute))
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeInStep, reply.Outcome)
	require.Len(t, l.asked, 3, "a retry that finds the answer asks for nothing")
	passes, err = b.store.Passes(t.Context(), "s", 10)
	require.NoError(t, err)
	require.Len(t, passes, before)
}

func TestResyncSchoolWithoutAToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.store.AddSchool(t.Context(), school.School{ID: "bare", District: "d", Feed: "f", SourceID: "bare"}))
	l := &fakeLane{}
	in := ask("r", time.Minute)
	in.School = "bare"
	reply, err := b.resync(l, in)
	require.NoError(t, err)
	require.Equal(t, workflows.ResyncReply{Outcome: workflows.OutcomeSkipped}, reply)
	require.Empty(t, l.asked)

	in.School = "nowhere"
	_, err = b.resync(l, in)
	requireType(t, err, workflows.ProblemSchoolUnknown)
}

func TestResyncSchoolGivesUpInTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := &fakeLane{}
	reply, err := b.resync(l, ask("r", time.Second))
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeNotReached, reply.Outcome)
	require.Equal(t, workflows.ProblemNotReached, reply.Problem.Code)
	require.Contains(t, reply.Problem.Message, "no pass of school s took the request up within 1s")

	begin := store.PassBegin{School: "s", Request: "r", Scope: struct{}{}, Requests: []store.Asked{{ID: "r"}}}
	_, err = b.store.BeginPass(t.Context(), begin)
	require.NoError(t, err)
	reply, err = b.resync(l, ask("r", time.Second))
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeNotReached, reply.Outcome)
	require.Contains(t, reply.Problem.Message, "the pass of school s did not end within 1s: it goes on, see its lane, school/s")
	require.Len(t, l.asked, 1, "a pass has taken the request up: it is not asked for again")
}

func TestResyncSchoolIsLeftToAnotherWorkerWhenItsOwnStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stopping := make(chan struct{})
	env := b.activityEnvironment(&fakeLane{serve: func(workflows.Request) { close(stopping) }})
	env.SetWorkerStopChannel(stopping)
	_, err := env.ExecuteActivity("ResyncSchool", ask("r", time.Minute))
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.False(t, application.NonRetryable())
}
