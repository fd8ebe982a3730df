package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/pgcluster"
)

func newResetCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Forget all data of the stack in a folder",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := filepath.Abs(dir)
			if err != nil {
				return err
			}
			if err := pgcluster.Remove(filepath.Join(path, "postgres")); err != nil {
				return err
			}
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "forgotten:", path)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".rollcall", "folder of the data to forget")
	return cmd
}
