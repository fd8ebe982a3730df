package survey_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

func lesson(class school.ClassID, chat string) school.Call {
	return school.Call{
		ID: "vc-1", Title: "Алгебра", Class: class, Chat: chat, Starts: at.AddDate(100, 0, 0), Ends: at.AddDate(100, 0, 0).Add(45 * time.Minute),
		Link: "https://calls.example/join/abc",
	}
}

// Who sees a call: who belongs in the chat, in it already or not, and its teacher; and nobody else.
func TestWhoSeesACall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.make(parents, students, subject, teachers)
	s := b.take(survey.Options{})
	for name, tc := range map[string]struct {
		class    school.ClassID
		chat     string
		teacher  school.PersonID
		key      chats.Key
		audience []string
	}{
		"the students' chat: the class teacher, who is its admin, and both students; no guardian": {
			"1a", "students", "", students, []string{"p-linked", "p-teacher", "p-unlinked"},
		},
		"the usual chat is theirs":                 {"1a", "", "", students, []string{"p-linked", "p-teacher", "p-unlinked"}},
		"the parents' chat: no student":            {"1a", "parents", "", parents, []string{"p-mother", "p-teacher"}},
		"a subject's":                              {"math", "", "", subject, []string{"p-linked", "p-teacher", "p-unlinked"}},
		"the staff's":                              {"", "", "", teachers, []string{"p-teacher"}},
		"who holds it need not belong in the chat": {"", "", "mother", teachers, []string{"p-mother", "p-teacher"}},
		"a class that is not there":                {"9z", "", "teacher", "", []string{"p-teacher"}},
	} {
		c := lesson(tc.class, tc.chat)
		c.Teacher = tc.teacher
		item := s.CallsAmong([]calls.State{{Call: c}})[0]
		require.Equal(t, tc.key, item.Chat, name)
		require.Equal(t, tc.audience, item.Published().Audience, name)
		require.Equal(t, tc.key != "", item.Ref != "", name)
	}
}

func TestACallWaitsForItsChat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	found := func() messenger.ChatRef {
		return b.take(survey.Options{}).CallsAmong([]calls.State{{Call: lesson("1a", "parents")}})[0].Ref
	}
	require.Empty(t, found(), "it is not made yet")
	b.make(parents)
	require.Equal(t, ref(parents), found())
	b.record(func(e *store.Effects) { e.ChatTrouble(b.chat(parents).ID, messenger.CodeChatGone) })
	require.Empty(t, found(), "the messenger gives no access to it")
}

func TestACallsTextIsInTheDistrictsZone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := func() string {
		return b.take(survey.Options{}).CallsAmong([]calls.State{{Call: lesson("1a", "")}})[0].Text()
	}
	require.Contains(t, text(), "14.09.2126 10:00–10:45", "Moscow")
	require.NoError(t, b.SetDistrictTimes(t.Context(), "d", "Asia/Vladivostok", ""))
	require.Contains(t, text(), "14.09.2126 17:00–17:45")
	s := b.take(survey.Options{})
	s.School.TimeZone = "Nowhere/Land"
	require.Contains(t, s.CallsAmong([]calls.State{{Call: lesson("1a", "")}})[0].Text(), "07:00–07:45", "a zone that is not known here")
}

func TestCallMeans(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	means := func(portal bool) calls.Means {
		m, err := survey.CallMeans(ctx, b.Store, b.take(survey.Options{}), portal)
		require.NoError(t, err)
		return m
	}
	require.Equal(t, calls.Means{}, means(false))
	require.Equal(t, calls.Means{Portal: true}, means(true))
	require.NoError(t, b.SetUserToken(ctx, "s", "token"))
	require.Equal(t, calls.Means{Rooms: true, Portal: true}, means(true))
	require.NoError(t, b.SetUserTokenRefused(ctx, "s", "token", messenger.CodeTokenRights))
	require.Equal(t, calls.Means{}, means(false), "no room is asked for with a refused token")
}

func TestWhetherCallsAreWork(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	work := func(now time.Time, portal bool) bool {
		is, err := b.take(survey.Options{}).CallsWork(ctx, b.Store, now, portal)
		require.NoError(t, err)
		return is
	}
	require.False(t, work(at, true), "there are none")
	roomless := lesson("1a", "")
	roomless.Link = ""
	require.NoError(t, b.TakeCalls(ctx, "s", time.Now(), []school.Call{roomless}))
	require.True(t, work(at, false), "that it has no room is to be recorded")
	require.NoError(t, b.SetCallProblem(ctx, "s", "vc-1", calls.ProblemNoRoom))
	require.False(t, work(at, false), "it waits")
	require.NoError(t, b.SetUserToken(ctx, "s", "token"))
	require.True(t, work(at, false), "a room can be made")

	require.NoError(t, b.TakeCalls(ctx, "s", time.Now(), []school.Call{lesson("1a", "")}))
	require.NoError(t, b.SetCallProblem(ctx, "s", "vc-1", calls.ProblemNoChat))
	require.False(t, work(at, false))
	require.True(t, work(at, true), "it can be published")
	b.make(students)
	require.True(t, work(at, false), "it can be announced")
	s := b.take(survey.Options{})
	states, err := b.OpenCalls(ctx, "s")
	require.NoError(t, err)
	posted := s.CallsAmong(states)[0].Announcement(7)
	posted.Message = "5"
	require.NoError(t, b.SetPosted(ctx, "s", "vc-1", &posted))
	require.NoError(t, b.SetCallProblem(ctx, "s", "vc-1", ""))
	require.False(t, work(at, false))
	require.True(t, work(at.AddDate(101, 0, 0), false), "it is to be put away")
	require.NoError(t, b.CloseCall(ctx, "s", "vc-1", lo.FirstOrEmpty(states).HeldAt))
	require.False(t, work(at.AddDate(101, 0, 0), false))
}
