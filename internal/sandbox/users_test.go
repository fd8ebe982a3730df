package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

func TestCallsAndMessagesAreToldOverTheWire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	manager, err := b.RegisterUserToken(ctx, vk.UserToken{GroupID: group, Token: "of a person", Account: 501})
	require.NoError(t, err)
	require.Equal(t, vk.Manager{GroupID: group, Account: 501, TokenGood: true}, manager)
	b.vk("messages.createChat", "title", "1A")
	b.vk("messages.send", "peer_ids", "2000000001", "message", "hello", "random_id", "7")
	require.Contains(t, b.vk("calls.start", "group_id", "5", "access_token", "of a person"), `"join_link":"https://vk.com/call/join/`)
	require.Contains(t, b.vk("calls.start", "group_id", "5"), `"error_code":27`)

	state, err := b.State(ctx, vk.GroupRef{GroupID: group})
	require.NoError(t, err)
	require.Equal(t, "hello", state.Chats[0].Messages[0].Text)
	require.EqualValues(t, 501, state.Rooms[0].StartedBy)
	require.Equal(t, []vk.Manager{manager}, state.Managers)

	_, err = b.RevokeUserToken(ctx, vk.UserRef{GroupID: group, Account: 501})
	require.NoError(t, err)
	require.Contains(t, b.vk("calls.start", "group_id", "5", "access_token", "of a person"), `"error_code":5`)
	_, err = b.RevokeUserToken(ctx, vk.UserRef{GroupID: group, Account: 502})
	requireStatus(t, http.StatusNotFound, err)
	_, err = b.RegisterUserToken(ctx, vk.UserToken{GroupID: group, Token: token, Account: 501})
	requireStatus(t, http.StatusConflict, err)
}
