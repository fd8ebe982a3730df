package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

func TestWhatIsRefusedBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want string
	}{
		{"distrct", "did you mean district?"},
		{"school ad s", "did you mean add?"},
		{"school zzz", "rollcall school --help"},
		{"status -o xml", "use table or json"},
		{"status a b", "at most 1"},
		{"status --nope", "unknown flag"},
		{"plan", "SCHOOL is missing"},
		{"members s", "CHAT is missing"},
		{"holds show s", "ID"},
		{"plan s --chat-type pets", "no chat type"},
		{"resync s --chat-type parents,pets", "no chat type"},
		{"district add d", `"name" not set`},
		{"district add Невский --name x", "lower-case Latin"},
		{"district add d --name=", "--name must be a name"},
		{"district add d --name x --title-parents {class}{subject}", "{subject}, which nothing fills"},
		{"feed add f --district d --location https://example.org/f.zip", "--location must be the path"},
		{"feed add f_1 --district d --location /srv", "lower-case Latin"},
		{"school add s --district d --feed f --name x", `"source-id" not set`},
		{"school add S --district d --feed f --name x --source-id y", "lower-case Latin"},
		{"school add s --district d --feed f --name x --source-id=", "--source-id must not be empty"},
		{"school set-token s", `"community-id" not set`},
		{"school set-token s --community-id 0", "positive number"},
		{"school set-token s --community-id -5", "positive number"},
		{"school set-token s secret-token --community-id 5", "one argument too many"},
		{"school set-user-token s secret-token", "one argument too many"},
		{"school set-user-token", "SCHOOL is missing"},
		{"school set-calls-push", "SCHOOL is missing"},
		{"accounts shw s", "did you mean show?"},
		{"accounts show", "SCHOOL is missing"},
		{"accounts read", "SCHOOL is missing"},
		{"accounts read s --all", "unknown flag"},
		{"calls", "SCHOOL is missing"},
		{"calls s vc-1", "one argument too many"},
		{"calls s --off", "unknown flag"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, setup(t).refused(exitUsage, strings.Fields(c.args)...), c.want)
		})
	}
}

func TestConfigurationThatIsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Contains(t, b.refused(exitUsage, "status"), "ROLLCALL_DATABASE_URL")
	require.Contains(t, b.refused(exitUsage, "plan", "s"), "ROLLCALL_DATABASE_URL")
	b.keys = nil
	require.Contains(t, b.refused(exitUsage, "plan", "s"), secret.EnvKeysetFile)
}

func TestKeysNewPrintsAKeysetThatWorks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.ok("keys", "new"), b.ok("keys", "new")
	require.NotEqual(t, first, second)
	keys, err := secret.Parse([]byte(first))
	require.NoError(t, err)
	sealed, err := keys.Seal([]byte("x"), secret.Context("c"))
	require.NoError(t, err)
	opened, err := keys.Open(sealed, secret.Context("c"))
	require.NoError(t, err)
	require.Equal(t, "x", string(opened))
}

func TestHelp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	help := b.ok("--help")
	for _, variable := range []string{
		"ROLLCALL_DATABASE_URL", "ROLLCALL_KEYSET", "ROLLCALL_KEYSET_FILE", "ROLLCALL_PORTAL_URL", "ROLLCALL_PORTAL_KEY_FILE", "ROLLCALL_LINKS_FILE", "ROLLCALL_LOG_LEVEL", "ROLLCALL_LOG_FORMAT", "TEMPORAL_ADDRESS",
	} {
		require.Contains(t, help, variable)
	}
	for _, code := range []string{"0  done", "1  failed", "2  done as far as possible", "3  wrong usage", "130  interrupted"} {
		require.Contains(t, help, code)
	}
	require.Equal(t, help, b.ok(), "without arguments")
	require.Contains(t, b.ok("district"), "Register a district", "a group shows what it holds")
}

// TestEveryCommandTeaches also takes the examples at their word: each names a command that
// there is, with flags that it has.
func TestEveryCommandTeaches(t *testing.T) {
	t.Parallel()
	for _, cmd := range leaves(newRoot(bareApp())) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, cmd.Short)
			require.Greater(t, len(cmd.Long), len(cmd.Short))
			require.Contains(t, cmd.Example, cmd.CommandPath())
			for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
				require.LessOrEqual(t, len([]rune(strings.TrimSpace(line))), 132, line)
			}
			for line := range strings.Lines(cmd.Example) {
				if line = strings.TrimSpace(line); strings.HasPrefix(line, "rollcall ") {
					requireRuns(t, line)
				}
			}
		})
	}
}

func requireRuns(t *testing.T, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, " < ")
	line, _, _ = strings.Cut(line, " > ")
	cmd, args, err := newRoot(bareApp()).Find(shellWords(line)[1:])
	require.NoError(t, err)
	require.NoError(t, cmd.ParseFlags(args), line)
	require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()), line)
	require.NoError(t, cmd.ValidateRequiredFlags(), line)
}

// shellWords splits at blanks outside single quotes.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		switch {
		case i%2 == 1:
			words = append(words, part)
		default:
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// bareApp is enough to make commands that are not run.
func bareApp() *app { return &app{format: formatTable} }

func leaves(cmd *cobra.Command) []*cobra.Command {
	if !cmd.HasSubCommands() {
		return []*cobra.Command{cmd}
	}
	var all []*cobra.Command
	for _, sub := range cmd.Commands() {
		all = slices.Concat(all, leaves(sub))
	}
	return all
}
