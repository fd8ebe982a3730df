package pgcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// superuser owns every database of the cluster.
const superuser = "rollcall"

// initialise makes the data folder unless it is there. It is made aside and moved into place when it is
// complete, so a run that is cut off half way leaves nothing that looks like a cluster.
func initialise(ctx context.Context, h *home, inst installation, o owner, opts Options) error {
	if _, err := os.Stat(h.data()); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	password, err := h.password()
	if err != nil {
		return err
	}
	fmt.Fprintf(opts.Log, "making a PostgreSQL %d cluster in %s\n", inst.major, h.dir)

	aside := h.path("init")
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Mkdir(aside, 0o700); err != nil {
		return err
	}
	passwordFile := filepath.Join(aside, "password")
	if err := os.WriteFile(passwordFile, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	if err := errors.Join(o.give(passwordFile), o.give(aside)); err != nil {
		return err
	}
	if err := runInitdb(ctx, inst, o, aside, passwordFile, opts.Fsync); err != nil {
		return errors.Join(err, os.RemoveAll(aside))
	}
	if err := os.Rename(filepath.Join(aside, "data"), h.data()); err != nil {
		return err
	}
	return os.RemoveAll(aside)
}

func runInitdb(ctx context.Context, inst installation, o owner, dir, passwordFile string, fsync bool) error {
	args := []string{
		"--pgdata=" + filepath.Join(dir, "data"),
		"--username=" + superuser,
		"--pwfile=" + passwordFile,
		"--auth=scram-sha-256",
		"--encoding=UTF8",
		"--locale=" + locale(),
		"--lc-messages=C",
		"--no-instructions",
	}
	if !fsync {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, inst.program("initdb"), args...)
	var said bytes.Buffer
	cmd.Dir, cmd.Env = dir, serverEnv()
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = o.processAttributes()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

// locale sorts by code point everywhere; macOS has no C.UTF-8.
func locale() string {
	if runtime.GOOS == "darwin" {
		return "en_US.UTF-8"
	}
	return "C.UTF-8"
}

// serverEnv keeps the user's PG* and LC_* variables away from the server, whose settings are all ours.
func serverEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}
