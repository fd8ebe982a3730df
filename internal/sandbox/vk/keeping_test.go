package vk_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

// live makes a world with something of everything in it.
func live(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	b.register(6, "other")
	b.grantAdding()
	b.create("1A", "1,2,3")
	b.create("1B", "4")
	b.create("1C", "")
	_, err := b.RevokeToken(vk.GroupRef{GroupID: 6})
	require.NoError(t, err)
	_, err = b.SetAccount(vk.Account{Account: 9, Adding: vk.AddingRefused})
	require.NoError(t, err)
	_, err = b.Leave(seat(1, 1))
	require.NoError(t, err)
	_, err = b.KickByHand(seat(1, 2))
	require.NoError(t, err)
	_, err = b.AddByHand(seat(1, 8))
	require.NoError(t, err)
	_, err = b.RenameByHand(vk.Renaming{GroupID: group, ChatID: 2, Title: "by hand"})
	require.NoError(t, err)
	_, err = b.SetChatState(vk.Restating{GroupID: group, ChatID: 3, State: vk.ChatKicked})
	require.NoError(t, err)
	require.Zero(t, b.code("messages.setMemberRole", "peer_id", base+1, "member_id", 3, "role", "admin"))
	require.Zero(t, b.code("messages.getInviteLink", "peer_id", base+1, "reset", 1))
	return b
}

func TestEverythingSurvivesAKill(t *testing.T) {
	t.Parallel()
	b := live(t)
	sent := good[int64](b, "messages.send", "peer_id", base+2, "message", "x", "random_id", 77)
	before, err := b.State(vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	order := good[dialogs](b, "messages.getConversations").titles()

	for _, when := range []string{"from the changes", "from the compacted journal"} {
		b.open(-1)
		after, err := b.State(vk.GroupRef{GroupID: group})
		require.NoError(t, err)
		for i := range after.Chats {
			require.True(t, before.Chats[i].Created.Equal(after.Chats[i].Created), when)
			after.Chats[i].Created = before.Chats[i].Created
		}
		require.Equal(t, before, after, when)
		require.Equal(t, order, good[dialogs](b, "messages.getConversations").titles(), when)
		require.Equal(t, 5, b.code("groups.getById", "access_token", "other"), when)
		require.Equal(t, 15, b.code("messages.addChatUser", "chat_id", 1, "user_id", 1), when)
		require.Equal(t, 15, b.code("messages.addChatUser", "chat_id", 1, "user_id", 9), when)
		require.Equal(t, sent, good[int64](b, "messages.send", "peer_id", base+2, "message", "x", "random_id", 77), when)
		_, err = b.Join(vk.Joining{Link: b.chat(1).Link, Account: 3})
		require.NoError(t, err, when)
	}
	require.EqualValues(t, 4, b.create("1D", "").ChatID)
}

func TestTheJournalIsCompactedAtTheStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	for i := range 200 {
		require.Zero(t, b.code("messages.editChat", "chat_id", 1, "title", fmt.Sprint(i)))
	}
	lines := func() int {
		content, err := os.ReadFile(b.journal)
		require.NoError(t, err)
		return strings.Count(string(content), "\n")
	}
	require.Equal(t, 403, lines(), "every change of a title is an event too")
	b.open(-1)
	require.Equal(t, 3+201, lines(), "community, chat, stream, and events")
	require.Equal(t, "199", b.chat(1).Title)
}

func TestAnAnswerIsGivenOnlyForWhatIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	require.NoError(t, b.Close())
	require.Equal(t, 10, b.code("messages.editChat", "chat_id", 1, "title", "2A"))
	require.Equal(t, "1A", b.chat(1).Title)
	a := b.ask("execute", form("code", `return API.messages.editChat({"chat_id":1,"title":"2A"});`))
	require.Equal(t, 10, a.Error.Code)
}

func TestAJournalOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	for _, line := range []string{`{}`, `{"member":{"group":1,"chat":1}}`, `{"chat":{"group":1,"id":1}}`} {
		b := setup(t)
		require.NoError(t, os.WriteFile(b.journal, []byte(line+"\n"), 0o600))
		_, err := vk.Open(vk.Options{Journal: b.journal, Log: traffic.NewLog(), Faults: &traffic.Faults{}})
		require.ErrorContains(t, err, "line 1")
	}
}

func BenchmarkMemberships(b *testing.B) {
	world, err := vk.Open(vk.Options{
		Journal: b.TempDir() + "/vk.jsonl", RequestsPerSecond: -1, Log: traffic.NewLog(), Faults: &traffic.Faults{},
	})
	require.NoError(b, err)
	defer func() { _ = world.Close() }()
	_, err = world.RegisterCommunity(vk.Registration{GroupID: group, Token: token, Name: "School"})
	require.NoError(b, err)
	_, err = world.SetSwitches(vk.Switches{GroupID: group, Adding: new(true)})
	require.NoError(b, err)
	var script strings.Builder
	script.WriteString(`var c=API.messages.createChat({"title":"x"});`)
	for account := range 24 {
		fmt.Fprintf(&script, `API.messages.addChatUser({"chat_id":c.chat_id,"user_id":%d});`, account+1)
	}
	body := form("code", script.String()).Encode()
	for b.Loop() {
		request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/method/execute", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		world.ServeHTTP(httptest.NewRecorder(), request)
	}
	memberships := world.Totals().Memberships
	require.Equal(b, b.N*24, memberships)
	b.ReportMetric(float64(memberships)/b.Elapsed().Seconds(), "memberships/s")
}
