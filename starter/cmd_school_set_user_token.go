package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

type setUserTokenOptions struct{ off bool }

func newSchoolSetUserToken(a *app) *cobra.Command {
	var o setUserTokenOptions
	cmd := &cobra.Command{
		Use:   "set-user-token SCHOOL [--off]",
		Short: "Give a school the token with which rooms for its video calls are made",
		Long: `Stores the access token of a person, sealed. It is used for one thing: to make,
and to close, the rooms of video calls that bring no link of their own (joinUrl).
The messenger lets no community do that, so the token must be of a person who
manages the school's community, and have the right to make calls. Chats are never
touched with it. Without it such calls wait, and say that they have no room.

The token is read from standard input and never from an argument, which other
users of the machine could see; on a terminal it is asked for and not shown. It
replaces an earlier one. A pass over the school's calls is asked for then; whether
the token is good is found out when the first room is made, see "school check".
On MAX no program can make rooms: there every call has to bring its link.

--off takes the token away: rooms that were made with it stay open.`,
		Example: `  rollcall school set-user-token school-17 < token.txt
  rollcall school set-user-token school-17 --off`,
		Args: names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runSetUserToken(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().BoolVar(&o.off, "off", false, "take the token away")
	return cmd
}

func runSetUserToken(ctx context.Context, a *app, id school.ID, o setUserTokenOptions) error {
	open := a.openSealed
	if o.off {
		open = a.open
	}
	st, err := open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := schoolItself(ctx, st, id, "set it")
	if err != nil {
		return err // before a token is asked for in vain
	}
	if !o.off && row.Messenger == messenger.MAX {
		return usagef("school %s is on MAX: %s", id, noRooms)
	}
	token := ""
	if !o.off {
		if token, err = readToken(ctx, a.in, a.err); err != nil {
			return err
		}
	}
	if err := st.SetUserToken(ctx, id, token); err != nil {
		return err
	}
	return a.show(userTokenStored{School: id, Set: !o.off, CommunityMissing: !o.off && row.CommunityID == 0})
}

// noRooms is what there is instead of a user token on MAX.
const noRooms = "MAX lets no program make rooms: video calls have to bring a link of their own (joinUrl)"

// userTokenStored tells that a user token has been stored, or taken away.
type userTokenStored struct {
	School school.ID `json:"school"`
	Set    bool      `json:"set"`
	// CommunityMissing tells that the community in whose name rooms are made is not known yet.
	CommunityMissing bool `json:"communityMissing"`
}

func (v userTokenStored) text(p *page) {
	if !v.Set {
		p.line("school %s has no user token now: video calls without a link of their own get no room", v.School)
		return
	}
	p.line("school %s has a user token now: rooms for its video calls are made with it", v.School)
	if v.CommunityMissing {
		p.line("no room can be made before the community is known: rollcall school set-token %s", v.School)
	}
}

// userTokenWords say with what the messenger refused a user token, and what to do.
var userTokenWords = map[messenger.Code]string{
	messenger.CodeTokenRefused: "the messenger refuses it: get a new one from the person whose it is",
	messenger.CodeTokenRights:  "it may not make calls in the community's name: get one of a person who manages it, with that right",
	messenger.CodeTokenForeign: "it is of nobody who manages the community: get one of a person who does",
}

// isUserToken tells whether the code of a failure is a refused user token's.
func isUserToken(code string) bool { return strings.HasPrefix(code, "user-token-") }

// userTokenView is how a user token stands. The token itself is never shown.
type userTokenView struct {
	State tokenState `json:"state"`
	// Refused is with which code the messenger refused the token last, "" if it did not.
	Refused string `json:"refused"`
}

func viewUserToken(token string, refused messenger.Code) userTokenView {
	switch {
	case token == "":
		return userTokenView{State: tokenUnset}
	case refused != "":
		return userTokenView{State: tokenRefused, Refused: string(refused)}
	default:
		return userTokenView{State: tokenSet}
	}
}

func (v userTokenView) code() messenger.Code { return messenger.Code(v.Refused) }

// words say it at length.
func (v userTokenView) words() string {
	switch v.State {
	case tokenUnset:
		return "not set: calls without a link of their own get no room"
	case tokenRefused:
		return "refused: " + say(userTokenWords, v.code()).Words
	default:
		return "set (sealed)"
	}
}
