package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/workflows"
)

// These tests kill the one worker of all tests, so they are not parallel.

// killedDuring starts the first pass of a site and kills the worker when the messenger has
// performed some calls of a request, is at the call with that method (the skip-th passes
// unharmed), and has not answered. Then a new worker goes on.
func killedDuring(t *testing.T, s *site, method string, skip int) {
	t.Helper()
	box := world.stack.Sandbox()
	require.NoError(t, box.AddFault(traffic.Fault{
		GroupID: s.group, Method: method, Mode: traffic.ModeSlow, DelayMS: 60_000, Skip: skip,
	}))
	s.read() // the school's pass follows by itself
	require.Eventually(t, func() bool { return len(box.Faults()) == 0 }, workTime, 5*time.Millisecond, "the fault has not struck")
	world.worker.kill()

	var err error
	world.worker, err = startWorker("worker-after-kill.log")
	require.NoError(t, err)
	s.resync(true, workflows.OutcomeInStep, workflows.OutcomeChanged)
	s.resync(true, workflows.OutcomeInStep)
	s.requireAsCounted()
}

// requireAsCounted compares the messenger's totals with the independent count.
func (s *site) requireAsCounted() {
	s.t.Helper()
	want := takeCensus(s.t, s.dir).school(s.org)
	var got counts
	for _, c := range s.chats() {
		got.Chats++
		got.Members += len(c.Members)
		got.Admins += len(c.Admins)
	}
	want.NotLinked, want.Disputed = 0, 0
	require.Equal(s.t, want, got)
}

func TestWorkerKilledBetweenCreationAndItsRecording(t *testing.T) {
	s := newSite(t, nil)
	killedDuring(t, s, "messages.createChat", 1)
}

func TestWorkerKilledInTheMiddleOfASlice(t *testing.T) {
	s := newSite(t, func(o *district.Options) { o.MinClasses, o.MaxClasses = 14, 14 })
	killedDuring(t, s, "messages.setMemberRole", 3)
}
