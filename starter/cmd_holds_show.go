package main

import (
	"context"
	"strconv"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func newHoldsShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show SCHOOL ID",
		Short:   "Show one hold with everything that is known of it",
		Long:    "Shows one of the holds of \"holds list\": what would be done to whom, why it is held, on what\ngrounds the person is in the chat, and what was decided.",
		Example: "  rollcall holds show school-17 12",
		Args:    names("SCHOOL", "ID"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			return runHoldsShow(ctx, a, school.ID(args[0]), args[1])
		}),
	}
}

func runHoldsShow(ctx context.Context, a *app, id school.ID, hold string) error {
	view, err := a.holds(ctx, id)
	if err != nil {
		return err
	}
	h, found := lo.Find(view.Holds, func(h storedHold) bool { return strconv.FormatInt(h.ID, 10) == hold })
	if !found {
		return usagef("school %s has no hold %q: see: rollcall holds list %s", id, hold, id)
	}
	return a.show(oneHold{storedHold: h, Digest: view.Digest, view: view})
}

// oneHold is a hold with the digest of all that is held beside it.
type oneHold struct {
	storedHold
	Digest string `json:"digest"`
	view   holdsView
}

func (v oneHold) text(p *page) {
	p.pairs([][2]string{
		{"Hold", strconv.FormatInt(v.ID, 10)},
		{"School", string(v.view.School) + " " + v.view.Name},
		{"Chat", v.Title},
		{"Key", string(v.Chat)},
		{"What", v.Operation.Kind.Words},
		{"Who", v.Operation.subject()},
		{"Grounds", joinReasons(v.Operation.Reasons)},
		{"Held because", v.because()},
		{"Since", ago(v.Since, v.view.now)},
		{"State", v.decision()},
		{"Digest", v.Digest},
	})
}
