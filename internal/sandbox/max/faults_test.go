package max_test

import (
	"net/http"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

func (b *bench) fault(f traffic.Fault) {
	b.t.Helper()
	require.NoError(b.t, b.faults.Add(f))
}

func TestFaultsStrike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	for status, code := range map[int]string{429: "429 too.many.requests", 503: "503 service.unavailable", 403: "403 chat.denied"} {
		b.fault(traffic.Fault{GroupID: botID, Method: "max.getMembers", Mode: traffic.ModeError, ErrorCode: status})
		good[chatInfo](b, "GET", path(chat, ""), nil)
		require.Equal(t, code, b.refused("GET", path(chat, "/members"), nil))
		good[memberList](b, "GET", path(chat, "/members"), nil)
	}
	b.fault(traffic.Fault{Method: max.AnyMethod, Mode: traffic.ModeHTTP500})
	status, content := b.ask(b.raw, "GET", "/me", nil)
	require.Equal(t, http.StatusInternalServerError, status)
	require.Equal(t, "Internal Server Error\n", string(content))
	b.fault(traffic.Fault{GroupID: 7, Method: max.AnyMethod, Mode: traffic.ModeHTTP500})
	good[struct{}](b, "GET", "/me", nil)
	b.faults.Clear()
	b.fault(traffic.Fault{Method: "max.getMyInfo", Mode: traffic.ModeSlow, DelayMS: 1})
	good[struct{}](b, "GET", "/me", nil)
	require.Empty(t, b.faults.Armed())
}

func TestALostReplyIsPerformedAndADroppedRequestIsNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	for mode, messages := range map[traffic.Mode]int{traffic.ModeLostReply: 1, traffic.ModeDrop: 0} {
		before := len(b.now(chat.ChatID).Messages)
		b.fault(traffic.Fault{Method: "max.sendMessage", Mode: mode})
		_, err := b.request(b.raw, token, "POST", to(chat), text("x"))
		require.Error(t, err)
		require.Len(t, b.now(chat.ChatID).Messages, before+messages, mode)
	}
}

func TestActsFailSoftly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil, 2)
	_, err := b.SetSwitches(max.Switching{Bot: botID, Soft: new(2)})
	require.NoError(t, err)
	good[memberList](b, "GET", path(chat, "/members"), nil)
	b.say(chat, "whose answer cannot say no")
	require.False(t, b.does("DELETE", path(chat, "/members?user_id=2"), nil))
	require.False(t, b.does("POST", path(chat, "/members/admins"), admins(2)))
	require.Equal(t, []int64{1, 2}, b.now(chat.ChatID).Members)
	require.True(t, b.does("DELETE", path(chat, "/members?user_id=2"), nil))
}

func TestTheLogTellsWhatWasAskedAndNoSecret(t *testing.T) {
	t.Parallel()
	b := setup(t)
	chat := b.chat(nil)
	h := b.hook(nil)
	b.subscribe(h)
	good[memberList](b, "GET", path(chat, "/members?count=5"), nil)
	b.say(chat, "hello")
	require.Equal(t, "403 access.denied", b.refused("POST", path(chat, "/members"), users(5)))
	_, _ = b.askAs(b.raw, "bad", "GET", "/me", nil)
	entries := b.Requests(0, botID)
	require.Equal(t, []string{"max.subscribe", "max.getMembers", "max.sendMessage", "max.addMembers"},
		lo.Map(entries, func(e traffic.Entry, _ int) string { return e.Method }))
	require.NotContains(t, entries[0].Calls[0].Params, "body")
	require.Equal(t, "5", entries[1].Calls[0].Params["count"])
	require.Contains(t, entries[2].Calls[0].Params["body"], "hello")
	require.Equal(t, 403, entries[3].ErrorCode)
	require.Len(t, b.Requests(0, 0), 5)
	require.Equal(t, map[int]int{403: 1, 401: 1}, b.log.Totals().All.Errors)
	b.log.Add(traffic.Entry{Method: "messages.send"})
	require.Len(t, b.Requests(0, 0), 5, "others' are not MAX's")
}
