package main

import (
	"context"
	"time"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func newHolds(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "holds SCHOOL",
		Short: "Show what is held in a school, and why",
		Long: `Shows what the last pass could have done and did not, chat by chat, with the
reason: too many removals at once, a person named by a source fault, somebody
whom the roster gives no place any more without saying why, a chat that must
not lose its last admin, a chat that is gone, a new school year without a
mapping. Nothing of it is done before its cause is gone: mend the source, and
it dissolves at the next pass.`,
		Example: "  rollcall holds school-17",
		Args:    names("SCHOOL"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runHolds(ctx, a, school.ID(args[0])) }),
	}
}

func runHolds(ctx context.Context, a *app, id school.ID) error {
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	row, err := st.School(ctx, id)
	if err != nil {
		return err
	}
	holds, err := st.Holds(ctx, id)
	if err != nil {
		return err
	}
	var roster school.Roster // nothing can be held before the first one
	if row.Snapshot != "" {
		if roster, err = st.Roster(ctx, id, row.Snapshot); err != nil {
			return err
		}
	}
	mirror, err := st.Mirror(ctx, id)
	if err != nil {
		return err
	}
	return a.show(viewHolds(row, holds, peopleOf(roster), mirror, a.now()))
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
			holdView: who.hold(h.Kind, h.Operation, h.Faults, &since),
		}
	})}
}

// holdsView is what is held in a school.
type holdsView struct {
	School school.ID    `json:"school"`
	Name   string       `json:"name"`
	Holds  []storedHold `json:"holds"`
	now    time.Time
}

type storedHold struct {
	ID    int64      `json:"id"`
	Chat  chats.Key  `json:"chat"`
	Type  chats.Type `json:"type"`
	Title string     `json:"title"`
	holdView
}

func (v holdsView) text(p *page) {
	if len(v.Holds) == 0 {
		p.line("%s (%s): nothing is held", v.Name, v.School)
		return
	}
	p.table([]string{"CHAT", "KEY", "WHAT", "WHO", "WHY", "SINCE"}, lo.Map(v.Holds, func(h storedHold, _ int) []string {
		return []string{h.Title, string(h.Chat), h.Operation.Kind.Words, h.Operation.subject(), h.because(), ago(h.Since, v.now)}
	}))
}
