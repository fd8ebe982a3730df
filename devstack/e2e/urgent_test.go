package e2e

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// resyncPerson has the lane look after one person, reading their chats first, and gives the report
// and how long it took.
func (s *site) resyncPerson(person string) (workflows.PassReport, time.Duration) {
	s.t.Helper()
	began := time.Now()
	report, err := temporal.ResyncAndWait(s.t.Context(), world.client, s.id, workflows.Request{
		ID: rand.Text(), Trigger: workflows.TriggerManual, Verify: true, Scope: workflows.Scope{People: []school.PersonID{school.PersonID(person)}},
	})
	require.NoError(s.t, err)
	return report, time.Since(began)
}

// p95 is the 95th percentile of some durations.
func p95(took []time.Duration) time.Duration { return quantile(took, 0.95) }

func quantile(took []time.Duration, q float64) time.Duration {
	slices.Sort(took)
	return took[min(len(took)-1, int(q*float64(len(took))))]
}

func TestOnePersonOfAnIdleSchoolTakesAMoment(t *testing.T) {
	s := newSiteInStep(t, nil) // not parallel: it measures
	var took []time.Duration
	for _, class := range s.files.Classes().Find("classType", "homeroom") {
		chat := s.chats()[class.Get("title")+" · Ученики"]
		for _, student := range s.enrolled(class.ID(), "student") {
			_, err := world.stack.Sandbox().KickByHand(vk.Seat{GroupID: s.group, ChatID: chat.ChatID, Account: atoi(t, s.account(student))})
			require.NoError(t, err)
			report, d := s.resyncPerson(student)
			require.Equal(t, map[string]int{"add": 1}, report.Operations)
			took = append(took, d)
		}
	}
	t.Logf("one person, idle school: p50 %s, p95 %s", quantile(took, 0.5), p95(took))
	require.Less(t, p95(took), 2*time.Second)
}

// During the first sync of the same school the person does not wait for its end.
func TestOnePersonIsLetThroughDuringTheFirstSync(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(o *district.Options) { o.MinClasses, o.MaxClasses, o.Subjects = 8, 8, 10 })
	box := world.stack.Sandbox()
	require.NoError(t, box.AddFault(traffic.Fault{GroupID: s.group, Method: "execute", Mode: traffic.ModeSlow, DelayMS: 250, Times: traffic.Forever}))
	s.read() // the school's pass follows by itself
	pass := func() (running bool, epoch int64) {
		passes, err := world.store.Passes(t.Context(), s.id, 1)
		require.NoError(t, err)
		return len(passes) == 1 && passes[0].FinishedAt == nil, passes[0].Epoch
	}
	require.Eventually(t, func() bool { return len(s.chats()) > 3 }, workTime, pollEvery, "the first slices are being done")
	running, epoch := pass()
	require.True(t, running)
	student := s.enrolled(s.classNamed("1А"), "student")[0]
	report, took := s.resyncPerson(student)
	running, now := pass()
	require.True(t, running, "the pass goes on")
	require.Equal(t, epoch, now)
	require.Equal(t, epoch, report.Epoch, "let through under the pass's own epoch")
	t.Logf("one person during the first sync: %s, with %d chats made by then", took, len(s.chats()))

	require.NoError(t, clearFaultsOf(s))
	require.Eventually(t, func() bool { running, _ := pass(); return !running }, workTime, pollEvery)
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged)
	s.requireAsCounted()
}

// clearFaultsOf lets a site's requests through again: other tests' faults stay.
func clearFaultsOf(s *site) error {
	box := world.stack.Sandbox()
	keep := slices.DeleteFunc(box.Faults(), func(f traffic.Fault) bool { return f.GroupID == s.group })
	box.ClearFaults()
	for _, f := range keep {
		if err := box.AddFault(f); err != nil {
			return fmt.Errorf("set a fault again: %w", err)
		}
	}
	return nil
}
