package pgcluster

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// reaperScript waits for the end of its input, which the kernel closes when our process ends in whatever
// way. Then it ends the server, should that still run, and removes the folder.
const reaperScript = `
trap '' INT TERM HUP
cat >/dev/null
pidfile=$1/data/postmaster.pid
if [ -f "$pidfile" ]; then
	pid=$(head -n 1 "$pidfile")
	kill -INT "$pid" 2>/dev/null
	tries=0
	while [ -f "$pidfile" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 200 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
fi
rm -rf -- "$1"
`

// reaper is a small process that outlives ours to clean up after it.
type reaper struct {
	cmd   *exec.Cmd
	input io.Closer
}

// startReaper sets a reaper on the folder. It holds none of our streams, or a caller that waits for
// their end, like `go test`, would wait for the reaper.
func startReaper(h *home) (*reaper, error) {
	cmd := exec.Command("/bin/sh", "-c", reaperScript, "reaper", h.dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the process that removes %s afterwards: %w", h.dir, err)
	}
	return &reaper{cmd: cmd, input: input}, nil
}

// finish lets the reaper do its work and waits for it.
func (r *reaper) finish() error {
	if err := r.input.Close(); err != nil {
		return err
	}
	return r.cmd.Wait()
}
