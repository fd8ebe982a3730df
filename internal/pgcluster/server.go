package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a running postgres process.
type server struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

// launch starts the server; its output goes to the home's log file.
func launch(h *home, inst installation, o owner, port int, opts Options) (*server, error) {
	log, err := openLog(h.logFile())
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own copy

	cmd := exec.Command(inst.program("postgres"), append([]string{"-D", h.data()}, flags(port, opts)...)...)
	cmd.Dir, cmd.Env = h.data(), serverEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = o.processAttributes()
	endWithParent(cmd.SysProcAttr)

	s := &server{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// "Parent" in the parent-death signal is a thread: this one must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		_ = cmd.Wait() // how it ended is in the log
		close(s.done)
		// A caller may drop the Cluster and keep the address. Were the home collected, its files would be
		// closed: another run could take the folder, and the reaper would take it for our end.
		runtime.KeepAlive(h)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return s, nil
}

// flags are the server's settings. Statements and details stay out of its log: they carry people's data.
func flags(port int, opts Options) []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "",
		"max_connections":         "300",
		"shared_buffers":          "128MB",
		"jit":                     "off",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
	}
	if !opts.Fsync {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
		settings["synchronous_commit"] = "off"
	}
	maps.Copy(settings, opts.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// stop shuts the server down: fast, and by harder means when the context ends first. A nil error means a
// clean shutdown.
func (s *server) stop(ctx context.Context) error {
	s.signal(syscall.SIGINT)
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	s.signal(syscall.SIGQUIT)
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		s.signal(syscall.SIGKILL)
		<-s.done
	}
	return errors.New("PostgreSQL did not shut down in time and was ended; it will recover at its next start")
}

func (s *server) signal(sig syscall.Signal) {
	_ = s.cmd.Process.Signal(sig) // fails only when the process has ended, which is what we want
}

func (s *server) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// maxLog is the size after which a start puts the log aside.
const maxLog = 8 << 20

func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// lastLines returns the end of a log, for an error message.
func lastLines(path string, n int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
