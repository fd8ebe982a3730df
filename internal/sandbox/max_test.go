package sandbox_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

const (
	maxBot   = 900
	maxToken = "secret-of-the-bot"
)

// max makes a request to the stand-in for MAX and gives the status and the body.
func (b *bench) max(verb, path string) (int, string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), verb, b.url+"/max"+path, http.NoBody)
	require.NoError(b.t, err)
	request.Header.Set("Authorization", maxToken)
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return response.StatusCode, string(body)
}

func (b *bench) registerMaxBot() {
	b.t.Helper()
	bot, err := b.MaxRegisterBot(b.t.Context(), max.Registration{ID: maxBot, Token: maxToken, Name: "Rollcall"})
	require.NoError(b.t, err)
	require.Equal(b.t, max.AddingRemoved, bot.Adding)
}

func TestMaxIsActedOnOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.registerMaxBot()
	chat, err := b.MaxMakeChat(ctx, max.Making{Owner: 1, Title: "1A"})
	require.NoError(t, err)
	id := chat.ChatID
	rights := max.BotRights{Chat: id, Bot: maxBot}
	seat := max.Seat{Chat: id, User: 2}
	person, err := b.MaxSetPerson(ctx, max.Person{User: 2, Name: "Anna"})
	require.NoError(t, err)
	require.Equal(t, max.PersonAllows, person.Adding)
	bot, err := b.MaxSetAdding(ctx, maxBot, max.AddingFull)
	require.NoError(t, err)
	require.Equal(t, max.AddingFull, bot.Adding)
	acts := []func() (max.Chat, error){
		func() (max.Chat, error) { return b.MaxAddBot(ctx, rights) },
		func() (max.Chat, error) { return b.MaxSetBotPermissions(ctx, rights) },
		func() (max.Chat, error) { return b.MaxJoin(ctx, max.Joining{Link: chat.Link, User: 2}) },
		func() (max.Chat, error) { return b.MaxSetAdmin(ctx, max.Rights{Seat: seat, Admin: true}) },
		func() (max.Chat, error) { return b.MaxKick(ctx, max.Kicking{Seat: seat}) },
		func() (max.Chat, error) { return b.MaxAdd(ctx, seat) },
		func() (max.Chat, error) { return b.MaxRename(ctx, max.Renaming{Chat: id, Title: "2A"}) },
	}
	for _, act := range acts {
		chat, err = act()
		require.NoError(t, err)
	}
	require.Equal(t, []int64{1, 2}, chat.Members)
	require.Equal(t, []int64{maxBot}, chat.Bots)
	status, body := b.max("GET", "/updates?marker=1&timeout=0")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "chat_title_changed")

	require.NoError(t, b.MaxFault(ctx, "getMyInfo", traffic.Fault{Mode: traffic.ModeError, ErrorCode: 429}))
	status, _ = b.max("GET", "/me")
	require.Equal(t, http.StatusTooManyRequests, status)
	log, err := b.MaxLog(ctx, 0, maxBot)
	require.NoError(t, err)
	require.Len(t, log, 2)
	require.Equal(t, 429, log[1].ErrorCode)

	_, err = b.MaxLeave(ctx, seat)
	require.NoError(t, err)
	_, err = b.MaxRemoveBot(ctx, rights)
	require.NoError(t, err)
	_, err = b.MaxClose(ctx, max.ChatRef{Chat: id})
	require.NoError(t, err)
	state, err := b.MaxState(ctx)
	require.NoError(t, err)
	require.Equal(t, b.server.Max.State(), state)
	require.True(t, state.Chats[0].Closed)
	_, err = b.MaxRemoveBot(ctx, rights)
	requireStatus(t, http.StatusConflict, err)
	_, err = b.MaxLeave(ctx, max.Seat{Chat: 5, User: 2})
	requireStatus(t, http.StatusNotFound, err)
	_, err = b.MaxMakeChat(ctx, max.Making{})
	requireStatus(t, http.StatusBadRequest, err)
}

func TestMaxIsKeptInTheFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := setupIn(t, dir)
	b.registerMaxBot()
	before := b.server.Max.State()
	require.NoError(t, b.server.Close())
	again, err := sandbox.Open(sandbox.Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { _ = again.Close() })
	require.Equal(t, before, again.Max.State())
}
