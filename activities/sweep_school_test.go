package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/activities"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// laneClient is what activities get for a client: it takes requests for passes.
type laneClient struct {
	client.Client
	// serve does what the lane does with a request; nil is nothing.
	serve func(workflows.Request)

	mu    sync.Mutex
	asked []workflows.Request
	lanes []string
}

func (c *laneClient) SignalWithStartWorkflow(
	_ context.Context, id, _ string, arg any, _ client.StartWorkflowOptions, _ any, _ ...any,
) (client.WorkflowRun, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	request := arg.(workflows.Request)
	c.asked, c.lanes = append(c.asked, request), append(c.lanes, id)
	if c.serve != nil {
		go c.serve(request)
	}
	return nil, nil
}

// withClient gives activities a client.
type withClient struct {
	interceptor.WorkerInterceptorBase
	client client.Client
}

func (w *withClient) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &inbound{client: w.client}
	i.Next = next
	return i
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase
	client client.Client
}

func (i *inbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	o := &outbound{client: i.client}
	o.Next = next
	return i.Next.Init(o)
}

type outbound struct {
	interceptor.ActivityOutboundInterceptorBase
	client client.Client
}

func (o *outbound) GetClient(context.Context) client.Client { return o.client }

// activityEnvironment runs the bench's activities one by one.
func (b *bench) activityEnvironment(c *laneClient) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.Interceptor(), &withClient{client: c}}})
	env.SetTestTimeout(time.Minute)
	activities.Register(env, b.acts)
	return env
}

// lane is a client behind which the school's real lane runs.
func (b *bench) lane() *laneClient {
	var running sync.WaitGroup
	b.t.Cleanup(running.Wait)
	return &laneClient{serve: func(r workflows.Request) {
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
	c := b.lane()
	reply, err := call[workflows.ResyncReply](b, c, "ResyncSchool", ask("none", time.Minute))
	require.NoError(t, err, "a pass that failed is a reply")
	require.Equal(t, workflows.OutcomeFailed, reply.Outcome)
	require.Equal(t, workflows.ProblemRosterMissing, reply.Problem.Code)
	require.Contains(t, reply.Problem.Message, "rollcall feed read")

	b.roster(big(1, 2))
	reply, err = call[workflows.ResyncReply](b, c, "ResyncSchool", ask("first", time.Minute))
	require.NoError(t, err)
	require.Equal(t, workflows.ResyncReply{Outcome: workflows.OutcomeChanged}, reply)
	reply, err = call[workflows.ResyncReply](b, c, "ResyncSchool", ask("second", time.Minute))
	require.NoError(t, err)
	require.Equal(t, workflows.ResyncReply{Outcome: workflows.OutcomeInStep}, reply)
	require.Equal(t, []string{"school/s", "school/s", "school/s"}, c.lanes)
	require.Equal(t, ask("second", time.Minute).Request, c.asked[2])

	passes, err := b.store.Passes(t.Context(), "s", 10)
	require.NoError(t, err)
	before := len(passes)
	reply, err = call[workflows.ResyncReply](b, c, "ResyncSchool", ask("second", time.Minute))
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeInStep, reply.Outcome)
	require.Len(t, c.asked, 3, "a retry that finds the answer asks for nothing")
	passes, err = b.store.Passes(t.Context(), "s", 10)
	require.NoError(t, err)
	require.Len(t, passes, before)
}

func TestResyncSchoolWithoutAToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.store.AddSchool(t.Context(), school.School{ID: "bare", District: "d", Feed: "f", SourceID: "bare"}))
	c := &laneClient{}
	in := ask("r", time.Minute)
	in.School = "bare"
	reply, err := call[workflows.ResyncReply](b, c, "ResyncSchool", in)
	require.NoError(t, err)
	require.Equal(t, workflows.ResyncReply{Outcome: workflows.OutcomeSkipped}, reply)
	require.Empty(t, c.asked)

	in.School = "nowhere"
	_, err = call[workflows.ResyncReply](b, c, "ResyncSchool", in)
	requireType(t, err, workflows.ProblemSchoolUnknown)
}

func TestResyncSchoolGivesUpInTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := &laneClient{}
	reply, err := call[workflows.ResyncReply](b, c, "ResyncSchool", ask("r", time.Second))
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeNotReached, reply.Outcome)
	require.Equal(t, workflows.ProblemNotReached, reply.Problem.Code)
	require.Contains(t, reply.Problem.Message, "no pass of school s took the request up within 1s")

	begin := store.PassBegin{School: "s", Request: "r", Scope: struct{}{}, Requests: []store.Asked{{ID: "r"}}}
	_, err = b.store.BeginPass(t.Context(), begin)
	require.NoError(t, err)
	reply, err = call[workflows.ResyncReply](b, c, "ResyncSchool", ask("r", time.Second))
	require.NoError(t, err)
	require.Equal(t, workflows.OutcomeNotReached, reply.Outcome)
	require.Contains(t, reply.Problem.Message, "the pass of school s did not end within 1s: it goes on, see its lane, school/s")
	require.Len(t, c.asked, 1, "a pass has taken the request up: it is not asked for again")
}

func TestResyncSchoolIsLeftToAnotherWorkerWhenItsOwnStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stopping := make(chan struct{})
	env := b.activityEnvironment(&laneClient{serve: func(workflows.Request) { close(stopping) }})
	env.SetWorkerStopChannel(stopping)
	_, err := env.ExecuteActivity("ResyncSchool", ask("r", time.Minute))
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.False(t, application.NonRetryable())
}
