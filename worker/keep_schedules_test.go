package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/store/storetest"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/internal/temporal/schedulestest"
)

// scheduled gives a registry with the school s, which has its token, and a server without schedules.
func scheduled(t *testing.T) (*store.Store, *schedulestest.Server) {
	t.Helper()
	st := storetest.New(t)
	require.NoError(t, st.SetToken(t.Context(), "s", 1, "token"))
	return st, schedulestest.New()
}

func TestTheKeeperSaysWhatItChanged(t *testing.T) {
	t.Parallel()
	st, server := scheduled(t)
	var log bytes.Buffer
	k := &scheduleKeeper{store: st, schedules: temporal.NewSchedules(server), logger: slog.New(slog.NewTextHandler(&log, nil))}
	keep := func() string {
		t.Helper()
		log.Reset()
		require.NoError(t, k.keep(t.Context()))
		return log.String()
	}
	require.Contains(t, keep(), `created="[district/d school/s]" updated=[] deleted=[]`)
	require.Empty(t, keep())
	require.NoError(t, st.SetSchedule(t.Context(), "s", school.Schedule{Cron: "0 7 * * 1-5"}))
	require.Contains(t, keep(), `updated=[school/s]`)
	require.NoError(t, st.SetSchedule(t.Context(), "s", school.Schedule{Off: true}))
	require.Contains(t, keep(), `deleted=[school/s]`)

	_, err := server.Create(t.Context(), client.ScheduleOptions{ID: "school/s", Action: &client.ScheduleWorkflowAction{Workflow: "Other"}})
	require.NoError(t, err)
	require.Empty(t, keep(), "somebody else's, and the school needs none")
	require.NoError(t, st.SetSchedule(t.Context(), "s", school.DefaultSchedule()))
	said := keep()
	require.Contains(t, said, "schedule=school/s")
	require.Contains(t, said, "delete it in the Temporal UI")
	require.Empty(t, keep(), "each trouble is said once")

	server.Refuse = func(call, _ string) error {
		if call == "page" {
			return errors.New("out of order")
		}
		return nil
	}
	require.ErrorContains(t, k.keep(t.Context()), "out of order")
}

// withSchedules is a client that has schedules and nothing else.
type withSchedules struct {
	client.Client
	server *schedulestest.Server
}

func (c withSchedules) ScheduleClient() client.ScheduleClient { return c.server }

func TestOneKeeperOfAll(t *testing.T) {
	t.Parallel()
	st, server := scheduled(t)
	ctx, stop := context.WithCancel(t.Context())
	var keepers sync.WaitGroup
	for range 4 {
		keepers.Go(func() { keepSchedules(ctx, st, withSchedules{server: server}, slog.New(slog.DiscardHandler)) })
	}
	require.Eventually(t, func() bool { return strings.Join(server.IDs(), " ") == "district/d school/s" }, 30*time.Second, 10*time.Millisecond)
	stop()
	keepers.Wait()
	require.Equal(t, 2, server.Calls()["create"])
}
