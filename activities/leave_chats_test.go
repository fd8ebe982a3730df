package activities_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/workflows"
)

// setupMove is a school in step on VK, with a Portal, whose move to MAX has begun; and its successor, which has asked for
// its chats.
func setupMove(t *testing.T) (old *bench, next *maxBench, r school.Roster) {
	t.Helper()
	old = setupPortal(t)
	r = big(1, 3)
	linked := big(1, 3)
	old.inStep(linked)
	id, err := old.store.BeginMove(t.Context(), "s", messenger.MAX, bot, maxToken)
	require.NoError(t, err)
	b := *old
	b.id = id
	next = b.onMAX()
	report := next.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, map[string]int{string(reconcile.Ask): 3}, report.Operations)
	old.outbox() // the successor's word that it has changed
	next.outbox()
	return old, next, r
}

// makeAll has people make all chats of the successor, but those named.
func (b *maxBench) makeAll(owner school.AccountID, but ...string) {
	b.t.Helper()
	mirror, err := b.store.Mirror(b.t.Context(), b.id)
	require.NoError(b.t, err)
	for _, c := range mirror {
		if c.State == reconcile.ChatAwaited && !lo.Contains(but, string(c.Key)) {
			b.make(owner, c.Code)
		}
	}
}

// TestASchoolMoves: while both are in step, people come into the new chats; when the last is there, the old ones are left with a last
// message each, and the school is on MAX.
func TestASchoolMoves(t *testing.T) {
	t.Parallel()
	old, next, r := setupMove(t)
	teacher, mother := account(r, "t00"), int64(account(r, "g00-00-0"))
	next.makeAll(teacher, string(parents))
	next.follow(workflows.OutcomeChanged)
	require.Len(t, old.outbox(), 1, "the school is told")
	old.mustPass(false, workflows.OutcomeChanged)
	onPortal := old.shown()
	require.True(t, strings.HasPrefix(onPortal["00А · Ученики"].Link, "https://max.ru/"), "the new chat is where people find the chat")
	require.False(t, strings.HasPrefix(onPortal["00А · Родители"].Link, "https://max.ru/"), "the old one, where there is no new one yet")
	for title, c := range old.chats() {
		require.Empty(t, c.Messages, title)
	}

	next.makeAll(teacher)
	next.follow(workflows.OutcomeChanged)
	_, err := next.sandbox.Max.Join(max.Joining{Chat: chatID(next.mirrored(parents)), User: mother})
	require.NoError(t, err)
	before := old.chats()
	report := old.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, 3, report.Operations[workflows.ServedFarewells])
	for title, c := range old.chats() {
		require.Len(t, c.Messages, 1, title)
		require.Contains(t, c.Messages[0].Text, "переехал в MAX")
		require.NotContains(t, c.Messages[0].Text, "https://")
		require.NotEqual(t, before[title].Link, c.Link, "the old link is void")
		require.Equal(t, before[title].Members, c.Members, "nobody is turned out")
	}
	row, err := old.store.School(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, messenger.MAX, row.Messenger)
	require.Empty(t, row.Successor)
	left, err := old.store.LeftChats(t.Context(), "s")
	require.NoError(t, err)
	require.Len(t, left, 3)

	// From now on the school's own lane sees to the new chats: nobody who came meanwhile is forgotten.
	require.Contains(t, old.outbox(), reconcile.Scope{})
	moved := old.onMAX()
	moved.mustPass(true, workflows.OutcomeInStep)
	require.Contains(t, lo.Map(moved.mirrored(parents).Members, func(m reconcile.Member, _ int) int64 { return int64(m.Account) }), mother)
	_, err = next.sandbox.Max.Join(max.Joining{Chat: chatID(moved.mirrored(parents)), User: stranger})
	require.NoError(t, err)
	moved.follow(workflows.OutcomeChanged)
	require.Equal(t, []int64{stranger}, moved.chat(chatID(moved.mirrored(parents))).Blocked)
	require.True(t, strings.HasPrefix(old.shown()["00А · Родители"].Link, "https://max.ru/"))
}

func chatID(c store.MirrorChat) int64 {
	id, _ := strconv.ParseInt(string(c.Ref), 10, 64)
	return id
}

// TestAFarewellIsSaidOnceWhateverFails: the reply to the last messages is lost, and they are sent again under the same keys.
func TestAFarewellIsSaidOnceWhateverFails(t *testing.T) {
	t.Parallel()
	old, next, r := setupMove(t)
	next.makeAll(account(r, "t00"))
	next.follow(workflows.OutcomeChanged)
	old.disturb(traffic.Fault{Method: "messages.send", Mode: traffic.ModeLostReply})
	report := old.mustPass(false, workflows.OutcomeChanged)
	require.Equal(t, 3, report.Operations[workflows.ServedFarewells])
	for title, c := range old.chats() {
		require.Len(t, c.Messages, 1, title)
	}
}

// TestAChatThatIsLostIsLeftWithoutAWord.
func TestAChatThatIsLostIsLeftWithoutAWord(t *testing.T) {
	t.Parallel()
	old, next, r := setupMove(t)
	next.makeAll(account(r, "t00"))
	next.follow(workflows.OutcomeChanged)
	_, err := old.sandbox.SetChatState(vk.Restating{GroupID: group, ChatID: old.chats()["00А · Ученики"].ChatID, State: vk.ChatKicked})
	require.NoError(t, err)
	report := old.mustPass(false, workflows.OutcomePartial)
	require.Equal(t, 2, report.Operations[workflows.ServedFarewells])
	require.Equal(t, map[string]int{"farewell-" + string(messenger.CodeChatDenied): 1}, report.Failed)
	row, err := old.store.School(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, messenger.MAX, row.Messenger)
}

// TestANewLinkReachesBothWhileASchoolMoves: whom the Portal links is put into the old chats, and invited into the new.
func TestANewLinkReachesBothWhileASchoolMoves(t *testing.T) {
	t.Parallel()
	old, next, r := setupMove(t)
	next.makeAll(account(r, "t00"), string(parents))
	next.follow(workflows.OutcomeChanged)
	old.outbox()
	unlinkedMother := account(r, "g00-00-0")
	_, err := old.sandbox.Portal.UnlinkAccount(portal.Person{Organisation: organisation, Identity: identity("g00-00-0")})
	require.NoError(t, err)
	old.mustPass(false, workflows.OutcomeChanged)
	require.NotContains(t, old.chats()["00А · Родители"].Members, int64(unlinkedMother))
	require.Contains(t, next.outbox(), reconcile.Scope{People: []school.PersonID{"g00-00-0"}}, "the successor is asked as well")
}

// TestNothingIsLeftWhileThePortalDoesNotShowTheNewChats: people would be told of links that they cannot find.
func TestNothingIsLeftWhileThePortalDoesNotShowTheNewChats(t *testing.T) {
	t.Parallel()
	old, next, r := setupMove(t)
	next.makeAll(account(r, "t00"))
	next.follow(workflows.OutcomeChanged)
	old.disturb(traffic.Fault{Method: "portal.putChats", Mode: traffic.ModeError, ErrorCode: http.StatusForbidden})
	report := old.mustPass(false, workflows.OutcomePartial)
	require.NotNil(t, report.Portal)
	for title, c := range old.chats() {
		require.Empty(t, c.Messages, title)
	}
	leaving, err := old.store.Leaving(t.Context(), "s")
	require.NoError(t, err)
	require.False(t, leaving)
	old.mustPass(false, workflows.OutcomeChanged)
	require.Len(t, old.chats()["00А · Родители"].Messages, 1)
}

// TestLeavingThatHasBegunIsFinished although a class has come meanwhile whose chats nobody has made.
func TestLeavingThatHasBegunIsFinished(t *testing.T) {
	t.Parallel()
	old, next, r := setupMove(t)
	next.makeAll(account(r, "t00"))
	next.follow(workflows.OutcomeChanged)
	old.disturb(traffic.Fault{Method: "messages.send", Mode: traffic.ModeLostReply})
	row, err := old.store.School(t.Context(), "s")
	require.NoError(t, err)
	_, err = old.store.Farewells(t.Context(), "s", row.Epoch, func() int32 { return 7 })
	require.NoError(t, err)
	more, links := unlinked(big(2, 3))
	old.link(links...)
	old.roster(more)
	old.mustPass(false, workflows.OutcomeChanged)
	row, err = old.store.School(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, messenger.MAX, row.Messenger)
	require.ErrorContains(t, old.store.CancelMove(t.Context(), "s"), "does not move")
}
