package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

const (
	callPut     = "portal.putCall"
	callRemoved = "portal.removeCall"
)

func callID(c portal.Call, _ int) string { return c.ID }

func TestACallIsPublishedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault traffic.Fault
		puts  int
	}{
		"as it should be":            {traffic.Fault{Method: "portal.unknown", Mode: traffic.ModeDrop}, 1}, // which strikes nothing
		"after a lost reply":         {traffic.Fault{Method: callPut, Mode: traffic.ModeLostReply}, 2},
		"after it did not get there": {traffic.Fault{Method: callPut, Mode: traffic.ModeDrop}, 2},
		"after too many requests":    {traffic.Fault{Method: callPut, Mode: traffic.ModeError, ErrorCode: http.StatusTooManyRequests, Times: 2}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupPortal(t)
			b.inStep(big(1, 2))
			told := lesson("a")
			told.Published = time.Now().Add(-time.Second)
			b.told(told)
			b.disturb(c.fault)
			made := methods(b.asked(func() {
				require.Equal(t, 1, b.callsPass(workflows.OutcomeChanged).Operations[workflows.ServedCalls])
			}))
			require.Equal(t, c.puts, made[callPut])
			shown := b.portal().Calls
			require.Len(t, shown, 1)
			require.Equal(t, 1, shown[0].Changes)
			require.Equal(t, "Урок a", shown[0].Title)
			require.Equal(t, identity("t00"), shown[0].Teacher)
			require.Equal(t, []string{identity("s00-00"), identity("s00-01"), identity("t00")}, shown[0].Audience)
			require.Equal(t, told.Link, shown[0].Link)
			require.True(t, told.Ends.Equal(shown[0].EndsAt))
			state := b.call("a")
			require.GreaterOrEqual(t, *state.Lag, time.Second, "since it was published")
			require.Less(t, *state.HeldLag, *state.Lag)
			require.Empty(t, b.asked(func() { b.callsPass(workflows.OutcomeInStep) }))

			told.Title = "Урок другой"
			b.told(told)
			b.callsPass(workflows.OutcomeChanged)
			require.Equal(t, "Урок другой", b.portal().Calls[0].Title)
			require.Equal(t, *state.ShownAt, *b.call("a").ShownAt, "it was seen before")
		})
	}
}

func TestACallThatIsCancelledWhileItsPublicationIsUnconfirmed(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]traffic.Mode{"it is shown": traffic.ModeLostReply, "it is not": traffic.ModeDrop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupPortal(t)
			b.inStep(big(1, 2))
			b.told(lesson("a"))
			b.disturb(traffic.Fault{Method: callPut, Mode: mode, Times: traffic.Forever})
			_, err := b.step("PublishCalls", b.begin())
			b.requireFailed(err, workflows.ProblemUnavailable, false)
			b.sandbox.ClearFaults()
			require.Equal(t, calls.Asked, b.call("a").Shown)
			b.told(cancelled(lesson("a")))
			require.Equal(t, map[string]int{workflows.ServedRemoved: 1}, b.callsPass(workflows.OutcomeChanged).Operations)
			require.Empty(t, b.portal().Calls)
			require.NotNil(t, b.call("a").DoneAt)
		})
	}
}

func TestACallThatThePortalRefusesKeepsNoOtherFromBeingServed(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"), lesson("b"))
	refuse := func(method string) {
		b.disturb(traffic.Fault{Method: method, Mode: traffic.ModeError, ErrorCode: http.StatusUnprocessableEntity})
	}
	refuse(callPut)
	report := b.callsPass(workflows.OutcomePartial)
	require.Equal(t, map[string]int{"portal-bad-request": 1}, report.Failed)
	require.Equal(t, map[string]int{workflows.ServedCalls: 1, workflows.ServedAnnouncements: 2}, report.Operations)
	require.Nil(t, report.Portal)
	require.Equal(t, []string{"b"}, lo.Map(b.portal().Calls, callID))
	b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, []string{"a", "b"}, lo.Map(b.portal().Calls, callID))

	b.told(cancelled(lesson("a")), cancelled(lesson("b")))
	refuse(callRemoved)
	report = b.callsPass(workflows.OutcomePartial)
	require.Equal(t, map[string]int{"portal-bad-request": 1}, report.Failed)
	require.Equal(t, 1, report.Operations[workflows.ServedRemoved])
	require.Equal(t, []string{"a"}, lo.Map(b.portal().Calls, callID))
	require.Nil(t, b.call("a").DoneAt)
	b.callsPass(workflows.OutcomeChanged)
	require.Empty(t, b.portal().Calls)
	require.NotNil(t, b.call("a").DoneAt)
}

func TestAPortalThatRefusesUsDoesNotKeepCallsFromTheirChats(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"), lesson("b"))
	b.disturb(traffic.Fault{Method: "portal.*", Mode: traffic.ModeError, ErrorCode: http.StatusUnauthorized, Times: traffic.Forever})
	made := methods(b.asked(func() {
		report := b.callsPass(workflows.OutcomePartial)
		require.Nil(t, report.Problem)
		require.Equal(t, workflows.ProblemPortalTrouble, report.Portal.Code)
		require.Equal(t, map[string]int{workflows.ServedAnnouncements: 2}, report.Operations)
	}))
	require.Equal(t, map[string]int{callPut: 1}, made, "it would be refused again")
	require.Len(t, b.messages(), 2)
	b.sandbox.ClearFaults()
	b.callsPass(workflows.OutcomeChanged)
	require.Len(t, b.portal().Calls, 2)
}

func TestAnOvertakenPassPublishesNoMoreCalls(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.told(lesson("a"), lesson("b"))
	epoch := b.begin()
	b.meanwhile("/calls/a", func() error { _, err := b.begun(); return err })
	made := methods(b.asked(func() {
		_, err := b.step("PublishCalls", epoch)
		b.requireFailed(err, workflows.ProblemFenced, true)
	}))
	require.Equal(t, map[string]int{callPut: 1}, made)

	b.told(cancelled(lesson("a")), cancelled(lesson("b")))
	require.Empty(t, b.asked(func() {
		_, err := b.step("PublishCalls", epoch)
		b.requireFailed(err, workflows.ProblemFenced, true)
	}))
	b.callsPass(workflows.OutcomeChanged)
	require.Empty(t, b.portal().Calls)
}

func TestCallsThatAreOverArePutAway(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	b.inStep(big(1, 2))
	b.user()
	b.told(lesson("a"), roomless("b"))
	b.callsPass(workflows.OutcomeChanged)
	b.over()
	report := b.callsPass(workflows.OutcomeChanged)
	require.Equal(t, map[string]int{workflows.ServedRemoved: 2}, report.Operations)
	require.Empty(t, b.portal().Calls)
	require.Len(t, b.messages(), 2, "they say what was")
	require.False(t, b.rooms()[0].Finished, "who is still talking is not cut off")
	for _, id := range []school.CallID{"a", "b"} {
		require.NotNil(t, b.call(id).DoneAt)
	}
	require.Zero(t, b.requests(func() { b.callsPass(workflows.OutcomeInStep) }))
}

func TestWhatKeepsACallFromBeingSeenIsRecorded(t *testing.T) {
	t.Parallel()
	b := setupPortal(t)
	roster := b.inStep(big(1, 2))
	early := lesson("early")
	early.Class = "c99" // the roster does not have it yet
	b.told(roomless("a"), early)
	served, err := b.step("CloseCalls", b.begin())
	require.NoError(t, err)
	require.Zero(t, served.Waiting)
	require.Equal(t, calls.ProblemNoRoom, b.call("a").Problem)
	require.Equal(t, calls.ProblemNoClass, b.call("early").Problem)
	b.callsPass(workflows.OutcomeInStep)
	require.Empty(t, b.portal().Calls, "nobody is entitled to see it")

	student := school.Person{ID: "new", Enabled: true, Portal: identity("new"), Student: &school.Student{}}
	b.link(portal.Account{Identity: student.Portal, Account: 5000})
	roster.People = append(roster.People, student)
	roster.Classes = append(roster.Classes, school.Class{
		ID: "c99", Title: "99А", Students: []school.Enrollment{{Person: "new"}},
	})
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, calls.ProblemNoChat, b.call("early").Problem, "no chat without a class teacher")
	require.Len(t, b.portal().Calls[0].Audience, 2)
	roster.Classes[1].Teachers = []school.Enrollment{{Person: "t00", Primary: true}}
	b.roster(roster)
	report := b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, 1, report.Operations[workflows.ServedAnnouncements], "by the pass that has made its chat")
	require.Len(t, b.chats()["99А · Ученики"].Messages, 1)
	require.Contains(t, b.portal().Calls[0].Audience, identity("new"))
	require.Empty(t, b.call("early").Problem)
	require.Equal(t, calls.ProblemNoRoom, b.call("a").Problem)
}
