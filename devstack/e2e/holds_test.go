package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/workflows"
)

type heldView struct {
	Digest string
	Holds  []struct {
		ID         int64
		State      string
		Approvable bool
	}
}

func (s *site) held() heldView {
	s.t.Helper()
	var v heldView
	require.NoError(s.t, json.Unmarshal([]byte(s.cli("", "holds", "list", string(s.id), "-o", "json")), &v))
	return v
}

// A breaker's hold is looked at, decided on by update, and done; a stale decision is refused; what
// is left dissolves when the source recovers.
func TestHoldsAreDecidedOn(t *testing.T) {
	t.Parallel()
	s := newSiteInStep(t, nil)
	students := s.enrolled(s.classNamed("1А"), "student")
	original := filepath.Join(t.TempDir(), "original")
	require.NoError(t, os.CopyFS(original, os.DirFS(s.dir)))
	for _, student := range students[:3] {
		_, err := s.files.RemovePerson(student)
		require.NoError(t, err)
	}
	s.save()
	s.read()
	report := s.resync(false, workflows.OutcomeHeld, workflows.OutcomeChanged, workflows.OutcomePartial)
	require.Positive(t, report.Holds)
	seen := s.held()
	require.NotEmpty(t, seen.Holds)
	var able []string
	for _, h := range seen.Holds {
		require.Equal(t, "waiting", h.State)
		if h.Approvable {
			able = append(able, fmt.Sprint(h.ID))
		}
	}
	require.GreaterOrEqual(t, len(able), 3)
	require.Contains(t, s.cli("", "holds", "show", string(s.id), able[0]), seen.Digest)

	s.cli("", "holds", "reject", string(s.id), able[0], "--digest", seen.Digest)
	_, err := rollcall(t.Context(), "", "holds", "approve", string(s.id), able[1], "--digest", seen.Digest)
	require.ErrorContains(t, err, "has changed", "the decision is on what was held before")
	made := s.calls(func() {
		s.cli("", "holds", "approve", string(s.id), able[1])
		s.resync(false, workflows.OutcomeInStep, workflows.OutcomeHeld, workflows.OutcomeChanged)
	})
	require.Len(t, made[remove], 1)
	require.Len(t, made, 1)

	require.NoError(t, os.RemoveAll(s.dir))
	require.NoError(t, os.CopyFS(s.dir, os.DirFS(original)))
	s.read()
	s.resync(false, workflows.OutcomeInStep, workflows.OutcomeChanged)
	require.Empty(t, s.held().Holds, "the source has recovered")
}
