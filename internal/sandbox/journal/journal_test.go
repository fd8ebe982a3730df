package journal_test

import (
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/journal"
)

type change struct {
	Add int `json:"add"`
}

// counter is a state: the sum of its changes.
type counter struct {
	sum      int
	replayed int
}

func (c *counter) replay(ch change) error {
	c.sum += ch.Add
	c.replayed++
	return nil
}

func (c *counter) snapshot() iter.Seq[change] { return slices.Values([]change{{Add: c.sum}}) }

func setup(t *testing.T) (path string, open func() (*counter, *journal.Journal)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state", "journal")
	return path, func() (*counter, *journal.Journal) {
		c := &counter{}
		j, err := journal.Open(path, c.replay, c.snapshot)
		require.NoError(t, err)
		t.Cleanup(func() { _ = j.Close() })
		return c, j
	}
}

func TestChangesAreThereAfterAReopenWithoutClose(t *testing.T) {
	t.Parallel()
	_, open := setup(t)
	c, j := open()
	require.Zero(t, c.sum)
	require.NoError(t, j.Append(change{1}, change{2}))
	require.NoError(t, j.Append(change{3}))

	c, _ = open()
	require.Equal(t, 6, c.sum)
	require.Equal(t, 4, c.replayed, "the first snapshot and three changes")

	c, j = open()
	require.Equal(t, counter{sum: 6, replayed: 1}, *c, "compacted")
	require.NoError(t, j.Append(change{4}))
	c, _ = open()
	require.Equal(t, 10, c.sum)
}

func TestATornLastLineIsDropped(t *testing.T) {
	t.Parallel()
	path, open := setup(t)
	_, j := open()
	require.NoError(t, j.Append(change{5}))
	require.NoError(t, j.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(content, `{"add":1`...), 0o600))

	c, j := open()
	require.Equal(t, 5, c.sum)
	require.NoError(t, j.Append(change{1}))
	c, _ = open()
	require.Equal(t, 6, c.sum)
}

func TestADamagedLineIsNotPassedOver(t *testing.T) {
	t.Parallel()
	path, open := setup(t)
	_, j := open()
	require.NoError(t, j.Close())
	require.NoError(t, os.WriteFile(path, []byte("{\"add\":1}\nnonsense\n{\"add\":1}\n"), 0o600))
	c := &counter{}
	_, err := journal.Open(path, c.replay, c.snapshot)
	require.ErrorContains(t, err, "line 2 is damaged")
}

func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	t.Parallel()
	path, open := setup(t)
	open()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestAChangeThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	path, open := setup(t)
	_, j := open()
	require.NoError(t, j.Append(change{1}))
	require.ErrorContains(t, j.Append(change{1}, func() {}), "encode a change")
	require.NoError(t, j.Append(change{2}))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(content), "\n"), "all or none")

	require.NoError(t, j.Close())
	require.ErrorContains(t, j.Append(change{1}), "write to the journal")
	require.ErrorContains(t, j.Append(change{1}), "out of order")
}

func TestANilJournalKeepsNothing(t *testing.T) {
	t.Parallel()
	var j *journal.Journal
	require.NoError(t, j.Append(change{1}))
	require.NoError(t, j.Close())
}
