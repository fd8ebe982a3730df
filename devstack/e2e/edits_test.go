package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/workflows"
)

const (
	add      = "messages.addChatUser"
	remove   = "messages.removeChatUser"
	setRole  = "messages.setMemberRole"
	setTitle = "messages.editChat"
	create   = "messages.createChat"
	link     = "messages.getInviteLink"
)

// Each edit of the roster brings about exactly the calls it must, and nothing else.

func TestNewStudent(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	student, err := s.files.AddStudent(s.classNamed("1А"), true)
	require.NoError(t, err)
	account := s.account(student)
	require.Equal(t, map[string][]call{
		add: sorted(each(account, []string{"1А · Ученики"}), each(account, s.groupChats(student))),
	}, s.follow())
}

func TestStudentMovedToAnotherClass(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	homerooms := s.files.Classes().Find("classType", "homeroom")
	from, to := homerooms[0], homerooms[1]
	fromTitle, toTitle := from.Get("title"), to.Get("title")
	// Somebody whose guardians have no other child here.
	var student string
	for _, candidate := range s.enrolled(from.ID(), "student") {
		alone := len(s.guardians(candidate)) > 0
		for _, g := range s.guardians(candidate) {
			alone = alone && len(s.chatsOf(s.account(g))) == 1
		}
		if alone {
			student = candidate
			break
		}
	}
	require.NotEmpty(t, student)
	account, before := s.account(student), s.groupChats(student)
	require.NoError(t, s.files.MoveStudent(student, to.ID()))
	removed := [][]call{each(account, []string{fromTitle + " · Ученики"}), each(account, before)}
	added := [][]call{each(account, []string{toTitle + " · Ученики"}), each(account, s.groupChats(student))}
	for _, g := range s.guardians(student) {
		removed = append(removed, each(s.account(g), []string{fromTitle + " · Родители"}))
		added = append(added, each(s.account(g), []string{toTitle + " · Родители"}))
	}
	require.Equal(t, map[string][]call{add: sorted(added...), remove: sorted(removed...)}, s.follow())
}

func TestGuardianNewlyLinked(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	guardian, err := s.files.AddGuardian(s.enrolled(s.classNamed("1А"), "student")[0], false)
	require.NoError(t, err)
	s.save()
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	number := s.files.NewAccount()
	require.NoError(t, s.files.LinkAccount(guardian, number))
	require.Equal(t, map[string][]call{add: each(s.account(guardian), []string{"1А · Родители"})}, s.follow())
}

func TestEmployeeDismissed(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	var group string
	for _, row := range s.files.Classes().Find("classType", "scheduled") {
		group = row.ID()
		break
	}
	teacher := s.enrolled(group, "teacher")[0]
	account := s.account(teacher)
	in := s.chatsOf(account)
	require.Greater(t, len(in), 1)
	require.NoError(t, s.files.Dismiss(teacher))
	require.Equal(t, map[string][]call{remove: each(account, in)}, s.follow())
}

func TestClassTeacherReplaced(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	class := s.classNamed("1А")
	old := s.enrolled(class, "teacher")[0]
	fresh, err := s.files.AddTeacher(s.org, true)
	require.NoError(t, err)
	s.follow()
	require.NoError(t, s.files.ReplaceClassTeacher(class, fresh))
	chats := []string{"1А · Родители", "1А · Ученики"}
	promoted := each(s.account(fresh), chats)
	for i := range promoted {
		promoted[i].Role = "admin"
	}
	require.Equal(t, map[string][]call{
		add: each(s.account(fresh), chats), setRole: promoted, remove: each(s.account(old), chats),
	}, s.follow())
}

func TestActingHeadSetAndCleared(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	teacher := s.enrolled(s.classNamed("1А"), "teacher")[0]
	room := s.chatsOf(s.account(teacher))
	room = room[len(room)-1:]
	require.Contains(t, room[0], "Учительская")
	require.NoError(t, s.files.SetActingHead(teacher, true))
	require.Equal(t, map[string][]call{setRole: {{Chat: room[0], Account: s.account(teacher), Role: "admin"}}}, s.follow())
	require.NoError(t, s.files.SetActingHead(teacher, false))
	require.Equal(t, map[string][]call{setRole: {{Chat: room[0], Account: s.account(teacher), Role: "member"}}}, s.follow())
}

func TestClassRenamed(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	class := s.classNamed("1А")
	before := s.chats()
	require.NoError(t, s.files.RenameClass(class, "1Ж"))
	made := s.follow()
	require.Len(t, made, 1)
	after := s.chats()
	require.Len(t, after, len(before), "they are still the same chats")
	require.Equal(t, before["1А · Родители"].ChatID, after["1Ж · Родители"].ChatID)
	require.Equal(t, before["1А · Ученики"].ChatID, after["1Ж · Ученики"].ChatID)
	var renamed int
	for title := range after {
		if _, stood := before[title]; !stood {
			renamed++
		}
	}
	require.Len(t, made[setTitle], renamed)
}

func TestClassAdded(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	class, err := s.files.AddClass(s.org, "9Я", 3)
	require.NoError(t, err)
	made := s.follow()
	teacher := s.account(s.enrolled(class, "teacher")[0])
	require.Len(t, made[create], 2)
	require.Len(t, made[setTitle], 2)
	require.Equal(t, []call{{"9Я · Родители", teacher, "admin"}, {"9Я · Ученики", teacher, "admin"}}, made[setRole])
	require.Len(t, made[add], 1, "the new class teacher comes into the teachers' room: %v", made[add])
	require.Equal(t, teacher, made[add][0].Account)
	require.Empty(t, made[remove])
	require.Len(t, s.chats()["9Я · Ученики"].Members, 4)
}

func TestChangesByHandAreSetRightAtTheNextVerify(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	chat := s.chats()["1А · Родители"]
	box := world.stack.Sandbox()
	seat := vk.Seat{GroupID: s.group, ChatID: chat.ChatID, Account: 4242}
	_, err := box.AddByHand(seat)
	require.NoError(t, err)
	parent := chat.Members[len(chat.Members)-1]
	_, err = box.SetAdminByHand(vk.Rights{Seat: vk.Seat{GroupID: s.group, ChatID: chat.ChatID, Account: parent}, Admin: true})
	require.NoError(t, err)
	made := s.calls(func() { s.resync(true, workflows.OutcomeChanged) })
	require.Equal(t, map[string][]call{
		remove:  {{Chat: "1А · Родители", Account: "4242"}},
		setRole: {{Chat: "1А · Родители", Account: itoa(parent), Role: "member"}},
	}, made)
	s.resync(true, workflows.OutcomeInStep)
}

func TestInvitedWhereAddingIsDenied(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	no := false
	_, err := world.stack.Sandbox().SetSwitches(vk.Switches{GroupID: s.group, Adding: &no, AddingAtCreation: &no})
	require.NoError(t, err)
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	s.resync(true, workflows.OutcomeInStep)
	chat := s.chats()["1А · Ученики"]
	require.Empty(t, chat.Members)
	teacher := s.account(s.enrolled(s.classNamed("1А"), "teacher")[0])
	_, err = world.stack.Sandbox().Join(vk.Joining{Link: chat.Link, Account: atoi(t, teacher)})
	require.NoError(t, err)
	require.Equal(t, map[string][]call{setRole: {{Chat: "1А · Ученики", Account: teacher, Role: "admin"}}},
		s.calls(func() { s.resync(true, workflows.OutcomeChanged) }))
}
