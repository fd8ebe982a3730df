package pgcluster

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	in := func(majors ...int) []installation {
		var found []installation
		for _, m := range majors {
			found = append(found, installation{major: m})
		}
		return found
	}
	for name, tc := range map[string]struct {
		found []installation
		want  int
		major int
		fault string
	}{
		"the preferred one":           {found: in(16, 17), major: 16},
		"too old is passed over":      {found: in(13, 15), major: 15},
		"the version of the data":     {found: in(17, 15), want: 15, major: 15},
		"none":                        {fault: "apt-get install postgresql"},
		"all too old":                 {found: in(14, 13), fault: "found: 13 14"},
		"the data's version is gone":  {found: in(17), want: 15, fault: "install the package postgresql-15"},
		"data of a version too old":   {found: in(13), want: 13, fault: "made by PostgreSQL 13"},
		"missing says what was found": {found: in(17), want: 16, fault: "found: 17"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(tc.found, tc.want)
			if tc.fault != "" {
				_, missing := errors.AsType[*MissingError](err)
				require.True(t, missing)
				require.ErrorContains(t, err, tc.fault)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.major, got.major)
		})
	}
}

func TestFindInstallationPrefersTheNewest(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // nothing there
	root := t.TempDir()
	for _, major := range []string{"9", "15", "16"} {
		bin := filepath.Join(root, major, "bin")
		require.NoError(t, os.MkdirAll(bin, 0o755))
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + major + ".4 (Debian)'\n"
		for _, program := range []string{"initdb", "postgres"} {
			// While it is open for writing nobody may be forked, who would hold it open: it could not be run.
			syscall.ForkLock.RLock()
			err := os.WriteFile(filepath.Join(bin, program), []byte(script), 0o755)
			syscall.ForkLock.RUnlock()
			require.NoError(t, err)
		}
	}
	places := []string{filepath.Join(root, "*", "bin")}

	got, err := findInstallation(t.Context(), 0, places)
	require.NoError(t, err)
	require.Equal(t, 16, got.major)

	got, err = findInstallation(t.Context(), 15, places)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "15", "bin", "initdb"), got.program("initdb"))

	_, err = findInstallation(t.Context(), 0, []string{filepath.Join(root, "9", "bin")})
	require.ErrorContains(t, err, "found: 9")
}
