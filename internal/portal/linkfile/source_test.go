package linkfile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/portal/linkfile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const header = "organisation,identity,account,linkedAt\n"

var changed = time.Date(2026, 9, 1, 7, 30, 0, 0, time.UTC)

// file writes a file that was changed at that moment, beside another one.
func file(t testing.TB, text string) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "other.csv"), []byte("half a fi"), 0o600))
	path := filepath.Join(folder, "links.csv")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, os.Chtimes(path, changed, changed))
	return path
}

func page(t *testing.T, text, organisation string) (portal.Page, error) {
	t.Helper()
	return linkfile.Open(file(t, text)).Page(t.Context(), organisation, portal.Query{})
}

func TestTheLinksOfAnOrganisation(t *testing.T) {
	t.Parallel()
	text := header + "sch-1,p-1,101,2026-08-30T13:00:00+03:00\nsch-2,p-1,102,\nsch-1,p-2,103,\n"
	want := portal.Page{
		Links: []portal.Link{
			{Identity: "p-1", Account: 101, At: time.Date(2026, 8, 30, 10, 0, 0, 0, time.UTC)},
			{Identity: "p-2", Account: 103},
		},
		Total: 2, AsOf: changed,
	}
	for name, text := range map[string]string{
		"plain":                 text,
		"a mark at the start":   "\ufeff" + text,
		"lines of Windows":      strings.ReplaceAll(text, "\n", "\r\n"),
		"spaces":                strings.ReplaceAll(text, ",", " , "),
		"quotation marks":       strings.Replace(text, "p-1", `"p-1"`, 1),
		"more columns":          "name,linkedAt,account,identity,organisation\nx,2026-08-30T10:00:00Z,101,p-1,sch-1\nx,,103,p-2,sch-1\n",
		"empty lines at an end": text + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := page(t, text, "sch-1")
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestWhateverIsAskedForAllIsGiven(t *testing.T) {
	t.Parallel()
	source := linkfile.Open(file(t, header+"sch-1,p-1,101,2026-08-30T10:00:00Z\n"))
	require.True(t, source.Complete())
	all, err := source.Page(t.Context(), "sch-1", portal.Query{})
	require.NoError(t, err)
	since, err := source.Page(t.Context(), "sch-1", portal.Query{Since: changed.Add(time.Hour), Cursor: "x"})
	require.NoError(t, err)
	require.Equal(t, all, since)
	require.Empty(t, all.Next)
}

func TestAnOrganisationWithoutARowIsUnknown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{header, header + "sch-1,p-1,101,\n"} {
		_, err := page(t, text, "sch-2")
		require.Equal(t, portal.CodeUnknown, portal.CodeOf(err))
		require.NotContains(t, err.Error(), "sch-")
	}
}

func TestABadFileChangesNothing(t *testing.T) {
	t.Parallel()
	const good = "sch-1,p-1,101,\n"
	for name, tt := range map[string]struct{ text, want string }{
		"empty":                      {"", "empty"},
		"a mark alone":               {"\ufeff", "empty"},
		"cut off":                    {header + good + "sch-1,PRIVATE,10", "cut off"},
		"cut off within a row":       {header + good + "sch-1,PRIV", "cut off"},
		"no header":                  {good, "row 1, column organisation"},
		"a column missing":           {"organisation,identity,account\nsch-1,PRIVATE,1\n", "row 1, column linkedAt"},
		"a column misspelt":          {"organization,identity,account,linkedAt\n" + good, "organization"},
		"a column twice":             {"organisation,identity,account,linkedAt,account\nsch-1,PRIVATE,1,,2\n", "column account"},
		"a cell too few":             {header + good + "sch-1,PRIVATE,5\n", "row 3"},
		"a mark not closed":          {header + `sch-1,"PRIVATE,101,` + "\n", "row 2"},
		"another encoding":           {header + "sch-1,PRIVATE\xff,101,\n", "UTF-8"},
		"no organisation":            {header + ",PRIVATE,101,\n", "row 2, column organisation"},
		"no identity":                {header + good + "sch-1, ,424242,\n", "row 3, column identity"},
		"no account":                 {header + "sch-1,PRIVATE,,\n", "row 2, column account"},
		"account 0":                  {header + "sch-1,PRIVATE,0,\n", "row 2, column account"},
		"a community":                {header + "sch-1,PRIVATE,-424242,\n", "row 2, column account"},
		"a name for an account":      {header + "sch-1,PRIVATE,PRIVATE,\n", "row 2, column account"},
		"an account beyond all":      {header + "sch-1,PRIVATE,99999999999999999999,\n", "row 2, column account"},
		"a time of a spreadsheet":    {header + "sch-1,PRIVATE,424242,30.08.2026\n", "row 2, column linkedAt"},
		"somebody twice":             {header + "sch-1,PRIVATE,5,\nsch-1,PRIVATE,424242,\n", "row 3, column identity: the identity stands in row 2"},
		"another organisation's row": {header + good + "sch-2,PRIVATE,x,\n", "row 3, column account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := page(t, tt.text, "sch-1")
			require.Equal(t, portal.CodeIncomplete, portal.CodeOf(err))
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "links.csv")
			require.Zero(t, got)
			for _, hidden := range []string{"PRIVATE", "424242", "OneRoster", os.TempDir()} {
				require.NotContains(t, err.Error(), hidden)
			}
		})
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "none.csv"), filepath.Join(folder, "none", "none.csv")} {
		_, err := linkfile.Open(path).Page(t.Context(), "sch-1", portal.Query{})
		require.Equal(t, portal.CodeIncomplete, portal.CodeOf(err))
		require.NotContains(t, err.Error(), folder)
	}
}

func TestAFileThatIsTooBig(t *testing.T) {
	t.Parallel()
	path := file(t, header)
	require.NoError(t, os.Truncate(path, 64<<20+1))
	_, err := linkfile.Open(path).Page(t.Context(), "sch-1", portal.Query{})
	require.Equal(t, portal.CodeIncomplete, portal.CodeOf(err))
	require.ErrorContains(t, err, "64 MiB")
}

func TestANewFileIsReadAnew(t *testing.T) {
	t.Parallel()
	path := file(t, header+"sch-1,p-1,101,\n")
	source := linkfile.Open(path)
	before, err := source.Page(t.Context(), "sch-1", portal.Query{})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(header+"sch-1,p-2,102,\n"), 0o600))
	later := changed.Add(time.Hour)
	require.NoError(t, os.Chtimes(path, later, later))
	after, err := source.Page(t.Context(), "sch-1", portal.Query{})
	require.NoError(t, err)
	require.Equal(t, school.AccountID(101), before.Links[0].Account)
	require.Equal(t, portal.Page{Links: []portal.Link{{Identity: "p-2", Account: 102}}, Total: 1, AsOf: later}, after)
}

func TestWhoGaveUpIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := linkfile.Open(file(t, header+"sch-1,p-1,101,\n")).Page(ctx, "sch-1", portal.Query{})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, portal.CodeOf(err))
}

// TestAFileCutOffAnywhereIsRefused cuts a good file at every place: only at the end of a row is it believed, because
// nothing tells it from a shorter file.
func TestAFileCutOffAnywhereIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.IntRange(1, 5).Draw(rt, "rows")
		text := header
		for i := range rows {
			text += fmt.Sprintf("sch-1,\"п-%d\",%d,2026-08-30T10:00:00Z\n", i, rapid.Int64Range(1, 1<<62).Draw(rt, "account"))
		}
		cut := text[:rapid.IntRange(0, len(text)-1).Draw(rt, "cut")]
		path := filepath.Join(folder, "links.csv")
		require.NoError(rt, os.WriteFile(path, []byte(cut), 0o600))
		got, err := linkfile.Open(path).Page(context.Background(), "sch-1", portal.Query{})
		if strings.HasSuffix(cut, "\n") && cut != header {
			require.NoError(rt, err)
			require.Len(rt, got.Links, strings.Count(cut, "\n")-1)
			return
		}
		require.Error(rt, err)
		require.Zero(rt, got)
	})
}

// put writes the file in its place, as it stands, as if it had been changed then.
func put(t *testing.T, path, text string, at time.Time) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, os.Chtimes(path, at, at))
}

// TestAFileThatIsAsItWasIsReadOnce tells what was read from what stands there now by contents that look alike.
func TestAFileThatIsAsItWasIsReadOnce(t *testing.T) {
	t.Parallel()
	recent := time.Now().Add(time.Hour) // by a clock that is ahead
	first, second := header+"sch-1,p-1,101,\nsch-2,p-2,102,\n", header+"sch-1,p-1,901,\nsch-2,p-2,902,\n"
	for name, tc := range map[string]struct {
		at     time.Time
		change func(t *testing.T, path string)
		anew   bool
	}{
		"nothing of it has changed": {changed, func(t *testing.T, path string) { put(t, path, second, changed) }, false},
		"its time has":              {changed, func(t *testing.T, path string) { put(t, path, second, changed.Add(1)) }, true},
		"its size has":              {changed, func(t *testing.T, path string) { put(t, path, second+"\n", changed) }, true},
		"it is another file": {changed, func(t *testing.T, path string) {
			put(t, filepath.Join(filepath.Dir(path), "other.csv"), second, changed)
			require.NoError(t, os.Rename(filepath.Join(filepath.Dir(path), "other.csv"), path))
		}, true},
		"it was changed just now": {recent, func(t *testing.T, path string) { put(t, path, second, recent) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t, "")
			put(t, path, first, tc.at)
			source := linkfile.Open(path)
			accounts := func() (all []school.AccountID) {
				for _, organisation := range []string{"sch-1", "sch-2"} {
					page, err := source.Page(t.Context(), organisation, portal.Query{})
					require.NoError(t, err)
					require.Len(t, page.Links, 1)
					all = append(all, page.Links[0].Account)
					page.Links[0].Account = 1 // what is given is the caller's own
				}
				return all
			}
			require.Equal(t, []school.AccountID{101, 102}, accounts())
			tc.change(t, path)
			want := []school.AccountID{101, 102}
			if tc.anew {
				want = []school.AccountID{901, 902}
			}
			require.Equal(t, want, accounts())
		})
	}
}

func TestAFileThatWentBadIsNotRemembered(t *testing.T) {
	t.Parallel()
	path := file(t, header+"sch-1,p-1,101,\n")
	source := linkfile.Open(path)
	ask := func() portal.Code {
		_, err := source.Page(t.Context(), "sch-1", portal.Query{})
		return portal.CodeOf(err)
	}
	require.Empty(t, ask())
	put(t, path, header+"sch-1,p-1,none,\n", changed.Add(time.Minute))
	require.Equal(t, portal.CodeIncomplete, ask())
	require.Equal(t, portal.CodeIncomplete, ask())
	require.NoError(t, os.Remove(path))
	require.Equal(t, portal.CodeIncomplete, ask())
	require.NoError(t, os.WriteFile(path, []byte(header+"sch-1,p-1,101,\n"), 0o600))
	require.Empty(t, ask())
}

func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	path := file(t, header+"sch-1,p-1,101,\nsch-2,p-2,102,\n")
	source := linkfile.Open(path)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			organisation := fmt.Sprintf("sch-%d", 1+i%2)
			got, err := source.Page(context.Background(), organisation, portal.Query{})
			if err != nil || len(got.Links) != 1 || got.Links[0].Account != school.AccountID(101+i%2) {
				t.Errorf("%s: %v", organisation, err)
			}
		})
	}
	group.Wait()
}
