package main

import (
	"context"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

type chatsOptions struct{ showLinks, toMake bool }

// actShowLink is what the audit calls the showing of an invite link.
const actShowLink = "show-link"

func newChats(a *app) *cobra.Command {
	var o chatsOptions
	cmd := &cobra.Command{
		Use:   "chats SCHOOL",
		Short: "Show a school's chats as a tree",
		Long: `Shows the school's chats: Учительская, and under each class its Родительский
чат, Чат учеников and subject chats. For each: whether it is live, or why it is
not; how many members it has, and how many it must have; how many of them are
admins; how many are invited by the link; and how many should be in it and
cannot, see "members".

An invite link is a key to a children's chat. Links are shown with --show-links
alone, and each showing is recorded in the audit under your login first.

Where the messenger lets no community make chats (MAX), a person makes each: with
--to-make it is said which, with the title and the one-time code to put into it, and
who had best make it, which are those who are to be its admins; and which chats the
bot was let into and why they were not taken. Of a school that moves to such a
messenger, see "school move", they are those that it is to have there.`,
		Example: "  rollcall chats school-17\n  rollcall chats school-17 --show-links\n  rollcall chats school-17 --to-make",
		Args:    names("SCHOOL"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runChats(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().BoolVar(&o.showLinks, "show-links", false, "show the invite links; this is recorded")
	cmd.Flags().BoolVar(&o.toMake, "to-make", false, "show which chats a person is to make, and how")
	cmd.MarkFlagsMutuallyExclusive("show-links", "to-make")
	return cmd
}

func runChats(ctx context.Context, a *app, id school.ID, o chatsOptions) error {
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	s, err := a.surveyIn(ctx, st, id)
	if err != nil {
		return err
	}
	if o.toMake {
		return showToMake(ctx, a, st, s)
	}
	links := map[chats.Key]string{}
	if o.showLinks {
		if links, err = openLinks(ctx, st, a.login(), s); err != nil {
			return err
		}
	}
	return a.show(viewChats(s, links, o.showLinks))
}

// showToMake shows which chats people are to make for a school: while it moves to where they are to, the new ones.
func showToMake(ctx context.Context, a *app, st *store.Store, s survey.Survey) error {
	head := headOf(s)
	if s.School.Successor != "" && s.School.Messenger.MakesChats() {
		var err error
		if s, err = a.surveyIn(ctx, st, s.School.Successor); err != nil {
			return err
		}
	}
	standings, err := st.Standings(ctx, s.School.ID)
	if err != nil {
		return err
	}
	return a.show(viewToMake(head, s, standings, a.now()))
}

// openLinks opens the invite links of a school's chats, recording each before it is opened:
// what cannot be recorded is not shown.
func openLinks(ctx context.Context, st *store.Store, actor string, s survey.Survey) (map[chats.Key]string, error) {
	links := map[chats.Key]string{}
	for _, c := range lo.Filter(s.Mirror, func(c store.MirrorChat, _ int) bool { return c.HasLink }) {
		if err := st.Audit(ctx, actor, actShowLink, s.School.ID, string(c.Key)); err != nil {
			return nil, err
		}
		link, err := st.Link(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		links[c.Key] = link
	}
	return links, nil
}
