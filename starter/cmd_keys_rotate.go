package main

import (
	"context"
	"fmt"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/store"
)

type keysEverywhere struct{ everywhere bool }

func newKeysRotate(a *app) *cobra.Command {
	var o keysEverywhere
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Replace the key that seals, and seal everything anew",
		Long: `Makes a new key in the keyset file, makes it the one that seals, seals all tokens,
rosters and links anew with it, waits until every process is sure to have
noticed (a minute), and takes the old key away once nothing uses it.

Workers go on meanwhile: they read the file again by themselves, and no pass is
held up. Whatever interrupts the command, it goes on from there when it is
called again, and makes no other key before that. Two at once are refused. Each
act is recorded in the audit under your login. Keep a copy of the file from
before apart and safe until all is well.

It is for a keyset file that all processes read. Where machines have copies of
it, these take turns:

  rollcall keys add        on one machine; then copy the file to all
  rollcall keys promote    there; then copy again
  rollcall keys reseal
  rollcall keys retire     then copy once more

It is refused where processes on other machines are connected to the database.
If they read this very file, over the network, say so with --everywhere.

Exits with 2 if there are values that do not open; see docs/keys.md.`,
		Example: "  rollcall keys rotate\n  rollcall keys rotate --everywhere -o json",
		Args:    names(),
		RunE:    a.runs(func(ctx context.Context, _ []string) error { return runKeysRotate(ctx, a, o) }),
	}
	cmd.Flags().BoolVar(&o.everywhere, "everywhere", false, "the processes on other machines read this very file")
	return cmd
}

func runKeysRotate(ctx context.Context, a *app, o keysEverywhere) error {
	w, err := a.openKeys(ctx, true)
	if err != nil {
		return err
	}
	defer w.close()
	advice := "if they read this very file, say so with --everywhere; else see: rollcall keys add --help"
	if err := w.requireHere(ctx, o.everywhere, advice); err != nil {
		return err
	}
	v, err := w.rotate(ctx)
	if ctx.Err() != nil {
		fmt.Fprintln(a.err, "what was done stands, and nothing is lost: rollcall keys rotate goes on from here")
	}
	if err != nil {
		return err
	}
	return a.showKeys(v)
}

// rotate goes through the steps of a rotation. Which of them are left is told by the keyset and the
// values alone.
func (w *keyWork) rotate(ctx context.Context) (v keysView, err error) {
	if len(w.keys.Old()) == 0 && len(w.keys.Waiting()) == 0 {
		if v.Added, err = w.add(ctx); err != nil {
			return v, err
		}
	} else {
		v.Resumed = true
	}
	if waiting := w.keys.Waiting(); len(waiting) > 0 {
		v.Promoted = lo.LastOrEmpty(waiting)
		if err := w.promote(ctx, v.Promoted); err != nil {
			return v, err
		}
	}
	v.Primary = w.keys.Primary()
	for {
		r, err := w.reseal(ctx)
		v.took(r)
		if err != nil {
			return v, err
		}
		if waited, err := w.rest(ctx); err != nil {
			return v, err
		} else if waited {
			continue // somebody may have sealed with an old key until then
		}
		retired, kept, err := w.retire(ctx)
		v.Retired = append(v.Retired, retired...)
		if err != nil {
			return v, err
		}
		if v.Kept = kept; !late(kept, r.Unopened) {
			return v, nil
		}
	}
}

// late tells whether an old key has sealed more than what does not open: that came in just now.
func late(kept []keptKey, unopened []store.Unopened) bool {
	return lo.SumBy(kept, func(k keptKey) int { return k.Values }) > lo.SumBy(unopened, func(u store.Unopened) int {
		return lo.Ternary(lo.ContainsBy(kept, func(k keptKey) bool { return k.Key == u.Key }), u.Values, 0)
	})
}
