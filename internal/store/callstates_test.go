package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

func TestTheFirstRoomOfACallWins(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	push(t, st, lesson("vc-1"), lesson("vc-2"))
	first := messenger.Room{ID: "room-1", Link: "https://vk.com/call/join/1"}
	for _, made := range []messenger.Room{first, {ID: "room-2", Link: "https://vk.com/call/join/2"}} {
		kept, err := st.SetRoom(ctx, "s", "vc-1", made)
		require.NoError(t, err)
		require.Equal(t, first, kept)
		require.Equal(t, &first, held(t, st)["vc-1"].Room)
	}
	require.Nil(t, held(t, st)["vc-2"].Room)
	require.NoError(t, st.ClearRoom(ctx, "s", "vc-1"))
	require.Nil(t, held(t, st)["vc-1"].Room)
	next := messenger.Room{ID: "room-3", Link: "https://vk.com/call/join/3"}
	kept, err := st.SetRoom(ctx, "s", "vc-1", next)
	require.NoError(t, err)
	require.Equal(t, next, kept)
	_, err = st.SetRoom(ctx, "s", "vc-9", next)
	require.Error(t, err, "there is no such call")
}

func TestWhatIsDoneAboutACallIsKept(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	push(t, st, lesson("vc-1"))
	fresh := held(t, st)["vc-1"]
	require.Equal(t, calls.State{Call: lesson("vc-1"), HeldAt: fresh.HeldAt}, fresh)

	posted := &calls.Posted{Chat: "subject:c-math", Ref: "7", Text: "Secret algebra", RandomID: 5}
	require.NoError(t, st.SetPosted(ctx, "s", "vc-1", posted))
	require.Equal(t, posted, held(t, st)["vc-1"].Posted)
	posted.Message = "99"
	require.NoError(t, st.SetPosted(ctx, "s", "vc-1", posted))
	require.NoError(t, st.SetCallProblem(ctx, "s", "vc-1", calls.ProblemNoRoom))
	require.NoError(t, st.SetAsked(ctx, "s", "vc-1", "org-1"))
	_, err := st.SetRoom(ctx, "s", "vc-1", messenger.Room{ID: "r"})
	require.NoError(t, err)
	want := calls.State{
		Call: lesson("vc-1"), HeldAt: fresh.HeldAt, Posted: posted, Problem: calls.ProblemNoRoom, Shown: calls.Asked, ShownIn: "org-1", Room: &messenger.Room{ID: "r"},
	}
	require.Equal(t, want, held(t, st)["vc-1"])

	changed := lesson("vc-1")
	changed.Title = "Another title"
	push(t, st, changed)
	want.Call, want.HeldAt = changed, held(t, st)["vc-1"].HeldAt
	require.Equal(t, want, held(t, st)["vc-1"], "what was done stays known where it says something else")

	require.NoError(t, st.SetPosted(ctx, "s", "vc-1", nil))
	require.NoError(t, st.SetCallProblem(ctx, "s", "vc-1", ""))
	require.NoError(t, st.SetShown(ctx, "s", "vc-1", "", time.Time{}))
	require.NoError(t, st.ClearRoom(ctx, "s", "vc-1"))
	require.Equal(t, calls.State{Call: changed, HeldAt: want.HeldAt}, held(t, st)["vc-1"])
}

func TestTheWaitForACallIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	push(t, st, lesson("vc-1"), lesson("vc-2"), lesson("vc-3"))
	st.Age(t, "calls", "held_at", 4*time.Minute) // and one more
	require.NoError(t, st.SetAsked(ctx, "s", "vc-1", "org-1"))
	require.Nil(t, held(t, st)["vc-1"].ShownAt, "to be asked is not to show")

	require.NoError(t, st.SetShown(ctx, "s", "vc-1", "digest-1", time.Now().Add(-time.Hour)))
	require.NoError(t, st.SetShown(ctx, "s", "vc-2", "digest-2", time.Time{}))
	require.NoError(t, st.SetShown(ctx, "s", "vc-3", "digest-3", time.Now().Add(time.Hour)))
	first := held(t, st)
	require.Equal(t, "digest-1", first["vc-1"].Shown)
	require.InDelta(t, time.Hour, *first["vc-1"].Lag, float64(30*time.Second))
	require.InDelta(t, 5*time.Minute, *first["vc-1"].HeldLag, float64(30*time.Second))
	require.Equal(t, first["vc-2"].HeldLag, first["vc-2"].Lag, "nobody knows when it was published")
	require.Zero(t, *first["vc-3"].Lag, "it was there before its time")

	require.NoError(t, st.SetShown(ctx, "s", "vc-1", "", time.Time{}))
	require.Empty(t, held(t, st)["vc-1"].Shown)
	require.NoError(t, st.SetShown(ctx, "s", "vc-1", "digest-4", time.Now()))
	again := held(t, st)["vc-1"]
	require.Equal(t, "digest-4", again.Shown)
	require.Equal(t, first["vc-1"].ShownAt, again.ShownAt)
	require.Equal(t, first["vc-1"].Lag, again.Lag)
	require.Equal(t, first["vc-1"].HeldLag, again.HeldLag)
}

func TestCallLag(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	push(t, st, lesson("vc-1"), lesson("vc-2"), lesson("vc-3"), lesson("vc-4"))
	lag, err := st.CallLag(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, lag, "none was shown")
	st.Age(t, "calls", "held_at", time.Minute)
	for id, waited := range map[school.CallID]time.Duration{"vc-1": 10 * time.Minute, "vc-2": 20 * time.Minute, "vc-3": 120 * time.Minute} {
		require.NoError(t, st.SetShown(ctx, "s", id, "x", time.Now().Add(-waited)))
	}
	lag, err = st.CallLag(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, 3, lag.Calls)
	require.InDelta(t, 20*time.Minute, lag.P50, float64(30*time.Second))
	require.InDelta(t, 110*time.Minute, lag.P95, float64(time.Minute))
	require.InDelta(t, 2*time.Minute, lag.HeldP95, float64(30*time.Second))
	other, err := st.CallLag(ctx, "other")
	require.NoError(t, err)
	require.Nil(t, other)
	st.Age(t, "calls", "shown_at", 7*24*time.Hour)
	lag, err = st.CallLag(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, lag, "all of them are a week old")
}

func TestACallIsClosedOnlyIfItSaysTheSame(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	push(t, st, lesson("vc-1"), lesson("vc-2"))
	seen := held(t, st)["vc-1"].HeldAt
	push(t, st, cancelled(lesson("vc-1")))
	require.NoError(t, st.CloseCall(ctx, "s", "vc-1", seen))
	require.Equal(t, []school.CallID{"vc-1", "vc-2"}, openIDs(t, st), "it says something else by now")
	require.NoError(t, st.SetCallProblem(ctx, "s", "vc-1", calls.ProblemNoChat))
	require.NoError(t, st.CloseCall(ctx, "s", "vc-1", held(t, st)["vc-1"].HeldAt))
	require.Equal(t, []school.CallID{"vc-2"}, openIDs(t, st))
	require.Empty(t, held(t, st)["vc-1"].Problem)
	require.NotNil(t, held(t, st)["vc-1"].DoneAt)
}

func TestCallsThatAreOverAreFound(t *testing.T) {
	t.Parallel()
	st := setup(t)
	able(t, st)
	ctx := t.Context()
	over := func() []school.ID {
		ids, err := st.CallsOver(ctx)
		require.NoError(t, err)
		return ids
	}
	push(t, st, lesson("vc-1"), lesson("vc-2"))
	asked(t, st)
	require.Empty(t, over())
	st.Age(t, "calls", "ends_at", 4*time.Hour)
	require.Equal(t, []school.ID{"s"}, over(), "the school once")
	finish(t, st, "vc-1")
	require.Equal(t, []school.ID{"s"}, over())
	finish(t, st, "vc-2")
	require.Empty(t, over())
	require.NoError(t, st.WantCalls(ctx, "s", "the test"))
	require.Equal(t, []reconcile.Scope{{Calls: true}}, asked(t, st))
}

func TestTheLatestCallsComeFirst(t *testing.T) {
	t.Parallel()
	st := setup(t)
	later := lesson("vc-1")
	later.Starts, later.Ends = later.Starts.Add(time.Hour), later.Ends.Add(time.Hour)
	push(t, st, lesson("vc-0"), later, lesson("vc-2"))
	finish(t, st, "vc-2")
	all, err := st.Calls(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, all, 3)
	for i, id := range []school.CallID{"vc-1", "vc-0", "vc-2"} {
		require.Equal(t, id, all[i].Call.ID)
	}
}

func TestCallsAreSealed(t *testing.T) {
	t.Parallel()
	st, url := setupAt(t)
	able(t, st)
	ctx := t.Context()
	push(t, st, lesson("vc-1"), lesson("vc-2"))
	_, err := st.SetRoom(ctx, "s", "vc-1", messenger.Room{ID: "hidden-room", Link: "https://vk.com/call/join/hidden-link"})
	require.NoError(t, err)
	require.NoError(t, st.SetPosted(ctx, "s", "vc-1", &calls.Posted{Chat: "subject:c-math", Ref: "7", Text: "Secret words", RandomID: 5}))
	conn := raw(t, url)
	requireHidden(t, conn, "calls", "algebra", "secret-room", "calls.example", "hidden-room", "hidden-link", "Secret words", "vera", "c-math")
	requireHidden(t, conn, "outbox", "algebra", "secret-room")

	_, err = open(t, url).OpenCalls(ctx, "s")
	require.ErrorIs(t, err, secret.ErrDoesNotOpen, "with another keyset")
	_, err = open(t, url).SetRoom(ctx, "s", "vc-1", messenger.Room{ID: "x"})
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)
	for _, column := range []string{"sealed", "room", "posted"} {
		_, err = conn.Exec(ctx, `UPDATE calls SET `+column+` = (SELECT `+column+` FROM calls WHERE id = 'vc-1') WHERE id = 'vc-2'`)
		require.NoError(t, err)
		_, err = st.OpenCalls(ctx, "s")
		require.ErrorIs(t, err, secret.ErrDoesNotOpen, "it is the other call's")
		_, err = conn.Exec(ctx, `UPDATE calls SET room = NULL, posted = NULL, sealed = $1 WHERE id = 'vc-2'`, []byte{})
		require.NoError(t, err)
	}
}
