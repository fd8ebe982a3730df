package main

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	deploymentpb "go.temporal.io/api/deployment/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/temporal/schedulestest"
	"github.com/rollcall-edu/rollcall/workflows"
)

// soundTemporal is a server with everything in order, unless it is told otherwise.
type soundTemporal struct {
	client.Client
	schedules *schedulestest.Server
	// retention is the namespace's; noNamespace says that there is none.
	retention   time.Duration
	noNamespace bool
	attributes  map[string]enumspb.IndexedValueType
	// current is the current build, "" for none.
	current string
	// pollers are the builds of whoever polls, by task queue, and when each did last.
	pollers map[string]map[string]time.Time
	lanes   []school.ID
}

func newSoundTemporal() *soundTemporal {
	s := &soundTemporal{
		schedules: schedulestest.New(), retention: 7 * 24 * time.Hour, attributes: workflows.SearchAttributes(), current: "b1",
		pollers: map[string]map[string]time.Time{},
	}
	for _, queue := range []string{workflows.TaskQueue, workflows.MessengerTaskQueue, workflows.UrgentTaskQueue, workflows.WaitTaskQueue} {
		s.pollers[queue] = map[string]time.Time{"b1": time.Now()}
	}
	return s
}

func (s *soundTemporal) Close() {}

func (s *soundTemporal) ScheduleClient() client.ScheduleClient { return s.schedules }

func (s *soundTemporal) WorkflowService() workflowservice.WorkflowServiceClient {
	return soundNamespace{sound: s}
}

type soundNamespace struct {
	workflowservice.WorkflowServiceClient
	sound *soundTemporal
}

func (n soundNamespace) DescribeNamespace(
	context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption,
) (*workflowservice.DescribeNamespaceResponse, error) {
	if n.sound.noNamespace {
		return nil, serviceerror.NewNamespaceNotFound("default")
	}
	return &workflowservice.DescribeNamespaceResponse{
		Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(n.sound.retention)},
	}, nil
}

func (s *soundTemporal) OperatorService() operatorservice.OperatorServiceClient {
	return soundAttributes{sound: s}
}

type soundAttributes struct {
	operatorservice.OperatorServiceClient
	sound *soundTemporal
}

func (a soundAttributes) ListSearchAttributes(
	context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption,
) (*operatorservice.ListSearchAttributesResponse, error) {
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: a.sound.attributes}, nil
}

func (s *soundTemporal) WorkerDeploymentClient() client.WorkerDeploymentClient {
	return soundDeployments{sound: s}
}

type soundDeployments struct {
	client.WorkerDeploymentClient
	sound *soundTemporal
}

func (d soundDeployments) GetHandle(string) client.WorkerDeploymentHandle {
	return soundDeployment{sound: d.sound}
}

type soundDeployment struct {
	client.WorkerDeploymentHandle
	sound *soundTemporal
}

func (d soundDeployment) Describe(context.Context, client.WorkerDeploymentDescribeOptions) (client.WorkerDeploymentDescribeResponse, error) {
	if d.sound.current == "" {
		return client.WorkerDeploymentDescribeResponse{}, serviceerror.NewNotFound("no such deployment")
	}
	version := temporal.Version(d.sound.current)
	return client.WorkerDeploymentDescribeResponse{
		Info: client.WorkerDeploymentInfo{RoutingConfig: client.WorkerDeploymentRoutingConfig{CurrentVersion: &version}},
	}, nil
}

func (s *soundTemporal) DescribeTaskQueue(_ context.Context, queue string, _ enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	r := &workflowservice.DescribeTaskQueueResponse{}
	for build, at := range s.pollers[queue] {
		r.Pollers = append(r.Pollers, &taskqueuepb.PollerInfo{
			Identity: "1@" + build, LastAccessTime: timestamppb.New(at),
			DeploymentOptions: &deploymentpb.WorkerDeploymentOptions{DeploymentName: temporal.Deployment, BuildId: build},
		})
	}
	return r, nil
}

func (s *soundTemporal) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	r := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, id := range s.lanes {
		r.Executions = append(r.Executions, &workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: workflows.SchoolSyncID(id)}})
	}
	return r, nil
}

// apply makes the server's schedules those of the registry, as a worker does.
func (s *soundTemporal) apply(b *bench) {
	b.t.Helper()
	wanted, err := temporal.WantedByRegistry(b.t.Context(), b.store())
	require.NoError(b.t, err)
	schedules := temporal.NewSchedules(s.schedules)
	difference, err := schedules.Difference(b.t.Context(), wanted)
	require.NoError(b.t, err)
	_, err = schedules.Apply(b.t.Context(), difference)
	require.NoError(b.t, err)
}

// setupSound gives a command line where everything is in order, with one school that has its token.
func setupSound(t *testing.T) (*bench, *soundTemporal) {
	t.Helper()
	b, s := setupDatabase(t), newSoundTemporal()
	b.now = time.Now()
	b.client = s
	b.register()
	b.in = "vk1.a.Secret\n"
	b.ok("school", "set-token", "s", "--community-id", "1001")
	b.execute(`UPDATE feeds SET read_at = now(), accepted_at = now()`)
	s.apply(b)
	return b, s
}

// execute changes the bench's database around the store.
func (b *bench) execute(statement string) {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.settings.DatabaseURL)
	require.NoError(b.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(b.t.Context())) }()
	_, err = conn.Exec(b.t.Context(), statement)
	require.NoError(b.t, err)
}

// doctor runs the examination and gives what it says, without what differs between machines.
func (b *bench) doctor(code int) string {
	b.t.Helper()
	require.Equal(b.t, code, b.run("doctor"), b.out+b.err)
	out := regexp.MustCompile(`PostgreSQL \d+ answers`).ReplaceAllString(b.out, "PostgreSQL N answers")
	return regexp.MustCompile(`the schema \(\d+\)`).ReplaceAllString(out, "the schema (N)")
}

// finding gives one line of an examination.
func (b *bench) finding(name string, code int) check {
	b.t.Helper()
	for _, line := range regexp.MustCompile(`(?m)^(\S+) +(ok|warning|wrong|not tried): (.*)$`).FindAllStringSubmatch(b.doctor(code), -1) {
		if line[1] == name {
			return check{Name: name, State: checkState(line[2]), Message: line[3]}
		}
	}
	require.Fail(b.t, "nothing is said", "of %s in:\n%s", name, b.out)
	return check{}
}
