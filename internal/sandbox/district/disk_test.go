package district_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/sandbox/district"
)

func TestLoadAndSaveGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, district.Generate(demo()).Save(dir))
	loaded, err := district.Load(dir)
	require.NoError(t, err)
	require.Equal(t, "2026-09-01", loaded.Day)
	require.Equal(t, contents(t, dir), saved(t, loaded))
}

func TestSaveLeavesUnchangedFilesAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := district.Generate(plain())
	require.NoError(t, f.Save(dir))
	long := time.Date(2020, time.May, 1, 12, 0, 0, 0, time.UTC)
	for name := range contents(t, dir) {
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), long, long))
	}
	require.NoError(t, f.SetActingHead("sch-101-em-00001", true))
	require.NoError(t, f.Save(dir))

	for name := range contents(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, name != "users.csv", info.ModTime().Equal(long), name)
		require.Equal(t, os.FileMode(0o644), info.Mode(), name)
	}
	require.Len(t, contents(t, dir), 9, "nothing temporary is left")
}

// What is at the end matters to Save: a file that is the old one and more, or less, differs.
func TestSaveSeesGrowthAndLoss(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := district.Generate(plain())
	require.NoError(t, f.Save(dir))
	whole := contents(t, dir)
	path := filepath.Join(dir, "roles.csv")
	for _, spoiled := range [][]byte{
		append([]byte(nil), whole["roles.csv"][:len(whole["roles.csv"])-1]...),
		append(append([]byte(nil), whole["roles.csv"]...), '\n'),
		nil,
	} {
		require.NoError(t, os.WriteFile(path, spoiled, 0o600))
		require.NoError(t, f.Save(dir))
		require.Equal(t, whole, contents(t, dir))
	}
}

func TestEditsAfterLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, district.Generate(plain()).Save(dir))
	f, err := district.Load(dir)
	require.NoError(t, err)
	id, err := f.AddStudent("sch-101-cl-00003", true)
	require.NoError(t, err)
	_, err = f.AddClass("sch-102", "2Ю", 3)
	require.NoError(t, err)
	require.NoError(t, f.Save(dir))

	e := readExport(t, dir)
	require.Empty(t, e.check())
	require.Len(t, e.accounts()[id], 1)
	_, ok := f.Case(district.Head)
	require.False(t, ok, "files carry no case names")
}

func TestLoadRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	_, err := district.Load(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)

	for name, text := range map[string]string{
		"users.csv":            "sourcedId,role\nu1,student\n",
		"orgs.csv":             "",
		"enrollments.csv":      "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\ne1\n",
		"academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\ns1,,,S,term,2026-09-01,2027-09-01,,2027\n",
	} {
		dir := t.TempDir()
		require.NoError(t, district.Generate(plain()).Save(dir))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		_, err := district.Load(dir)
		require.ErrorContains(t, err, name)
	}
}
