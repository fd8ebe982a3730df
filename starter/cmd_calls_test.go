package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// callsNow is 12:30 in the district of linksFixture.
var callsNow = time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)

// callsFixture is the fixture, and a call for everything that may be said of one.
func callsFixture() (survey.Survey, []calls.State) {
	s := linksFixture()
	s.Mirror[0].Ref = "2000000001"
	posted := &calls.Posted{Chat: "teachers", Message: "7"}
	call := func(id school.CallID, after, lasting time.Duration, class school.ClassID, title, link string) calls.State {
		starts := callsNow.Add(after)
		return calls.State{Call: school.Call{ID: id, Title: title, Class: class, Starts: starts, Ends: starts.Add(lasting), Link: link}, HeldAt: callsNow}
	}
	const supplied = "https://calls.example/join/supplied"
	announced := call("announced", time.Hour, 45*time.Minute, "", "Педсовет", "")
	announced.Call.Teacher, announced.Room, announced.Posted = "head", &messenger.Room{ID: "r", Link: "https://calls.example/join/made"}, posted
	announced.Shown, announced.ShownAt = "digest", lo.ToPtr(callsNow)
	announced.Lag, announced.HeldLag = lo.ToPtr(4321*time.Millisecond), lo.ToPtr(2*time.Second)
	due := call("due", -10*time.Minute, time.Hour, "", "Планёрка", supplied)
	due.Posted = &calls.Posted{Chat: "teachers"} // it is not known to have been sent
	roomless := call("roomless", 2*time.Hour, time.Hour, "", "Совещание", "")
	chatless := call("chatless", 24*time.Hour, 45*time.Minute, "2a", "Математика", supplied)
	group := call("group", 12*time.Hour, 2*time.Hour, "algebra", "Алгебра", supplied)
	misplaced := call("misplaced", time.Hour, time.Hour, "nope", "Химия", supplied)
	misplaced.Call.Teacher = "elsewhere"
	nowhere := call("nowhere", 26*time.Hour, time.Hour, "ended", "Физика", supplied)
	s.Roster.Classes = append(s.Roster.Classes, school.Class{ID: "ended", Title: "11А", Ended: true})
	over := call("over", -2*time.Hour, time.Hour, "2a", "История", supplied)
	cancelled := call("cancelled", time.Hour, time.Hour, "3b", "География", supplied)
	cancelled.Call.Cancelled, cancelled.ShownAt = true, lo.ToPtr(callsNow.Add(-time.Hour))
	away := call("away", -26*time.Hour, time.Hour, "", "Вчера", supplied)
	away.DoneAt, away.Posted = &callsNow, posted
	withdrawn := call("withdrawn", -25*time.Hour, time.Hour, "", "Отменено", supplied)
	withdrawn.Call.Cancelled, withdrawn.DoneAt = true, &callsNow
	return s, []calls.State{announced, due, roomless, chatless, group, misplaced, nowhere, over, cancelled, away, withdrawn}
}

func TestViewOfCalls(t *testing.T) {
	t.Parallel()
	s, states := callsFixture()
	lag := &store.CallLag{Calls: 12, P50: 3 * time.Second, P95: 9 * time.Second, HeldP95: 1500 * time.Millisecond}
	for name, v := range map[string]callsView{
		"calls":       viewCalls(s, states, calls.Means{Portal: true}, lag, callsNow, callsOptions{all: true}),
		"calls-shown": viewCalls(s, states[:2], calls.Means{Portal: true, Rooms: true}, nil, callsNow, callsOptions{showLinks: true}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, asJSON := written(t, v)
			golden(t, name+".txt", text)
			golden(t, name+".json", asJSON)
			requireNoNil(t, reflect.ValueOf(v), name)
		})
	}
}

func TestACallWithoutARoom(t *testing.T) {
	t.Parallel()
	s, states := callsFixture()
	problem := func(m calls.Means) string {
		v := viewCalls(s, states[2:3], m, nil, callsNow, callsOptions{})
		return lo.FromPtr(v.Calls[0].Problem).Words
	}
	require.Contains(t, problem(calls.Means{}), "rollcall school set-user-token")
	require.Contains(t, problem(calls.Means{}), "joinUrl")
	require.Empty(t, problem(calls.Means{Rooms: true}), "one is made at the next pass")
}

func TestCallsAreShown(t *testing.T) {
	t.Parallel()
	b := setupRoster(t)
	b.now = time.Now()
	require.Contains(t, b.ok("calls", "s"), "no video call is coming")
	require.Contains(t, b.out, "no Portal is configured")
	b.settings.PortalURL = "http://portal.example"
	require.Contains(t, b.ok("calls", "s", "--all"), "no video call is on record")
	require.Contains(t, b.out, "the Portal has shown no call in the last 7 days")

	st, ctx := b.store(), t.Context()
	call := func(id school.CallID) school.Call {
		return school.Call{
			ID: id, Title: "Педсовет " + string(id), Starts: b.now.Add(time.Hour), Ends: b.now.Add(2 * time.Hour),
			Link: "https://calls.example/join/" + string(id), Published: b.now.Add(-time.Minute),
		}
	}
	require.NoError(t, st.TakeCalls(ctx, "s", time.Now(), []school.Call{call("one"), call("two")}))
	require.NoError(t, st.SetPosted(ctx, "s", "one", &calls.Posted{Chat: "teachers", Message: "7"}))
	require.NoError(t, st.SetShown(ctx, "s", "one", "digest", call("one").Published))
	held, err := st.OpenCalls(ctx, "s")
	require.NoError(t, err)
	require.NoError(t, st.CloseCall(ctx, "s", "two", held[1].HeldAt))

	shown := b.ok("calls", "s")
	require.Regexp(t, `one +Педсовет one .* supplied +Учительская · Школа № 17 +20.* 1m\d+s +planned`, shown)
	require.NotContains(t, shown, "Педсовет two")
	require.NotContains(t, shown, "calls.example")
	require.Regexp(t, `1 calls were shown on the Portal; half of them within 1m\d+s of their publication, 95 of 100 within 1m\d+s, and within \S+s of our taking them in\n`, shown)
	require.Regexp(t, `Video calls +the last 7 days: 1 calls`, b.ok("school", "show", "s"))
	require.Contains(t, b.ok("calls", "s", "--all"), "put away")
	v := decode[callsView](b, "calls", "s", "--all")
	require.Len(t, v.Calls, 2)
	require.Empty(t, v.Calls[0].Link)
	require.InDelta(t, 60, *v.Calls[0].LagSeconds, 30)
	require.Empty(t, audited(t, b), "that there is a link is nothing to record")

	require.Contains(t, b.ok("calls", "s", "--show-links"), "https://calls.example/join/one")
	require.Equal(t, []string{"operator show-call-link s one"}, audited(t, b), "what is not shown is not recorded")
	require.Contains(t, b.ok("calls", "s", "--all", "--show-links", "-o", "json"), "https://calls.example/join/two")
	require.Len(t, audited(t, b), 3)
	execute(t, b, "ALTER TABLE audit RENAME TO away")
	require.NotContains(t, b.refused(exitFailed, "calls", "s", "--show-links"), "calls.example", "what cannot be recorded is not shown")
	b.keys = nil
	require.Contains(t, b.refused(exitUsage, "calls", "s"), "no keyset")
}

func TestCallsNeedARoster(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	require.Contains(t, b.refused(exitFailed, "calls", "s"), "rollcall feed read f")
}
