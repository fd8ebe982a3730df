package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// newContinuousSite is a site in step whose lane stays open. It is given up at the test's end.
func newContinuousSite(t *testing.T) *site {
	t.Helper()
	s := newSiteInStep(t, nil)
	s.continuous()
	return s
}

// continuous has the lane stay open until the test's end.
func (s *site) continuous() {
	s.t.Helper()
	require.Contains(s.t, s.cli("", "schedule", "set", string(s.id), "--continuous"), "continuous")
	s.await(func(l workflows.LaneStatus) bool { return l.Continuous && strings.HasPrefix(l.Phase, "waiting") })
	s.t.Cleanup(func() {
		ctx := context.WithoutCancel(s.t.Context())
		if err := world.store.SetSchedule(ctx, s.id, school.Schedule{Off: true}); err != nil {
			s.t.Error(err)
		}
		if err := temporal.Resync(ctx, world.client, s.id, workflows.Request{ID: "end"}); err != nil {
			s.t.Error(err)
		}
	})
}

// lane asks the lane what it is doing; false where nobody answers.
func (s *site) lane() (workflows.LaneStatus, bool) {
	var status workflows.LaneStatus
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
	defer cancel()
	value, err := world.client.QueryWorkflow(ctx, workflows.SchoolSyncID(s.id), "", workflows.StatusQuery)
	return status, err == nil && value.Get(&status) == nil
}

// await waits until the lane's status is as wanted.
func (s *site) await(want func(workflows.LaneStatus) bool) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		status, ok := s.lane()
		return ok && want(status)
	}, workTime, pollEvery)
}

func (s *site) hasMember(title, account string) bool {
	for _, m := range s.chats()[title].Members {
		if strconv.FormatInt(m, 10) == account {
			return true
		}
	}
	return false
}

// The time from a snapshot's commit to the change in the chat, and from the file to the commit.
func TestContinuousSchoolFollowsWithinSeconds(t *testing.T) {
	s := newContinuousSite(t) // not parallel: it measures
	var fromFile, fromSnapshot []time.Duration
	for range 12 {
		before, err := world.store.Snapshots(t.Context())
		require.NoError(t, err)
		student, err := s.files.AddStudent(s.classNamed("1А"), true)
		require.NoError(t, err)
		account := s.account(student)
		s.save()
		replaced := time.Now()
		var committed, changed time.Time
		require.Eventually(t, func() bool {
			if now, err := world.store.Snapshots(t.Context()); err == nil && committed.IsZero() && now[s.id].Digest != before[s.id].Digest {
				committed = now[s.id].ConfirmedAt
			}
			if s.hasMember("1А · Ученики", account) {
				changed = time.Now()
			}
			return !committed.IsZero() && !changed.IsZero()
		}, workTime, 10*time.Millisecond)
		fromFile = append(fromFile, committed.Sub(replaced))
		fromSnapshot = append(fromSnapshot, changed.Sub(committed))
	}
	t.Logf("file replaced → snapshot committed: p50 %s, p95 %s", quantile(fromFile, 0.5), p95(fromFile))
	t.Logf("snapshot committed → chat changed: p50 %s, p95 %s", quantile(fromSnapshot, 0.5), p95(fromSnapshot))
	require.Less(t, quantile(fromSnapshot, 0.5), time.Second)
	require.Less(t, p95(fromSnapshot), 2*time.Second)
}

// The actions of an idle continuous school, by the server's own counter.
func TestIdleContinuousSchoolCostsLittle(t *testing.T) {
	s := newContinuousSite(t) // not parallel: nothing else may run
	passes := func() int { status, _ := s.lane(); return status.Passes }
	next := func() {
		before := passes()
		s.await(func(l workflows.LaneStatus) bool { return l.Passes > before && strings.HasPrefix(l.Phase, "waiting") })
	}
	next()
	before := actions(t)
	const rounds = 3
	for range rounds {
		next()
	}
	total := 0.0
	for kind, n := range actions(t) {
		if made := n - before[kind]; made > 0 && kind != askedHere {
			t.Logf("%s: %.1f a round", kind, made/rounds)
			total += made
		}
	}
	require.Positive(t, total)
	perMinute := total / rounds / (5 * time.Minute).Minutes()
	t.Logf("%.1f actions a round: %.2f a minute with rounds of five minutes", total/rounds, perMinute)
	require.LessOrEqual(t, perMinute, 2.0)
}

// askedHere are the actions of this test itself, which asks the lane how it is.
const askedHere = `action_type="grpc_QueryWorkflow"`

// actions reads the server's counter of the namespace's actions, by their kind.
func actions(t *testing.T) map[string]float64 {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, world.stack.TemporalMetricsURL(), nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	counts := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		m := actionLine.FindStringSubmatch(lines.Text())
		if m == nil || !strings.Contains(m[1], `namespace="`+world.stack.Namespace()+`"`) {
			continue
		}
		n, err := strconv.ParseFloat(m[2], 64)
		require.NoError(t, err)
		counts[actionType.FindString(m[1])] += n
	}
	return counts
}

var (
	actionLine = regexp.MustCompile(`^action(?:_total)?\{(.*)\} (\S+)`)
	actionType = regexp.MustCompile(`action_type="[^"]*"`)
)

// Requests are sent all the time while the lane continues as new, several times over.
func TestNothingIsLostWhereALaneContinuesAsNew(t *testing.T) {
	t.Parallel()
	s := newContinuousSite(t)
	first, _ := s.lane()
	var group sync.WaitGroup
	var mu sync.Mutex
	var sent []string
	stop := make(chan struct{})
	for sender := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("border-%d-%d", sender, i)
				request := workflows.Request{ID: id, Trigger: workflows.TriggerEvent}
				var err error
				if sender == 0 {
					_, err = temporal.ResyncAndWait(t.Context(), world.client, s.id, request)
				} else {
					err = temporal.Resync(t.Context(), world.client, s.id, request)
				}
				if err != nil {
					t.Errorf("%s: %v", id, err)
					return
				}
				mu.Lock()
				sent = append(sent, id)
				mu.Unlock()
			}
		})
	}
	s.await(func(l workflows.LaneStatus) bool { return l.Generation >= first.Generation+4 })
	close(stop)
	group.Wait()
	s.requireAnswered(sent)
	t.Logf("%d requests over four generations, all answered", len(sent))
}

func (s *site) requireAnswered(ids []string) {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	for _, id := range ids {
		require.Eventually(s.t, func() bool {
			outcome, err := world.store.RequestOutcome(ctx, s.id, id)
			return err == nil && outcome != ""
		}, workTime, pollEvery, "request %s has no answer", id)
	}
}

func TestLaneThatDiedIsOpenedAgain(t *testing.T) {
	t.Parallel()
	s := newContinuousSite(t)
	run := func() (id string, running bool) {
		d, err := world.client.DescribeWorkflowExecution(t.Context(), workflows.SchoolSyncID(s.id), "")
		require.NoError(t, err)
		info := d.GetWorkflowExecutionInfo()
		return info.GetExecution().GetRunId(), info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	ended, _ := run()
	require.NoError(t, world.client.TerminateWorkflow(t.Context(), workflows.SchoolSyncID(s.id), ended, "a test ends it"))
	require.Eventually(t, func() bool { id, running := run(); return running && id != ended }, workTime, pollEvery)
	s.await(func(l workflows.LaneStatus) bool { return l.Continuous && l.Passes > 0 })
}

// A refused token is reported; the lane stays open, rests, and goes on when there is a new one.
func TestContinuousLaneWithARefusedTokenWaitsForANewOne(t *testing.T) {
	t.Parallel()
	s := newContinuousSite(t)
	box := world.stack.Sandbox()
	_, err := box.RevokeToken(vk.GroupRef{GroupID: s.group})
	require.NoError(t, err)
	require.NoError(t, temporal.Resync(t.Context(), world.client, s.id, workflows.Request{ID: "refused", Verify: true}))
	s.await(func(l workflows.LaneStatus) bool {
		return l.Last != nil && l.Last.Problem != nil && l.Last.Problem.Code == workflows.ProblemTokenRefused &&
			strings.HasPrefix(l.Phase, "waiting for a request, or for the next round in "+(2*round).String())
	})
	status, _ := s.lane()
	require.Never(t, func() bool {
		now, _ := s.lane()
		return now.Passes > status.Passes+1
	}, 3*time.Second, pollEvery, "it does not turn without rest")

	s.token += "-new"
	_, err = box.RegisterCommunity(vk.Registration{GroupID: s.group, Token: s.token, Name: "again"})
	require.NoError(t, err)
	s.cli(s.token+"\n", "school", "set-token", string(s.id), "--community-id", fmt.Sprint(s.group))
	s.await(func(l workflows.LaneStatus) bool { return l.Last != nil && l.Last.Outcome == workflows.OutcomeInStep })
}

// A worker is killed while a continuous school has things to do: nothing is lost, nothing is done
// twice.
func TestContinuousSchoolSurvivesAKilledWorker(t *testing.T) {
	s := newContinuousSite(t)
	var ids, accounts []string
	for i := range 6 {
		student, err := s.files.AddStudent(s.classNamed("1А"), true)
		require.NoError(t, err)
		accounts = append(accounts, s.account(student))
		id := fmt.Sprint("kill-", i)
		ids = append(ids, id)
		require.NoError(t, temporal.Resync(t.Context(), world.client, s.id, workflows.Request{ID: id}))
	}
	before := world.stack.Sandbox().LastRequest()
	s.save()
	require.Eventually(t, func() bool { // it has begun to follow
		return len(world.stack.Sandbox().Requests(before, s.group)) > 0
	}, workTime, time.Millisecond)
	world.worker.kill()
	var err error
	world.worker, err = startWorker("worker-after-kill.log")
	require.NoError(t, err)
	s.requireAnswered(ids)
	for _, account := range accounts {
		require.Eventually(t, func() bool { return s.hasMember("1А · Ученики", account) }, workTime, pollEvery)
	}
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged)
	s.requireAsCounted()
}
