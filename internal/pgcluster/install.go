package pgcluster

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/samber/lo"
)

// MinMajor is the oldest PostgreSQL that Rollcall runs on.
const MinMajor = 15

// installation is a folder with PostgreSQL's programs.
type installation struct {
	bin   string
	major int
}

func (i installation) program(name string) string { return filepath.Join(i.bin, name) }

// searchPlaces are the folders, as globs, where distributions that keep the server's programs out of
// PATH put them: Debian, Fedora, and Homebrew on both kinds of Mac.
func searchPlaces() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	}
}

// findInstallation picks the programs to use. With want > 0 the major version must be that one, since a
// data folder can only be opened by the version that made it; otherwise PATH wins over the newest elsewhere.
func findInstallation(ctx context.Context, want int, places []string) (installation, error) {
	var found []installation
	for _, bin := range candidates(places) {
		major, err := majorOf(ctx, filepath.Join(bin, "postgres"))
		if err != nil {
			return installation{}, err
		}
		found = append(found, installation{bin: bin, major: major})
	}
	return choose(found, want)
}

// choose takes the first that fits; found is in order of preference.
func choose(found []installation, want int) (installation, error) {
	fits := func(i installation) bool {
		return i.major >= MinMajor && (want == 0 || i.major == want)
	}
	if i := slices.IndexFunc(found, fits); i >= 0 {
		return found[i], nil
	}
	majors := lo.Uniq(lo.Map(found, func(i installation, _ int) int { return i.major }))
	slices.Sort(majors)
	return installation{}, &MissingError{Want: want, Found: majors}
}

// candidates lists folders that hold both programs: PATH's first, then the others, newest first.
func candidates(places []string) []string {
	var bins []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			bins = append(bins, filepath.Dir(real))
		}
	}
	var elsewhere []string
	for _, place := range places {
		matches, _ := filepath.Glob(place) // fails only on a malformed pattern
		elsewhere = append(elsewhere, matches...)
	}
	slices.SortFunc(elsewhere, func(a, b string) int { return cmp.Compare(versionInPath(b), versionInPath(a)) })
	return lo.Filter(lo.Uniq(append(bins, elsewhere...)), func(bin string, _ int) bool {
		return isFile(filepath.Join(bin, "initdb")) && isFile(filepath.Join(bin, "postgres"))
	})
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

var number = regexp.MustCompile(`\d+`)

// versionInPath is the last number in the path; a path without one sorts last.
func versionInPath(bin string) int {
	numbers := number.FindAllString(bin, -1)
	n, _ := strconv.Atoi(lo.LastOrEmpty(numbers))
	return n
}

// majorOf asks the program itself: folder names are a packager's habit.
func majorOf(ctx context.Context, postgres string) (int, error) {
	out, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("ask %s for its version: %w", postgres, err)
	}
	major, err := strconv.Atoi(number.FindString(string(out)))
	if err != nil {
		return 0, fmt.Errorf("read the version that %s reports: %w", postgres, err)
	}
	return major, nil
}
