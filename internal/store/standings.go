package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Standing is a chat that a school's community was let into and that is none of the school's yet.
type Standing struct {
	Ref   messenger.ChatRef
	Since time.Time
	// LookedAt is when it was read, nil if it is to be read.
	LookedAt *time.Time
	// Problem is why it was not adopted then, "" if it was not looked at.
	Problem adoption.Problem
	Lacks   []messenger.Right
}

// Standings lists a school's standings, the longest there first.
func (s *Store) Standings(ctx context.Context, id school.ID) ([]Standing, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT ref, since, looked_at, problem, lacks FROM standings WHERE school_id = $1 ORDER BY since, ref`, id)
	return all[Standing](rows, err)
}

// takeStanding takes an event of a chat that the mirror does not know.
func takeStanding(ctx context.Context, tx pgx.Tx, id school.ID, e messenger.Event) error {
	switch e.Kind {
	case messenger.EventOwnAdded:
		_, err := tx.Exec(ctx, `
			INSERT INTO standings (school_id, ref) VALUES ($1, $2)
			ON CONFLICT (school_id, ref) DO UPDATE SET looked_at = NULL`, id, e.Chat)
		if err != nil {
			return err
		}
	case messenger.EventOwnRemoved:
		_, err := tx.Exec(ctx, `DELETE FROM standings WHERE school_id = $1 AND ref = $2`, id, e.Chat)
		return err
	case messenger.EventOwnRights, messenger.EventTitle:
		tag, err := tx.Exec(ctx, `UPDATE standings SET looked_at = NULL WHERE school_id = $1 AND ref = $2`, id, e.Chat)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
	default:
		return nil
	}
	return want(ctx, tx, []school.ID{id}, "event", reconcile.Scope{Standings: true}, true, "messenger event")
}

// StandingSeen records why a standing is not adopted.
func (e *Effects) StandingSeen(id school.ID, ref messenger.ChatRef, problem adoption.Problem, lacks []messenger.Right) {
	e.batch.Queue(`UPDATE standings SET looked_at = now(), problem = $3, lacks = $4 WHERE school_id = $1 AND ref = $2`,
		id, ref, problem, lo.Ternary(lacks == nil, []messenger.Right{}, lacks))
}

// StandingGone forgets a standing.
func (e *Effects) StandingGone(id school.ID, ref messenger.ChatRef) {
	e.batch.Queue(`DELETE FROM standings WHERE school_id = $1 AND ref = $2`, id, ref)
}

// Adopt takes a standing for the awaited chat whose code it bears, and gives that chat's id; 0 if the code has been
// used meanwhile, or was never that chat's.
func (s *Store) Adopt(ctx context.Context, id school.ID, key chats.Key, code string, state messenger.ChatState) (int64, error) {
	var chat int64
	err := s.tx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			UPDATE chats SET state = 'live', ref = $4, title = $5, problem = NULL
			WHERE school_id = $1 AND key = $2 AND code = $3 AND state = 'awaited' RETURNING id`,
			id, key, code, state.Ref, state.Title).Scan(&chat)
		if err == pgx.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM standings WHERE school_id = $1 AND ref = $2`, id, state.Ref)
		return err
	})
	return chat, err
}
