package workflows

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func TestFeedIsReadWhenItsFilesRest(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	looks := []string{"a", "b", "b"}
	f.lookAtFeed = func() (string, error) {
		look := looks[0]
		if len(looks) > 1 {
			looks = looks[1:]
		}
		return look, nil
	}
	f.readFeed = func(in ReadFeedInput) (FeedReport, error) {
		require.Equal(t, "b", in.Fingerprint)
		return FeedReport{Feed: in.Feed, Schools: 3, Changed: []school.ID{"s1", "s3"}}, nil
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Read, ReadRequest{ID: "r", Trigger: TriggerManual}) }, 0)
	env.ExecuteWorkflow(FeedSync, FeedSyncInput{Feed: "main"})

	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []string{"LookAtFeed", "LookAtFeed", "LookAtFeed", "ReadFeed"}, f.calls)
	var report FeedReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Equal(t, []school.ID{"s1", "s3"}, report.Changed)
}

func TestFeedThatMovesWhileReadIsReadAgain(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	reads := 0
	f.readFeed = func(in ReadFeedInput) (FeedReport, error) {
		reads++
		return FeedReport{Feed: in.Feed, Moved: reads == 1}, nil
	}
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Read, ReadRequest{}) }, 0)
	env.ExecuteWorkflow(FeedSync, FeedSyncInput{Feed: "main"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 2, reads)
}

func TestFeedThatNeverRests(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	looks := 0
	f.lookAtFeed = func() (string, error) { looks++; return fmt.Sprint(looks), nil }
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Read, ReadRequest{}) }, 0)
	env.ExecuteWorkflow(FeedSync, FeedSyncInput{Feed: "main"})
	requireProblem(t, env.GetWorkflowError(), ProblemFeedNeverStable, "keep changing")
}

func TestBadReadingFailsWithItsReason(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.readFeed = func(ReadFeedInput) (FeedReport, error) {
		return FeedReport{}, temporal.NewNonRetryableApplicationError("users.csv: cut", ProblemFeedUnreadable, nil)
	}
	var waiting answer
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(Read, "r", &waiting, ReadRequest{ID: "r", AcceptDrop: "f1"}) }, 0)
	env.ExecuteWorkflow(FeedSync, FeedSyncInput{Feed: "main"})
	requireProblem(t, env.GetWorkflowError(), ProblemFeedUnreadable, "users.csv: cut")
	requireProblem(t, waiting.err, ProblemFeedUnreadable, "users.csv: cut")
}

func TestFeedThatMovesUnderEveryReadingIsGivenUp(t *testing.T) {
	t.Parallel()
	env, f := setup(t)
	f.readFeed = func(ReadFeedInput) (FeedReport, error) { return FeedReport{Moved: true}, nil }
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(Read, ReadRequest{}) }, 0)
	env.ExecuteWorkflow(FeedSync, FeedSyncInput{Feed: "f"})
	requireProblem(t, env.GetWorkflowError(), ProblemFeedNeverStable, "keep changing")
}
