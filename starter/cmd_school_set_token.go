package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

type setTokenOptions struct{ communityID string }

func newSchoolSetToken(a *app) *cobra.Command {
	var o setTokenOptions
	cmd := &cobra.Command{
		Use:   "set-token ID --community-id N",
		Short: "Give a school its community id and token",
		Long: `Stores the id and the access token of the community that owns the school's
chats; the district coordinator gives out both. The token is sealed.

On MAX (see "school set-messenger") the school's bot stands for the community: give the
bot's user id as the community id, and the bot's token alone, without "Bearer".

The token is read from standard input and never from an argument, which other
users of the machine could see; on a terminal it is asked for and not shown. It
replaces an earlier one, and what was known of that one's rights is forgotten.
Whether it is good is found out at the next pass.`,
		Example: `  rollcall school set-token school-17 --community-id 1001 < token.txt
  rollcall school set-token school-17 --community-id 1001`,
		Args: names("ID"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runSetToken(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().StringVar(&o.communityID, "community-id", "", "id of the community, on MAX the bot's user id: a positive number")
	requireFlags(cmd, "community-id")
	return cmd
}

func runSetToken(ctx context.Context, a *app, id school.ID, o setTokenOptions) error {
	community, err := parseCommunity(o.communityID)
	if err != nil {
		return err
	}
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := st.School(ctx, id)
	if err != nil {
		return err // before a token is asked for in vain
	}
	token, err := readToken(ctx, a.in, a.err)
	if err != nil {
		return err
	}
	if err := st.SetToken(ctx, id, community, token); err != nil {
		return asRefused(err)
	}
	_, callback, err := st.EventWays(ctx, id)
	if err != nil {
		return err
	}
	return a.show(tokenStored{
		School: id, Messenger: row.Messenger, CommunityID: community,
		CallbackLost: callback && row.Messenger == messenger.MAX && row.CommunityID != community,
	})
}

func parseCommunity(given string) (int64, error) {
	community, err := strconv.ParseInt(given, 10, 64)
	if err != nil || community <= 0 {
		return 0, usagef("--community-id must be a positive number: the district coordinator gives it out with the token")
	}
	return community, nil
}

// tokenStored tells that a token has been stored.
type tokenStored struct {
	School      school.ID          `json:"school"`
	Messenger   messenger.Protocol `json:"messenger"`
	CommunityID int64              `json:"communityId"`
	// CallbackLost tells that callbacks are on, and that they are another bot's.
	CallbackLost bool `json:"callbackLost"`
}

func (v tokenStored) text(p *page) {
	p.line("school %s has the token of %s %d now", v.School, communityWord(v.Messenger), v.CommunityID)
	if v.CallbackLost {
		p.line("MAX does not send this bot's events yet: give it the address with: rollcall school set-events %s --callback --address URL", v.School)
	}
}
