package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

type schoolMoveOptions struct {
	to, communityID string
	dryRun, back    bool
	// withoutFarewell ends a move, yes confirms it.
	withoutFarewell, yes bool
}

// What the audit calls the begin of a move, and the taking back; its end is actEndMove.
const (
	actBeginMove = "begin-move"
	actMoveBack  = "take-move-back"
)

func newSchoolMove(a *app) *cobra.Command {
	var o schoolMoveOptions
	cmd := &cobra.Command{
		Use:   "move SCHOOL [--to vk|max (--community-id N | --dry-run) | --back | --without-farewell [--yes]]",
		Short: "Have a school move to another messenger, or see how its move stands",
		Long: `Has a school that has chats move to another messenger. They cannot be taken along:
each is made anew there, and its people come over by its link: on the Portal, or,
where there is none, as the school gives it to them, see "links". Where there are no
chats yet, "school set-messenger" is all that is needed.

Begin when no worker of an earlier build is left: a worker of a build from before MAX
knows VK alone, and would take a bot's token there. "workers show" says which build is
current: let the runs of any other end, and end its workers.

--to begins the move. It needs the id of the school's community there (on MAX the
bot's user id) and its token, which is read from standard input as "school set-token"
does. The messenger is asked whether they go together; where it cannot be reached from
here, that is said, and the move begins all the same. With --dry-run it is only shown what would be made where.

While a school moves it has a successor, such as school-17.max, that commands take in
place of the school: "chats school-17.max" shows the new chats. Proxy, schedule,
account links and what belongs to calls are the school's for both. The old chats are
kept in step as before until the last new one is there:

  to MAX   people make the chats: "chats SCHOOL --to-make" says which and how. It
           takes as long as they need.
  to VK    Rollcall makes the chats by itself, within minutes.

Then Rollcall leaves the old chats, by itself: on VK it makes their links void; it
writes a last message into each, and does nothing there any more. Nobody is turned
out, and what was written stays to be read. The new chats are the school's from then
on. A chat for which the roster has no reason now, such as that of a class without a
teacher, is not waited for.

--back takes the move back. It cannot be taken back any more once the first old chat
has been left.

--without-farewell is for when nothing can be said in the old chats any more, because
their community or its token is dead, so that the move would never end. It ends the
move at once, whether all new chats are there or not: those that are not are asked
for, or made, as the school's own. The old chats get no further last message, and what
links were not made void stay good: the school has to tell its people. Without --yes it
only shows what it would do.

With the school alone it is shown how its move stands, and what it has left earlier.
That a move is begun, taken back and ended so is recorded in the audit under your login.`,
		Example: `  rollcall school move school-17 --to max --dry-run
  rollcall school move school-17 --to max --community-id 200300 < token.txt
  rollcall school move school-17
  rollcall school move school-17 --back
  rollcall school move school-17 --without-farewell`,
		Args: names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runSchoolMove(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().StringVar(&o.to, "to", "", "vk or max: begin to move there; the token is read from standard input")
	cmd.Flags().StringVar(&o.communityID, "community-id", "", "id of the community there, on MAX the bot's user id: a positive number")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be made where, and begin nothing")
	cmd.Flags().BoolVar(&o.back, "back", false, "take the move back")
	cmd.Flags().BoolVar(&o.withoutFarewell, "without-farewell", false, "end the move at once, with no last message in the old chats")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "with --without-farewell: do it, and do not only show it")
	for _, other := range []string{"to", "community-id", "dry-run"} {
		cmd.MarkFlagsMutuallyExclusive("back", other)
		cmd.MarkFlagsMutuallyExclusive("without-farewell", other)
	}
	cmd.MarkFlagsMutuallyExclusive("without-farewell", "back")
	protocols := lo.Map(messenger.Protocols(), func(p messenger.Protocol, _ int) string { return string(p) })
	must(cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(protocols, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (o schoolMoveOptions) check() error {
	switch {
	case o.yes && !o.withoutFarewell:
		return usagef("--yes goes with --without-farewell")
	case o.to == "" && (o.communityID != "" || o.dryRun):
		return usagef("--to is missing: say to which messenger the school is to move")
	case o.to != "" && o.communityID == "" && !o.dryRun:
		return usagef("--community-id is missing: the district coordinator gives it out with the token; to see only what would be made, give --dry-run")
	}
	return nil
}

func runSchoolMove(ctx context.Context, a *app, id school.ID, o schoolMoveOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	open := a.openSealed
	if o.back {
		open = a.open
	}
	st, err := open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := st.School(ctx, id)
	if err != nil {
		return err
	}
	if row.SuccessorOf != "" {
		return usagef("%s is the successor of %s: see to its move there: rollcall school move %s%s", id, row.SuccessorOf, row.SuccessorOf,
			lo.Ternary(o.back, " --back", lo.Ternary(o.withoutFarewell, " --without-farewell", "")))
	}
	switch {
	case o.back:
		return takeMoveBack(ctx, a, st, row)
	case o.withoutFarewell:
		return endMove(ctx, a, st, row, o.yes)
	case o.to != "":
		return beginMove(ctx, a, st, row, o)
	default:
		return showMove(ctx, a, st, row, false)
	}
}

func beginMove(ctx context.Context, a *app, st *store.Store, row store.SchoolRow, o schoolMoveOptions) error {
	to, err := messenger.ParseProtocol(o.to)
	if err != nil {
		return &usageError{err}
	}
	var community int64
	if o.communityID != "" {
		if community, err = parseCommunity(o.communityID); err != nil {
			return err
		}
	}
	if err := movable(row, to); err != nil {
		return err
	}
	s, err := survey.Take(ctx, st, row.ID, a.now(), survey.Options{})
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.show(viewPlannedMove(s, to, community))
	}
	token, err := readToken(ctx, a.in, a.err)
	if err != nil {
		return err
	}
	untried, err := tryToken(ctx, a, st, row, store.Community{Messenger: to, ID: community, Token: token})
	if err != nil {
		return err
	}
	if err := st.Audit(ctx, a.login(), actBeginMove, row.ID, string(to)); err != nil {
		return err // what cannot be recorded is not done
	}
	if row.Successor, err = st.BeginMove(ctx, row.ID, to, community, token); err != nil {
		return asRefused(err)
	}
	if untried != "" {
		fmt.Fprintf(a.err, "rollcall: the token could not be tried: %s; to try it: rollcall school check %s\n", clean(untried), row.Successor)
	}
	return showMove(ctx, a, st, row, true)
}

// tryToken asks the messenger that a school is to move to whose a token is, by the school's own way. One that will not do is an error;
// untried says why it could not be found out, which keeps nobody from beginning: it may be this machine alone that does not
// reach the messenger.
func tryToken(ctx context.Context, a *app, st *store.Store, row store.SchoolRow, c store.Community) (untried string, err error) {
	settings, err := a.settings()
	if err != nil {
		return "", &usageError{err}
	}
	row.Messenger = c.Messenger
	way, err := newSchoolWay(ctx, st, row, settings)
	if err != nil {
		return "", err
	}
	defer way.close()
	way.community = &c
	asking, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	err = way.askWhose(asking)
	if err == nil || ctx.Err() != nil {
		return "", ctx.Err()
	}
	const nothing = "nothing has been begun"
	name, word := c.Messenger.Name(), communityWord(c.Messenger)
	switch messenger.CodeOf(err) {
	case messenger.CodeTokenRefused:
		return "", usagef("%s refuses the token, and %s: get a valid one from the district coordinator", name, nothing)
	case messenger.CodeTokenForeign:
		return "", usagef("the token is of another %s than %d, and %s: give the %s's own, or correct --community-id", word, c.ID, nothing, word)
	case messenger.CodeTokenRights:
		return "", usagef("the token may not manage the %s's messages, and %s: make one with that right", word, nothing)
	default:
		return way.noAnswer(err), nil
	}
}

// movable tells whether a school can begin to move, before a token is asked for in vain.
func movable(row store.SchoolRow, to messenger.Protocol) error {
	switch {
	case row.Successor != "":
		return usagef("school %s moves already: see: rollcall school move %s", row.ID, row.ID)
	case row.Messenger == to:
		return usagef("school %s is on %s already", row.ID, to.Name())
	case !row.TokenSet:
		return usagef("school %s has no token on %s, with which its chats there are kept in step meanwhile: rollcall school set-token %s; "+
			"if it has no chats yet, choose its messenger with: rollcall school set-messenger %s %s", row.ID, row.Messenger.Name(), row.ID, row.ID, to)
	}
	return nil
}

// asRefused makes wrong usage of a move, or of a bot, that the store refuses, in its own words.
func asRefused(err error) error {
	_, move := errors.AsType[*store.MoveError](err)
	_, shared := errors.AsType[*store.SharedError](err)
	if move || shared {
		return &usageError{err}
	}
	return err
}

// showMove shows how a school's move stands, and, where it has just begun, how it goes on.
func showMove(ctx context.Context, a *app, st *store.Store, row store.SchoolRow, begun bool) error {
	left, err := st.LeftChats(ctx, row.ID)
	if err != nil {
		return err
	}
	if row.Successor == "" {
		return a.show(viewNoMove(row, left, a.now()))
	}
	old, err := st.Mirror(ctx, row.ID)
	if err != nil {
		return err
	}
	next, err := survey.Take(ctx, st, row.Successor, a.now(), survey.Options{}) // as the worker takes it to see whether all are there
	if err != nil {
		return err
	}
	final, err := st.Leaving(ctx, row.ID)
	if err != nil {
		return err
	}
	v := viewMove(row, old, next, left, final, a.now())
	v.begun = begun
	return a.show(v)
}

func takeMoveBack(ctx context.Context, a *app, st *store.Store, row store.SchoolRow) error {
	if row.Successor == "" {
		return asRefused(st.CancelMove(ctx, row.ID))
	}
	next, err := st.School(ctx, row.Successor)
	if err != nil {
		return err
	}
	mirror, err := st.Mirror(ctx, row.Successor)
	if err != nil {
		return err
	}
	if err := st.Audit(ctx, a.login(), actMoveBack, row.ID, string(next.Messenger)); err != nil {
		return err // what cannot be recorded is not done
	}
	if err := st.CancelMove(ctx, row.ID); err != nil {
		return asRefused(err)
	}
	return a.show(moveTakenBack{
		School: row.ID, Messenger: row.Messenger, From: next.Messenger, Community: next.CommunityID,
		Chats: lo.CountBy(mirror, func(c store.MirrorChat) bool { return c.Ref != "" }),
	})
}

// moveTakenBack tells that a school stays where it is.
type moveTakenBack struct {
	School school.ID `json:"school"`
	// Messenger is where it stays, and From where it was to move.
	Messenger messenger.Protocol `json:"messenger"`
	From      messenger.Protocol `json:"from"`
	Community int64              `json:"community"`
	// Chats is how many were there already.
	Chats int `json:"chats"`
}

func (v moveTakenBack) text(p *page) {
	p.line("school %s stays on %s: its move to %s is taken back", v.School, v.Messenger.Name(), v.From.Name())
	if !v.From.MakesChats() {
		p.line("the codes for chats on %s are good for nothing any more", v.From.Name())
	}
	switch {
	case v.Chats == 0:
	case v.From.MakesChats():
		p.line("chats that are on %s already: %d. They stay, and nobody keeps them in step: have the managers of community %d end them",
			v.From.Name(), v.Chats, v.Community)
	default:
		p.line("chats that are on %s already: %d. They stay, and nobody keeps them in step: have their owners take bot %d out of them",
			v.From.Name(), v.Chats, v.Community)
	}
}
