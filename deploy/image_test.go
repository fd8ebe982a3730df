package deploy_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
)

// TestTheImageIsBuiltFromWhatItNeeds holds .dockerignore to the programs' packages: all of them are let in, and nothing else.
func TestTheImageIsBuiltFromWhatItNeeds(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}}{{range .EmbedFiles}} {{.}}{{end}}`, "./worker", "./starter")
	cmd.Dir = ".."
	said, err := cmd.Output()
	require.NoError(t, err)
	wanted := []string{"go.mod", "go.sum"}
	for line := range strings.Lines(string(said)) {
		words := strings.Fields(line)
		if within, is := strings.CutPrefix(words[0], "github.com/rollcall-edu/rollcall/"); is {
			folder, _, _ := strings.Cut(within, "/")
			wanted = append(wanted, folder)
			for _, embedded := range words[1:] {
				require.NotContains(t, embedded, "testdata", "it is kept out")
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(read(t, ".dockerignore")), "\n")
	require.Contains(t, lines, "*", "all else is kept out: secrets, rosters")
	letIn := lo.FilterMap(lines, func(line string, _ int) (string, bool) { return strings.CutPrefix(line, "!") })
	slices.Sort(wanted)
	slices.Sort(letIn)
	require.Equal(t, slices.Compact(wanted), letIn)
}
