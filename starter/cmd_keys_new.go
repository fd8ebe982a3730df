package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

func newKeysNew(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "new",
		Short: "Print a fresh keyset",
		Long: `Makes a keyset with one fresh AES-256-GCM key and prints it as JSON, whatever
the output format.

Tokens, rosters and invite links are sealed with it. Workers and this command
need the same one; whoever has it and the database can read everything, and
without it nothing sealed can be read again: keep it safe, and apart from
backups of the database. Nothing is stored by this command.`,
		Example: "  (umask 077; rollcall keys new > keyset.json)\n  export ROLLCALL_KEYSET_FILE=$PWD/keyset.json",
		Args:    names(),
		RunE: a.runs(func(context.Context, []string) error {
			keyset, err := secret.New()
			if err != nil {
				return err
			}
			_, err = a.out.Write(keyset)
			return err
		}),
	}
}
