package secret_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

func locked(t *testing.T, path string) *secret.File {
	t.Helper()
	file, err := secret.LockFile(path)
	require.NoError(t, err)
	t.Cleanup(file.Unlock)
	return file
}

func put(content string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(content), nil }
}

func TestAFileIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	file := locked(t, path)
	before, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = before.Close() })
	was, err := before.Stat()
	require.NoError(t, err)

	require.NoError(t, file.Change(put("changed")))
	now, err := os.Stat(path)
	require.NoError(t, err)
	require.False(t, os.SameFile(was, now), "whoever has the old one open still reads all of it")
	require.Equal(t, was.Mode(), now.Mode())
	require.Equal(t, was.Size(), must(before.Stat()).Size())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "changed", string(content))
	require.NoFileExists(t, path+".new")

	boom := errors.New("boom")
	require.ErrorIs(t, file.Change(func([]byte) ([]byte, error) { return []byte("x"), boom }), boom)
	require.NoError(t, file.Change(func(raw []byte) ([]byte, error) { return raw, nil }))
	require.True(t, os.SameFile(now, must(os.Stat(path))), "nothing to change is nothing written")
}

func must(info os.FileInfo, err error) os.FileInfo {
	if err != nil {
		panic(err)
	}
	return info
}

func TestWhatAnInterruptedChangeLeftIsInNobodysWay(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	require.NoError(t, os.WriteFile(path+".new", []byte("half a key"), 0o600))
	require.NoError(t, locked(t, path).Change(put("changed")))
	require.NoFileExists(t, path+".new")
}

func TestALinkToTheFileStaysALink(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	link := filepath.Join(t.TempDir(), "link.json")
	require.NoError(t, os.Symlink(path, link))
	k := follow(t, link)
	id := addKey(t, link)
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
	require.NoError(t, k.Reload())
	require.Equal(t, []uint32{id}, k.Waiting())
}

func TestOnlyOneChangesAFile(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	file, err := secret.LockFile(path)
	require.NoError(t, err)
	_, err = secret.LockFile(path)
	require.ErrorIs(t, err, secret.ErrLocked)
	file.Unlock()
	locked(t, path)
	_, err = secret.LockFile(path + ".missing")
	require.ErrorContains(t, err, "no such file")
}

func TestTheAgeOfAFileIsThatOfItsLastChange(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	file := locked(t, path)
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
	age, err := file.Age()
	require.NoError(t, err)
	require.InDelta(t, time.Hour, age, float64(time.Minute))
	added := func(raw []byte) (changed []byte, err error) {
		changed, _, err = secret.AddKey(raw)
		return changed, err
	}
	require.NoError(t, file.Change(added))
	age, err = file.Age()
	require.NoError(t, err)
	require.Less(t, age, secret.Rest)
}

func TestAChangeThatCannotBeWrittenLeavesTheFileAsItIs(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	file := locked(t, path)
	require.NoError(t, os.Mkdir(path+".new", 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(path+".new", "x"), nil, 0o600))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Error(t, file.Change(put("changed")))
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, raw, now)
}
