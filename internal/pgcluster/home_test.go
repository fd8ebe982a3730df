package pgcluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// nobodyElse is an account that can reach only what everybody can.
var nobodyElse = owner{name: "nobody-else", uid: 54321, gid: 54321, dropped: true}

func TestPlaceMovesWhatTheServerCannotReach(t *testing.T) {
	t.Parallel()
	open, closed := reachableDir(t), filepath.Join(reachableDir(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	var log strings.Builder

	got, err := place(filepath.Join(open, "clone", "postgres"), nobodyElse, &log)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(open, "clone", "postgres"), got)
	require.Empty(t, log.String())

	hidden := filepath.Join(closed, "clone", "postgres")
	moved, err := place(hidden, nobodyElse, &log)
	require.NoError(t, err)
	require.Equal(t, "/var/tmp", filepath.Dir(moved))
	require.Contains(t, log.String(), hidden)
	require.Contains(t, log.String(), moved)

	again, err := place(hidden, nobodyElse, &log)
	require.NoError(t, err)
	require.Equal(t, moved, again, "the next run must find its data")

	other, err := place(hidden+"2", nobodyElse, &log)
	require.NoError(t, err)
	require.NotEqual(t, moved, other)

	own, err := place(hidden, owner{uid: os.Geteuid(), gid: os.Getegid()}, &log)
	require.NoError(t, err)
	require.Equal(t, hidden, own, "who runs the server himself keeps his folder")
}

func TestOpenHomeRefusesFoldersThatAreNotOurs(t *testing.T) {
	t.Parallel()
	me := owner{uid: os.Geteuid(), gid: os.Getegid()}

	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "thesis.txt"), []byte("mine"), 0o600))
	_, err := openHome(full, me, os.Stderr)
	require.ErrorContains(t, err, "holds other files")

	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(t.TempDir(), link))
	_, err = openHome(link, me, os.Stderr)
	require.ErrorContains(t, err, "is not a folder of the user")

	_, err = openHome("", me, os.Stderr)
	require.ErrorContains(t, err, "set Dir")
}

func TestClearRemainsLeavesStrangersAlone(t *testing.T) {
	t.Parallel()
	h := &home{dir: t.TempDir()}
	require.NoError(t, os.Mkdir(h.data(), 0o700))
	pidFile := filepath.Join(h.data(), "postmaster.pid")

	// This very process has the id, as any program may after a reboot. It survives, and the file goes.
	for _, text := range []string{pidText(os.Getpid()), "garbage\n", ""} {
		require.NoError(t, os.WriteFile(pidFile, []byte(text), 0o600))
		require.NoError(t, h.clearRemains(t.Context()))
		require.NoFileExists(t, pidFile)
	}
	require.NoError(t, h.clearRemains(t.Context()), "nothing to clear")
}

func TestOpenLogPutsALongLogAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "server.log")
	require.NoError(t, os.WriteFile(path, make([]byte, maxLog+1), 0o600))
	log, err := openLog(path)
	require.NoError(t, err)
	defer log.Close()
	_, err = log.WriteString("one\ntwo\nthree\n")
	require.NoError(t, err)
	require.Equal(t, "two\nthree", lastLines(path, 2))
	require.FileExists(t, path+".old")
}
