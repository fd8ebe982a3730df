package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/samber/lo"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/outbound"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const (
	// maxCallbackSecret is VK's bound on a secret key, in characters.
	maxCallbackSecret = 50
	maxConfirmation   = 100
)

type setEventsOptions struct {
	longPoll string
	callback bool
	// confirmation is VK's, and address MAX's.
	confirmation, address string
	// callbackGiven tells that --callback was given, with either value.
	callbackGiven bool
}

func newSchoolSetEvents(a *app) *cobra.Command {
	var o setEventsOptions
	cmd := &cobra.Command{
		Use:   "set-events SCHOOL [--long-poll on|off] [--callback --confirmation STRING | --callback --address URL]",
		Short: "Let a school's chats be watched as things happen",
		Long: `Says how Rollcall learns at once that somebody came into a chat or went, or that
a chat was renamed by hand. Without it the next scheduled pass finds out.

By long poll a worker listens, and no public address is needed. In VK switch on
Long Poll API in the community's settings. While nothing can have been missed,
scheduled passes need not read the chats.

By callback VK sends events to the workers' endpoint, which must be reachable
from the internet. In VK add a server under Callback API: give its secret key
on standard input (on a terminal it is asked for and not shown), and the string
that VK wants to be answered with as --confirmation; then enter the address
that this command prints. The key is sealed. --callback=false ends it.

Either way choose version 5.199 and the event type "incoming message". VK does
not tell of admin rights given or taken by hand: reading the chats finds those.

On MAX one of the two is always on, long poll at first: nothing else tells that a bot
was let into a chat. --callback --address has MAX send events to the endpoint, which
must be reachable at that https URL from the internet; a secret is made for it and
sealed, and nothing is to be entered at MAX. It ends long poll, because MAX tells in
one way alone; --callback=false, or --long-poll on, goes back.

What a school moves to, see "school move", is followed by long poll: choose callbacks
for the school when it has moved.`,
		Example: `  rollcall school set-events school-17 --long-poll on
  rollcall school set-events school-17 --callback --confirmation 62dfc19d < secret.txt
  rollcall school set-events school-17 --callback --address https://rollcall.example
  rollcall school set-events school-17 --callback=false`,
		Args: names("SCHOOL"),
	}
	cmd.RunE = a.runs(func(ctx context.Context, args []string) error {
		o.callbackGiven = cmd.Flags().Changed("callback")
		return runSetEvents(ctx, a, school.ID(args[0]), o)
	})
	cmd.Flags().StringVar(&o.longPoll, "long-poll", "", "on or off: whether a worker listens")
	cmd.Flags().BoolVar(&o.callback, "callback", false, "take callbacks; VK's secret key is read from standard input")
	cmd.Flags().StringVar(&o.confirmation, "confirmation", "", "on VK: the string that VK wants its server to answer")
	cmd.Flags().StringVar(&o.address, "address", "", "on MAX: the https URL under which the workers' endpoint is reached")
	return cmd
}

func runSetEvents(ctx context.Context, a *app, id school.ID, o setEventsOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	open := a.open
	if o.callback {
		open = a.openSealed
	}
	st, err := open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := st.School(ctx, id)
	if err != nil {
		return err // before a secret is asked for in vain
	}
	if row.SuccessorOf != "" && o.callback {
		// The address has an id in it, and the successor's is gone when the school has moved.
		return usagef("%s %s; choose callbacks for %s when it has moved, and long poll until then", id, moveNote(row), row.SuccessorOf)
	}
	if row.Messenger == messenger.MAX {
		return setEventsMAX(ctx, a, st, row, o)
	}
	if o.address != "" {
		return usagef("school %s is on VK, which is told the address by hand: give --confirmation in place of --address", id)
	}
	if o.callbackGiven {
		if err := setCallback(ctx, a, st, row, o); err != nil {
			return err
		}
	}
	if o.longPoll != "" {
		if err := st.SetLongPoll(ctx, id, o.longPoll == "on"); err != nil {
			return err
		}
	}
	return showEvents(ctx, a, st, row)
}

func showEvents(ctx context.Context, a *app, st *store.Store, row store.SchoolRow) error {
	longPoll, callback, err := st.EventWays(ctx, row.ID)
	if err != nil {
		return err
	}
	return a.show(eventsView{
		School: row.ID, Messenger: row.Messenger, LongPoll: longPoll, Callback: callback,
		Path: events.CallbackPath(row.Messenger, row.ID), TokenMissing: !row.TokenSet,
	})
}

func setCallback(ctx context.Context, a *app, st *store.Store, row store.SchoolRow, o setEventsOptions) error {
	if !o.callback {
		return st.SetCallback(ctx, row.ID, "", "")
	}
	if row.CommunityID == 0 {
		return usagef("the community of school %s is not known yet: set it first with: rollcall school set-token %s", row.ID, row.ID)
	}
	secret, err := readCallbackSecret(ctx, a)
	if err != nil {
		return err
	}
	return st.SetCallback(ctx, row.ID, o.confirmation, secret)
}

func (o setEventsOptions) check() error {
	strange := func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	switch {
	case o.longPoll == "" && !o.callbackGiven && o.confirmation == "" && o.address == "":
		return usagef("nothing to set: give --long-poll on or off, or --callback")
	case o.longPoll != "" && o.longPoll != "on" && o.longPoll != "off":
		return usagef("--long-poll must be on or off")
	case o.callback && o.confirmation == "" && o.address == "":
		return usagef("--callback needs --confirmation on VK, the string that VK shows beside the address, and --address on MAX")
	case o.confirmation != "" && o.address != "":
		return usagef("give --confirmation on VK, or --address on MAX")
	case !o.callback && o.confirmation != "":
		return usagef("--confirmation goes with --callback")
	case !o.callback && o.address != "":
		return usagef("--address goes with --callback")
	case len(o.confirmation) > maxConfirmation || strings.ContainsFunc(o.confirmation, strange):
		return usagef("--confirmation must be the string that VK shows: letters and digits")
	case o.address != "" && !outbound.IsAddress(o.address):
		return usagef("--address must be an https URL without a login and a query, e.g. https://rollcall.example")
	}
	return nil
}

// readCallbackSecret reads the secret key as a token is read. What it refuses it does not quote.
func readCallbackSecret(ctx context.Context, a *app) (string, error) {
	if file, ok := a.in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprintln(a.err, "Give the secret key of the callback server, as it stands in VK.")
	}
	secret, err := readToken(ctx, a.in, a.err)
	if _, usage := errors.AsType[*usageError](err); usage || err == nil && len([]rune(secret)) > maxCallbackSecret {
		return "", usagef("give the secret key of VK's callback server on standard input: up to %d characters, without blanks", maxCallbackSecret)
	}
	return secret, err
}

// eventsView is how a school's events are learnt of.
type eventsView struct {
	School    school.ID          `json:"school"`
	Messenger messenger.Protocol `json:"messenger"`
	LongPoll  bool               `json:"longPoll"`
	Callback  bool               `json:"callback"`
	// Path is that of the callback's address.
	Path string `json:"path"`
	// TokenMissing tells that nobody can listen yet.
	TokenMissing bool `json:"tokenMissing"`
}

func (v eventsView) text(p *page) {
	p.line("school %s: long poll is %s, callbacks are %s", v.School, lo.Ternary(v.LongPoll, "on", "off"), lo.Ternary(v.Callback, "on", "off"))
	if v.LongPoll && v.TokenMissing {
		p.line("nobody can listen without a token: set it with: rollcall school set-token %s", v.School)
	}
	if v.Callback && v.Messenger == messenger.MAX {
		p.line("MAX sends them to %s at the address it was given, which has to lead to the workers' endpoint (%s)", v.Path, config.EnvEventsAddress)
		return
	}
	if v.Callback {
		p.line("the address to enter in VK: https://HOST%s", v.Path)
		p.line("HOST is the name under which the workers' endpoint (%s) is reached from the internet", config.EnvEventsAddress)
	}
}
