package e2e

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	messengervk "github.com/rollcall-edu/rollcall/internal/messenger/vk"
	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

// A worker stopped in the middle of a slice wakes after its activity was given to another: it is
// shut out, by the fence or by the server's word that the activity is no longer its own, whichever
// it meets first, and nothing is done twice.
func TestWorkerThatWakesTooLateIsShutOut(t *testing.T) {
	s := newSiteInStep(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 14, 14 })
	box := world.stack.Sandbox()
	missing := 0
	for _, class := range s.files.Classes().Find("classType", "homeroom") {
		chat := s.chats()[class.Get("title")+" · Ученики"]
		for _, student := range lo.Without(chat.Members, chat.Admins...) {
			_, err := box.KickByHand(vk.Seat{GroupID: s.group, ChatID: chat.ChatID, Account: student})
			require.NoError(t, err)
			missing++
		}
	}
	require.Greater(t, missing, 50, "the slice takes several requests")
	for _, f := range []traffic.Fault{
		{GroupID: s.group, Method: add, Mode: traffic.ModeSlow, DelayMS: 3_000, Skip: 5},
		// The other worker's attempt begins by looking who is there already.
		{GroupID: s.group, Method: "messages.getConversationMembers", Mode: traffic.ModeSlow, DelayMS: 2_000, Skip: 14},
	} {
		require.NoError(t, box.AddFault(f))
	}
	left := func() int {
		return len(lo.Filter(box.Faults(), func(f traffic.Fault, _ int) bool { return f.GroupID == s.group }))
	}
	before := box.LastRequest()
	addresses := func() (from []string) { // of whoever has made the requests
		for _, entry := range box.Requests(before, s.group) {
			from = append(from, entry.RemoteAddr)
		}
		return from
	}
	require.NoError(t, temporal.Resync(t.Context(), world.client, s.id, workflows.Request{
		ID: "slice", Verify: true, Scope: workflows.Scope{Types: []chats.Type{chats.Students}},
	}))
	require.Eventually(t, func() bool { return left() == 1 }, workTime, 5*time.Millisecond, "a request of the slice is under way")
	stopped := world.worker
	require.NoError(t, stopped.cmd.Process.Signal(syscall.SIGSTOP))
	first := addresses()
	require.NotEmpty(t, first)
	other, err := startWorker("worker-second.log", second)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.stop()) })
	require.Eventually(t, func() bool { return left() == 0 }, workTime, 5*time.Millisecond, "the other worker has the activity")
	woken := time.Now()
	require.NoError(t, stopped.cmd.Process.Signal(syscall.SIGCONT))
	var shutOut []string
	require.Eventually(t, func() bool {
		log, err := os.ReadFile(stopped.log.Name())
		require.NoError(t, err)
		for _, sign := range []string{"cause=fenced", "activity already timed out", "Activity complete after timeout"} {
			if strings.Contains(string(log), sign) && !slices.Contains(shutOut, sign) {
				shutOut = append(shutOut, sign)
			}
		}
		return len(shutOut) > 0
	}, workTime, pollEvery, "the worker that woke does not say that it was shut out")
	t.Logf("shut out: %s", shutOut)
	s.requireAnswered([]string{"slice"})
	added := map[string]int{} // refused ones count: nobody is asked for twice
	for _, entry := range box.Requests(before, s.group) {
		if entry.At.After(woken) {
			require.NotContains(t, first, entry.RemoteAddr, "the worker that woke has made a request")
		}
		for _, c := range entry.Calls {
			if c.Method == add {
				added[c.Params["chat_id"]+" "+c.Params["user_id"]]++
			}
		}
	}
	require.Len(t, added, missing)
	for who, times := range added {
		require.Equal(t, 1, times, who)
	}
	s.resync(true, workflows.OutcomeInStep)
	s.requireAsCounted()
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
