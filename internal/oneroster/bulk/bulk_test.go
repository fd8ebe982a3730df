package bulk_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/oneroster/bulk"
	"github.com/rollcall-edu/rollcall/internal/oneroster/feedtest"
)

func setup(t *testing.T, text string) *bulk.Set {
	t.Helper()
	files := feedtest.Example()
	files[feedtest.Courses].Raw = []byte(text)
	set, err := bulk.Open(files.Folder(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, set.Close()) })
	return set
}

func courses() bulk.Table {
	return bulk.Table{File: feedtest.Courses, Required: []string{"sourcedId", "title"}, Optional: []string{"courseCode"}}
}

func read(t *testing.T, text string) ([][3]string, bulk.FileReceipt) {
	t.Helper()
	var rows [][3]string
	receipt, err := setup(t, text).Rows(t.Context(), courses(), func(r bulk.Row) error {
		rows = append(rows, [3]string{r.Get("sourcedId"), r.Get("title"), r.Get("courseCode")})
		return nil
	})
	require.NoError(t, err)
	return rows, receipt
}

func TestRows(t *testing.T) {
	t.Parallel()
	rows, receipt := read(t, "title,sourcedId,other\n Maths ,c1,x\n\"Art,\nand more\",c2,\n")
	require.Equal(t, [][3]string{{"c1", "Maths", ""}, {"c2", "Art,\nand more", ""}}, rows)
	require.Equal(t, 2, receipt.Rows)
	require.Equal(t, 4, receipt.Lines)
	require.Equal(t, []string{"sourcedId", "title"}, receipt.Columns)
}

func TestRowsKnowTheirLines(t *testing.T) {
	t.Parallel()
	var lines []int
	_, err := setup(t, "sourcedId,title\nc1,\"a\nb\"\n\nc2,c\n").Rows(t.Context(), courses(), func(r bulk.Row) error {
		lines = append(lines, r.Line)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int{2, 5}, lines)
}

func TestRowHash(t *testing.T) {
	t.Parallel()
	var hashes []uint64
	_, err := setup(t, "sourcedId,title\nab,c\na,bc\nab,c\n").Rows(t.Context(), courses(), func(r bulk.Row) error {
		hashes = append(hashes, r.Hash())
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, hashes[0], hashes[2])
	require.NotEqual(t, hashes[0], hashes[1])
}

func TestCutFrom(t *testing.T) {
	t.Parallel()
	const header = "sourcedId,title\n"
	rows := []string{"c1,a\n", "c2,b\n", "c3,c\n", "c4,d\n", "c5,e\n", "c6,f\n", "c7,g\n", "c8,h\n", "c9,i\n", "c0,j\n"}
	text := func(rows ...string) string {
		all := header
		for _, r := range rows {
			all += r
		}
		return all
	}
	_, last := read(t, text(rows...))
	for name, test := range map[string]struct {
		rows []string
		want bool
	}{
		"the same":               {rows, false},
		"one row cut":            {rows[:9], true},
		"two rows cut":           {rows[:8], true},
		"more":                   {slices.Concat(rows, []string{"d1,k\n"}), false},
		"a row from the top":     {rows[1:], false},
		"a row from the middle":  {slices.Concat(rows[:5], rows[6:]), false},
		"one cut, one changed":   {slices.Concat(rows[:8], []string{"c9,I\n"}), false},
		"more than is looked at": {rows[:5], false},
	} {
		_, now := read(t, text(test.rows...))
		require.Equal(t, test.want, now.CutFrom(last), name)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	files := feedtest.Example()
	folder := files.Folder(t)
	look := func(location string) string {
		t.Helper()
		p, err := bulk.Fingerprint(location)
		require.NoError(t, err)
		return p
	}
	first := look(folder)
	require.Equal(t, first, look(folder))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("x"), 0o600))
	require.Equal(t, first, look(folder), "other files are nothing to us")

	users := filepath.Join(folder, feedtest.Users)
	require.NoError(t, os.Chtimes(users, time.Time{}, time.Unix(1_000_000_000, 1)))
	touched := look(folder)
	require.NotEqual(t, first, touched)

	require.NoError(t, os.Remove(users))
	require.NotEqual(t, touched, look(folder))

	archive := files.Zip(t, "")
	first = look(archive)
	require.NoError(t, os.Chtimes(archive, time.Time{}, time.Unix(1_000_000_000, 1)))
	require.NotEqual(t, first, look(archive))
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	folder := feedtest.Example().Folder(t)
	set, err := bulk.Open(folder)
	require.NoError(t, err)
	require.NoError(t, set.Unchanged())
	require.NoError(t, os.Chtimes(filepath.Join(folder, feedtest.Users), time.Time{}, time.Unix(1_000_000_000, 0)))
	require.ErrorContains(t, set.Unchanged(), "changed while they were being read")
}

func TestManifestNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	manifest, err := setup(t, "sourcedId,title\nc1,a\n").Manifest(t.Context())
	require.NoError(t, err)
	require.True(t, manifest.Has(feedtest.Users))
	require.False(t, manifest.Has("demographics.csv"))
}
