package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

func newKeysPromote(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "promote [KEY]",
		Short: "Make a key of the keyset file the one that seals",
		Long: `Makes the key that waits in the keyset file the one that seals; if several wait,
or to go back to an old one, name it.

Every machine must have the key by now ("rollcall keys add"): one that has not
cannot open what the others seal, until it gets the file. Copy the file to every
machine afterwards; when all have it: "rollcall keys reseal".`,
		Example: "  rollcall keys promote\n  rollcall keys promote 2718281828",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("at most 1 key is wanted: see: " + cmd.CommandPath() + " --help")
			}
			return nil
		},
		RunE: a.runs(func(ctx context.Context, args []string) error { return runKeysPromote(ctx, a, args) }),
	}
}

func runKeysPromote(ctx context.Context, a *app, args []string) error {
	w, err := a.openKeys(ctx, true)
	if err != nil {
		return err
	}
	defer w.close()
	id, err := keyToPromote(w.keys, args)
	if err != nil {
		return err
	}
	v := keysView{Promoted: id, Next: "copy the keyset file to every machine; then: rollcall keys reseal"}
	if err := w.promote(ctx, id); err != nil {
		return err
	}
	v.Primary = w.keys.Primary()
	return a.showKeys(v)
}

func keyToPromote(keys *secret.Keyring, args []string) (uint32, error) {
	if len(args) == 1 {
		return readKeyID(args[0])
	}
	switch waiting := keys.Waiting(); len(waiting) {
	case 0:
		return 0, errors.New("no key waits to be made primary: make one first: rollcall keys add")
	case 1:
		return waiting[0], nil
	default:
		return 0, usagef("%d keys wait: name the one, see: rollcall keys list", len(waiting))
	}
}
