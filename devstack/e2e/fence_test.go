package e2e

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	messengervk "github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/workflows"
)

// A worker stopped in the middle of a slice wakes after its activity was given to another: it is
// shut out, and nothing is done twice.
func TestWorkerThatWakesTooLateIsShutOut(t *testing.T) {
	s := newSite(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 14, 14 })
	box := world.stack.Sandbox()
	require.NoError(t, box.AddFault(traffic.Fault{
		GroupID: s.group, Method: "messages.createChat", Mode: traffic.ModeSlow, DelayMS: 3_000, Skip: 3,
	}))
	s.read()
	require.Eventually(t, func() bool { return len(box.Faults()) == 0 }, workTime, 5*time.Millisecond, "a request is under way")
	stopped := world.worker
	require.NoError(t, stopped.cmd.Process.Signal(syscall.SIGSTOP))
	other, err := startWorker("worker-second.log", second)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.stop()) })
	require.Eventually(t, func() bool { return s.givenAnew() }, workTime, pollEvery, "its activity is given to the other worker")
	require.NoError(t, stopped.cmd.Process.Signal(syscall.SIGCONT))
	require.Eventually(t, func() bool {
		log, err := os.ReadFile(stopped.log.Name())
		return err == nil && strings.Contains(string(log), "cause=fenced")
	}, workTime, pollEvery, "the worker that woke does not say that the fence has shut it out")
	s.requireDone()
	s.resync(true, workflows.OutcomeInStep)
	s.requireAsCounted()
}

// givenAnew tells whether an activity of one of the school's children is at its second attempt.
func (s *site) givenAnew() bool {
	for _, kind := range chats.Types() {
		d, err := world.client.DescribeWorkflowExecution(s.t.Context(), workflows.ChatTypeSyncID(s.id, kind), "")
		if err != nil {
			continue // no such child
		}
		for _, a := range d.GetPendingActivities() {
			if a.GetAttempt() > 1 && a.GetState() == enumspb.PENDING_ACTIVITY_STATE_STARTED {
				return true
			}
		}
	}
	return false
}

// requireDone waits until the school's newest pass has ended well.
func (s *site) requireDone() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		passes, err := world.store.Passes(s.t.Context(), s.id, 1)
		return err == nil && len(passes) == 1 && passes[0].Outcome != nil && *passes[0].Outcome == string(workflows.OutcomeChanged)
	}, workTime, pollEvery)
}

// Two workers share one token's budget for a minute: the messenger hardly ever complains, and
// little of the budget is left unused.
func TestTwoWorkersShareATokensBudget(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	mirror, err := world.store.Mirror(t.Context(), s.id)
	require.NoError(t, err)
	school, err := world.store.School(t.Context(), s.id)
	require.NoError(t, err)
	const last = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), last)
	defer cancel()
	before := world.stack.Sandbox().LastRequest()
	var group sync.WaitGroup
	var refused atomic.Int64
	began := time.Now()
	for range 2 {
		st, err := world.stack.OpenStore(t.Context()) // its own connections, as a worker has
		require.NoError(t, err)
		defer st.Close()
		client, err := messengervk.New(messengervk.Config{
			BaseURL: world.stack.SandboxURL(), Token: s.token, GroupID: s.group, Gate: st.Gate(s.id, school.Epoch),
		})
		require.NoError(t, err)
		for range 4 { // activities at once in each
			group.Go(func() {
				for ctx.Err() == nil {
					_, err := client.Read(ctx, []messenger.ChatRef{mirror[0].Ref})
					failure, _ := errors.AsType[*messenger.Error](err)
					if failure != nil && failure.Code == messenger.CodeRateLimited {
						refused.Add(1)
					}
				}
			})
		}
	}
	group.Wait()
	took := time.Since(began)
	requests := len(world.stack.Sandbox().Requests(before, s.group))
	budget := 20 * took.Seconds()
	t.Logf("%d requests in %s, %.1f %% of the budget, refused %d", requests, took.Round(time.Millisecond), 100*float64(requests)/budget, refused.Load())
	require.LessOrEqual(t, refused.Load(), int64(1+requests/1000))
	require.GreaterOrEqual(t, float64(requests), 0.9*budget)
}
