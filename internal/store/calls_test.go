package store_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// soon is when the tests' calls begin.
var soon = time.Now().UTC().Truncate(time.Second).Add(time.Hour)

// lesson is a call that is still to come.
func lesson(id school.CallID) school.Call {
	return school.Call{
		ID: id, Title: "Secret algebra", Class: "c-math", Chat: "subject", Teacher: "vera", Starts: soon, Ends: soon.Add(time.Hour),
		Link: "https://calls.example/join/secret-room", Published: soon.Add(-2 * time.Hour),
	}
}

func cancelled(c school.Call) school.Call {
	c.Cancelled = true
	return c
}

// over is a call as it is told after its end.
func over(c school.Call) school.Call {
	c.Starts, c.Ends = c.Starts.AddDate(0, 0, -2), c.Ends.AddDate(0, 0, -2)
	return c
}

func push(t *testing.T, st *store.Store, told ...school.Call) {
	t.Helper()
	require.NoError(t, st.TakeCalls(t.Context(), "s", time.Now(), told))
}

// feed reads a feed that tells of these calls and no others.
func feed(t *testing.T, st *store.Store, told ...school.Call) {
	t.Helper()
	r := reading(t, "one", 1)
	r.Schools[0].Roster.Calls = told
	_, err := st.SaveReading(t.Context(), r)
	require.NoError(t, err)
}

// able gives the school a roster and a token, so that it can have passes, and forgets that those were
// asked for.
func able(t *testing.T, st *store.Store) {
	t.Helper()
	feed(t, st)
	require.NoError(t, st.SetToken(t.Context(), "s", 42, "token"))
	outbox(t, st)
}

// held gives a school's calls, by id.
func held(t *testing.T, st *store.Store) map[school.CallID]calls.State {
	t.Helper()
	all, err := st.Calls(t.Context(), "s")
	require.NoError(t, err)
	return lo.KeyBy(all, func(s calls.State) school.CallID { return s.Call.ID })
}

// openIDs are those of the calls about which something is to be done, in order.
func openIDs(t *testing.T, st *store.Store) []school.CallID {
	t.Helper()
	states, err := st.OpenCalls(t.Context(), "s")
	require.NoError(t, err)
	return lo.Map(states, func(s calls.State, _ int) school.CallID { return s.Call.ID })
}

// finish does as if all was done about a call.
func finish(t *testing.T, st *store.Store, id school.CallID) {
	t.Helper()
	require.NoError(t, st.CloseCall(t.Context(), "s", id, held(t, st)[id].HeldAt))
	require.NotNil(t, held(t, st)[id].DoneAt)
}

func TestPushedCallsAskForTheirPass(t *testing.T) {
	t.Parallel()
	st := setup(t)
	able(t, st)
	pass := []reconcile.Scope{{Calls: true}}
	push(t, st, lesson("vc-2"), lesson("vc-1"))
	require.Equal(t, pass, asked(t, st), "one for both")
	require.Equal(t, []school.CallID{"vc-1", "vc-2"}, openIDs(t, st))
	require.Equal(t, lesson("vc-1"), held(t, st)["vc-1"].Call)
	first := held(t, st)["vc-1"]

	push(t, st, lesson("vc-2"), lesson("vc-1"))
	require.Empty(t, asked(t, st), "the same again is no news")
	require.Equal(t, first, held(t, st)["vc-1"])

	changed := lesson("vc-1")
	changed.Title = "Another title"
	push(t, st, changed)
	require.Equal(t, pass, asked(t, st))
	require.Equal(t, changed, held(t, st)["vc-1"].Call)
	require.True(t, held(t, st)["vc-1"].HeldAt.After(first.HeldAt))
	require.Equal(t, lesson("vc-2"), held(t, st)["vc-2"].Call, "a push speaks of its own calls only")

	push(t, st, cancelled(changed))
	require.Equal(t, pass, asked(t, st))
	require.True(t, held(t, st)["vc-1"].Call.Cancelled)
	require.Equal(t, []school.CallID{"vc-1", "vc-2"}, openIDs(t, st), "it is to be taken back")
}

func TestTheEndOfACallNobodyKnowsIsNoNews(t *testing.T) {
	t.Parallel()
	st := setup(t)
	able(t, st)
	push(t, st, cancelled(lesson("vc-1")), over(lesson("vc-2")))
	feed(t, st, cancelled(lesson("vc-3")), over(lesson("vc-4")))
	require.Empty(t, held(t, st))
	require.NotContains(t, asked(t, st), reconcile.Scope{Calls: true})

	push(t, st, lesson("vc-1"), lesson("vc-2"))
	asked(t, st)
	push(t, st, cancelled(lesson("vc-1")), over(lesson("vc-2")))
	require.Len(t, asked(t, st), 1)
	require.True(t, held(t, st)["vc-1"].Call.Cancelled)
	require.Equal(t, over(lesson("vc-2")), held(t, st)["vc-2"].Call)
}

func TestACallGoneFromTheFeedIsCancelled(t *testing.T) {
	t.Parallel()
	st := setup(t)
	feed(t, st, lesson("vc-1"), lesson("vc-2"))
	require.Empty(t, asked(t, st), "the reading asks for passes itself")
	before := held(t, st)
	feed(t, st, lesson("vc-1"), lesson("vc-2"))
	require.Equal(t, before, held(t, st))

	feed(t, st, lesson("vc-2"))
	require.True(t, held(t, st)["vc-1"].Call.Cancelled)
	require.True(t, held(t, st)["vc-1"].HeldAt.After(before["vc-1"].HeldAt))
	require.Equal(t, before["vc-2"], held(t, st)["vc-2"])
	gone := held(t, st)["vc-1"]
	feed(t, st)
	require.Equal(t, gone, held(t, st)["vc-1"], "it is cancelled once")
	require.True(t, held(t, st)["vc-2"].Call.Cancelled)
}

func TestACallThatIsOverMayBeLeftOut(t *testing.T) {
	t.Parallel()
	st := setup(t)
	feed(t, st, lesson("vc-1"))
	st.Age(t, "calls", "ends_at", 4*time.Hour)
	feed(t, st)
	require.False(t, held(t, st)["vc-1"].Call.Cancelled, "it took place")
}

func TestARefusedReadingCancelsNothing(t *testing.T) {
	t.Parallel()
	st := setup(t)
	feed(t, st, lesson("vc-1"))
	_, err := st.SaveReading(t.Context(), store.Reading{Feed: "f", Fingerprint: "x", Problem: &store.Problem{Code: "C"}})
	require.NoError(t, err)
	partial := reading(t, "two", 1)
	partial.Schools[0] = store.SchoolReading{School: "s", Problem: &store.Problem{Code: "R"}}
	_, err = st.SaveReading(t.Context(), partial)
	require.NoError(t, err)
	require.False(t, held(t, st)["vc-1"].Call.Cancelled)
}

func TestAFeedNeverTouchesAPushedCall(t *testing.T) {
	t.Parallel()
	st := setup(t)
	push(t, st, lesson("vc-1"))
	before := held(t, st)
	changed := lesson("vc-1")
	changed.Title = "The feed's title"
	for _, told := range [][]school.Call{{changed}, {cancelled(lesson("vc-1"))}, nil} {
		feed(t, st, told...)
		require.Equal(t, before, held(t, st))
	}
}

func TestAPushTakesAFeedsCallOver(t *testing.T) {
	t.Parallel()
	changed := lesson("vc-1")
	changed.Title = "The push's title"
	for name, tc := range map[string]struct {
		told school.Call
		news int
	}{
		"with other words":     {changed, 1},
		"with the same words":  {lesson("vc-1"), 0},
		"with its cancelation": {cancelled(lesson("vc-1")), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := setup(t)
			able(t, st)
			feed(t, st, lesson("vc-1"))
			outbox(t, st)
			push(t, st, tc.told)
			require.Len(t, asked(t, st), tc.news)
			require.Equal(t, tc.told, held(t, st)["vc-1"].Call)
			before := held(t, st)
			feed(t, st, lesson("vc-1"))
			require.Equal(t, before, held(t, st))
			feed(t, st)
			require.Equal(t, before, held(t, st), "the feed says no more about it")
		})
	}
}

func TestARestoredCallComesBackOpen(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]struct {
		tell, cancel func(*testing.T, *store.Store)
	}{
		"pushed": {
			func(t *testing.T, st *store.Store) { t.Helper(); push(t, st, lesson("vc-1")) },
			func(t *testing.T, st *store.Store) { t.Helper(); push(t, st, cancelled(lesson("vc-1"))) },
		},
		"gone from the feed": {
			func(t *testing.T, st *store.Store) { t.Helper(); feed(t, st, lesson("vc-1")) },
			func(t *testing.T, st *store.Store) { t.Helper(); feed(t, st) },
		},
		"cancelled in the feed": {
			func(t *testing.T, st *store.Store) { t.Helper(); feed(t, st, lesson("vc-1")) },
			func(t *testing.T, st *store.Store) { t.Helper(); feed(t, st, cancelled(lesson("vc-1"))) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := setup(t)
			source.tell(t, st)
			first := held(t, st)["vc-1"]
			source.cancel(t, st)
			finish(t, st, "vc-1")
			require.Empty(t, openIDs(t, st))
			source.tell(t, st)
			again := held(t, st)["vc-1"]
			require.Equal(t, []school.CallID{"vc-1"}, openIDs(t, st))
			require.False(t, again.Call.Cancelled)
			require.Nil(t, again.DoneAt)
			require.True(t, again.HeldAt.After(first.HeldAt), "its message is another one than the one taken back")
		})
	}
}

func TestCallsAreOfTheirSchool(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	require.NoError(t, st.AddSchool(ctx, school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-2"}))
	push(t, st, lesson("vc-1"))
	require.NoError(t, st.TakeCalls(ctx, "other", time.Now(), []school.Call{cancelled(lesson("vc-1"))}))
	theirs, err := st.Calls(ctx, "other")
	require.NoError(t, err)
	require.Empty(t, theirs, "nobody knows it there")
	require.NoError(t, st.TakeCalls(ctx, "other", time.Now(), []school.Call{lesson("vc-1")}))
	feed(t, st)
	require.NoError(t, st.CloseCall(ctx, "other", "vc-1", held(t, st)["vc-1"].HeldAt))
	require.Equal(t, []school.CallID{"vc-1"}, openIDs(t, st))
}

// What a later push has said stands, whatever comes after it.
func TestAnOlderPushIsNotHeard(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	first := time.Now().Add(-time.Minute)
	require.NoError(t, st.TakeCalls(ctx, "s", first, []school.Call{lesson("vc-1")}))
	require.NoError(t, st.TakeCalls(ctx, "s", first.Add(30*time.Second), []school.Call{cancelled(lesson("vc-1"))}))
	require.True(t, held(t, st)["vc-1"].Call.Cancelled)
	require.NoError(t, st.TakeCalls(ctx, "s", first.Add(10*time.Second), []school.Call{lesson("vc-1")}))
	require.True(t, held(t, st)["vc-1"].Call.Cancelled, "it was said before")
	require.NoError(t, st.TakeCalls(ctx, "s", first.Add(30*time.Second), []school.Call{lesson("vc-1")}))
	require.False(t, held(t, st)["vc-1"].Call.Cancelled, "of two of the same second the last that came")
}

// The room of a call that was cancelled may be closed: if the call takes place after all, it gets another.
func TestACallThatTakesPlaceAfterAllGetsAnotherRoom(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	push(t, st, lesson("vc-1"))
	_, err := st.SetRoom(ctx, "s", "vc-1", messenger.Room{ID: "r"})
	require.NoError(t, err)
	changed := lesson("vc-1")
	changed.Title = "Another"
	push(t, st, changed)
	require.NotNil(t, held(t, st)["vc-1"].Room, "changed, it keeps its room")
	push(t, st, cancelled(changed))
	require.NotNil(t, held(t, st)["vc-1"].Room, "it is still to be closed")
	push(t, st, changed)
	require.Nil(t, held(t, st)["vc-1"].Room)
}

// What a worker that was cut off shows late is taken down: the call is open again.
func TestACallThatIsShownTooLateIsOpenAgain(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	push(t, st, lesson("vc-1"))
	push(t, st, cancelled(lesson("vc-1")))
	for _, late := range []func() error{
		func() error { return st.SetAsked(ctx, "s", "vc-1", "org-1") },
		func() error { return st.SetShown(ctx, "s", "vc-1", "digest", time.Time{}) },
	} {
		require.NoError(t, st.CloseCall(ctx, "s", "vc-1", held(t, st)["vc-1"].HeldAt))
		require.Empty(t, openIDs(t, st))
		require.NoError(t, late())
		require.Equal(t, []school.CallID{"vc-1"}, openIDs(t, st))
	}
	require.NoError(t, st.CloseCall(ctx, "s", "vc-1", held(t, st)["vc-1"].HeldAt))
	require.NoError(t, st.SetShown(ctx, "s", "vc-1", "", time.Time{}))
	require.Empty(t, openIDs(t, st), "taken down, it stays put away")
}

func TestNoPassIsAskedForWhereThereCanBeNone(t *testing.T) {
	t.Parallel()
	st := setup(t)
	push(t, st, lesson("vc-1"))
	require.Empty(t, asked(t, st), "neither token nor roster")
	feed(t, st)
	outbox(t, st)
	push(t, st, lesson("vc-2"))
	require.Empty(t, asked(t, st), "no token")
	require.NoError(t, st.SetToken(t.Context(), "s", 42, "token"))
	outbox(t, st)
	push(t, st, lesson("vc-3"))
	require.Len(t, asked(t, st), 1)
}
