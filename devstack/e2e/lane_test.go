package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// workTime is how long anything in these tests may take, on a busy machine, and pollEvery how
// often a condition is looked at.
const (
	workTime  = 2 * time.Minute
	pollEvery = 50 * time.Millisecond
)

func historyOf(t *testing.T, workflowID, runID string) []*historypb.HistoryEvent {
	t.Helper()
	var events []*historypb.HistoryEvent
	iterator := world.client.GetWorkflowHistory(t.Context(), workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for iterator.HasNext() {
		event, err := iterator.Next()
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

func TestPassWithNothingToDoIsOneWorkflowAndThreeActivities(t *testing.T) {
	s := newSiteInStep(t, nil) // not parallel: it measures
	var fastest time.Duration
	for range 10 {
		began := time.Now()
		made := s.calls(func() { s.resync(false, workflows.OutcomeInStep) })
		if took := time.Since(began); fastest == 0 || took < fastest {
			fastest = took
		}
		require.Empty(t, made)
	}
	require.Less(t, fastest, 300*time.Millisecond)
	t.Logf("a pass with nothing to do took %s at best", fastest)

	activities, children := 0, 0
	for _, event := range historyOf(t, workflows.SchoolSyncID(s.id), "") {
		switch event.GetEventType() {
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			activities++
		case enumspb.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
			children++
		}
	}
	require.Equal(t, 3, activities, "begin, look at the account links, end")
	require.Zero(t, children)
}

// No request is lost, however the lane completes and starts again between them.
func TestNoRequestIsLost(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	var group sync.WaitGroup
	const senders, each = 6, 25
	ids := make(chan string, senders*each)
	for sender := range senders {
		group.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d-%s", sender, i, rand.Text())
				request := workflows.Request{ID: id, Trigger: workflows.TriggerEvent}
				var err error
				if i%5 == 4 {
					_, err = temporal.ResyncAndWait(t.Context(), world.client, s.id, request)
				} else {
					err = temporal.Resync(t.Context(), world.client, s.id, request)
				}
				if err != nil {
					t.Error(err)
					return
				}
				ids <- id
			}
		})
	}
	group.Wait()
	close(ids)
	for id := range ids {
		require.Eventually(t, func() bool {
			outcome, err := world.store.RequestOutcome(context.WithoutCancel(t.Context()), s.id, id)
			return err == nil && outcome == string(workflows.OutcomeInStep)
		}, workTime, 20*time.Millisecond, "request %s has no reply", id)
	}
}

func TestFilesThatChangeAreReadAndFollowedByThemselves(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	student, err := s.files.AddStudent(s.classNamed("1А"), true)
	require.NoError(t, err)
	account := atoi(t, s.account(student))
	s.save()
	require.Eventually(t, func() bool {
		for _, m := range s.chats()["1А · Ученики"].Members {
			if m == account {
				return true
			}
		}
		return false
	}, workTime, 50*time.Millisecond)
}
