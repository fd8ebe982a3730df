package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/rollcall-edu/rollcall/activities"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	otelsetup "github.com/rollcall-edu/rollcall/internal/telemetry/export"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// tracedPass runs a pass over the bench's school against a sandbox, with its spans kept as a worker keeps them.
// The tracer is the whole process's, so no other test may run beside it.
func tracedPass(t *testing.T, b *bench, request workflows.Request) {
	t.Helper()
	st, ctx := b.store(), t.Context()
	box, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	_, err = box.RegisterCommunity(vk.Registration{GroupID: 5, Token: "token", Name: "School"})
	require.NoError(t, err)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	require.NoError(t, st.SetToken(ctx, "s", 5, "token"))

	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(otelsetup.KeepPasses(st.KeepSpans)))
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(noop.NewTracerProvider()) })
	tracing, err := temporal.Tracing()
	require.NoError(t, err)

	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{tracing, activities.Interceptor()}})
	env.SetTestTimeout(time.Minute)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflows.SchoolSyncID("s"), TaskQueue: workflows.TaskQueue})
	workflows.Register(env)
	activities.Register(env, &activities.Activities{Store: st, Messengers: connect.Messengers{VKURL: server.URL}, Now: func() time.Time { return b.now }})
	env.RegisterDelayedCallback(func() {
		_, done := telemetry.Relay(ctx, "s", []telemetry.Relayed{{ID: request.ID, Trigger: string(request.Trigger), Waited: 120 * time.Millisecond}})
		env.SignalWorkflow(workflows.Resync, request)
		done(nil)
	}, 0)
	env.ExecuteWorkflow(workflows.SchoolSync, workflows.SchoolSyncInput{School: "s"})
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, provider.Shutdown(context.WithoutCancel(ctx)))
}

func TestTraceOfAPassFromTriggerToMessenger(t *testing.T) { // not parallel: see tracedPass
	b := setupRoster(t)
	execute(t, b, "DELETE FROM passes; DELETE FROM chats; DELETE FROM plans; DELETE FROM requests")
	b.now = time.Now()
	tracedPass(t, b, workflows.Request{ID: "outbox-7", Trigger: workflows.TriggerEvent, RequestedBy: "roster", Verify: true})

	v := decode[traceView](b, "trace", "s")
	require.Equal(t, "changed", v.Outcome)
	require.Equal(t, "event", v.Trigger)
	require.Len(t, v.Requests, 1)
	require.Equal(t, "outbox", v.Requests[0].Through)
	require.EqualValues(t, 120, *v.Requests[0].OutboxMillis)
	require.Equal(t, "roster", v.Requests[0].RequestedBy)
	require.Len(t, v.Traces, 1, "the lane, its children and all activities are one trace")

	require.Len(t, v.Root.Children, 1)
	lane := v.Root.Children[0]
	require.Equal(t, "SchoolSync", lane.Name)
	named := func(n traceNode, name string) traceNode {
		t.Helper()
		found, ok := lo.Find(n.Children, func(c traceNode) bool { return c.Name == name })
		require.True(t, ok, "%s in %+v", name, n)
		return found
	}
	require.Equal(t, "FetchRoster", lane.Children[0].Name)
	require.Equal(t, "RecordPass", lane.Children[len(lane.Children)-1].Name)
	teachers := named(lane, "ChatTypeSync teachers")
	require.Equal(t, nodeWorkflow, teachers.Kind)
	named(teachers, "Diff")
	apply := named(teachers, "ApplyMembership")
	require.Equal(t, 1, apply.Attempt)
	require.NotNil(t, apply.QueueMillis)
	request := named(apply, "vk execute")
	require.Equal(t, nodeMessenger, request.Kind)
	require.Equal(t, "execute", request.Method)
	require.Contains(t, request.Methods, "messages.createChat")
	require.Positive(t, request.Calls)
	require.NotNil(t, request.GateMillis)
	require.Equal(t, 200, request.Status)
	require.LessOrEqual(t, request.OffsetMillis+request.DurationMillis, v.Root.DurationMillis)

	text := b.ok("trace", fmt.Sprintf("s/%d", v.Epoch))
	require.Equal(t, text, b.ok("trace", "s", fmt.Sprint(v.Epoch)))
	require.Contains(t, text, "request outbox-7: event, asked by roster, through the outbox (waited 120ms)")
	require.Regexp(t, `└─ SchoolSync +[·█]+`, text)
	require.Regexp(t, `vk execute · \d+ calls? · messages\.createChat`, text)
	for _, secret := range []string{"token", "Соколова", "https://"} {
		require.NotContains(t, text, secret)
	}
	require.Contains(t, b.refused(exitUsage, "trace", "s", "99"), "rollcall status s")
	require.Contains(t, b.refused(exitUsage, "trace", "nope"), "rollcall school list")
	require.Contains(t, b.refused(exitUsage, "trace", "s", "one"), "no epoch")
	require.Contains(t, b.refused(exitUsage, "trace", "s/1", "2"), "named twice")
	require.Contains(t, b.refused(exitUsage, "trace"), "SCHOOL is missing")
}

func TestTraceOfAPassWithoutSpans(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	require.Contains(t, b.ok("trace", "s"), telemetry.EnvTracesKept)
	v := decode[traceView](b, "trace", "s", "1")
	require.Empty(t, v.Root.Children)
	require.Empty(t, v.Traces)
}

var traceBegan = time.Date(2026, time.November, 24, 7, 50, 0, 0, time.UTC)

// ended is a span of the pass that is traced below; its times are in milliseconds.
func ended(id, parent byte, name string, from, took int, attributes map[string]any) telemetry.Span {
	return telemetry.Span{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{id}, ParentID: trace.SpanID{parent}, Name: name,
		StartedAt: traceBegan.Add(time.Duration(from) * time.Millisecond), Duration: time.Duration(took) * time.Millisecond, Attributes: attributes,
	}
}

func activityOf(workflow, id string, attempt float64) map[string]any {
	of := map[string]any{
		telemetry.AttributeWorkflowID: workflow, telemetry.AttributeActivityID: id, telemetry.AttributeAttempt: attempt,
		telemetry.AttributeActivity: "ApplyMembership",
	}
	if attempt == 1 {
		of[telemetry.AttributeQueueWait] = 12.0
	}
	return of
}

// requestToMAX is the node of a request to MAX.
func requestToMAX(method string, from, took float64, gate int64, code string) traceNode {
	return traceNode{
		Kind: nodeMessenger, Name: "max request", Method: method, OffsetMillis: from, DurationMillis: took, GateMillis: &gate, Code: code, Children: []traceNode{},
	}
}

func TestATraceFoldsRequestsOfOneMethod(t *testing.T) {
	t.Parallel()
	const members, chat = "GET /chats/{chatId}/members", "GET /chats/{chatId}"
	activity := traceNode{Kind: nodeActivity, Name: "ReadChats", DurationMillis: 5000}
	for i := range 57 {
		activity.Children = append(activity.Children, requestToMAX(members, float64(i)*40, 30, int64(i%37), ""))
	}
	execute := traceNode{Kind: nodeMessenger, Name: "vk execute", Method: "execute", Calls: 1, Methods: "messages.addChatUser", OffsetMillis: 4000, DurationMillis: 10}
	activity.Children = append(activity.Children,
		requestToMAX(chat, 3000, 20, 0, ""), requestToMAX(members, 3100, 20, 5, "rate-limited"), requestToMAX(members, 3200, 20, 5, ""),
		requestToMAX(members, 3150, 120, 9, ""), requestToMAX("", 3300, 20, 5, ""), requestToMAX("", 3400, 20, 5, ""), execute, execute)
	whats := lo.Map(activity.rows("", 5000), func(row []string, _ int) string { return row[2] })
	require.Equal(t, []string{
		"├─ " + members + " ×57 · 1.7s in all · gate 36ms at the most",
		"├─ " + chat + " · gate 0s",
		"├─ " + members + " · gate 5ms · FAILED: rate-limited",
		"├─ " + members + " ×2 · 140ms in all · gate 9ms at the most",
		"├─ max request · gate 5ms", // by an earlier build
		"├─ max request · gate 5ms",
		"├─ vk execute · 1 call · messages.addChatUser",
		"└─ vk execute · 1 call · messages.addChatUser",
	}, whats)
	rows := activity.rows("", 5000)
	require.Equal(t, []string{"0s", "2.3s"}, rows[0][:2], "from the first to the last")
	require.Equal(t, "70ms", rows[3][1])
	require.Len(t, activity.Children, 65, "it is the table that is shorter")
}

func TestATraceHasALineForTheFirstRequestsAlone(t *testing.T) {
	t.Parallel()
	lines := func(n int) (text string, v traceView) {
		for i := range n {
			v.Requests = append(v.Requests, traceRequest{ID: fmt.Sprintf("outbox-%d", i), Trigger: "event"})
		}
		text, _ = written(t, v)
		return text, v
	}
	text, _ := lines(5)
	require.Equal(t, 5, strings.Count(text, "request outbox-"))
	require.NotContains(t, text, "more")
	text, v := lines(90)
	require.Contains(t, text, "request outbox-4: event\n… and 85 more\n")
	require.NotContains(t, text, "outbox-5:")
	require.Len(t, v.Requests, 90)
}

func TestATraceShowsWhatAKilledWorkerHadDone(t *testing.T) {
	t.Parallel()
	call := func(attempt float64, code string) map[string]any {
		of := activityOf("school/s/parents", "11", attempt)
		delete(of, telemetry.AttributeQueueWait)
		of["vk.method"], of["vk.calls"], of["vk.methods"], of["vk.gate_wait_ms"] = "execute", 25.0, "messages.addChatUser×25", 54.0
		return of
	}
	failed := ended(31, 30, "vk execute", 12500, 20, call(2, ""))
	failed.Code = "rate-limited"
	v := assembleTrace(
		store.PassRow{School: "s", Epoch: 3, Trigger: "manual", RequestedBy: "operator", StartedAt: traceBegan, FinishedAt: lo.ToPtr(traceBegan.Add(15 * time.Second)), Outcome: lo.ToPtr("changed")},
		[]store.PassRequest{{ID: "r", Trigger: "manual", RequestedBy: "operator", ReceivedAt: traceBegan}, {ID: "w", Trigger: "district", ReceivedAt: traceBegan}},
		[]telemetry.Span{
			ended(1, 9, "RunActivity:ResyncSchool", -300, 15000, map[string]any{telemetry.AttributeRequests: []any{"w"}, telemetry.AttributeActivity: "ResyncSchool"}),
			ended(2, 9, "RunActivity:FetchRoster", -5, 100, activityOf("school/s", "5", 1)),
			ended(21, 20, "vk execute", 200, 400, call(1, "")), // its attempt never ended
			ended(22, 20, "vk execute", 700, 400, call(1, "")),
			failed,
			ended(30, 9, "RunActivity:ApplyMembership", 12000, 2000, activityOf("school/s/parents", "11", 2)),
			ended(4, 9, "RunActivity:RecordPass", 14500, 400, activityOf("school/s", "8", 2)), // nothing of the first attempt had ended
		})
	text, asJSON := written(t, v)
	golden(t, "trace.txt", text)
	golden(t, "trace.json", asJSON)
}
