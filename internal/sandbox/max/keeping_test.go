package max_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
)

func TestEverythingSurvivesAKill(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adding(max.AddingFull)
	_, err := b.SetPerson(max.Person{User: 7, Name: "Anna", Adding: max.PersonRefuses})
	require.NoError(t, err)
	chat, other := b.chat(nil, 2, 3, 4), b.chat(allBut(max.Write))
	first := b.say(chat, "one")
	b.say(chat, "two")
	require.True(t, b.does("DELETE", "/messages?message_id="+first, nil))
	require.True(t, b.does("DELETE", path(chat, "/members?user_id=3&block=true"), nil))
	require.True(t, b.does("POST", path(chat, "/members/admins"), admins(2, max.CanCall)))
	require.True(t, b.does("DELETE", path(other, "/members/me"), nil))
	before, told := b.State(), b.poll(1)
	for _, when := range []string{"from the changes", "from the compacted journal"} {
		b.open(-1)
		require.Equal(t, before, b.State(), when)
		require.Equal(t, told, b.poll(1), when)
		require.Equal(t, "left", good[chatInfo](b, "GET", path(other, ""), nil).Status, when)
		require.Equal(t, []int64{7}, good[outcome](b, "POST", path(chat, "/members"), users(7)).Failed, when)
		_, err = b.Join(max.Joining{Link: chat.Link, User: 3})
		require.ErrorIs(t, err, max.ErrConflict, when)
	}
	require.NotEqual(t, first, b.say(chat, "three"))
	content, err := os.ReadFile(b.journal)
	require.NoError(t, err)
	require.NotContains(t, string(content), token)
}

func TestTheLatestEventsAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	for i := range 10_005 {
		b.rename(chat, strings.Repeat("x", i%2+1))
	}
	for range 2 {
		told := b.poll(1)
		require.Len(t, told.Updates, 1000)
		require.EqualValues(t, 1007, told.Marker)
		b.open(-1)
	}
}
