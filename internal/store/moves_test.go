package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const successor school.ID = "s.max"

// moving is a school on VK with one chat there, whose move to MAX has begun.
func moving(t *testing.T) *store.Store {
	t.Helper()
	st := setup(t)
	ctx := t.Context()
	require.NoError(t, st.SetToken(ctx, "s", 77, "vk-token"))
	liveChat(t, st)
	outbox(t, st)
	next, err := st.BeginMove(ctx, "s", messenger.MAX, 900, "max-token")
	require.NoError(t, err)
	require.Equal(t, successor, next)
	return st
}

func TestASuccessorIsWhatItsSchoolIs(t *testing.T) {
	t.Parallel()
	st := moving(t)
	ctx := t.Context()
	s, err := st.School(ctx, "s")
	require.NoError(t, err)
	next, err := st.School(ctx, successor)
	require.NoError(t, err)
	require.Equal(t, []school.ID{successor, "", "", "s"}, []school.ID{s.Successor, s.SuccessorOf, next.Successor, next.SuccessorOf})
	require.Equal(t, []messenger.Protocol{messenger.VK, messenger.MAX}, []messenger.Protocol{s.Messenger, next.Messenger})
	require.Equal(t, school.ID("s"), next.Origin())
	community, err := st.Community(ctx, successor)
	require.NoError(t, err)
	require.Equal(t, store.Community{Messenger: messenger.MAX, ID: 900, Token: "max-token"}, *community)

	changed := s.School
	changed.Name, changed.SubjectChats = "Renamed", false
	require.NoError(t, st.AddSchool(ctx, changed))
	require.NoError(t, st.SetSchedule(ctx, "s", school.Schedule{Continuous: true}))
	require.NoError(t, st.SetProxy(ctx, "s", &proxy.Settings{Server: "proxy.example", Port: 3128}))
	next, err = st.School(ctx, successor)
	require.NoError(t, err)
	require.Equal(t, "Renamed", next.Name)
	require.False(t, next.SubjectChats)
	require.True(t, next.Schedule.Continuous)
	settings, err := st.Proxy(ctx, successor)
	require.NoError(t, err)
	require.Equal(t, "proxy.example", settings.Server, "its traffic goes the same way")
	at, err := st.ProxiesSetAt(ctx)
	require.NoError(t, err)
	require.Equal(t, at["s"], at[successor])
	organisation, err := st.Organisation(ctx, "s")
	require.NoError(t, err, "that the successor is called the same is no trouble")
	require.Equal(t, "org-1", organisation)
}

// TestASuccessorHasTheRosterOfItsSchool also where a reading of the feed knows nothing of it.
func TestASuccessorHasTheRosterOfItsSchool(t *testing.T) {
	t.Parallel()
	st := moving(t)
	ctx := t.Context()
	roster := school.Roster{SourceID: "org-1", Name: "School", People: []school.Person{{ID: "p", Enabled: true}}, Calls: []school.Call{lesson("vc-1")}}
	_, err := st.SaveReading(ctx, store.Reading{
		Feed: "f", Receipt: []byte("{}"), Schools: []store.SchoolReading{{School: "s", Roster: &roster, Digest: "new"}},
	})
	require.NoError(t, err)
	next, err := st.School(ctx, successor)
	require.NoError(t, err)
	require.Equal(t, "new", next.Snapshot)
	taken, err := st.Roster(ctx, successor, "new")
	require.NoError(t, err)
	require.Equal(t, roster.People, taken.People)
	open, err := st.OpenCalls(ctx, successor)
	require.NoError(t, err)
	require.Empty(t, open, "the calls are its school's")

	require.NoError(t, st.CancelMove(ctx, "s"))
	again, err := st.BeginMove(ctx, "s", messenger.MAX, 900, "max-token")
	require.NoError(t, err)
	taken, err = st.Roster(ctx, again, "new")
	require.NoError(t, err, "from the beginning")
	require.Equal(t, roster.People, taken.People)
}

func TestWhatCannotMove(t *testing.T) {
	t.Parallel()
	st := moving(t)
	ctx := t.Context()
	for want, begin := range map[string]func() error{
		"moves already":             func() error { _, err := st.BeginMove(ctx, "s", messenger.MAX, 1, "x"); return err },
		"is the successor of s":     func() error { _, err := st.BeginMove(ctx, successor, messenger.VK, 1, "x"); return err },
		"there is no school \"z\":": func() error { _, err := st.BeginMove(ctx, "z", messenger.VK, 1, "x"); return err },
	} {
		require.ErrorContains(t, begin(), want)
	}
	require.NoError(t, st.CancelMove(ctx, "s"))
	_, err := st.BeginMove(ctx, "s", messenger.VK, 1, "x")
	require.ErrorContains(t, err, "is on VK already")
	require.ErrorContains(t, st.CancelMove(ctx, "s"), "does not move")
}

func TestAMoveIsTakenBack(t *testing.T) {
	t.Parallel()
	st := moving(t)
	ctx := t.Context()
	require.NoError(t, st.CancelMove(ctx, "s"))
	_, err := st.School(ctx, successor)
	require.Error(t, err)
	require.EqualValues(t, "7", mirrored(t, st).Ref, "its chats are as they were")
	require.Len(t, outbox(t, st), 1, "the Portal is to show them again")
	_, err = st.BeginMove(ctx, "s", messenger.MAX, 900, "max-token")
	require.NoError(t, err, "and it can be begun again")
}

func TestFarewellsAreSaidOnceAndMakeAMoveFinal(t *testing.T) {
	t.Parallel()
	st := moving(t)
	ctx := t.Context()
	ids := int32(0)
	random := func() int32 { ids++; return ids }
	first, err := st.Farewells(ctx, "s", epochOf(t, st), random)
	require.NoError(t, err)
	require.Len(t, first, 1)
	require.EqualValues(t, 1, first[0].RandomID)
	again, err := st.Farewells(ctx, "s", epochOf(t, st), random)
	require.NoError(t, err)
	require.Equal(t, first, again, "tried again, it is the same message")
	require.ErrorContains(t, st.CancelMove(ctx, "s"), "cannot be taken back any more")
	require.NoError(t, st.FarewellSaid(ctx, first[0].ID))
	none, err := st.Farewells(ctx, "s", epochOf(t, st), random)
	require.NoError(t, err)
	require.Empty(t, none)
}

func epochOf(t *testing.T, st *store.Store) int64 {
	t.Helper()
	row, err := st.School(t.Context(), "s")
	require.NoError(t, err)
	return row.Epoch
}

// TestAFarewellIsSaidByTheLatestPassOfAMoveThatStands: nobody is told of a move that was taken back.
func TestAFarewellIsSaidByTheLatestPassOfAMoveThatStands(t *testing.T) {
	t.Parallel()
	st := moving(t)
	ctx := t.Context()
	none := func(epoch int64) {
		_, err := st.Farewells(ctx, "s", epoch, func() int32 { return 1 })
		require.Equal(t, messenger.CodeFenced, messenger.CodeOf(err))
		leaving, err := st.Leaving(ctx, "s")
		require.NoError(t, err)
		require.False(t, leaving)
	}
	none(epochOf(t, st) - 1)
	require.NoError(t, st.CancelMove(ctx, "s"))
	none(epochOf(t, st))
}

// TestTakingOver: the new chats, with their history, are the school's; the old ones are on record as left; whatever was under way is
// shut out.
func TestTakingOver(t *testing.T) {
	t.Parallel()
	st := moving(t)
	ctx := t.Context()
	require.NoError(t, st.SetCallback(ctx, successor, "", "hush"))
	require.NoError(t, st.TakeCalls(ctx, "s", time.Now(), []school.Call{lesson("vc-1")}))
	require.NoError(t, st.SetPosted(ctx, "s", "vc-1", &calls.Posted{Chat: "parents:c", Ref: "7", Text: "x", RandomID: 5, Message: "8"}))
	old, err := st.Passes(ctx, "s", 10)
	require.NoError(t, err)
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: successor, Request: "r", Trigger: "event", Scope: reconcile.Scope{}})
	require.NoError(t, err)
	stale := st.Gate(successor, epoch)
	require.NoError(t, stale.Pass(ctx))
	before := st.Gate("s", old[0].Epoch)
	require.NoError(t, before.Pass(ctx))
	require.NoError(t, st.Want(ctx, successor, "event", reconcile.Scope{Standings: true}, true, "messenger event"))

	require.NoError(t, st.TakeOver(ctx, "s"))
	require.NoError(t, st.TakeOver(ctx, "s"), "a second time nothing is left to do")
	row, err := st.School(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, []any{messenger.MAX, int64(900), school.ID("")}, []any{row.Messenger, row.CommunityID, row.Successor})
	community, err := st.Community(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, "max-token", community.Token)
	callback, err := st.Callback(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, "hush", callback.Secret)
	left, err := st.LeftChats(ctx, "s")
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, []any{messenger.VK, messenger.ChatRef("7")}, []any{left[0].Messenger, left[0].Ref})
	mirror, err := st.Mirror(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, mirror, "the successor had none yet")
	passes, err := st.Passes(ctx, "s", 10)
	require.NoError(t, err)
	require.Len(t, passes, len(old)+1)
	require.Equal(t, old[0].Epoch+epoch, passes[0].Epoch, "its history follows the school's own")
	wanted := outbox(t, st)
	require.Equal(t, []string{"messenger event", "moved"}, []string{wanted[len(wanted)-2].RequestedBy, wanted[len(wanted)-1].RequestedBy}, "what was to be done still is")
	require.True(t, wanted[len(wanted)-1].Verify)
	open, err := st.OpenCalls(ctx, "s")
	require.NoError(t, err)
	require.Nil(t, open[0].Posted, "the call is to be announced in the new chat")

	require.Equal(t, messenger.CodeFenced, messenger.CodeOf(before.Pass(ctx)))
	require.ErrorContains(t, stale.Pass(ctx), "there is no school")
	require.NoError(t, st.Gate("s", row.Epoch).Pass(ctx))
}

func TestASuccessorTellsItsSchool(t *testing.T) {
	t.Parallel()
	st := moving(t)
	outbox(t, st)
	require.NoError(t, st.TellOrigin(t.Context(), successor))
	require.Len(t, outbox(t, st), 1)
	require.NoError(t, st.TellOrigin(t.Context(), "s"))
	require.Empty(t, outbox(t, st))
}
