package linking_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/linking"
	"github.com/rollcall-edu/rollcall/internal/portal"
)

// linksFile is a file of account links that is written anew now and then.
type linksFile struct {
	t    *testing.T
	path string
	at   time.Time
}

func newLinksFile(t *testing.T) *linksFile {
	t.Helper()
	return &linksFile{t: t, path: filepath.Join(t.TempDir(), "links.csv"), at: time.Now().Add(-time.Hour)}
}

// write writes the file a minute later than it was before.
func (f *linksFile) write(rows string) {
	f.t.Helper()
	require.NoError(f.t, os.WriteFile(f.path, []byte("organisation,identity,account,linkedAt\n"+rows), 0o600))
	f.at = f.at.Add(time.Minute)
	require.NoError(f.t, os.Chtimes(f.path, f.at, f.at))
}

const (
	annsRow   = "portal-17,PRIVATE-ann,7001,2026-09-01T10:00:00+03:00\n"
	bobsRow   = "portal-17,PRIVATE-bob,7002,\n"
	othersRow = "portal-18,PRIVATE-cid,7003,\n"
)

func TestAFileOfLinksIsAlwaysReadAsAWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := newLinksFile(t)
	b.Reader = b.readerOf(config.Config{LinksFile: file.path})
	file.write(annsRow + bobsRow + othersRow)
	first := b.read(linking.Options{})
	require.True(t, first.Complete)
	require.True(t, first.Change.First)
	require.Equal(t, 2, first.Links, "another school's are not ours")
	require.WithinDuration(t, file.at, *b.state().AsOf, time.Millisecond)

	again := b.read(linking.Options{})
	require.True(t, again.Complete)
	require.Zero(t, again.Change, "the same file")

	file.write(annsRow)
	require.Equal(t, accounts.Change{Unlinked: []string{"PRIVATE-bob"}}, b.read(linking.Options{}).Change)
	require.Equal(t, 1, b.state().Linked)
	require.Empty(t, b.log.Entries(0, 0), "no Portal is asked")
}

func TestTroubleWithAFileOfLinks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := newLinksFile(t)
	b.Reader = b.readerOf(config.Config{LinksFile: file.path})
	for _, tc := range []struct {
		name, rows string
		code       string
		says       string
	}{
		{"not there yet", "", string(portal.CodeIncomplete), "check that it is there"},
		{"no account", annsRow + "portal-17,PRIVATE-bob,none,\n", string(portal.CodeIncomplete), "row 3, column account"},
		{"of others only", othersRow, string(portal.CodeUnknown), "no row of the organisation"},
	} {
		if tc.rows != "" {
			file.write(tc.rows)
		}
		problem, _ := b.refused(linking.Options{})
		require.Equal(t, tc.code, problem.Code, tc.name)
		require.Contains(t, problem.Message, tc.says, tc.name)
	}
	file.write(annsRow)
	b.read(linking.Options{})
	require.Len(t, b.accounts(), 1)

	require.NoError(t, os.Chtimes(file.path, file.at.Add(-time.Hour), file.at.Add(-time.Hour)))
	problem, _ := b.refused(linking.Options{})
	require.Equal(t, linking.ProblemUnreadable, problem.Code)
	require.Contains(t, problem.Message, "older than the last one", "an old export is not put back")
}

func TestAFileOfLinksGoesBeforeThePortal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	file := newLinksFile(t)
	file.write(annsRow)
	b.Reader = b.readerOf(config.Config{LinksFile: file.path, PortalURL: "http://127.0.0.1:1", PortalKeyFile: keyFile(t)})
	require.Equal(t, 1, b.read(linking.Options{}).Links)
}
