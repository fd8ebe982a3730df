package main

import (
	"context"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

type callsOptions struct{ showLinks, all bool }

// actShowCallLink is what the audit calls the showing of a link to a video call; its subject is the
// call's id.
const actShowCallLink = "show-call-link"

func newCalls(a *app) *cobra.Command {
	var o callsOptions
	cmd := &cobra.Command{
		Use:   "calls SCHOOL",
		Short: "Show a school's video calls, and what has become of each",
		Long: `Shows the school's video calls by when they begin, in the time zone of the district:
class, teacher, room, the chat that each is announced in or why it is not yet, since
when the Portal shows it and how long that took from its publication, and what
keeps it from being seen.

ROOM is none, supplied (the call brought its link, joinUrl) or made (by the
messenger, see "school set-user-token"). STATE is planned, running, over or
cancelled; a call about which nothing is left to do is put away, and shown with
--all, for the last days.

Below the table it says how long calls of the last 7 days took to be seen on the
Portal: from their publication, and from our taking them in.

A link to a call lets in whoever has it. Links are shown with --show-links alone,
and each showing is recorded in the audit under your login first.`,
		Example: `  rollcall calls school-17
  rollcall calls school-17 --all -o json
  rollcall calls school-17 --show-links`,
		Args: names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runCalls(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().BoolVar(&o.showLinks, "show-links", false, "show the links; this is recorded")
	cmd.Flags().BoolVar(&o.all, "all", false, "show those that are put away too")
	return cmd
}

func runCalls(ctx context.Context, a *app, id school.ID, o callsOptions) error {
	settings, err := a.settings()
	if err != nil {
		return &usageError{err}
	}
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	s, err := a.surveyIn(ctx, st, id)
	if err != nil {
		return err
	}
	read := lo.Ternary(o.all, st.Calls, st.OpenCalls)
	states, err := read(ctx, id)
	if err != nil {
		return err
	}
	means, err := survey.CallMeans(ctx, st, s, settings.PortalURL != "")
	if err != nil {
		return err
	}
	lag, err := st.CallLag(ctx, id)
	if err != nil {
		return err
	}
	if o.showLinks {
		if err := auditCallLinks(ctx, st, a.login(), id, states); err != nil {
			return err
		}
	}
	return a.show(viewCalls(s, states, means, lag, a.now(), o))
}

// auditCallLinks records each showing before it takes place: what cannot be recorded is not shown.
func auditCallLinks(ctx context.Context, st *store.Store, actor string, id school.ID, states []calls.State) error {
	for _, s := range states {
		if s.Link() == "" {
			continue
		}
		if err := st.Audit(ctx, actor, actShowCallLink, id, string(s.Call.ID)); err != nil {
			return err
		}
	}
	return nil
}
