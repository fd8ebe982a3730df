package main

import (
	"context"
	"strconv"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newHoldsList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list [SCHOOL]",
		Short: "Show what is held, and why",
		Long: `Without a school: how much is held in each. With one: what the last pass could
have done and did not, chat by chat, with the reason: too many removals at
once, a person named by a source fault, somebody whom the roster gives no place
any more without saying why, a chat that must not lose its last admin, a chat
that is gone, a new school year without a mapping. Of a gone chat that people made
(MAX) it is said what can be done: "holds approve" has it asked for anew.

A hold dissolves at the next pass once its cause is gone: mend the source. Or
somebody decides on it: see "holds approve" and "holds reject". A hold on which
nobody decides expires after two weeks, and is as good as rejected. The digest
says what exactly was held when it was shown; deciding on something else is
refused.`,
		Example: "  rollcall holds list\n  rollcall holds list school-17",
		Args:    cobra.MaximumNArgs(1),
		RunE: a.runs(func(ctx context.Context, args []string) error {
			if len(args) == 0 {
				return runHoldCounts(ctx, a)
			}
			return runHolds(ctx, a, school.ID(args[0]))
		}),
	}
}

func runHoldCounts(ctx context.Context, a *app) error {
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	schools, err := st.Schools(ctx, "")
	if err != nil {
		return err
	}
	counts, err := st.HoldCounts(ctx)
	if err != nil {
		return err
	}
	return a.show(holdCounts(lo.FilterMap(schools, func(s store.SchoolRow, _ int) (holdCount, bool) {
		return holdCount{School: s.ID, Name: s.Name, Waiting: counts[s.ID]}, counts[s.ID] > 0
	})))
}

// holdCounts are the schools in which something waits for a word.
type holdCounts []holdCount

type holdCount struct {
	School  school.ID `json:"school"`
	Name    string    `json:"name"`
	Waiting int       `json:"waiting"`
}

func (v holdCounts) text(p *page) {
	if len(v) == 0 {
		p.line("nothing waits for a word in any school")
		return
	}
	p.table([]string{"SCHOOL", "NAME", "WAITING"}, lo.Map(v, func(c holdCount, _ int) []string {
		return []string{string(c.School), c.Name, number(c.Waiting)}
	}))
}

func runHolds(ctx context.Context, a *app, id school.ID) error {
	view, err := a.holds(ctx, id)
	if err != nil {
		return err
	}
	return a.show(view)
}

// holds looks at what is held in a school.
func (a *app) holds(ctx context.Context, id school.ID) (holdsView, error) {
	st, err := a.openSealed(ctx)
	if err != nil {
		return holdsView{}, err
	}
	defer st.Close()
	row, err := st.School(ctx, id)
	if err != nil {
		return holdsView{}, err
	}
	digest, err := st.HoldsDigest(ctx, id) // before what it covers: it must not cover more than is shown
	if err != nil {
		return holdsView{}, err
	}
	holds, err := st.Holds(ctx, id)
	if err != nil {
		return holdsView{}, err
	}
	var roster school.Roster // nothing can be held before the first one
	if row.Snapshot != "" {
		if roster, err = st.Roster(ctx, id, row.Snapshot); err != nil {
			return holdsView{}, err
		}
	}
	mirror, err := st.Mirror(ctx, id)
	if err != nil {
		return holdsView{}, err
	}
	view := viewHolds(row, holds, peopleOf(roster), mirror, a.now())
	view.Digest = digest
	return view, nil
}

func viewHolds(row store.SchoolRow, holds []store.HoldRow, who people, mirror store.Mirror, now time.Time) holdsView {
	made := mirror.ByKey()
	return holdsView{School: row.ID, Name: row.Name, now: now, Holds: lo.Map(holds, func(h store.HoldRow, _ int) storedHold {
		title := h.Operation.Title
		if chat := made[h.Operation.Chat]; chat != nil && title == "" {
			title = chat.Title
		}
		since := h.Since.UTC()
		return storedHold{
			ID: h.ID, Chat: h.Operation.Chat, Type: h.Operation.Type, Title: title,
			State: h.State, DecidedBy: h.DecidedBy, DecidedAt: h.DecidedAt, Approvable: h.Approvable(),
			holdView: who.hold(h.Kind, h.Operation, h.Faults, &since),
		}
	})}
}

// holdsView is what is held in a school.
type holdsView struct {
	School school.ID    `json:"school"`
	Name   string       `json:"name"`
	Holds  []storedHold `json:"holds"`
	Digest string       `json:"digest"`
	now    time.Time
}

type storedHold struct {
	ID    int64              `json:"id"`
	Chat  chats.Key          `json:"chat"`
	Type  chats.Type         `json:"type"`
	Title string             `json:"title"`
	State reconcile.Decision `json:"state"`
	// Approvable tells whether a word can release it.
	Approvable bool       `json:"approvable"`
	DecidedBy  string     `json:"decidedBy"`
	DecidedAt  *time.Time `json:"decidedAt"`
	holdView
}

func (h storedHold) decision() string {
	switch {
	case h.State != reconcile.DecisionWaiting:
		return string(h.State) + " by " + h.DecidedBy
	case !h.Approvable:
		return "until its cause is gone"
	case h.Why.Code == string(reconcile.HoldChatGone):
		return "waiting; " + askAnew
	default:
		return "waiting"
	}
}

// askAnew says what can be done about a chat that people made and that is gone.
const askAnew = "approve: it is asked for anew, under another code; or let the bot in again"

func (v holdsView) text(p *page) {
	if len(v.Holds) == 0 {
		p.line("%s (%s): nothing is held", v.Name, v.School)
		return
	}
	p.table([]string{"ID", "CHAT", "WHAT", "WHO", "WHY", "SINCE", "STATE"}, lo.Map(v.Holds, func(h storedHold, _ int) []string {
		return []string{strconv.FormatInt(h.ID, 10), h.Title, h.Operation.Kind.Words, h.Operation.subject(), h.because(), ago(h.Since, v.now), h.decision()}
	}))
	p.line("digest %s", v.Digest)
}
