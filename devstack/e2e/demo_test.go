package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// demoCommand prepares `devstack demo` in a folder, on free ports, with its output in a file.
func demoCommand(t *testing.T, dir string, args ...string) (cmd *exec.Cmd, out string) {
	t.Helper()
	all := append([]string{
		"demo", "--dir", dir, "--bin", world.bin, "-o", "json",
		"--temporal-port", "0", "--ui-port", "0", "--sandbox-port", "0",
	}, args...)
	file, err := os.CreateTemp(t.TempDir(), "out")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	cmd = exec.Command(filepath.Join(world.bin, "devstack"), all...)
	cmd.Stdout, cmd.Stderr = file, t.Output()
	return cmd, file.Name()
}

type demoResult struct {
	School, SourceID, Outcome       string
	Chats, Members, Admins, Invited int
	Missing                         map[string]int
	InStep                          bool
}

// The table's counts are those that an independent count over the CSV files gives; a second
// run goes on from the data of the first.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	requireTable := func(out string) {
		t.Helper()
		content, err := os.ReadFile(out)
		require.NoError(t, err)
		var results []demoResult
		require.NoError(t, json.Unmarshal(content, &results))
		require.Len(t, results, 3)
		census := takeCensus(t, filepath.Join(dir, "roster"))
		for _, r := range results {
			require.True(t, r.InStep, "%+v", r)
			census.byHand = r.School == "school-3" // which is on MAX
			require.Equal(t, census.school(r.SourceID), counts{
				Chats: r.Chats, Members: r.Members, Admins: r.Admins,
				NotLinked: r.Missing["not-linked"], Disputed: r.Missing["account-disputed"],
			}, r.SourceID)
			require.Zero(t, r.Invited)
		}
	}
	cmd, out := demoCommand(t, dir, "--once")
	require.NoError(t, cmd.Run())
	requireTable(out)

	cmd, out = demoCommand(t, dir)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(out)
		return err == nil && bytes.HasSuffix(content, []byte("]\n"))
	}, workTime, pollEvery, "the second run has no table")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, cmd.Wait())
	requireTable(out)
}
