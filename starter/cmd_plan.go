package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
)

type planOptions struct{ types chatTypes }

func newPlan(a *app) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan SCHOOL",
		Short: "Show what the next pass would do, and why, without doing it",
		Long: `Compares the roster in force with what is known of the school's chats and shows,
chat by chat: what would be done with whom, by which rule and on what grounds;
what would be held for a human's word; which chats are not made yet and why;
and who should be in a chat and cannot, and why.

Nothing is changed and the messenger is not asked: what was changed there by
hand since the last verifying pass is not seen.`,
		Example: "  rollcall plan school-17\n  rollcall plan school-17 --chat-type teachers -o json",
		Args:    names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			s, err := a.survey(ctx, school.ID(args[0]))
			if err != nil {
				return err
			}
			return a.show(viewPlan(s, o.types))
		}),
	}
	addChatTypeFlag(cmd, &o.types)
	return cmd
}
