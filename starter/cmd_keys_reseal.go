package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newKeysReseal(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "reseal",
		Short: "Seal everything anew with the key that seals now",
		Long: `Goes through all tokens, rosters and links and seals those anew with the primary
key that another one has sealed. Few values are held at a time, and what somebody
is working on comes later: passes are not held up. It may be interrupted, and
goes on when it is called again.

Every machine must have the keyset file by now in which that key is primary.
When all is done, and a minute later: "rollcall keys retire".

What does not open is left as it is and named, and the command exits with 2; see
docs/keys.md for what to do about it.`,
		Example: "  rollcall keys reseal\n  rollcall keys reseal -o json",
		Args:    names(),
		RunE: a.runs(func(ctx context.Context, _ []string) error {
			w, err := a.openKeys(ctx, false)
			if err != nil {
				return err
			}
			defer w.close()
			r, err := w.reseal(ctx)
			if err != nil {
				return err
			}
			v := keysView{Primary: w.keys.Primary()}
			if len(w.keys.Old()) > 0 {
				v.Next = "rollcall keys retire"
			}
			v.took(r)
			return a.showKeys(v)
		}),
	}
}
