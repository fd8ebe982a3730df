package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
)

const patience = time.Minute

// eventsStore is a database with the school s, which is to be listened to.
func eventsStore(t *testing.T) *store.Store {
	t.Helper()
	st, ctx := storetest.New(t), t.Context()
	require.NoError(t, st.SetToken(ctx, "s", 5, "token"))
	require.NoError(t, st.SetLongPoll(ctx, "s", true))
	return st
}

func TestOneOfAllWorkersListens(t *testing.T) {
	t.Parallel()
	st := eventsStore(t)
	server, err := sandbox.Open(sandbox.Options{})
	require.NoError(t, err)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	t.Cleanup(func() { _ = server.Close() })
	_, err = server.RegisterCommunity(vk.Registration{GroupID: 5, Token: "token", Name: "School"})
	require.NoError(t, err)
	begun := func() int { return server.RequestCounts().All.Calls["groups.getLongPollServer"] }
	start := func() (stop func()) {
		stop, err := startEvents(t.Context(), config.Config{}, connect.Messengers{VKURL: listener.URL}, st, nil, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		return stop
	}
	locked := func() bool {
		lock, err := st.Lock(t.Context(), messengerLock)
		require.NoError(t, err)
		if lock != nil {
			lock.Release()
		}
		return lock == nil
	}
	first := start()
	require.Eventually(t, func() bool { return begun() == 1 }, patience, time.Millisecond)
	require.True(t, locked(), "no other can begin to listen")
	second := start()
	first()
	require.Eventually(t, func() bool { return begun() == 2 }, patience, time.Millisecond, "the other takes over")
	require.True(t, locked())
	second()
	require.Eventually(t, func() bool { return !locked() }, patience, time.Millisecond, "free once the database has seen the connection end")
	require.Equal(t, 2, begun())
}

func TestTheEndpointIsThereWhileTheWorkerIs(t *testing.T) {
	t.Parallel()
	st := eventsStore(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	var logged bytes.Buffer
	settings, nowhere := config.Config{EventsAddress: address}, connect.Messengers{VKURL: "http://127.0.0.1:1"}
	stop, err := startEvents(t.Context(), settings, nowhere, st, nil, slog.New(slog.NewTextHandler(&logged, nil)))
	require.NoError(t, err)
	get := func() error {
		request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "http://"+address+"/healthz", nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			require.Equal(t, http.StatusOK, response.StatusCode)
			require.NoError(t, response.Body.Close())
		}
		return err
	}
	require.NoError(t, get())
	_, err = startEvents(t.Context(), settings, nowhere, st, nil, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "ROLLCALL_EVENTS_ADDRESS")
	stop()
	require.Error(t, get())
	require.Contains(t, logged.String(), address)
}
