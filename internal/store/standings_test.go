package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// awaited asks for the parents' chat of class c, and gives it as the mirror has it.
func awaited(t *testing.T, st *store.Store) store.MirrorChat {
	t.Helper()
	ctx := t.Context()
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "s", Request: "r", Trigger: "manual", Scope: reconcile.Scope{}})
	require.NoError(t, err)
	d := chats.Chat{Key: "parents:c", Type: chats.Parents, Class: "c", Title: "5А"}
	plan := reconcile.Plan{Operations: []reconcile.Operation{{
		Chat: d.Key, Type: d.Type, Step: reconcile.StepEnsure, Kind: reconcile.Ask, Title: d.Title, Rule: reconcile.RuleNewChat,
	}}}
	_, _, err = st.SavePlan(ctx, store.PlanRow{School: "s", Epoch: epoch, Type: d.Type}, plan, []chats.Chat{d})
	require.NoError(t, err)
	endPass(t, st, "changed")
	st.Age(t, "passes", "finished_at", time.Hour)
	return mirrored(t, st)
}

func mirrored(t *testing.T, st *store.Store) store.MirrorChat {
	t.Helper()
	mirror, err := st.Mirror(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, mirror, 1)
	return mirror[0]
}

func standings(t *testing.T, st *store.Store) []store.Standing {
	t.Helper()
	all, err := st.Standings(t.Context(), "s")
	require.NoError(t, err)
	return all
}

func TestAChatIsAskedForWithACode(t *testing.T) {
	t.Parallel()
	st := setup(t)
	chat := awaited(t, st)
	require.Equal(t, reconcile.ChatAwaited, chat.State)
	require.Equal(t, []string{chat.Code}, adoption.CodesIn(chat.Code))
	require.Empty(t, chat.Ref)
	require.False(t, chat.Asked, "the messenger was asked nothing")
	require.Equal(t, chat.Code, awaited(t, st).Code, "asked for again, it keeps its code")
}

// onMAX is a school on MAX, with one chat that the messenger calls 7.
func onMAX(t *testing.T) *store.Store {
	t.Helper()
	st := setup(t)
	require.NoError(t, st.SetMessenger(t.Context(), "s", messenger.MAX))
	liveChat(t, st)
	return st
}

func TestTheWordOfAChatThatTheCommunityWasLetInto(t *testing.T) {
	t.Parallel()
	st := onMAX(t)
	added := messenger.Event{ID: "1", Kind: messenger.EventOwnAdded, Chat: "-70"}
	require.True(t, take(t, st, added))
	require.False(t, take(t, st, added))
	wanted := outbox(t, st)
	require.Len(t, wanted, 1)
	require.JSONEq(t, `{"standings":true}`, string(wanted[0].Scope))
	require.True(t, wanted[0].Verify)
	require.Len(t, standings(t, st), 1)
	require.Nil(t, standings(t, st)[0].LookedAt)

	seen := func(read store.Standing) store.Standing {
		e := st.NewEffects()
		e.StandingSeen("s", read, adoption.ProblemRights, messenger.ChatState{
			Title: "1A", Lacks: []messenger.Right{messenger.RightTitle}, Members: []messenger.Member{{Account: 5}, {Account: 6, Owner: true}},
		})
		require.NoError(t, e.Record(t.Context()))
		x := standings(t, st)[0]
		require.Equal(t, []any{adoption.ProblemRights, "1A", school.AccountID(6)}, []any{x.Problem, x.Title, x.Owner})
		require.Equal(t, []messenger.Right{messenger.RightTitle}, x.Lacks)
		return x
	}
	for i, kind := range []messenger.EventKind{
		messenger.EventOwnRights, messenger.EventTitle, messenger.EventOwnAdded, messenger.EventOwnRemoved, messenger.EventOther,
	} {
		require.NotNil(t, seen(standings(t, st)[0]).LookedAt)
		require.True(t, take(t, st, messenger.Event{ID: string(kind), Kind: kind, Chat: "-70"}))
		require.Nil(t, standings(t, st)[0].LookedAt, "%d: it is to be read again", i)
		require.Len(t, outbox(t, st), 1)
	}
	read := standings(t, st)[0]
	require.True(t, take(t, st, messenger.Event{ID: "meanwhile", Kind: messenger.EventTitle, Chat: "-70"}))
	require.Nil(t, seen(read).LookedAt, "what happens while it is read is not lost")
	outbox(t, st)
	require.NotNil(t, seen(standings(t, st)[0]).LookedAt)
	for _, kind := range []messenger.EventKind{messenger.EventJoined, messenger.EventLeft, messenger.EventAdded, messenger.EventRemoved} {
		require.True(t, take(t, st, messenger.Event{ID: "x" + string(kind), Kind: kind, Chat: "-70"}))
		require.Empty(t, outbox(t, st), "who comes and goes there is nobody's concern")
	}
	require.True(t, take(t, st, messenger.Event{ID: "t", Kind: messenger.EventJoined, Chat: "-71"}))
	require.Len(t, standings(t, st), 2, "a chat of which nothing was heard before: the word that we were let in was lost")
	require.Len(t, outbox(t, st), 1)

	require.True(t, take(t, st, messenger.Event{ID: "10", Kind: messenger.EventOwnRemoved, Chat: "7"}))
	require.JSONEq(t, `{"chats":["parents:c"]}`, string(outbox(t, st)[0].Scope), "of a chat that is the school's, it is read")
}

// TestOneChatIsOneSchools: two schools with one bot do not both take it.
func TestOneChatIsOneSchools(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	require.NoError(t, st.SetMessenger(ctx, "s", messenger.MAX))
	chat := awaited(t, st)
	other := school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-other", Name: "Other", SubjectChats: true}
	require.NoError(t, st.AddSchool(ctx, other))
	require.NoError(t, st.SetMessenger(ctx, "other", messenger.MAX))
	epoch, err := st.BeginPass(ctx, store.PassBegin{School: "other", Request: "r", Trigger: "manual", Scope: reconcile.Scope{}})
	require.NoError(t, err)
	d := chats.Chat{Key: "teachers", Type: chats.Teachers, Title: "Учительская"}
	plan := reconcile.Plan{Operations: []reconcile.Operation{{Chat: d.Key, Type: d.Type, Step: reconcile.StepEnsure, Kind: reconcile.Ask, Title: d.Title}}}
	_, _, err = st.SavePlan(ctx, store.PlanRow{School: "other", Epoch: epoch, Type: d.Type}, plan, []chats.Chat{d})
	require.NoError(t, err)
	theirs, err := st.Mirror(ctx, "other")
	require.NoError(t, err)
	state := messenger.ChatState{Ref: "-70", Title: chat.Code + " " + theirs[0].Code}
	id, err := st.Adopt(ctx, "s", chat.Key, chat.Code, state)
	require.NoError(t, err)
	require.NotZero(t, id)
	id, err = st.Adopt(ctx, "other", d.Key, theirs[0].Code, state)
	require.NoError(t, err)
	require.Zero(t, id)
}

func TestACodeAdoptsOneChatOnce(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	require.NoError(t, st.SetMessenger(ctx, "s", messenger.MAX))
	chat := awaited(t, st)
	take(t, st, messenger.Event{ID: "1", Kind: messenger.EventOwnAdded, Chat: "-70"})
	outbox(t, st)
	state := messenger.ChatState{Ref: "-70", Title: "5А " + chat.Code}
	id, err := st.Adopt(ctx, "s", "parents:c", "000-000-000-000", state)
	require.NoError(t, err)
	require.Zero(t, id, "another code")
	id, err = st.Adopt(ctx, "s", chat.Key, chat.Code, state)
	require.NoError(t, err)
	require.Equal(t, chat.ID, id)
	adopted := mirrored(t, st)
	require.Equal(t, []any{reconcile.ChatLive, state.Ref, state.Title, chat.Code}, []any{adopted.State, adopted.Ref, adopted.Title, adopted.Code})
	require.Empty(t, standings(t, st))
	require.JSONEq(t, `{"chats":["parents:c"]}`, string(outbox(t, st)[0].Scope), "who came until now is found by a reading")

	state.Ref = "-71"
	id, err = st.Adopt(ctx, "s", chat.Key, chat.Code, state)
	require.NoError(t, err)
	require.Zero(t, id, "it has been used")
	require.EqualValues(t, "-70", mirrored(t, st).Ref)
}

func TestRightsAndOwnersAreOnRecord(t *testing.T) {
	t.Parallel()
	st := setup(t)
	liveChat(t, st)
	chat := mirrored(t, st)
	record := func(lacks []messenger.Right, m messenger.Member) store.MirrorChat {
		e := st.NewEffects()
		e.RightsAre(chat.ID, lacks)
		e.MemberSeen(chat.ID, m)
		require.NoError(t, e.Record(t.Context()))
		return mirrored(t, st)
	}
	c := record([]messenger.Right{messenger.RightMembers}, messenger.Member{Account: 5, Admin: true, Owner: true})
	require.Equal(t, []messenger.Right{messenger.RightMembers}, c.Lacks)
	require.Equal(t, []reconcile.Member{{Account: 5, Admin: true, Owner: true, State: reconcile.MemberPresent, Reasons: []chats.Reason{}}}, c.Members)
	c = record(nil, messenger.Member{Account: 5})
	require.Empty(t, c.Lacks)
	require.False(t, c.Members[0].Owner)
}

func TestAMarkerIsOfOneCommunity(t *testing.T) {
	t.Parallel()
	st := onMAX(t)
	ctx := t.Context()
	marker := func() string {
		c, err := st.Community(ctx, "s")
		require.NoError(t, err)
		return c.EventsMarker
	}
	require.NoError(t, st.SetToken(ctx, "s", 900, "max-token"))
	require.Empty(t, marker())
	require.NoError(t, st.SetEventsMarker(ctx, "s", 900, "12"))
	require.NoError(t, st.SetToken(ctx, "s", 900, "a-newer-token"))
	require.Equal(t, "12", marker(), "it is the same bot")
	require.NoError(t, st.SetToken(ctx, "s", 901, "another-bots"))
	require.Empty(t, marker())
	require.NoError(t, st.SetEventsMarker(ctx, "s", 900, "13"))
	require.Empty(t, marker(), "whoever listened to the former bot is late")
}

func TestABotIsOneSchools(t *testing.T) {
	t.Parallel()
	st := onMAX(t)
	ctx := t.Context()
	require.NoError(t, st.SetToken(ctx, "s", 900, "max-token"))
	require.NoError(t, st.SetToken(ctx, "s", 900, "another-token"), "its own it may have again")
	other := school.School{ID: "other", District: "d", Feed: "f", SourceID: "org-other", Name: "Other"}
	require.NoError(t, st.AddSchool(ctx, other))
	require.NoError(t, st.SetToken(ctx, "other", 900, "vk-token"), "that of VK's is another thing")
	_, err := st.BeginMove(ctx, "other", messenger.MAX, 900, "max-token")
	require.Equal(t, &store.SharedError{Bot: 900, Other: "s"}, err)
	require.ErrorContains(t, err, "bot 900 is school s's")
	_, err = st.BeginMove(ctx, "other", messenger.MAX, 901, "max-token")
	require.NoError(t, err)
	require.Error(t, st.SetToken(ctx, "other.max", 900, "max-token"))
}

func TestAMessengerIsChosenBeforeThereAreChats(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	choose := func(p messenger.Protocol) error { return st.SetMessenger(ctx, "s", p) }
	require.NoError(t, st.SetToken(ctx, "s", 77, "vk-token"))
	require.NoError(t, choose(messenger.VK), "it is there")
	c, err := st.Community(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, messenger.VK, c.Messenger)

	require.NoError(t, choose(messenger.MAX))
	row, err := st.School(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, messenger.MAX, row.Messenger)
	require.False(t, row.TokenSet, "a token of VK's is none of MAX's")
	require.NoError(t, st.SetToken(ctx, "s", 900, "max-token"))
	listenings, err := st.Listenings(ctx)
	require.NoError(t, err)
	require.Len(t, listenings, 1, "nothing else tells of a chat that somebody made")
	require.Equal(t, messenger.MAX, listenings[0].Messenger)

	awaited(t, st)
	require.NoError(t, choose(messenger.VK), "a chat that nobody has made is none")
	mirror, err := st.Mirror(ctx, "s")
	require.NoError(t, err)
	require.Empty(t, mirror)

	liveChat(t, st)
	moved := &store.MovedError{}
	require.ErrorAs(t, choose(messenger.MAX), &moved)
	require.Equal(t, store.MovedError{School: "s", From: messenger.VK, To: messenger.MAX, Chats: 1}, *moved)
	require.ErrorContains(t, moved, "rollcall school move s --to max")
	require.Error(t, st.SetMessenger(ctx, "nowhere", messenger.MAX))
}
