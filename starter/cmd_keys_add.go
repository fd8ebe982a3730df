package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newKeysAdd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "add",
		Short: "Put a new key into the keyset file that only opens for now",
		Long: `Makes a new key in the keyset file. It opens and does not seal yet: the first of
the four steps of a rotation where machines have copies of the keyset file.

Copy the file to every machine now. Workers read it again by themselves; those
that do not follow, because the keyset is in their environment, are restarted.
When all have it: "rollcall keys promote".

Where all processes read one and the same file, "rollcall keys rotate" does it
all.`,
		Example: "  rollcall keys add",
		Args:    names(),
		RunE: a.runs(func(ctx context.Context, _ []string) error {
			w, err := a.openKeys(ctx, true)
			if err != nil {
				return err
			}
			defer w.close()
			v := keysView{Next: "copy the keyset file to every machine; then: rollcall keys promote"}
			if v.Added, err = w.add(ctx); err != nil {
				return err
			}
			v.Primary = w.keys.Primary()
			return a.showKeys(v)
		}),
	}
}
