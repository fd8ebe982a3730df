package deploy_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/deploy"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

// made runs deploy/secrets.sh in a clone of its own, and gives that.
func made(t *testing.T) string {
	t.Helper()
	root := clone(t, 0o022)
	runSecrets(t, root, "./rollcall")
	return root
}

// clone copies what deploy/secrets.sh works on into a folder, with the modes that git gives under a umask. The folder has
// a program rollcall besides, which makes a keyset and nothing else, and a folder bin for programs to be found before others.
func clone(t *testing.T, umask fs.FileMode) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range mounted(t) {
		require.NoError(t, os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join("..", folder))))
	}
	program(t, root, "deploy/secrets.sh", read(t, "deploy/secrets.sh"))
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "deploy"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		runs := d.IsDir() || info.Mode()&0o100 != 0
		return os.Chmod(path, lo.Ternary[fs.FileMode](runs, 0o755, 0o644)&^umask)
	}))
	keyset, err := secret.New()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "keyset"), keyset, 0o600))
	program(t, root, "rollcall", "#!/bin/sh\n[ \"$*\" = 'keys new' ] && cat \"$(dirname \"$0\")/keyset\"\n")
	require.NoError(t, os.Mkdir(filepath.Join(root, "bin"), 0o755))
	return root
}

// mounted are the folders of the repository that containers see, sorted, and none that is within another.
func mounted(t *testing.T) []string {
	t.Helper()
	c, err := deploy.Parse([]byte(read(t, composeFile)), nil)
	require.NoError(t, err)
	var folders []string
	for _, s := range c.Services {
		for _, v := range volumes(s) {
			if strings.HasPrefix(v.source, "./deploy/") {
				folders = append(folders, filepath.Clean(v.source))
			}
		}
	}
	require.NotEmpty(t, folders)
	slices.Sort(folders)
	return lo.Reject(slices.Compact(folders), func(inner string, _ int) bool {
		return lo.SomeBy(folders, func(outer string) bool { return strings.HasPrefix(inner, outer+"/") })
	})
}

// program writes a script.
func program(t *testing.T, root, path, script string) {
	t.Helper()
	path = filepath.Join(root, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	// While it is open for writing nobody may be forked, who would hold it open: it could not be run.
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte(script), 0o755)
	syscall.ForkLock.RUnlock()
	require.NoError(t, err)
}

func runSecrets(t *testing.T, root string, args ...string) {
	t.Helper()
	said, err := trySecrets(t, root, args...)
	require.NoError(t, err, "%s", said)
}

// trySecrets runs the script under the umask of people who are careful, with the clone's own programs before all others.
func trySecrets(t *testing.T, root string, args ...string) (said []byte, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `umask 077 && exec deploy/secrets.sh "$@"`, "sh"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
	return cmd.CombinedOutput()
}

// modes are those of all that is in a folder, by the path from the clone on.
func modes(t *testing.T, root, folder string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		within, err := filepath.Rel(root, path)
		found[within] = info.Mode()
		return err
	}))
	return found
}

// TestTheContainersCanReadAClone: they are users of their own, and git leaves others no rights under a umask of 077.
func TestTheContainersCanReadAClone(t *testing.T) {
	t.Parallel()
	root, usual := clone(t, 0o077), clone(t, 0o022)
	before, wanted := map[string]fs.FileMode{}, map[string]fs.FileMode{}
	for _, folder := range mounted(t) {
		maps.Copy(before, modes(t, root, folder))
		maps.Copy(wanted, modes(t, usual, folder))
	}
	for path, mode := range before {
		require.Zero(t, mode.Perm()&0o077, path)
	}

	runSecrets(t, root, "./rollcall")
	mended := map[string]fs.FileMode{}
	for _, folder := range mounted(t) {
		maps.Copy(mended, modes(t, root, folder))
	}
	require.Equal(t, wanted, mended, "as if it had been cloned under 022")
	require.Equal(t, fs.FileMode(0o755), mended["deploy/postgres/10-databases.sh"].Perm(), "what is run can be run")
	require.Equal(t, fs.FileMode(0o755), modes(t, root, "roster")["roster"].Perm())
	for path, mode := range modes(t, root, "secrets") {
		if path == "secrets" || mode.IsDir() {
			require.Equal(t, fs.FileMode(0o700), mode.Perm(), path)
		}
		require.Zero(t, mode.Perm()&0o022, path)
	}
	require.Equal(t, fs.FileMode(0o600), modes(t, root, "secrets")["secrets/keyset/keyset.json"].Perm())

	// A pull brings a file that the containers cannot read yet.
	pulled := filepath.Join(root, "deploy/temporal/dynamicconfig.yaml")
	require.NoError(t, os.Chmod(pulled, 0o600))
	runSecrets(t, root, "./rollcall")
	require.Equal(t, fs.FileMode(0o644), modes(t, root, "deploy/temporal")["deploy/temporal/dynamicconfig.yaml"].Perm())
}

// TestTheImageMakesTheKeyset has the script ask docker, who here writes down what it is asked and what is there by then.
func TestTheImageMakesTheKeyset(t *testing.T) {
	t.Parallel()
	root := clone(t, 0o077)
	keyset := filepath.Join(root, "secrets/keyset/keyset.json")
	program(t, root, "bin/docker", "#!/bin/sh\necho 'no image' >&2\nexit 1\n")
	said, err := trySecrets(t, root)
	require.Error(t, err)
	require.Contains(t, string(said), "no image")
	require.NoFileExists(t, keyset)
	program(t, root, "bin/docker", "#!/bin/sh\n")
	said, err = trySecrets(t, root)
	require.Error(t, err)
	require.Contains(t, string(said), "secrets/keyset/keyset.json could not be made: nothing came of: keyset")
	require.NoFileExists(t, keyset)

	program(t, root, "bin/docker", "#!/bin/sh\nset -e\necho \"$*\" >>asked\nls -d roster secrets/database-url deploy/temporal >>asked\ncat keyset\n")
	program(t, root, "bin/id", "#!/bin/sh\necho 1000\n")
	for range 2 {
		runSecrets(t, root)
	}
	asked, err := os.ReadFile(filepath.Join(root, "asked"))
	require.NoError(t, err)
	require.Equal(t, "compose run --rm --no-deps -T -e OTEL_TRACES_EXPORTER=none rollcall keys new\n"+
		"deploy/temporal\nroster\nsecrets/database-url\n", string(asked), "once, and with all there that compose would make as root")
	made, err := os.ReadFile(keyset)
	require.NoError(t, err)
	_, err = secret.Parse(made)
	require.NoError(t, err)
	settings, err := os.ReadFile(filepath.Join(root, ".env"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(settings), "RUN_AS=1000:1000\n"), "the programs run as who made it")
}
