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
	// Touched counts what has happened there.
	Touched int
	// Problem is why it was not adopted then, "" if it was not looked at.
	Problem adoption.Problem
	// Title was the chat's then, and Owner the account that owns it, 0 if that could not be seen.
	Title string
	Owner school.AccountID
	Lacks []messenger.Right
}

// Standings lists a school's standings, the longest there first.
func (s *Store) Standings(ctx context.Context, id school.ID) ([]Standing, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT ref, since, looked_at, touched, problem, title, owner, lacks FROM standings WHERE school_id = $1 ORDER BY since, ref`, id)
	return all[Standing](rows, err)
}

// takeStanding takes an event of a chat that the mirror does not know. Where people make the chats, such a chat may be one that was asked
// for: whatever is heard of it first makes it a standing, for the word that the community was let in may have been lost. Of a standing only what
// may change the verdict matters. An event is believed in nothing: all it brings about is a reading.
func takeStanding(ctx context.Context, tx pgx.Tx, id school.ID, e messenger.Event) error {
	about := lo.Contains([]messenger.EventKind{
		messenger.EventOwnAdded, messenger.EventOwnRemoved, messenger.EventOwnRights, messenger.EventTitle, messenger.EventOther,
	}, e.Kind)
	byHand := lo.Reject(messenger.Protocols(), func(p messenger.Protocol, _ int) bool { return p.MakesChats() })
	tag, err := tx.Exec(ctx, `
		INSERT INTO standings (school_id, ref) SELECT school_id, $2 FROM communities WHERE school_id = $1 AND messenger = ANY($4)
		ON CONFLICT (school_id, ref) DO UPDATE SET looked_at = NULL, touched = standings.touched + 1 WHERE $3`, id, e.Chat, about, byHand)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return want(ctx, tx, []school.ID{id}, "event", reconcile.Scope{Standings: true}, true, "messenger event")
}

// StandingSeen records why a standing is not adopted. Where something has happened there since it was read, it is still to be read.
func (e *Effects) StandingSeen(id school.ID, read Standing, problem adoption.Problem, state messenger.ChatState) {
	owner, _ := lo.Find(state.Members, func(m messenger.Member) bool { return m.Owner })
	e.batch.Queue(`
		UPDATE standings SET looked_at = CASE WHEN touched = $5 THEN now() END, problem = $3, lacks = $4, title = $6, owner = $7
		WHERE school_id = $1 AND ref = $2`,
		id, read.Ref, problem, lo.Ternary(state.Lacks == nil, []messenger.Right{}, state.Lacks), read.Touched, state.Title, owner.Account)
}

// StandingGone forgets a standing.
func (e *Effects) StandingGone(id school.ID, ref messenger.ChatRef) {
	e.batch.Queue(`DELETE FROM standings WHERE school_id = $1 AND ref = $2`, id, ref)
}

// Adopt takes a standing for the awaited chat whose code it bears, and gives that chat's id; 0 if the code has been
// used meanwhile, or was never that chat's, or another school has the chat. As one act a reading of the chat is asked for: who comes or goes
// until it is in the mirror is found by that.
func (s *Store) Adopt(ctx context.Context, id school.ID, key chats.Key, code string, state messenger.ChatState) (int64, error) {
	var chat int64
	err := s.tx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			UPDATE chats SET state = 'live', ref = $4, title = $5, problem = NULL
			WHERE school_id = $1 AND key = $2 AND code = $3 AND state = 'awaited' AND NOT EXISTS (
				SELECT FROM chats other JOIN communities theirs ON theirs.school_id = other.school_id
				JOIN communities ours ON ours.school_id = $1 AND ours.messenger = theirs.messenger WHERE other.ref = $4)
			RETURNING id`,
			id, key, code, state.Ref, state.Title).Scan(&chat)
		if err == pgx.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM standings WHERE school_id = $1 AND ref = $2`, id, state.Ref); err != nil {
			return err
		}
		return want(ctx, tx, []school.ID{id}, "event", reconcile.Scope{Chats: []chats.Key{key}}, true, "adopted chat")
	})
	return chat, err
}

// Awaited counts the chats of a school that wait for a person to make them.
func (s *Store) Awaited(ctx context.Context, id school.ID) (n int, err error) {
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM chats WHERE school_id = $1 AND state = 'awaited'`, id).Scan(&n)
	return n, err
}
