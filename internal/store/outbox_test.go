package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestOutboxIsEmptiedOnlyByWhoHandsOver(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	require.NoError(t, st.Want(ctx, "s", "event", map[string]any{"chats": []string{"parents:c"}}, true, "test"))
	require.NoError(t, st.Want(ctx, "s", "event", struct{}{}, false, "test"))
	waiting, err := st.Waiting(ctx)
	require.NoError(t, err)
	require.Equal(t, []school.ID{"s"}, waiting)

	broken := errors.New("no Temporal")
	require.ErrorIs(t, st.Relay(ctx, "s", func(context.Context, []store.Wanted) error { return broken }), broken)
	handed := 0
	require.NoError(t, st.Relay(ctx, "s", func(ctx context.Context, wanted []store.Wanted) error {
		handed = len(wanted)
		require.JSONEq(t, `{"chats":["parents:c"]}`, string(wanted[0].Scope))
		require.True(t, wanted[0].Verify)
		// Another worker does not see what this one is handing over.
		return st.Relay(ctx, "s", func(context.Context, []store.Wanted) error { return errors.New("handed over twice") })
	}))
	require.Equal(t, 2, handed, "what could not be handed over is still there")
	waiting, err = st.Waiting(ctx)
	require.NoError(t, err)
	require.Empty(t, waiting)
}

func TestListenerIsWoken(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	woken := make(chan struct{}, 100)
	ended := make(chan error, 1)
	go func() { ended <- st.ListenOutbox(ctx, func() { woken <- struct{}{} }) }()
	require.Eventually(t, func() bool { // it listens from some moment on
		require.NoError(t, st.Want(ctx, "s", "event", struct{}{}, false, "test"))
		return len(woken) > 0
	}, 10e9, 20e6)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestReadingAndTokenAskForPasses(t *testing.T) {
	t.Parallel()
	st := setup(t)
	ctx := t.Context()
	waiting := func() int {
		ids, err := st.Waiting(ctx)
		require.NoError(t, err)
		return len(ids)
	}
	require.NoError(t, st.SetToken(ctx, "s", 42, "token"))
	require.Zero(t, waiting(), "there is no roster yet")
	_, err := st.SaveReading(ctx, reading(t, "one", 1))
	require.NoError(t, err)
	require.Equal(t, 1, waiting())
	require.NoError(t, st.Relay(ctx, "s", func(context.Context, []store.Wanted) error { return nil }))
	require.NoError(t, st.SetToken(ctx, "s", 42, "another"))
	require.Equal(t, 1, waiting(), "a new token may mend what was wrong")
}
