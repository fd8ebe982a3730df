package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/devstack/demo"
	"github.com/rollcall-edu/rollcall/devstack/stack"
)

func newDemoCommand() *cobra.Command {
	opts := demo.Options{Stack: stack.Options{Ports: stack.DefaultPorts()}}
	var output string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run all of Rollcall with a made-up district, and show how its chats come into being",
		Long: `Starts PostgreSQL, Temporal, its web page, the sandbox and a worker; makes up a district of three
schools; reads its roster, brings its chats in step and prints what came of it. Then it stays up until
Ctrl-C. A later run goes on from the data of the last one.`,
		Example: `  devstack demo                  # stay up until Ctrl-C
  devstack demo --once           # end after the table: exit code 0 if the district is in step
  devstack demo --ui-port 9000   # where 8233 is taken`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return &exitError{code: 2, err: fmt.Errorf("-o %s: use table or json", output)}
			}
			opts.JSON = output == "json"
			opts.Out, opts.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return demo.Run(cmd.Context(), opts)
		},
	}
	beside, err := os.Executable()
	if err != nil {
		beside = "bin/devstack"
	}
	cmd.Flags().StringVar(&opts.Stack.Dir, "dir", ".rollcall", "folder for data and logs")
	cmd.Flags().StringVar(&opts.Bin, "bin", filepath.Dir(beside), "folder of the programs rollcall and worker")
	cmd.Flags().BoolVar(&opts.Once, "once", false, "end after the table")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "print the result as table or json")
	addStackFlags(cmd.Flags(), &opts.Stack)
	return cmd
}
