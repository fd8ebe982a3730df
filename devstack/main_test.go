package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExecPassesTheEnvironmentAndTheExitCode(t *testing.T) {
	t.Parallel()
	seen := filepath.Join(t.TempDir(), "seen")
	script := `printf '%s\n' "$ROLLCALL_DATABASE_URL" "$TEMPORAL_ADDRESS" "$ROLLCALL_KEYSET_FILE" >"$1"; exit 3`
	var out, progress bytes.Buffer
	code := run(t.Context(), []string{"exec", "--", "sh", "-c", script, "sh", seen}, &out, &progress)
	require.Equal(t, 3, code, progress.String())

	text, err := os.ReadFile(seen)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "postgres://")
	require.Contains(t, progress.String(), "starting PostgreSQL")
	require.NoDirExists(t, filepath.Dir(lines[2]), "the stack is thrown away")
}

func TestRunChild(t *testing.T) {
	t.Parallel()
	var exit *exitError
	require.NoError(t, runChild(t.Context(), []string{"true"}, nil))

	require.ErrorAs(t, runChild(t.Context(), []string{"sh", "-c", "kill -TERM $$"}, nil), &exit)
	require.Equal(t, 128+15, exit.code)

	err := runChild(t.Context(), []string{"./no-such-program"}, nil)
	require.ErrorContains(t, err, "run ./no-such-program")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorAs(t, runChild(ctx, []string{"sleep", "60"}, nil), &exit)
	require.Equal(t, 130, exit.code)
}

func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"exec"}, {"up", "extra"}, {"up", "--no-such-flag"}, {"no-such-command"}} {
		var out, progress bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &out, &progress), "%v", args)
		require.Contains(t, progress.String(), "devstack: ")
	}
}
