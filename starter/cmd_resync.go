package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/temporal"
	"github.com/rollcall-edu/rollcall/workflows"
)

type resyncOptions struct {
	types        chatTypes
	chats        []string
	people       []string
	calls        bool
	verify, wait bool
}

func newResync(a *app) *cobra.Command {
	var o resyncOptions
	cmd := &cobra.Command{
		Use:   "resync SCHOOL",
		Short: "Ask for a pass: bring a school's chats in step with its roster",
		Long: `Asks the school's lane for a pass. Requests that come while a pass runs are
served together by the next one.

The pass is about the whole school, or about the chat types, chats (by title or
key) and people (by their id in the roster) that are named, and with --calls
about the school's video calls. A few chats or people, and the video calls, are
urgent: they are let through even while a long pass runs.

A pass compares the roster in force with what is known of the chats. With
--verify it reads the chats from the messenger first, and so finds what was
changed there by hand. With --wait the command shows how it goes and prints
how it ended; interrupting it does not stop the pass.

With --wait it ends with 1 if the pass as a whole failed (the message says
why), and with 2 if single operations failed, something is held, or the Portal
could not be read or written: see "holds", "members" and "calls".`,
		Example: `  rollcall resync school-17
  rollcall resync school-17 --chat-type parents --chat-type students
  rollcall resync school-17 --chat '5А · Родители' --verify --wait
  rollcall resync school-17 --person 10077 --wait
  rollcall resync school-17 --calls --wait
  rollcall resync school-17 --verify --wait`,
		Args: names("SCHOOL"),
		RunE: a.runs(func(ctx context.Context, args []string) error { return runResync(ctx, a, school.ID(args[0]), o) }),
	}
	addChatTypeFlag(cmd, &o.types)
	cmd.Flags().StringArrayVar(&o.chats, "chat", nil, "only this chat, by title or key; may be repeated")
	cmd.Flags().StringArrayVar(&o.people, "person", nil, "only what concerns this person, by id; may be repeated")
	cmd.Flags().BoolVar(&o.calls, "calls", false, "only the video calls: their rooms, messages, and what the Portal shows of them")
	cmd.Flags().BoolVar(&o.verify, "verify", false, "read the chats from the messenger first")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait for the pass and print how it ended")
	return cmd
}

func runResync(ctx context.Context, a *app, id school.ID, o resyncOptions) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.School(ctx, id); err != nil {
		return err
	}
	scope, err := scopeOf(ctx, a, st, id, o)
	if err != nil {
		return err
	}
	c, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	request := workflows.Request{
		ID: rand.Text(), Trigger: workflows.TriggerManual, Scope: scope,
		Verify: o.verify, RequestedBy: a.login(),
	}
	if !o.wait {
		if err := temporal.Resync(ctx, c, id, request); err != nil {
			return err
		}
		return a.show(asked{School: id, Request: request.ID})
	}
	report, err := await(ctx, a.newProgress(), question[workflows.PassReport]{
		ask: func(ctx context.Context) (workflows.PassReport, error) {
			return temporal.ResyncAndWait(ctx, c, id, request)
		},
		phase: func(ctx context.Context) (string, error) { return lanePhase(ctx, c, st, id) },
	})
	if err != nil {
		return err
	}
	if err := a.show(viewReport(report)); err != nil {
		return err
	}
	warnOfFeed(ctx, a, st, id)
	return lo.Ternary(complete(report), nil, errIncomplete)
}

// scopeOf is the scope that the options name.
func scopeOf(ctx context.Context, a *app, st *store.Store, id school.ID, o resyncOptions) (workflows.Scope, error) {
	scope := workflows.Scope{Types: o.types, Calls: o.calls}
	for _, p := range o.people {
		if p == "" {
			return scope, usagef("--person must name a person by their id in the roster: see: rollcall members %s", id)
		}
		if err := knownPerson(ctx, a, id, school.PersonID(p)); err != nil {
			return scope, err
		}
		scope.People = append(scope.People, school.PersonID(p))
	}
	if len(o.chats) == 0 {
		return scope, nil
	}
	mirror, err := st.Mirror(ctx, id)
	if err != nil {
		return scope, err
	}
	for _, name := range o.chats {
		found := lo.Filter(mirror, func(c store.MirrorChat, _ int) bool { return string(c.Key) == name || c.Title == name })
		if len(found) != 1 {
			return scope, usagef("%q names %d chats of school %s: give a title or key as shown by: rollcall chats %s -o json", name, len(found), id, id)
		}
		scope.Chats = append(scope.Chats, found[0].Key)
	}
	return scope, nil
}

// knownPerson refuses somebody whom neither the school's roster nor one of its chats knows: a slip of
// the pen would look as if all were well.
func knownPerson(ctx context.Context, a *app, id school.ID, person school.PersonID) error {
	s, err := a.survey(ctx, id)
	if err != nil {
		return err
	}
	inRoster := lo.ContainsBy(s.Roster.People, func(p school.Person) bool { return p.ID == person })
	inChats := lo.ContainsBy(s.Mirror, func(c store.MirrorChat) bool {
		return lo.ContainsBy(c.Members, func(m reconcile.Member) bool { return m.Person == person })
	})
	if !inRoster && !inChats {
		return usagef("school %s knows nobody with the id %q: see: rollcall members %s CHAT", id, person, id)
	}
	return nil
}

// warnOfFeed says if the pass worked from an old roster, because the feed's last reading was not
// accepted.
func warnOfFeed(ctx context.Context, a *app, st *store.Store, id school.ID) {
	s, err := st.School(ctx, id)
	if err != nil {
		return
	}
	if s.Problem != nil {
		fmt.Fprintf(a.err, "rollcall: the roster is not the newest: %s\n", s.Problem.Message)
	}
	if feed, err := st.Feed(ctx, s.Feed); err == nil && feed.Problem != nil {
		fmt.Fprintf(a.err, "rollcall: the roster is not the newest: the last reading of feed %s was refused: %s\n", feed.ID, feed.Problem.Message)
	}
}

// complete tells that nothing is left of what the pass found to do.
func complete(r workflows.PassReport) bool {
	return r.Holds == 0 && (r.Outcome == workflows.OutcomeInStep || r.Outcome == workflows.OutcomeChanged)
}

// lanePhase is what the lane says it is doing, with how many operations have ended.
func lanePhase(ctx context.Context, c client.Client, st *store.Store, id school.ID) (string, error) {
	var status workflows.LaneStatus
	if err := query(ctx, c, workflows.SchoolSyncID(id), &status); err != nil {
		return "", err
	}
	ended, total, err := st.Progress(ctx, id)
	if err != nil || total == 0 {
		return status.Phase, nil // a nicety: the wait goes on without it
	}
	return fmt.Sprintf("%s (%d of %d operations)", status.Phase, ended, total), nil
}

// asked tells that a pass has been asked for.
type asked struct {
	School  school.ID `json:"school"`
	Request string    `json:"request"`
}

func (v asked) text(p *page) {
	p.line("a pass over school %s is asked for; see how it goes with: rollcall status %s", v.School, v.School)
}

// reportView is how a pass ended.
type reportView struct {
	School     school.ID         `json:"school"`
	Epoch      int64             `json:"epoch"`
	Outcome    workflows.Outcome `json:"outcome"`
	Operations map[string]int    `json:"operations"`
	Failed     map[string]int    `json:"failed"`
	Skipped    map[string]int    `json:"skipped"`
	Holds      int               `json:"holds"`
	// Awaited counts the chats that wait for a person to make them.
	Awaited  int `json:"awaited"`
	Requests int `json:"requests"`
	// Portal is what was wrong with the Portal, null if nothing was.
	Portal *workflows.Problem `json:"portal"`
}

func viewReport(r workflows.PassReport) reportView {
	return reportView{
		School: r.School, Epoch: r.Epoch, Outcome: r.Outcome, Operations: notNil(r.Operations), Failed: notNil(r.Failed),
		Skipped: notNil(r.Skipped), Holds: r.Holds, Awaited: r.Awaited, Requests: r.Requests, Portal: r.Portal,
	}
}

func (v reportView) text(p *page) {
	p.line("pass %d of school %s: %s", v.Epoch, v.School, v.Outcome)
	p.pairs([][2]string{{"done", tallyDone(v.Operations)}, {"failed", tally(v.Failed)}, {"not yet", tally(v.Skipped)}, {"held", number(v.Holds)}})
	if v.Portal != nil {
		p.line("%s", portalTrouble(*v.Portal))
	}
	if lo.SomeBy(lo.Keys(v.Failed), isUserToken) {
		p.line("no rooms are made for video calls: set another user token with: rollcall school set-user-token %s", v.School)
	}
	if v.Holds > 0 {
		p.line("see what is held and why with: rollcall holds list %s", v.School)
	}
	if v.Awaited > 0 {
		p.line("%s", awaitedWords(v.School, v.Awaited))
	}
}

// awaitedWords say that chats wait for a person to make them.
func awaitedWords(id school.ID, n int) string {
	return fmt.Sprintf("%s %s for a person to make %s: see: rollcall chats %s --to-make",
		counted(n, "chat"), lo.Ternary(n == 1, "waits", "wait"), lo.Ternary(n == 1, "it", "them"), id)
}

// chatTypes is the value of --chat-type, which may be given more than once.
type chatTypes []chats.Type

func addChatTypeFlag(cmd *cobra.Command, types *chatTypes) {
	all := strings.Join(lo.Map(chats.Types(), func(t chats.Type, _ int) string { return string(t) }), ", ")
	cmd.Flags().Var(types, "chat-type", "only chats of this type, may be repeated: "+all)
}

func (c *chatTypes) String() string {
	return strings.Join(lo.Map(*c, func(t chats.Type, _ int) string { return string(t) }), ",")
}

func (c *chatTypes) Set(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		t := chats.Type(name)
		if !slices.Contains(chats.Types(), t) {
			return fmt.Errorf("%q is no chat type: use one of %v", name, chats.Types())
		}
		if !slices.Contains(*c, t) {
			*c = append(*c, t)
		}
	}
	return nil
}

func (c *chatTypes) Type() string { return "type" }

// covers tells whether chats of a type are meant; none given are all.
func (c chatTypes) covers(t chats.Type) bool { return workflows.Scope{Types: c}.Covers(t) }
