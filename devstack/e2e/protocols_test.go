package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/workflows"
)

// sameCase is what must come out the same on both messengers.
type sameCase struct {
	name string
	// onMAX says in words what MAX has not, or has otherwise, and what comes in its place.
	onMAX string
	// measures: it runs with nothing beside it.
	measures bool
	// nobodyIn: bots may add nobody, on VK neither, and nobody has come yet.
	nobodyIn bool
	// membersOwn: on MAX members made the chats of classes, as nobody can turn the owner out.
	membersOwn bool
	run        func(t *testing.T, s *scene)
}

const invited = "bots add nobody: who is new is invited, and comes by the link"

func sameCases() []sameCase {
	return []sameCase{
		{name: "nothing changed", run: nothingChanged},
		{name: "a new student", onMAX: invited, run: newStudent},
		{name: "a student moved to another class", onMAX: invited, run: studentMoved},
		{name: "an employee dismissed", onMAX: "nobody can turn a chat's owner out: the chats have other owners", membersOwn: true, run: employeeDismissed},
		{name: "a class teacher replaced", onMAX: invited + "; until then the former stays", membersOwn: true, run: classTeacherReplaced},
		{name: "an acting head set and cleared", run: actingHead},
		{name: "a class renamed", run: classRenamed},
		{name: "changes by hand are set right", onMAX: "a stranger is blocked as well", run: changesByHand},
		{name: "a title changed by hand", run: titleByHand},
		{name: "who joins and belongs there is promoted if due", nobodyIn: true, membersOwn: true, run: joinsAndBelongs},
		{name: "a stranger who joins is turned out at once", onMAX: "a stranger is blocked as well", measures: true, run: strangerJoins},
		{name: "who leaves", onMAX: "bots add nobody: it is not tried to put who leaves back, as on VK once, in vain; they are invited", run: leaves},
		{name: "who is turned out by hand", onMAX: "bots add nobody: who is turned out is not put back once, as on VK, but invited", run: kickedByHand},
		{name: "a call is announced once and taken back", onMAX: "no rooms can be made: the call brings its link", run: callAnnounced},
	}
}

// Each case says which requests are made that change anything; no other may be.
func TestTheSameOnBothMessengers(t *testing.T) {
	for _, c := range sameCases() {
		for _, on := range messenger.Protocols() {
			t.Run(string(on)+"/"+c.name, func(t *testing.T) {
				if !c.measures {
					t.Parallel()
				}
				if on == messenger.MAX && c.onMAX != "" {
					t.Log("on MAX " + c.onMAX)
				}
				c.run(t, newScene(t, c, on))
			})
		}
	}
}

const (
	ofStudents = "1А · Ученики"
	ofParents  = "1А · Родители"
)

func nothingChanged(t *testing.T, s *scene) {
	require.Eventually(t, func() bool { // what was done before is still being heard of
		deeds, reads := s.did(func() { s.resync(false, workflows.OutcomeInStep) })
		return len(deeds) == 0 && reads == 0
	}, workTime, pollEvery)
	deeds, reads := s.did(func() { s.resync(true, workflows.OutcomeInStep) })
	require.Empty(t, deeds)
	require.Positive(t, reads)
}

func newStudent(t *testing.T, s *scene) {
	student, err := s.files.AddStudent(s.classNamed("1А"), true)
	require.NoError(t, err)
	account, titles := s.account(student), append(s.groupChats(student), ofStudents)
	s.brings(func() { s.followed(); s.arrive(account, titles...) }, s.comingIn(account, titles...)...)
	require.ElementsMatch(t, titles, s.titlesOf(account))
}

func studentMoved(t *testing.T, s *scene) {
	homerooms := s.files.Classes().Find("classType", "homeroom")
	from, to := homerooms[0], homerooms[1]
	fromTitle, toTitle := from.Get("title"), to.Get("title")
	student, found := lo.Find(s.enrolled(from.ID(), "student"), func(student string) bool {
		guardians := s.guardians(student) // without another child here
		return len(guardians) > 0 && lo.EveryBy(guardians, func(g string) bool { return len(s.titlesOf(s.account(g))) == 1 })
	})
	require.True(t, found)
	account, before := s.account(student), s.groupChats(student)
	require.NoError(t, s.files.MoveStudent(student, to.ID()))
	after := append(s.groupChats(student), toTitle+" · Ученики")
	want := append(of(didRemove, account, append(before, fromTitle+" · Ученики")...), s.comingIn(account, after...)...)
	for _, g := range s.guardians(student) {
		want = append(want, of(didRemove, s.account(g), fromTitle+" · Родители")...)
		want = append(want, s.comingIn(s.account(g), toTitle+" · Родители")...)
	}
	s.brings(func() {
		s.followed()
		s.arrive(account, after...)
		for _, g := range s.guardians(student) {
			s.arrive(s.account(g), toTitle+" · Родители")
		}
	}, want...)
	require.ElementsMatch(t, after, s.titlesOf(account))
}

func employeeDismissed(t *testing.T, s *scene) {
	group := s.files.Classes().Find("classType", "scheduled")[0]
	teacher := s.enrolled(group.ID(), "teacher")[0]
	account := s.account(teacher)
	in := s.titlesOf(account)
	require.Greater(t, len(in), 1)
	require.NoError(t, s.files.Dismiss(teacher))
	s.brings(s.followed, of(didRemove, account, in...)...)
	require.Empty(t, s.titlesOf(account))
}

func classTeacherReplaced(t *testing.T, s *scene) {
	class := s.classNamed("1А")
	old := s.account(s.teacherOfClass(class))
	fresh, err := s.files.AddTeacher(s.org, true)
	require.NoError(t, err)
	s.followed()
	room := s.teachersRoom()
	if account := s.account(fresh); !s.adds {
		s.arrive(account, room)
	}
	require.NoError(t, s.files.ReplaceClassTeacher(class, fresh))
	account, titles := s.account(fresh), []string{ofParents, ofStudents}
	made := s.brings(func() { s.followed(); s.arrive(account, titles...) }, slices.Concat(
		s.comingIn(account, titles...), of(didPromote, account, titles...), of(didRemove, old, titles...))...)
	for _, title := range titles {
		require.Less(t, slices.Index(made, deed{didPromote, title, account}), slices.Index(made, deed{didRemove, title, old}),
			"the chat is never without an admin")
	}
}

func (s *scene) teachersRoom() string {
	s.t.Helper()
	title, found := lo.Find(lo.Keys(s.now()), func(title string) bool { return strings.Contains(title, "Учительская") })
	require.True(s.t, found)
	return title
}

func actingHead(t *testing.T, s *scene) {
	teacher := s.teacherOfClass(s.classNamed("1А"))
	account, room := s.account(teacher), s.teachersRoom()
	require.NoError(t, s.files.SetActingHead(teacher, true))
	s.brings(s.followed, deed{didPromote, room, account})
	require.NoError(t, s.files.SetActingHead(teacher, false))
	s.brings(s.followed, deed{didDemote, room, account})
}

func classRenamed(t *testing.T, s *scene) {
	before := s.now()
	require.NoError(t, s.files.RenameClass(s.classNamed("1А"), "1Ж"))
	deeds, _ := s.did(s.followed)
	after := s.now()
	require.Len(t, after, len(before))
	require.Equal(t, before[ofParents].ID, after["1Ж · Родители"].ID, "they are still the same chats")
	require.Equal(t, before[ofStudents].ID, after["1Ж · Ученики"].ID)
	fresh, _ := lo.Difference(lo.Keys(after), lo.Keys(before))
	require.ElementsMatch(t, lo.Map(fresh, func(title string, _ int) deed { return deed{didRename, title, ""} }), deeds)
}

func changesByHand(t *testing.T, s *scene) {
	chat, stranger := s.now()[ofParents], int64(888_201)
	parents, _ := lo.Difference(chat.Members, chat.Admins)
	parent := parents[0]
	s.brings(func() {
		s.bring(ofParents, stranger)
		s.setAdmin(ofParents, parent, true)
		s.quiet()
	}, deed{s.turnsOut(), ofParents, itoa(stranger)}, deed{didDemote, ofParents, itoa(parent)})
	require.False(t, s.in(ofParents, itoa(stranger)))
	require.NotContains(t, s.now()[ofParents].Admins, parent)
}

func titleByHand(t *testing.T, s *scene) {
	id := s.now()[ofParents].ID
	s.brings(func() { s.rename(ofParents, "Самый лучший класс"); s.quiet() }, deed{didRename, ofParents, ""})
	require.Equal(t, id, s.now()[ofParents].ID)
}

func joinsAndBelongs(t *testing.T, s *scene) {
	teacher := s.teacherOf("1А")
	pupil := s.account(s.enrolled(s.classNamed("1А"), "student")[1])
	s.brings(func() {
		s.join(ofStudents, atoi(t, teacher))
		s.join(ofStudents, atoi(t, pupil))
		require.Eventually(t, func() bool { return slices.Contains(s.now()[ofStudents].Admins, atoi(t, teacher)) }, workTime, pollEvery)
		s.quiet()
	}, deed{didPromote, ofStudents, teacher})
	require.True(t, s.in(ofStudents, pupil))
	require.NotContains(t, s.now()[ofStudents].Admins, atoi(t, pupil))
}

func strangerJoins(t *testing.T, s *scene) {
	const stranger = "888202"
	var took time.Duration
	s.brings(func() {
		began := time.Now()
		s.join(ofParents, atoi(t, stranger))
		require.Eventually(t, func() bool { return !s.in(ofParents, stranger) }, workTime, 5*time.Millisecond)
		took = time.Since(began)
		s.quiet()
	}, deed{s.turnsOut(), ofParents, stranger})
	t.Logf("a stranger was turned out after %s", took)
	require.Less(t, took, soon)
}

func leaves(t *testing.T, s *scene) {
	account := s.account(s.enrolled(s.classNamed("1А"), "student")[1])
	tried := of(didAdd, account, ofStudents) // VK lets nobody be added who left
	s.brings(func() { s.leave(ofStudents, atoi(t, account)); s.quiet(); s.quiet() }, lo.Ternary(s.adds, tried, nil)...)
	require.False(t, s.in(ofStudents, account), "invited again, no more")
	s.brings(func() { s.join(ofStudents, atoi(t, account)); s.quiet() })
	require.True(t, s.in(ofStudents, account))
}

func kickedByHand(t *testing.T, s *scene) {
	account := s.account(s.enrolled(s.classNamed("1А"), "student")[1])
	s.brings(func() { s.kick(ofStudents, atoi(t, account)); s.quiet() }, s.comingIn(account, ofStudents)...)
	if s.adds {
		require.True(t, s.in(ofStudents, account), "put back")
		s.brings(func() { s.kick(ofStudents, atoi(t, account)); s.quiet() })
	}
	require.False(t, s.in(ofStudents, account), "invited again, no more")
	s.brings(func() { s.join(ofStudents, atoi(t, account)); s.quiet() })
	require.True(t, s.in(ofStudents, account))
}

func callAnnounced(t *testing.T, s *scene) {
	p, lesson := s.pusher(), s.lesson("lesson")
	lesson.JoinURL = "https://meet.example/room-42"
	announced := func() int {
		return lo.CountBy(s.now()[ofStudents].Texts, func(text string) bool { return strings.Contains(text, lesson.JoinURL) })
	}
	s.brings(func() {
		p.push(lesson)
		require.Equal(t, lesson.JoinURL, s.shown("lesson").Link)
		require.Eventually(t, func() bool { return announced() == 1 }, workTime, pollEvery)
		p.push(lesson)
		s.quiet()
	}, deed{didSay, ofStudents, ""})
	require.Equal(t, 1, announced())
	s.brings(func() {
		lesson.Cancelled = true
		p.push(lesson)
		s.gone("lesson")
		require.Eventually(t, func() bool { return announced() == 0 }, workTime, pollEvery)
		s.quiet()
	}, deed{didUnsay, ofStudents, ""})
}
