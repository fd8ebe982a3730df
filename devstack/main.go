// Command devstack runs PostgreSQL, Temporal, its web page and the sandbox on this machine, for development,
// tests and demonstrations. It needs PostgreSQL's programs installed, and nothing else.
//
// Exit codes: 0 done, 1 failed, 2 used wrongly; `devstack exec` passes its command's on.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/devstack/stack"
	"github.com/rollcall-edu/rollcall/internal/trouble"
)

// stopTimeout bounds the stopping of the whole stack.
const stopTimeout = 45 * time.Second

// exitError carries an exit code out; its message, unless empty, is printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process at once.
	context.AfterFunc(ctx, release)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, progress io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(progress)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if text := trouble.Explain(err); text != "" {
		fmt.Fprintln(progress, "devstack:", text)
	}
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	return 1
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "devstack",
		Short:         "Everything Rollcall needs around it, on one machine",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return wrongUse(err) })
	root.AddCommand(newDemoCommand(), newResetCommand(), newUpCommand(), newExecCommand())
	for _, cmd := range append(root.Commands(), root) {
		check := cmd.Args
		cmd.Args = func(cmd *cobra.Command, args []string) error { return wrongUse(check(cmd, args)) }
	}
	return root
}

// wrongUse gives an error of the command line its exit code.
func wrongUse(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: 2, err: err}
}

// stepPrinter prints each step of a start with the time since its beginning.
func stepPrinter(w io.Writer) func(string) {
	began := time.Now()
	return func(step string) {
		fmt.Fprintf(w, "[%4.1f s] starting %s\n", time.Since(began).Seconds(), step)
	}
}

// stopStack stops within a bound of its own: the context that told us to stop is over.
func stopStack(s *stack.Stack) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return s.Stop(ctx)
}
