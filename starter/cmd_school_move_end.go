package main

import (
	"context"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/survey"
)

// actEndMove is what the audit calls the end of a move at an operator's word.
const actEndMove = "end-move"

// endMove ends a school's move at once and without last messages, or, without confirmed, shows what that would do.
func endMove(ctx context.Context, a *app, st *store.Store, row store.SchoolRow, confirmed bool) error {
	if row.Successor == "" {
		return asRefused(&store.MoveError{Problem: "school " + string(row.ID) + " does not move"})
	}
	old, err := st.Mirror(ctx, row.ID)
	if err != nil {
		return err
	}
	next, err := survey.Take(ctx, st, row.Successor, a.now(), survey.Options{})
	if err != nil {
		return err
	}
	sum := viewMove(row, old, next, nil, false, a.now()).total()
	v := moveEnded{
		School: row.ID, From: row.Messenger, To: next.School.Messenger, Ended: confirmed,
		Waited: sum.Waited, There: sum.There, Awaited: sum.Awaited, ToMake: sum.ToMake, Lost: sum.Lost,
		Left: lo.CountBy(old, func(c store.MirrorChat) bool { return c.Ref != "" }),
	}
	if !confirmed {
		return a.show(v)
	}
	if err := st.Audit(ctx, a.login(), actEndMove, row.ID, string(v.To)); err != nil {
		return err // what cannot be recorded is not done
	}
	if err := st.TakeOver(ctx, row.ID); err != nil {
		return err
	}
	if row, err = st.School(ctx, row.ID); err != nil {
		return err
	}
	if row.Messenger != v.To {
		return asRefused(&store.MoveError{Problem: "the move of school " + string(row.ID) + " has been taken back meanwhile"})
	}
	return a.show(v)
}

// moveEnded is a move that is ended without last messages, or would be.
type moveEnded struct {
	School school.ID          `json:"school"`
	From   messenger.Protocol `json:"from"`
	To     messenger.Protocol `json:"to"`
	// Ended tells that it is done, and not only shown.
	Ended bool `json:"ended"`
	// Waited are the chats that the roster has a reason for on the other messenger: see moveCount.
	Waited  int `json:"waited"`
	There   int `json:"there"`
	Awaited int `json:"awaited"`
	ToMake  int `json:"toMake"`
	Lost    int `json:"lost"`
	// Left counts the old chats.
	Left int `json:"left"`
}

func (v moveEnded) text(p *page) {
	from, to := v.From.Name(), v.To.Name()
	if v.Ended {
		p.line("school %s is on %s now: its move is ended", v.School, to)
	} else {
		p.line("nothing is done yet: this would end the move of school %s to %s at once", v.School, to)
	}
	p.line("there: %d of %s", v.There, counted(v.Waited, "chat"))
	if v.Awaited > 0 {
		p.line("still to be made by people: %d, see: rollcall chats %s --to-make", v.Awaited, v.School)
	}
	if v.ToMake > 0 {
		p.line("still for a pass to make, or to ask for: %d", v.ToMake)
	}
	if v.Lost > 0 {
		p.line("held or gone: %d", v.Lost)
	}
	if v.Left > 0 {
		p.line("left on %s: %s, with no further last message. Nothing is done there any more, and their links may stay good: tell the people",
			from, counted(v.Left, "chat"))
	}
	if !v.Ended {
		p.line("it cannot be taken back; to do it, add --yes: rollcall school move %s --without-farewell --yes", v.School)
	}
}
