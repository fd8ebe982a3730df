package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/sandbox/vk"
	"github.com/rollcall-edu/rollcall/workflows"
)

// Bad input: a clear message that says what to do, a typed failure in the UI, no chat changed.

func TestRefusedToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.read()
	s.resync(false, workflows.OutcomeChanged, workflows.OutcomeInStep)
	_, err := world.stack.Sandbox().RevokeToken(vk.GroupRef{GroupID: s.group})
	require.NoError(t, err)
	made := s.calls(func() {
		_, err := rollcall(t.Context(), "", "resync", string(s.id), "--verify", "--wait")
		require.ErrorContains(t, err, "rollcall school set-token")
	})
	require.Empty(t, made)
	requireFailed(t, workflows.SchoolSyncID(s.id), workflows.ProblemTokenRefused)
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	s.damaged("users.csv", func(path string, _ []byte) error { return os.Remove(path) }, "users.csv")
}

func TestFileCutInHalf(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	s.damaged("enrollments.csv", func(path string, whole []byte) error {
		return os.WriteFile(path, whole[:len(whole)/2], 0o600)
	}, "enrollments.csv")
}

func TestFileWithOnlyItsHeader(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	s.damaged("roles.csv", func(path string, whole []byte) error {
		for i, b := range whole {
			if b == '\n' {
				return os.WriteFile(path, whole[:i+1], 0o600)
			}
		}
		return errors.New("no header")
	}, "roles.csv")
}

// damaged spoils a file and expects the reading to fail with the file's name in the message, no
// chat to change, and everything to go on when the file is whole again.
func (s *site) damaged(file string, spoil func(path string, whole []byte) error, message string) {
	s.t.Helper()
	path := filepath.Join(s.dir, file)
	whole, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.NoError(s.t, spoil(path, whole))
	made := s.calls(func() {
		_, err := rollcall(s.t.Context(), "", "feed", "read", string(s.feed))
		require.ErrorContains(s.t, err, message)
		requireFailed(s.t, workflows.FeedSyncID(s.feed), workflows.ProblemFeedUnreadable)
		s.resync(true, workflows.OutcomeInStep)
	})
	require.Empty(s.t, made)
	row, err := world.store.Feed(s.t.Context(), s.feed)
	require.NoError(s.t, err)
	require.Contains(s.t, row.Problem.Message, message)

	require.NoError(s.t, os.WriteFile(path, whole, 0o600))
	s.read()
	row, err = world.store.Feed(s.t.Context(), s.feed)
	require.NoError(s.t, err)
	require.Nil(s.t, row.Problem)
}

func TestSchoolUnknownToItsFeed(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.cli("", "school", "add", string(s.id), "--district", "d"+string(s.id)[1:], "--feed", string(s.feed), "--source-id", "not-there", "--name", "Lost")
	out, err := rollcall(t.Context(), "", "feed", "read", string(s.feed))
	require.Contains(t, out+errorText(err), "not-there")
	_, err = rollcall(t.Context(), "", "resync", string(s.id), "--wait")
	require.ErrorContains(t, err, "not-there")
	requireFailed(t, workflows.SchoolSyncID(s.id), workflows.ProblemRosterUnread)
	require.Empty(t, s.chats())
}

func TestSchoolThatIsNotRegistered(t *testing.T) {
	t.Parallel()
	_, err := rollcall(t.Context(), "", "resync", "nowhere", "--wait")
	require.ErrorContains(t, err, "rollcall school")
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// requireFailed waits until the workflow's last run has ended and checks its failure's type.
func requireFailed(t *testing.T, workflowID, problem string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), workTime)
	defer cancel()
	err := world.client.GetWorkflow(ctx, workflowID, "").Get(ctx, nil)
	application, ok := errors.AsType[*sdk.ApplicationError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, problem, application.Type())
	description, err := world.client.DescribeWorkflowExecution(ctx, workflowID, "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, description.GetWorkflowExecutionInfo().GetStatus())
}
