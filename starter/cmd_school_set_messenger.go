package main

import (
	"context"
	"errors"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newSchoolSetMessenger(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "set-messenger SCHOOL vk|max",
		Short: "Choose on which messenger a school's chats live",
		Long: `Chooses where a school's chats live: on VK, as every school's at first, or on MAX. It
is chosen before the first chat is made: chats cannot be taken along, and where there
are some the command refuses, see "school move". With the messenger the school's tokens go, and how its
events are learnt of.

Choose MAX when no worker of an earlier build is left: a worker of a build from before
MAX knows VK alone, and would take the bot's token there. "workers show" says which
build is current: let the runs of any other end, and end its workers.

MAX needs a bot of the school's own. Its user id is given as the community id, and its
token as the community's, to "school set-token". The deployment needs a file with the
root that MAX's certificates end in: ROLLCALL_MAX_CA_FILE.

No bot can make a chat on MAX. A person makes each one and lets the bot in as an admin;
which chats are to be made, and how Rollcall knows them again, is said by
"chats SCHOOL --to-make". The bot learns by its events that it was let in: long poll is
switched on, and "school set-events" says what there is besides.`,
		Example: `  rollcall school set-messenger school-17 max
  rollcall school set-token school-17 --community-id 200300 < token.txt
  rollcall chats school-17 --to-make`,
		Args: names("SCHOOL", "MESSENGER"),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			return runSetMessenger(ctx, a, school.ID(args[0]), args[1])
		}),
	}
}

func runSetMessenger(ctx context.Context, a *app, id school.ID, name string) error {
	protocol, err := messenger.ParseProtocol(name)
	if err != nil {
		return &usageError{err}
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := schoolItself(ctx, st, id, "set it")
	if err != nil {
		return err
	}
	if note := moveNote(row); note != "" {
		return usagef("a messenger cannot be chosen now: %s %s", id, note)
	}
	already := row.Messenger == protocol
	if err := st.SetMessenger(ctx, id, protocol); err != nil {
		if _, moved := errors.AsType[*store.MovedError](err); moved {
			return &usageError{err}
		}
		return err
	}
	if row, err = st.School(ctx, id); err != nil {
		return err
	}
	longPoll, _, err := st.EventWays(ctx, id)
	if err != nil {
		return err
	}
	return a.show(messengerChosen{School: id, Messenger: row.Messenger, LongPoll: longPoll, TokenMissing: !row.TokenSet, Already: already})
}

// messengerChosen tells on which messenger a school is, and what is to be done then.
type messengerChosen struct {
	School       school.ID          `json:"school"`
	Messenger    messenger.Protocol `json:"messenger"`
	LongPoll     bool               `json:"longPoll"`
	TokenMissing bool               `json:"tokenMissing"`
	// Already tells that it was there before, and that nothing was changed.
	Already bool `json:"already"`
}

func (v messengerChosen) text(p *page) {
	p.line("school %s is on %s %s", v.School, v.Messenger.Name(), lo.Ternary(v.Already, "already: nothing is changed", "now"))
	if v.LongPoll {
		p.line("its events are listened to by long poll")
	}
	if v.TokenMissing {
		p.line("give it the id and token of its %s with: rollcall school set-token %s --community-id N", communityWord(v.Messenger), v.School)
	}
	if !v.Messenger.MakesChats() {
		p.line("which chats people are to make: rollcall chats %s --to-make", v.School)
	}
}

// communityWord is what a messenger calls the account that owns a school's chats.
func communityWord(p messenger.Protocol) string {
	if p == messenger.MAX {
		return "bot"
	}
	return "community"
}
