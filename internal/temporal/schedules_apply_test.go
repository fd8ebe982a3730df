package temporal_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/temporal"
)

func TestPagesAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 1200 {
		d.schools = append(d.schools, row(school.ID(fmt.Sprintf("s%d", i)), every(time.Hour)))
	}
	// The first two wait for each other: one after the other they would not come through.
	met, waiting := make(chan struct{}), atomic.Int32{}
	d.server.Refuse = func(call, _ string) error {
		if call != "create" {
			return nil
		}
		switch waiting.Add(1) {
		case 2:
			close(met)
		case 1:
			<-met
		}
		return nil
	}
	require.Len(t, d.apply(), 1200)
	require.LessOrEqual(t, d.server.Most(), 16)
	d.settled()
	d.server.Calls()
	require.Empty(t, d.difference())
	require.Equal(t, map[string]int{"page": 3}, d.server.Calls(), "nothing new: nothing but the listing")

	d.server.Refuse = func(call, _ string) error {
		if call == "page" {
			return errors.New("broken off")
		}
		return nil
	}
	d.schools = d.schools[:10]
	_, err := d.schedules.Difference(t.Context(), d.wanted())
	require.ErrorContains(t, err, "broken off", "a listing that breaks off is no reason to delete anything")
}

func TestAListingThatLags(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("a", every(time.Hour)))
	d.server.Lag(true)
	require.Len(t, d.apply(), 1)
	require.Empty(t, d.difference(), "what is not listed yet is asked for")
	d.server.Lag(false)
	d.settled()

	d.server.Lag(true)
	d.schools[0].Schedule = every(2 * time.Hour)
	require.Len(t, d.apply(), 1)
	require.Empty(t, d.difference())
	d.schools = nil
	require.Len(t, d.apply(), 1)
	require.Empty(t, d.difference(), "what is listed still is gone")
}

func TestOneThatIsRefusedDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("a", every(time.Hour)), row("b", every(time.Hour)), row("c", every(time.Hour)))
	bad := "school/b"
	d.server.Refuse = func(call, id string) error {
		if call == "create" && strings.HasPrefix(id, bad) {
			return serviceerror.NewInvalidArgument("no such search attribute")
		}
		return nil
	}
	apply := func() (temporal.Difference, error) {
		found, err := d.schedules.Difference(t.Context(), d.wanted())
		require.NoError(t, err)
		return d.schedules.Apply(t.Context(), found)
	}
	done, err := apply()
	require.ErrorContains(t, err, "create schedule school/b: the server refuses it")
	require.ErrorContains(t, err, "rollcall migrate")
	require.Len(t, done, 2)
	require.Equal(t, []string{"school/a", "school/c"}, d.server.IDs())

	d.schools = append(d.schools, row("b2", every(time.Hour)))
	_, err = apply()
	require.ErrorContains(t, err, "2 of 2 schedules could not be changed, the first: create schedule school/b:")
	d.server.Refuse = nil
	require.Len(t, d.apply(), 2)
	d.settled()
}

func TestTwoWhoApplyAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("s", every(time.Hour)), row("gone", every(time.Hour)))
	first, err := d.schedules.Difference(t.Context(), d.wanted())
	require.NoError(t, err)
	d.apply()
	_, err = d.schedules.Apply(t.Context(), first)
	require.NoError(t, err, "made already")

	d.schools = d.schools[:1]
	d.schools[0].Schedule = every(2 * time.Hour)
	first, err = d.schedules.Difference(t.Context(), d.wanted())
	require.NoError(t, err)
	d.apply()
	d.server.Edit("school/s", pauseByHand("meanwhile"))
	_, err = d.schedules.Apply(t.Context(), first)
	require.NoError(t, err, "changed and deleted already")
	require.True(t, d.server.Get("school/s").Schedule.State.Paused)
	d.settled()
}

func TestStates(t *testing.T) {
	t.Parallel()
	d := newDesk(t, row("s", every(time.Hour)), row("new", every(time.Hour)))
	d.apply()
	next, last := time.Date(2026, 10, 15, 10, 0, 0, 0, time.UTC), time.Date(2026, 10, 15, 9, 0, 0, 0, time.UTC)
	d.server.Edit("school/s", func(x *client.ScheduleDescription) {
		x.Info = client.ScheduleInfo{
			NextActionTimes: []time.Time{next, next.Add(time.Hour)},
			RecentActions: []client.ScheduleActionResult{
				{ActualTime: last.Add(-time.Hour)}, {ActualTime: last, StartWorkflowResult: &client.ScheduleWorkflowExecution{WorkflowID: "sweep/school/s-9"}},
			},
		}
	})
	d.server.Edit("school/s", pauseByHand("by hand"))
	states, err := d.schedules.States(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]temporal.ScheduleState{
		"school/s":   {Paused: true, Note: "by hand", Next: &next, Last: &last, WorkflowID: "sweep/school/s-9"},
		"school/new": {Note: d.server.Get("school/new").Schedule.State.Note},
	}, states)
}
