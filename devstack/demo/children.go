package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
	"github.com/rollcall-edu/rollcall/internal/build"
	"github.com/rollcall-edu/rollcall/internal/config"
)

const (
	envFile   = "env"
	workerLog = "worker.log"
	// eventsPort is where the worker takes pushes and callbacks, if nobody else is there.
	eventsPort = 8180
	// metricsPort is where the worker serves its metrics, if nobody else is there: Prometheus' usual one.
	metricsPort = 9464
)

// rollcall runs the operator's command to its end and gives what it printed.
func (d *demo) rollcall(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(d.o.Bin, "rollcall"), args...)
	cmd.Env = append(os.Environ(), d.stack.Env()...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("rollcall %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(problem.String()))
	}
	return out.String(), nil
}

// writeEnvironment leaves the variables in a file, for whoever wants to use rollcall by hand.
func (d *demo) writeEnvironment() error {
	var lines strings.Builder
	for _, variable := range d.stack.Env() {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(&lines, "export %s='%s'\n", name, value)
	}
	return os.WriteFile(filepath.Join(d.o.Stack.Dir, envFile), []byte(lines.String()), 0o600)
}

func (d *demo) startWorker(context.Context) error {
	metrics, err := port.Use(metricsPort, "the worker's metrics", "")
	if err != nil { // another program's: these metrics can be anywhere
		if metrics, err = port.Free(); err != nil {
			return err
		}
	}
	endpoint, err := port.Use(eventsPort, "the worker's endpoint", "")
	if err != nil {
		if endpoint, err = port.Free(); err != nil {
			return err
		}
	}
	d.events = "http://" + port.Address(endpoint)
	d.metrics = fmt.Sprintf("http://%s/metrics", port.Address(metrics))
	env := append(d.stack.Env(), config.EnvEventsAddress+"="+port.Address(endpoint), "OTEL_METRICS_EXPORTER=prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST="+port.Host, fmt.Sprintf("OTEL_EXPORTER_PROMETHEUS_PORT=%d", metrics))
	c, err := startChild(filepath.Join(d.o.Bin, "worker"), filepath.Join(d.o.Stack.Dir, workerLog), env)
	d.worker = c
	return err
}

// promote makes the worker's build the current one. No worker of another build is left on this
// machine, so what runs of theirs were doing is taken up anew.
func (d *demo) promote(ctx context.Context) error {
	id, err := build.Fingerprint(filepath.Join(d.o.Bin, "worker"))
	if err != nil {
		return err
	}
	if set := os.Getenv(config.EnvBuildID); set != "" {
		id = set
	}
	_, err = d.rollcall(ctx, "", "workers", "promote", id, "--abandon")
	return err
}

// child is a process of ours that runs beside us.
type child struct {
	cmd    *exec.Cmd
	log    *os.File
	exited chan error
}

// startChild starts a binary with its output going to a log file. It is out of reach of the
// terminal's Ctrl-C: we stop it in our own order.
func startChild(binary, logFile string, env []string) (*child, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", filepath.Base(binary), err), log.Close())
	}
	c := &child{cmd: cmd, log: log, exited: make(chan error, 1)}
	go func() { c.exited <- cmd.Wait() }()
	return c, nil
}

// stop asks the process to end and waits; after a while it is killed.
func (c *child) stop() error {
	defer func() { _ = c.log.Close() }()
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-c.exited:
		return err
	case <-time.After(30 * time.Second):
		return c.cmd.Process.Kill()
	}
}
