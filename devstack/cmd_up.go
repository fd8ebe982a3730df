package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rollcall-edu/rollcall/devstack/stack"
)

func newUpCommand() *cobra.Command {
	opts := stack.Options{Ports: stack.DefaultPorts()}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the stack and keep it running until Ctrl-C; its data stays",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runUp(cmd, opts) },
	}
	cmd.Flags().StringVar(&opts.Dir, "dir", ".rollcall", "folder for data and logs")
	addStackFlags(cmd.Flags(), &opts)
	return cmd
}

// addStackFlags adds what every command that starts a stack lets people choose; the options' values are
// the defaults.
func addStackFlags(flags *pflag.FlagSet, opts *stack.Options) {
	flags.IntVar(&opts.Ports.PostgreSQL, "postgres-port", opts.Ports.PostgreSQL, "PostgreSQL's port (0: any free one)")
	flags.IntVar(&opts.Ports.Temporal, "temporal-port", opts.Ports.Temporal, "Temporal's port (0: any free one)")
	flags.IntVar(&opts.Ports.UI, "ui-port", opts.Ports.UI, "port of Temporal's web page (0: any free one)")
	flags.IntVar(&opts.Ports.Sandbox, "sandbox-port", opts.Ports.Sandbox, "the sandbox's port (0: any free one)")
	flags.BoolVar(&opts.NoUI, "no-ui", opts.NoUI, "leave Temporal's web page out")
}

func runUp(cmd *cobra.Command, opts stack.Options) error {
	progress := cmd.ErrOrStderr()
	began := time.Now()
	opts.Log, opts.Progress = progress, stepPrinter(progress)
	s, err := stack.Start(cmd.Context(), opts)
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "[%4.1f s] ready; Ctrl-C stops\n\n", time.Since(began).Seconds())
	printAddresses(cmd.OutOrStdout(), s)

	var failed error
	select {
	case <-cmd.Context().Done():
		fmt.Fprintln(progress, "\nstopping")
	case <-s.Failed():
		failed = errors.New("PostgreSQL ended by itself: see server.log in its folder")
	}
	return errors.Join(failed, stopStack(s))
}

// printAddresses prints lines that a shell can read, with notes for people as comments.
func printAddresses(w io.Writer, s *stack.Stack) {
	if s.UIAddress() != "" {
		fmt.Fprintf(w, "# Temporal's web page: %s\n", s.UIAddress())
	}
	fmt.Fprintf(w, "# Sandbox: %s/_sandbox/\n", s.SandboxURL())
	for _, variable := range s.Env() {
		fmt.Fprintf(w, "export '%s'\n", variable)
	}
}
