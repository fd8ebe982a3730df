package main

import (
	"context"
	"crypto/rand"
	"strconv"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

type decideOptions struct {
	all    bool
	digest string
}

func newHoldsApprove(a *app) *cobra.Command {
	return newDecide(a, true, &cobra.Command{
		Use:   "approve SCHOOL (ID... | --all)",
		Short: "Have held operations done after all",
		Long: `Says that what is held is right: it is done by the pass that follows at once. An
approval that could not be carried out within a day lapses.

With --digest the approval counts only if exactly that is held which "holds
list" showed with it; without, what is held when the command looks. Holds that
keep a chat's last admin, or that concern a chat that is gone, cannot be
approved: they dissolve when their cause is gone. But where people make the chats
(MAX), one that is gone is asked for anew, under another code, when that is
approved.`,
		Example: "  rollcall holds approve school-17 12 13\n  rollcall holds approve school-17 --all --digest 0f3a51c2d9b4",
	})
}

func newHoldsReject(a *app) *cobra.Command {
	return newDecide(a, false, &cobra.Command{
		Use:   "reject SCHOOL (ID... | --all)",
		Short: "Say that held operations are not to be done",
		Long: `Says that what is held is wrong: it stays undone and waits for nobody any more.
If the roster itself is wrong, it should be mended there; the hold then dissolves.`,
		Example: "  rollcall holds reject school-17 12\n  rollcall holds reject school-17 --all",
	})
}

func newDecide(a *app, approve bool, cmd *cobra.Command) *cobra.Command {
	var o decideOptions
	cmd.Args = cobra.MinimumNArgs(1)
	cmd.RunE = a.runs(func(ctx context.Context, args []string) error {
		return runDecide(ctx, a, school.ID(args[0]), args[1:], approve, o)
	})
	cmd.Flags().BoolVar(&o.all, "all", false, "all holds that wait for a word")
	cmd.Flags().StringVar(&o.digest, "digest", "", "what was seen to be held, as shown by: holds list")
	return cmd
}

func runDecide(ctx context.Context, a *app, id school.ID, ids []string, approve bool, o decideOptions) error {
	if o.all == (len(ids) > 0) {
		return usagef("name the holds by the ids that `holds list %s` shows, or give --all", id)
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.School(ctx, id); err != nil {
		return err
	}
	d := workflows.Decision{Digest: o.digest, Approve: approve, DecidedBy: a.login()}
	if d.Digest == "" {
		if d.Digest, err = st.HoldsDigest(ctx, id); err != nil {
			return err
		}
	}
	if d.Holds, err = chosenHolds(ctx, st, id, ids, approve); err != nil {
		return err
	}
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := temporal.Decide(ctx, c, id, rand.Text(), d); err != nil {
		return err
	}
	v := decided{School: id, Holds: d.Holds, State: lo.Ternary(approve, reconcile.DecisionApproved, reconcile.DecisionRejected)}
	if v.Digest, err = st.HoldsDigest(ctx, id); err != nil {
		return err
	}
	return a.show(v)
}

// chosenHolds are the holds named, or (none named) all that a word can be given on.
func chosenHolds(ctx context.Context, st *store.Store, id school.ID, ids []string, approve bool) ([]int64, error) {
	var chosen []int64
	for _, s := range ids {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, usagef("%q is no hold's id: see: rollcall holds list %s", s, id)
		}
		chosen = append(chosen, n)
	}
	if len(chosen) > 0 {
		return chosen, nil
	}
	holds, err := st.Holds(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, h := range holds {
		if h.State == reconcile.DecisionWaiting && (!approve || h.Approvable()) {
			chosen = append(chosen, h.ID)
		}
	}
	if len(chosen) == 0 {
		return nil, usagef("nothing waits for a word in school %s: see: rollcall holds list %s", id, id)
	}
	return chosen, nil
}

// decided tells that a decision was taken.
type decided struct {
	School school.ID          `json:"school"`
	Holds  []int64            `json:"holds"`
	State  reconcile.Decision `json:"state"`
	// Digest is that of what is held now: for the next decision.
	Digest string `json:"digest"`
}

func (v decided) text(p *page) {
	p.line("school %s: %d %s; a pass follows, see how it goes with: rollcall status %s", v.School, len(v.Holds), v.State, v.School)
	p.line("digest of what is held now: %s", v.Digest)
}
