package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
)

// after gives an answer when the time has passed.
func after(d time.Duration, answer string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		select {
		case <-time.After(d):
			return answer, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func silent(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var shown bytes.Buffer
		answer, err := await(t.Context(), &progress{w: &shown}, question[string]{ask: after(time.Hour, "done"), phase: silent})
		require.NoError(t, err)
		require.Equal(t, "done", answer, "it goes on waiting")
		require.Equal(t, noWorker+"\n", shown.String(), "and says so once")
	})
}

func TestAQuickAnswerIsQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var shown bytes.Buffer
		_, err := await(t.Context(), &progress{w: &shown}, question[string]{ask: after(silence-askTimeout-askEvery, "done"), phase: silent})
		require.NoError(t, err)
		require.Empty(t, shown.String())
	})
}

func TestProgressIsShownNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		phase := func(context.Context) (string, error) { return time.Since(began).String(), nil }
		var log, terminal bytes.Buffer
		_, err := await(t.Context(), &progress{w: &log}, question[string]{ask: after(12*time.Second+askEvery/2, ""), phase: phase})
		require.NoError(t, err)
		require.Equal(t, "… 1s\n… 6s\n… 11s\n", log.String())
		began = time.Now()
		_, err = await(t.Context(), &progress{w: &terminal, terminal: true}, question[string]{ask: after(2*time.Second+askEvery/2, ""), phase: phase})
		require.NoError(t, err)
		require.Equal(t, eraseLine+"… 1s"+eraseLine+"… 2s"+eraseLine, terminal.String(), "and taken away")
	})
}

func TestARunThatEndedMeanwhileIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	lost := temporal.NewApplicationError("lost", acceptedUpdateLost)
	for name, c := range map[string]struct {
		err   error
		times int
	}{
		"ended before it accepted": {serviceerror.NewNotFound("aborted by closing workflow"), 2},
		"not ready":                {serviceerror.NewWorkflowNotReady("closing"), 2},
		"ended after it accepted":  {lost, 2},
		"the pass failed":          {temporal.NewApplicationError("refused", "TokenRefused"), 1},
		"anything else":            {errors.New("x"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			ask := func(context.Context) (string, error) { asked++; return "", c.err }
			_, err := await(t.Context(), &progress{w: &bytes.Buffer{}}, question[string]{ask: ask, phase: silent})
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.times, asked)
		})
	}
}

func TestWaitingIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var shown strings.Builder
		_, err := await(ctx, &progress{w: &shown}, question[string]{ask: after(time.Hour, ""), phase: silent})
		require.ErrorIs(t, err, errStoppedWaiting)
	})
}
