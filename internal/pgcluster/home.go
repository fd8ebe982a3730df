package pgcluster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sharedRoot holds the clusters whose own place the server's account cannot reach.
const sharedRoot = "/var/tmp"

// home is a cluster's folder. Everything in it belongs to the user who started Rollcall, except data, which
// belongs to the server's account.
//
//	lock         held (flock) by the run that uses the folder
//	password     of the superuser
//	server.log   what the server says
//	data/        PostgreSQL's own
type home struct {
	dir    string
	lock   *os.File
	reaper *reaper // of an ephemeral cluster, else nil
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }
func (h *home) data() string            { return h.path("data") }
func (h *home) logFile() string         { return h.path("server.log") }

// openHome chooses, creates and locks the folder. The caller releases it.
func openHome(dir string, o owner, log io.Writer) (*home, error) {
	if dir == "" {
		return nil, errors.New("no folder is given for PostgreSQL: set Dir")
	}
	dir, err := place(dir, o, log)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(dir, o); err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	h := &home{dir: dir}
	if err := h.acquire(); err != nil {
		return nil, err
	}
	return h, nil
}

// place moves a folder that the server's account cannot reach (a clone in root's home, say) to a stable one
// that it can, so that the next run finds its data.
func place(dir string, o owner, log io.Writer) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if !o.dropped {
		return dir, nil
	}
	reachable, err := o.canReach(filepath.Dir(dir)) // dir itself is opened by makeFolder
	if err != nil || reachable {
		return dir, err
	}
	sum := sha256.Sum256([]byte(dir))
	moved := filepath.Join(sharedRoot, "rollcall-postgres-"+hex.EncodeToString(sum[:6]))
	fmt.Fprintf(log, "PostgreSQL runs as the user %s, who cannot reach %s: its folder is %s\n", o.name, dir, moved)
	return moved, nil
}

// makeFolder refuses a folder that is not ours: one somebody else planted in a shared place, or one with
// other things in it, given by mistake.
func makeFolder(dir string, o owner) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir) // a link in a shared place could lead anywhere
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of the user who runs this: remove it, or choose another folder for PostgreSQL", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "lock")); len(entries) > 0 && err != nil {
		return fmt.Errorf("%s holds other files than a PostgreSQL cluster of Rollcall: choose an empty folder", dir)
	}
	mode := fs.FileMode(0o700)
	if o.dropped {
		mode = 0o711 // the server's account passes through to data
	}
	return os.Chmod(dir, mode)
}

// acquire takes the folder for this process. The kernel lets go when the process ends, however it ends.
func (h *home) acquire() error {
	lock, err := os.OpenFile(h.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(lock) // only to name the other run
		pid, _ := strconv.Atoi(strings.TrimSpace(string(holder)))
		return errors.Join(&InUseError{Dir: h.dir, PID: pid}, lock.Close())
	}
	h.lock = lock
	if err := lock.Truncate(0); err != nil {
		return errors.Join(err, h.release())
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return errors.Join(err, h.release())
	}
	return nil
}

func (h *home) release() error { return h.lock.Close() }

// password returns the superuser's password, made on first use.
func (h *home) password() (string, error) {
	kept, err := os.ReadFile(h.path("password"))
	if err == nil {
		return string(kept), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	made := rand.Text()
	return made, os.WriteFile(h.path("password"), []byte(made), 0o600)
}

// major returns the PostgreSQL version that made the data, 0 when there is none yet.
func (h *home) major() (int, error) {
	text, err := os.ReadFile(filepath.Join(h.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// clearRemains deals with what a crashed run left: it waits for a server that is still ending, and removes
// the server's process-id file when no server stands behind it, since PostgreSQL itself would refuse to
// start if an unrelated program has that id by now. We hold the lock, so no living run owns the server.
func (h *home) clearRemains(ctx context.Context) error {
	pidFile := filepath.Join(h.data(), "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	serving := func() bool { return err == nil && alive(pid) && servesData(pid, h.data()) }
	if serving() {
		if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the PostgreSQL server %d that a crashed run left: %w", pid, err)
		}
		if err := pollUntil(ctx, func() bool { return !serving() }); err != nil {
			return fmt.Errorf("wait for the PostgreSQL server %d of a crashed run to end: %w", pid, err)
		}
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func pollUntil(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
