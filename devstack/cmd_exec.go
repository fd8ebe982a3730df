package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/devstack/stack"
)

// childGrace is how long a command that was asked to end may take before it is killed.
const childGrace = 30 * time.Second

func newExecCommand() *cobra.Command {
	opts := stack.Options{NoUI: true, Throwaway: true}
	cmd := &cobra.Command{
		Use:   "exec [flags] -- command [argument]...",
		Short: "Run a command with a stack of its own, thrown away afterwards",
		Long: "Run a command with a stack of its own on free ports. The command finds it by the environment that\n" +
			"Rollcall's programs read. Its exit code is passed on, 128 plus the signal when a signal ended it.",
		Example: "  devstack exec -- go test ./...",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runExec(cmd, opts, args) },
	}
	addStackFlags(cmd.Flags(), &opts)
	return cmd
}

func runExec(cmd *cobra.Command, opts stack.Options, command []string) (err error) {
	dir, err := os.MkdirTemp("", "rollcall-devstack-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The server's account passes through to its own folder.
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	progress := cmd.ErrOrStderr()
	opts.Dir, opts.Log, opts.Progress = dir, progress, stepPrinter(progress)
	s, err := stack.Start(cmd.Context(), opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopStack(s)) }()
	return runChild(cmd.Context(), command, s.Env())
}

// runChild runs the command on our own streams. On our way out it is asked to end, and killed if it does
// not; from the terminal's Ctrl-C it hears by itself, being in our process group.
func runChild(ctx context.Context, command, env []string) error {
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Env = append(os.Environ(), env...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
	child.WaitDelay = childGrace
	err := child.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return &exitError{code: exitCode(exit)}
	}
	if ctx.Err() != nil {
		return &exitError{code: 128 + int(syscall.SIGINT)}
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", command[0], err)
	}
	return nil
}

func exitCode(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
