package vk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
)

func (b *bench) arm(f traffic.Fault) {
	b.t.Helper()
	require.NoError(b.t, b.faults.Add(f))
}

func TestAnErrorFaultRefusesWithoutPerforming(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1")
	b.arm(traffic.Fault{Method: "messages.editChat", Mode: traffic.ModeError, ErrorCode: 9, Skip: 1, Times: 2})
	var codes []int
	for range 4 {
		codes = append(codes, b.code("messages.editChat", "chat_id", 1, "title", "2A"))
	}
	require.Equal(t, []int{0, 9, 9, 0}, codes)
	entry := b.log.Entries(2, 0)[0]
	require.Equal(t, traffic.ModeError, entry.Fault)
	require.Equal(t, 9, entry.Calls[0].ErrorCode)
}

func TestAnErrorFaultStrikesACallInsideAScript(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create("1A", "1,2,3")
	b.arm(traffic.Fault{Method: "messages.removeChatUser", Mode: traffic.ModeError, ErrorCode: 10, Skip: 1})
	a := b.ask("execute", form("code", `return [API.messages.removeChatUser({"chat_id":1,"member_id":1}),
API.messages.removeChatUser({"chat_id":1,"member_id":2}),API.messages.removeChatUser({"chat_id":1,"member_id":3})];`))
	require.JSONEq(t, `[1,false,1]`, string(a.Response))
	require.Equal(t, 10, a.Failures[0].Code)
	require.Equal(t, []int64{2}, b.chat(1).Members)
}

func TestALostReplyIsPerformed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, method := range []string{"messages.createChat", "execute", traffic.AnyRequest} {
		b.arm(traffic.Fault{Method: method, Mode: traffic.ModeLostReply})
		_, err := b.post(t.Context(), "execute", form("code", `return API.messages.createChat({"title":"x"});`))
		require.Error(t, err)
	}
	require.Equal(t, 3, b.Totals().Chats)
	require.Equal(t, traffic.ModeLostReply, b.log.Entries(0, 0)[0].Calls[0].Fault)
	require.Equal(t, traffic.ModeLostReply, b.log.Entries(0, 0)[1].Fault)
}

func TestADroppedRequestIsNotPerformed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.arm(traffic.Fault{Method: "messages.createChat", Mode: traffic.ModeDrop})
	_, err := b.post(t.Context(), "messages.createChat", form("title", "x"))
	require.Error(t, err)
	require.Zero(t, b.Totals().Chats)
}

func TestACallDroppedInsideAScriptLeavesWhatCameBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.arm(traffic.Fault{Method: "messages.getInviteLink", Mode: traffic.ModeDrop})
	_, err := b.post(t.Context(), "execute", form("code",
		`API.messages.createChat({"title":"a"});API.messages.getInviteLink({"peer_id":2000000001});API.messages.createChat({"title":"b"});`))
	require.Error(t, err)
	require.Equal(t, 1, b.Totals().Chats)
}

func TestHTTP500IsNoAnswerOfVKs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, method := range []string{"messages.createChat", "execute"} {
		b.arm(traffic.Fault{Method: method, Mode: traffic.ModeHTTP500})
		response, err := b.post(t.Context(), "execute", form("code", `return API.messages.createChat({"title":"x"});`))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusInternalServerError, response.StatusCode)
	}
	require.Zero(t, b.Totals().Chats)
}

func TestAFaultMayConcernAnotherCommunity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.arm(traffic.Fault{GroupID: 6, Method: traffic.AnyRequest, Mode: traffic.ModeError, ErrorCode: 1})
	require.Zero(t, b.code("groups.getById"))
	b.register(6, "other")
	require.Equal(t, 1, b.code("groups.getById", "access_token", "other"))
}

func TestASlowCallTakesItsTimeAndIsPerformed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, faults := traffic.NewLog(), &traffic.Faults{}
		world, err := vk.Open(vk.Options{Log: log, Faults: faults})
		require.NoError(t, err)
		_, err = world.RegisterCommunity(vk.Registration{GroupID: group, Token: token, Name: "School"})
		require.NoError(t, err)
		require.NoError(t, faults.Add(traffic.Fault{Method: "messages.createChat", Mode: traffic.ModeSlow, DelayMS: 90_000}))

		start := time.Now()
		values := form("code", `return API.messages.createChat({"title":"x"}).chat_id;`)
		rw := httptest.NewRecorder()
		world.ServeHTTP(rw, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/method/execute?"+values.Encode(), nil))
		require.Equal(t, 90*time.Second, time.Since(start))
		require.JSONEq(t, `{"response":1}`, rw.Body.String())
	})
}

func TestAClientThatGivesUpIsNotServed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.arm(traffic.Fault{Method: "messages.createChat", Mode: traffic.ModeSlow, DelayMS: 60_000})
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	go func() {
		_, err := b.post(ctx, "messages.createChat", form("title", "x"))
		gaveUp <- err
	}()
	require.Eventually(t, func() bool { return len(b.faults.Armed()) == 0 }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-gaveUp, context.Canceled)
	require.NoError(t, b.log.Wait(t.Context(), 1))
	require.Zero(t, b.Totals().Chats)
}
