package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

func TestRequestsArePaidPerChangeNotPerMember(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(30, 43)) // 30·(44 + 87) + 30 ≈ 4,000 memberships in 61 chats

	empty := b.requests(func() { b.mustPass(false, workflows.OutcomeChanged) })
	totals := b.sandbox.Totals()
	require.Equal(t, 61, totals.Chats)
	require.Equal(t, 30*(44+87)+30, totals.Memberships)
	require.LessOrEqual(t, empty, 40, "from empty")

	require.Zero(t, b.requests(func() { b.mustPass(false, workflows.OutcomeInStep) }), "nothing changed")
	verify := b.requests(func() { b.mustPass(true, workflows.OutcomeInStep) })
	require.LessOrEqual(t, verify, 5, "verify")

	chats := b.chats()
	for i := range 10 { // 20 changes by hand, scattered over the school
		title := []string{"03А · Родители", "11А · Ученики", "17А · Родители", "25А · Ученики", "Учительская · School"}[i%5]
		chat := chats[title]
		_, err := b.sandbox.AddByHand(vk.Seat{GroupID: group, ChatID: chat.ChatID, Account: int64(900_000 + i)})
		require.NoError(t, err)
		_, err = b.sandbox.KickByHand(vk.Seat{GroupID: group, ChatID: chat.ChatID, Account: chat.Members[i]})
		require.NoError(t, err)
	}
	scattered := b.requests(func() { b.mustPass(true, workflows.OutcomeChanged) })
	require.LessOrEqual(t, scattered, 10, "verify and 20 scattered changes")
	t.Logf("requests: %d from empty, %d verify, %d verify with 20 changes", empty, verify, scattered)
	require.Equal(t, 30*(44+87)+30, b.sandbox.Totals().Memberships)
	b.mustPass(true, workflows.OutcomeInStep)
}

func TestHandMadeChangesAreSetRightAtTheNextVerify(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(1, 5))
	b.mustPass(false, workflows.OutcomeChanged)
	chat := b.chats()["00А · Родители"]
	teacher, parent := chat.Admins[0], chat.Members[3]

	_, err := b.sandbox.SetAdminByHand(vk.Rights{Seat: vk.Seat{GroupID: group, ChatID: chat.ChatID, Account: parent}, Admin: true})
	require.NoError(t, err)
	_, err = b.sandbox.SetAdminByHand(vk.Rights{Seat: vk.Seat{GroupID: group, ChatID: chat.ChatID, Account: teacher}, Admin: false})
	require.NoError(t, err)
	_, err = b.sandbox.RenameByHand(vk.Renaming{GroupID: group, ChatID: chat.ChatID, Title: "Болталка"})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"messages.setMemberRole": 2, "messages.editChat": 1}, b.calls(func() { b.mustPass(true, workflows.OutcomeChanged) }))
	after := b.chats()["00А · Родители"]
	require.Equal(t, chat.Admins, after.Admins)
	require.Equal(t, chat.Members, after.Members)
}

func TestInvitedWhereAddingIsDeniedAndPromotedWhenTheyJoin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	no := false
	_, err := b.sandbox.SetSwitches(vk.Switches{GroupID: group, Adding: &no, AddingAtCreation: &no})
	require.NoError(t, err)
	roster := big(1, 3)
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	b.mustPass(true, workflows.OutcomeInStep)
	require.Zero(t, b.sandbox.Totals().Memberships)

	row, err := b.store.School(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, "denied", row.Adding)

	chat := b.chats()["00А · Ученики"]
	teacher := accountOf(t, roster, "t00")
	for _, account := range []int64{teacher, 31337} {
		_, err := b.sandbox.Join(vk.Joining{Link: chat.Link, Account: account})
		require.NoError(t, err)
	}
	require.Equal(t, map[string]int{"messages.setMemberRole": 1, "messages.removeChatUser": 1},
		b.calls(func() { b.mustPass(true, workflows.OutcomeChanged) }))
	after := b.chats()["00А · Ученики"]
	require.Equal(t, []int64{teacher}, after.Members, "the stranger is out")
	require.Equal(t, []int64{teacher}, after.Admins)
}

func TestWhoGoesIsPutBackOnceThenOnlyInvited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	roster := big(1, 3)
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	chat := b.chats()["00А · Ученики"]
	student := accountOf(t, roster, "s00-01")
	kick := func() {
		_, err := b.sandbox.KickByHand(vk.Seat{GroupID: group, ChatID: chat.ChatID, Account: student})
		require.NoError(t, err)
	}
	kick()
	require.Equal(t, map[string]int{"messages.addChatUser": 1}, b.calls(func() { b.mustPass(true, workflows.OutcomeChanged) }))
	kick()
	require.Empty(t, b.calls(func() { b.mustPass(true, workflows.OutcomeChanged) }), "only invited: no call")
	b.mustPass(true, workflows.OutcomeInStep)
	_, err := b.sandbox.Join(vk.Joining{Link: chat.Link, Account: student})
	require.NoError(t, err)
	b.mustPass(true, workflows.OutcomeInStep)
}

func TestPersonWhoCannotBeAddedStopsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	roster := big(1, 3)
	student := accountOf(t, roster, "s00-01")
	_, err := b.sandbox.SetAccount(vk.Account{Account: student, Adding: vk.AddingRefused})
	require.NoError(t, err)
	b.roster(roster)
	report := b.mustPass(false, workflows.OutcomePartial)
	require.Equal(t, map[string]int{"member-refused": 1}, report.Failed)
	require.Len(t, b.chats()["00А · Ученики"].Members, 3)
	require.Zero(t, b.requests(func() { b.mustPass(false, workflows.OutcomeInStep) }), "not tried again at once")
}

func TestLostReplyToCreationMakesNoSecondChat(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(2, 3))
	require.NoError(t, b.sandbox.AddFault(traffic.Fault{Method: "messages.createChat", Mode: traffic.ModeLostReply, Times: 2}))
	b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, 5, b.sandbox.Totals().Chats)
	require.Len(t, b.chats(), 5)
	require.Equal(t, 2+2*(4+7), b.sandbox.Totals().Memberships)
	b.mustPass(true, workflows.OutcomeInStep)
}

func TestLostReplyToAnAddIsNoFailure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	roster := big(1, 3)
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	enrol(&roster, "z", 5000)
	b.roster(roster)
	require.NoError(t, b.sandbox.AddFault(traffic.Fault{Method: "messages.addChatUser", Mode: traffic.ModeLostReply}))
	report := b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, map[string]int{"add": 1}, report.Operations)
	require.Contains(t, b.chats()["00А · Ученики"].Members, int64(5000))
}

func TestGoneChatStopsNobodyAndIsHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(2, 3))
	b.mustPass(false, workflows.OutcomeChanged)
	chat := b.chats()["00А · Ученики"]
	_, err := b.sandbox.SetChatState(vk.Restating{GroupID: group, ChatID: chat.ChatID, State: vk.ChatKicked})
	require.NoError(t, err)
	b.mustPass(true, workflows.OutcomePartial)
	holds, err := b.store.Holds(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, holds, 1)
	require.EqualValues(t, "chat-gone", holds[0].Kind)
	_, err = b.sandbox.SetChatState(vk.Restating{GroupID: group, ChatID: chat.ChatID, State: vk.ChatIn})
	require.NoError(t, err)
	b.mustPass(true, workflows.OutcomeInStep)
	holds, err = b.store.Holds(t.Context(), "s")
	require.NoError(t, err)
	require.Empty(t, holds)
}

func TestRefusedTokenIsATypedFailureAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.roster(big(1, 3))
	_, err := b.sandbox.RevokeToken(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	_, err = b.pass(false)
	requireProblem(t, err, workflows.ProblemTokenRefused, "rollcall school set-token")
	require.Zero(t, b.sandbox.Totals().Chats)
	row, err := b.store.School(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, "token-refused", row.Refused)
}

func TestSchoolWithoutTokenOrRoster(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.pass(false)
	requireProblem(t, err, workflows.ProblemRosterMissing, "rollcall feed read f")
	b.roster(big(1, 3))
	require.NoError(t, b.store.AddSchool(t.Context(), school.School{ID: "s", District: "d", Feed: "f", SourceID: "org2"}))
	b.mustPass(false, workflows.OutcomeChanged)
}

func requireProblem(t *testing.T, err error, code, message string) {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.Equal(t, code, application.Type(), application.Message())
	require.Contains(t, application.Message(), message)
}

func accountOf(t *testing.T, r school.Roster, id school.PersonID) int64 {
	t.Helper()
	for _, p := range r.People {
		if p.ID == id {
			return int64(p.Account)
		}
	}
	require.FailNow(t, "no such person", id)
	return 0
}

func TestSomebodyAlreadyThereIsSeatedNotRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	roster := big(1, 3)
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	enrol(&roster, "z", 5000)
	_, err := b.sandbox.AddByHand(vk.Seat{GroupID: group, ChatID: b.chats()["00А · Ученики"].ChatID, Account: 5000})
	require.NoError(t, err)
	b.roster(roster)
	require.Equal(t, map[string]int{"add": 1}, b.mustPass(false, workflows.OutcomeChanged).Operations)

	roster.People[len(roster.People)-1].Enabled = false
	b.roster(roster)
	require.Equal(t, map[string]int{"remove": 1}, b.mustPass(false, workflows.OutcomeChanged).Operations)
	require.NotContains(t, b.chats()["00А · Ученики"].Members, int64(5000))
}

func TestOneRefusedRemovalLeavesTheChatInUse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	b.roster(big(1, 3))
	b.mustPass(false, workflows.OutcomeChanged)
	chat := b.chats()["00А · Ученики"]
	for _, account := range []int64{31337, 31338} {
		_, err := b.sandbox.AddByHand(vk.Seat{GroupID: group, ChatID: chat.ChatID, Account: account})
		require.NoError(t, err)
	}
	require.NoError(t, b.sandbox.AddFault(traffic.Fault{Method: "messages.removeChatUser", Mode: traffic.ModeError, ErrorCode: 15, Times: 1}))
	report := b.mustPass(true, workflows.OutcomePartial)
	require.Equal(t, map[string]int{"remove": 1}, report.Operations)
	require.Equal(t, map[string]int{"chat-rights": 1}, report.Failed)
	require.Zero(t, report.Holds)
	b.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, chat.Members, b.chats()["00А · Ученики"].Members)
}

func TestTokenOfAnotherCommunityIsSaidSoAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.roster(big(1, 3))
	b.mustPass(false, workflows.OutcomeChanged)
	require.NoError(t, b.store.SetToken(t.Context(), "s", group+1, token))
	_, err := b.pass(true)
	requireProblem(t, err, workflows.ProblemTokenRefused, "school s belongs to another community")
	holds, err := b.store.Holds(t.Context(), "s")
	require.NoError(t, err)
	require.Empty(t, holds, "no chat is taken for gone")
	require.NoError(t, b.store.SetToken(t.Context(), "s", group, token))
	b.mustPass(true, workflows.OutcomeInStep)
}

// TestChatKeepsAnAdminWhereThePromotionFails: of two former admins one stays until the new one is
// confirmed.
func TestChatKeepsAnAdminWhereThePromotionFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.allow(true)
	roster := big(1, 3)
	b.roster(roster)
	b.mustPass(false, workflows.OutcomeChanged)
	both := map[string]school.PersonID{"00А · Ученики": "s00-00", "00А · Родители": "g00-00-0"}
	for title, person := range both {
		_, err := b.sandbox.SetAdminByHand(vk.Rights{Seat: vk.Seat{
			GroupID: group, ChatID: b.chats()[title].ChatID, Account: accountOf(t, roster, person),
		}, Admin: true})
		require.NoError(t, err)
	}
	roster.People = append(roster.People, school.Person{ID: "u", Enabled: true, Account: 5000, Employee: &school.Employee{
		Positions: []school.Position{{Role: "teacher", Pedagogical: true}},
	}})
	roster.Classes[0].Teachers = []school.Enrollment{{Person: "u", Primary: true}}
	b.roster(roster)
	require.NoError(t, b.sandbox.AddFault(traffic.Fault{Method: "messages.setMemberRole", Mode: traffic.ModeError, ErrorCode: 15}))
	b.mustPass(true, workflows.OutcomePartial)
	without := 0 // of the two chats, whichever came first
	for title := range both {
		require.Len(t, b.chats()[title].Admins, 1)
		if b.chats()[title].Admins[0] != 5000 {
			without++
		}
	}
	require.Equal(t, 1, without)
	b.sandbox.ClearFaults()
	b.mustPass(true, workflows.OutcomeChanged)
	for title := range both {
		require.Equal(t, []int64{5000}, b.chats()[title].Admins)
	}
}

func TestNewTokenIsTriedThoughNothingIsToDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.roster(big(1, 3))
	b.mustPass(false, workflows.OutcomeChanged)
	require.Zero(t, b.requests(func() { b.mustPass(false, workflows.OutcomeInStep) }))
	require.NoError(t, b.store.SetToken(t.Context(), "s", group, "nonsense"))
	_, err := b.pass(false)
	requireProblem(t, err, workflows.ProblemTokenRefused, "school s")
}
