package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"
)

func newKeysRetire(a *app) *cobra.Command {
	var o keysEverywhere
	cmd := &cobra.Command{
		Use:   "retire",
		Short: "Take old keys away that nothing uses",
		Long: `Takes the old keys out of the keyset file: those that sealed before the primary
one. A key that something still uses is refused, and all of them are while the
file has changed within the last minute: a process may not have noticed yet.

What a key has sealed that is taken away can never be opened; so the database
refuses from then on what it seals, and a process that still has it as primary
fails. Every machine must have the file in which the other key is primary: where
processes on other machines are connected to the database, say that it is so with
--everywhere. Copy the file to every machine afterwards.`,
		Example: "  rollcall keys retire\n  rollcall keys retire --everywhere",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runKeysRetire(ctx, a, o) }),
	}
	cmd.Flags().BoolVar(&o.everywhere, "everywhere", false, "every machine has this keyset file, in which the new key is primary")
	return cmd
}

func runKeysRetire(ctx context.Context, a *app, o keysEverywhere) error {
	w, err := a.openKeys(ctx, true)
	if err != nil {
		return err
	}
	defer w.close()
	v := keysView{Primary: w.keys.Primary()}
	if len(w.keys.Old()) == 0 {
		return a.showKeys(v)
	}
	if err := w.requireHere(ctx, o.everywhere, "if every machine has this keyset file by now, say so with --everywhere"); err != nil {
		return err
	}
	if left, err := w.restLeft(); err != nil {
		return err
	} else if left > 0 {
		return fmt.Errorf("the keyset file has changed just now, and some process may not have noticed: ask again in %s",
			max(left, time.Second).Round(time.Second))
	}
	if v.Retired, v.Kept, err = w.retire(ctx); err != nil {
		return err
	}
	if len(v.Retired) == 0 {
		return fmt.Errorf("%s: first: rollcall keys reseal", strings.Join(lo.Map(v.Kept, func(k keptKey, _ int) string {
			return fmt.Sprintf("key %d is in use by %s", k.Key, valueCount(k.Values))
		}), ", "))
	}
	v.Next = "copy the keyset file to every machine that has a copy"
	return a.showKeys(v)
}
