package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func newMembers(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "members SCHOOL CHAT",
		Short: "Show who is in a chat, who should be, and why",
		Long: `Shows everybody who is in a chat or should be: name, role, how they stand to it,
what keeps them out or would turn them out, and on what grounds they are here.
The chat is given by its key or by its exact title, see "chats".

How people stand:
  member         in the chat
  invited        expected by the invite link
  not in yet     put in at the next pass
  went           was here and is not any more; put back once
  left           went again: only invited
  refused        the messenger does not let this person be added
  missing        should be here and cannot, e.g. without a linked account
  no place here  in the chat, and the roster gives no place any more
  stranger       in the chat, and was never placed here`,
		Example: "  rollcall members school-17 teachers\n  rollcall members school-17 '5А · Родители'",
		Args:    names("SCHOOL", "CHAT"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			id := school.ID(args[0])
			s, err := a.survey(ctx, id)
			if err != nil {
				return err
			}
			p, err := findPlace(id, placesOf(s), args[1])
			if err != nil {
				return err
			}
			return a.show(viewMembers(s, p))
		}),
	}
}
