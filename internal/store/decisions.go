package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	// approvalLasts is how long an approval waits to be carried out. What could not be done by
	// then has to be looked at again.
	approvalLasts = 24 * time.Hour
	// HoldLasts is how long a hold waits for a word; then it expires, and is as good as rejected.
	HoldLasts = 14 * 24 * time.Hour
)

// ErrStaleHolds says that what is held is not what the operator has seen.
var ErrStaleHolds = errors.New("what is held has changed since it was looked at: look again with: rollcall holds list SCHOOL")

// Decisions gives what was decided on a school's holds.
func (s *Store) Decisions(ctx context.Context, id school.ID) (map[reconcile.HoldID]reconcile.Decision, error) {
	holds, err := s.Holds(ctx, id)
	if err != nil {
		return nil, err
	}
	var now time.Time
	if err := s.pool.QueryRow(ctx, `SELECT now()`).Scan(&now); err != nil {
		return nil, err
	}
	return lo.SliceToMap(holds, func(h HoldRow) (reconcile.HoldID, reconcile.Decision) {
		if h.State == reconcile.DecisionApproved && h.DecidedAt != nil && now.Sub(*h.DecidedAt) > approvalLasts {
			return h.identity(), reconcile.DecisionWaiting
		}
		return h.identity(), h.State
	}), nil
}

// HoldsDigest identifies what is held in a school and what was decided on it.
func (s *Store) HoldsDigest(ctx context.Context, id school.ID) (string, error) {
	return holdsDigest(ctx, s.pool, id)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func holdsDigest(ctx context.Context, q querier, id school.ID) (digest string, err error) {
	err = q.QueryRow(ctx, `
		SELECT left(md5(coalesce(string_agg(id || state, ',' ORDER BY id), '')), 12) FROM holds WHERE school_id = $1`, id).Scan(&digest)
	return digest, err
}

// Decide records a decision on some holds of a school, with who made it. The digest is that of what
// the operator has seen; if something else is held by now, ErrStaleHolds is given and nothing is
// recorded. A hold that no word can release is an error that says so. It may be told so twice.
func (s *Store) Decide(ctx context.Context, id school.ID, digest string, holds []int64, d reconcile.Decision, by string) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockHolds(ctx, tx, id); err != nil {
			return err
		}
		if done, err := decided(ctx, tx, id, holds, d, by); err != nil || done {
			return err
		}
		now, err := holdsDigest(ctx, tx, id)
		if err != nil {
			return err
		}
		if now != digest {
			return ErrStaleHolds
		}
		rows, err := tx.Query(ctx, `SELECT `+holdColumns+` WHERE school_id = $1 AND id = ANY($2)`, id, holds)
		found, err := all[HoldRow](rows, err)
		if err != nil {
			return err
		}
		if len(found) != len(lo.Uniq(holds)) {
			unknown := lo.Without(lo.Uniq(holds), lo.Map(found, func(h HoldRow, _ int) int64 { return h.ID })...)
			return &NotFoundError{What: "hold", ID: itoa(unknown[0]), Advice: "see: rollcall holds list " + string(id)}
		}
		for _, h := range found {
			if d == reconcile.DecisionApproved && !h.Approvable() {
				return &NotApprovableError{ID: h.ID, Kind: h.Kind}
			}
		}
		_, err = tx.Exec(ctx, `UPDATE holds SET state = $3, decided_by = $4, decided_at = now() WHERE school_id = $1 AND id = ANY($2)`, id, holds, d, by)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO audit (actor, act, school_id, subject) VALUES ($1, $2, $3, $4)`, by, "hold-"+string(d), id, fmt.Sprint(holds))
		return err
	})
}

// lockHolds has plans and decisions of a school wait for each other.
func lockHolds(ctx context.Context, tx pgx.Tx, id school.ID) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('rollcall/holds/' || $1, 0))`, string(id))
	return err
}

// decided tells whether exactly this was recorded before: the answer may have been lost.
func decided(ctx context.Context, tx pgx.Tx, id school.ID, holds []int64, d reconcile.Decision, by string) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM holds WHERE school_id = $1 AND id = ANY($2) AND state = $3 AND decided_by = $4`,
		id, holds, d, by).Scan(&n)
	return n == len(lo.Uniq(holds)), err
}

// NotApprovableError says that a hold can only dissolve.
type NotApprovableError struct {
	ID   int64
	Kind reconcile.HoldKind
}

func (e *NotApprovableError) Error() string {
	advice := map[reconcile.HoldKind]string{
		reconcile.HoldLastAdmin: "it dissolves as soon as the chat has its next admin",
		reconcile.HoldOwner:     "the owner has to hand the chat on to somebody who belongs there, and to leave it, in the messenger",
		reconcile.HoldChatGone:  "let the community back into the chat, as its admin, in the messenger",
	}
	return fmt.Sprintf("hold %d (%s) cannot be approved: %s", e.ID, e.Kind, advice[e.Kind])
}

// SettleHolds brings a school's holds in line with time and with what a pass has done: approvals that
// were carried out go, those that were not within a day wait for a word again, and holds that have
// waited too long for one expire. It counts the last.
func (s *Store) SettleHolds(ctx context.Context, id school.ID, epoch int64) (expired int, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockHolds(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			DELETE FROM holds h WHERE h.school_id = $1 AND h.state = 'approved' AND EXISTS (
				SELECT FROM plan_operations o JOIN plans p ON p.id = o.plan_id
				WHERE p.school_id = $1 AND p.epoch = $2 AND o.state = 'done' AND o.chat_key = h.chat_key
					AND o.kind = h.operation->>'kind' AND o.account = coalesce((h.operation->>'account')::bigint, 0))`, id, epoch)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE holds SET state = 'waiting', decided_by = '', decided_at = NULL
			WHERE school_id = $1 AND state = 'approved' AND decided_at < now() - $2::interval`, id, approvalLasts)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE holds SET state = 'expired', decided_by = 'nobody in time', decided_at = now()
			WHERE school_id = $1 AND state = 'waiting' AND since < now() - $2::interval AND kind = ANY($3)`, id, HoldLasts, approvable())
		expired = int(tag.RowsAffected())
		return err
	})
	return expired, err
}

func approvable() []string {
	return lo.FilterMap(reconcile.HoldKinds(), func(k reconcile.HoldKind, _ int) (string, bool) { return string(k), k.Approvable() })
}
