package calls_test

import (
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// moscow is the zone of the tests' district.
var moscow = time.FixedZone("MSK", 3*60*60)

// peopled is the roster with its people, all but one of whom have an identity on the Portal.
func peopled() school.Roster {
	r := roster()
	for _, id := range []school.PersonID{"vera", "sasha", "sashas-mother", "late-student", "head"} {
		r.People = append(r.People, school.Person{ID: id, Portal: "p-" + string(id)})
	}
	r.People = append(r.People, school.Person{ID: "not-on-the-portal"})
	return r
}

// desired are the roster's chats, with whom they are for.
func desired() []chats.Chat {
	chat := func(key chats.Key, kind chats.Type, class school.ClassID, missing []school.PersonID, members ...school.PersonID) chats.Chat {
		return chats.Chat{
			Key: key, Type: kind, Class: class,
			Members: lo.Map(members, func(p school.PersonID, _ int) chats.Member { return chats.Member{Person: p} }),
			Missing: lo.Map(missing, func(p school.PersonID, _ int) chats.Missing { return chats.Missing{Person: p} }),
		}
	}
	return []chats.Chat{
		chat("parents:n-1a", chats.Parents, "n-1a", nil, "sashas-mother", "vera"),
		chat("students:n-1a", chats.Students, "n-1a", []school.PersonID{"late-student"}, "sasha", "not-on-the-portal"),
		chat("subject:n-math", chats.Subject, "n-math", []school.PersonID{"late-student"}, "sasha", "vera", "vera"),
		chat("teachers", chats.Teachers, "", nil, "head", "vera"),
	}
}

var refs = map[chats.Key]messenger.ChatRef{"parents:n-1a": "6", "students:n-1a": "7", "subject:n-math": "8"}

// announced puts a call among the chats.
func announced(c school.Call) calls.Item {
	return calls.Among([]calls.State{{Call: c}}, peopled(), desired(), refs, moscow, "org-1")[0]
}

// A call is shown to its teacher and to all who belong into its chat, be they in it or not, and to nobody else.
func TestAmong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		class    school.ClassID
		chat     string
		teacher  school.PersonID
		key      chats.Key
		ref      messenger.ChatRef
		audience []string
	}{
		"a subject's call": {"n-math", "", "vera", "subject:n-math", "8", []string{"p-late-student", "p-sasha", "p-vera"}},
		"a class's call: its students, and the teacher, who is not in their chat": {
			"n-1a", "", "vera", "students:n-1a", "7", []string{"p-late-student", "p-sasha", "p-vera"},
		},
		"nobody knows who holds it":                   {"n-1a", "students", "", "students:n-1a", "7", []string{"p-late-student", "p-sasha"}},
		"a parents' evening: no student":              {"n-1a", "parents", "vera", "parents:n-1a", "6", []string{"p-sashas-mother", "p-vera"}},
		"a meeting of the staff, whose chat is to be": {"", "", "head", "teachers", "", []string{"p-head", "p-vera"}},
		"a class that the roster has not":             {"gone", "", "vera", "", "", []string{"p-vera"}},
		"a teacher without an identity":               {"", "", "not-on-the-portal", "teachers", "", []string{"p-head", "p-vera"}},
		"a chat that the class has not":               {"n-1a", "subject", "", "", "", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := lesson()
			c.Class, c.Chat, c.Teacher = tc.class, tc.chat, tc.teacher
			i := announced(c)
			require.Equal(t, tc.key, i.Chat)
			require.Equal(t, tc.ref, i.Ref)
			require.Equal(t, portal.Call{
				ID: "vc-7", Title: c.Title, Class: string(tc.class), Starts: c.Starts, Ends: c.Ends, Audience: tc.audience, Link: c.Link,
				Teacher: map[school.PersonID]string{"vera": "p-vera", "head": "p-head"}[tc.teacher],
			}, i.Published())
			require.Empty(t, i.Entitled.Link)
		})
	}
}

func TestAmongKeepsWhatWasDone(t *testing.T) {
	t.Parallel()
	at := ten
	done := calls.State{Call: lesson(), HeldAt: ten, Shown: "x", ShownAt: &at, Posted: &calls.Posted{Text: "x"}, Room: &messenger.Room{ID: "r"}}
	other := calls.State{Call: lesson(), HeldAt: ten}
	other.Call.ID = "vc-8"
	items := calls.Among([]calls.State{done, other}, peopled(), desired(), refs, moscow, "org-1")
	require.Equal(t, []calls.State{done, other}, lo.Map(items, func(i calls.Item, _ int) calls.State { return i.State }))
	require.Empty(t, calls.Among(nil, peopled(), desired(), refs, moscow, "org-1"))
}

func TestAudience(t *testing.T) {
	t.Parallel()
	identities := map[school.PersonID]string{"a": "p-2", "b": "p-1", "same-as-a": "p-2", "none": ""}
	require.Equal(t, []string{"p-1", "p-2"}, calls.Audience([]school.PersonID{"a", "b", "same-as-a", "none", "unknown", "a"}, identities))
	require.Empty(t, calls.Audience(nil, identities))
}
