package main

import (
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// byHand is the fixture on MAX: its teachers' room is there, and people are to make two chats.
func byHand() survey.Survey {
	s := fixture()
	s.School.Messenger, s.School.CommunityID = messenger.MAX, 700
	s.Mirror = store.Mirror{
		s.Mirror[0],
		{ID: 2, Code: "482-913-570-264", Chat: reconcile.Chat{
			Key: "parents:2026:2a", Type: chats.Parents, Class: "2a", Year: "2026", State: reconcile.ChatAwaited, Title: "2А · Родители",
		}},
		{ID: 3, Code: "000-000-000-001", Chat: reconcile.Chat{
			Key: "subject:2026:choir", Type: chats.Subject, Class: "choir", Year: "2026", State: reconcile.ChatAwaited, Title: "Хор · Пение",
		}},
		{ID: 4, Code: "111-111-111-111", Chat: reconcile.Chat{ // the roster calls for it no more
			Key: "parents:2025:9v", Type: chats.Parents, Class: "9v", Year: "2025", State: reconcile.ChatAwaited, Title: "9В · Родители",
		}},
	}
	return s
}

// standings has a chat with each problem, and one that has not been looked at.
func standings(now time.Time) []store.Standing {
	looked := now.Add(-time.Hour)
	all := lo.Map(adoption.Problems(), func(p adoption.Problem, i int) store.Standing {
		return store.Standing{Ref: messenger.ChatRef("-7" + string(rune('0'+i))), Since: now.Add(-3 * time.Hour), LookedAt: &looked, Problem: p, Title: "Чат " + string(rune('А'+i)), Owner: 5, Lacks: []messenger.Right{}}
	})
	for i := range all {
		if lo.Contains([]adoption.Problem{adoption.ProblemRights, adoption.ProblemNoCode}, all[i].Problem) {
			all[i].Lacks = []messenger.Right{messenger.RightAdmins, messenger.RightWrite}
		}
	}
	return append(all, store.Standing{Ref: "-80", Since: now.Add(-time.Second)})
}

func TestChatsToMake(t *testing.T) {
	t.Parallel()
	s := byHand()
	now := time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)
	v := viewToMake(headOf(s), s, standings(now), now)
	text, asJSON := written(t, v)
	golden(t, "chats-to-make.txt", text)
	golden(t, "chats-to-make.json", asJSON)
	require.NotContains(t, text, "111-111-111-111")
	require.Equal(t, 1, strings.Count(text, ": add admins; write and edit messages"), "what else is wrong is said alone")
	require.NotContains(t, text, " above")
	for _, c := range v.ToMake {
		require.Equal(t, []string{c.Code}, adoption.CodesIn(c.MakeAs), "the title is taken for what it is to be")
	}
}

func TestWhoHadBestMakeAChat(t *testing.T) {
	t.Parallel()
	who := peopleOf(fixtureRoster())
	member := func(person school.PersonID, role chats.Role) chats.Member {
		return chats.Member{Person: person, Role: role}
	}
	made := func(members ...chats.Member) toMakeChat {
		return toMakeChat{BestMadeBy: who.makers(chats.Chat{Members: members})}
	}
	require.Empty(t, made().makers())
	require.Empty(t, made(member("head", chats.RoleMember)).makers())
	require.Equal(t, "Соколова Анна (head)", made(member("x", chats.RoleMember), member("head", chats.RoleAdmin)).makers())
	require.Equal(t, "Соколова Анна (head), nobody", made(member("head", chats.RoleAdmin), member("nobody", chats.RoleAdmin)).makers())
	three := made(member("head", chats.RoleAdmin), member("algebraist", chats.RoleAdmin), member("nobody", chats.RoleAdmin))
	require.Equal(t, "Соколова Анна (head), Ключевская Анна (algebraist), …", three.makers())
	require.Len(t, three.BestMadeBy, 3)
}

func TestNoChatsToMake(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)
	s := byHand()
	s.Mirror = s.Mirror[:1]
	s.School.CommunityID = 0
	text, _ := written(t, viewToMake(headOf(s), s, nil, now))
	require.Equal(t, "Школа № 17 (s)\n\nThere is no chat to make now. Chats are asked for by a pass: rollcall resync s --wait\n", text)
	text, _ = written(t, viewToMake(headOf(s), s, standings(now)[:1], now))
	require.Contains(t, text, "There is no chat to make now.")
	require.Contains(t, text, "-70", "what the bot was let into is shown all the same")
	require.NotContains(t, text, "above", "there is nothing")

	s = byHand()
	s.School.CommunityID = 0
	text, _ = written(t, viewToMake(headOf(s), s, nil, now))
	require.Contains(t, text, "Let the school's bot in, as an admin", "whose id is not known yet")

	s = fixture()
	s.School.Messenger = messenger.VK
	text, _ = written(t, viewToMake(headOf(s), s, nil, now))
	require.Equal(t, "Школа № 17 (s)\n\nThe school is on VK, where Rollcall makes the chats itself: there is nothing to make.\n", text)
}
