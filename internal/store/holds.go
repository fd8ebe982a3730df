package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// HoldRow is a stored hold.
type HoldRow struct {
	ID        int64
	Kind      reconcile.HoldKind
	Operation reconcile.Operation
	Faults    []school.FaultCode
	// Since is when it was first held; it stays while the same thing is held again.
	Since time.Time
}

// Holds lists what is held in a school, by chat.
func (s *Store) Holds(ctx context.Context, id school.ID) ([]HoldRow, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id, kind, operation, faults, since FROM holds WHERE school_id = $1 ORDER BY chat_key, id`, id)
	return all[HoldRow](rows, err)
}

// HoldCounts counts what is held, by school. Schools where nothing is are absent.
func (s *Store) HoldCounts(ctx context.Context) (map[school.ID]int, error) {
	type row struct {
		School school.ID
		N      int
	}
	rows, err := s.pool.Query(ctx, `SELECT school_id AS school, count(*)::int AS n FROM holds GROUP BY 1`)
	counts, err := all[row](rows, err)
	return lo.SliceToMap(counts, func(r row) (school.ID, int) { return r.School, r.N }), err
}

// HoldDigests gives the digest of the stored holds of each chat type that has any.
func (s *Store) HoldDigests(ctx context.Context, id school.ID) (map[chats.Type]string, error) {
	type row struct {
		ChatType chats.Type
		Digest   string
	}
	rows, err := s.pool.Query(ctx, `SELECT chat_type, digest FROM hold_sets WHERE school_id = $1`, id)
	sets, err := all[row](rows, err)
	return lo.SliceToMap(sets, func(r row) (chats.Type, string) { return r.ChatType, r.Digest }), err
}

// replaceHolds makes the stored holds of a chat type those of the plan. What was held before
// keeps the time since when.
func replaceHolds(ctx context.Context, tx pgx.Tx, id school.ID, t chats.Type, plan reconcile.Plan) error {
	type identity struct {
		kind    reconcile.HoldKind
		chat    chats.Key
		op      reconcile.Kind
		account school.AccountID
	}
	identify := func(k reconcile.HoldKind, o reconcile.Operation) identity {
		return identity{k, o.Chat, o.Kind, o.Account}
	}
	rows, err := tx.Query(ctx, `
		DELETE FROM holds WHERE school_id = $1 AND chat_type = $2 RETURNING id, kind, operation, faults, since`, id, t)
	before, err := all[HoldRow](rows, err)
	if err != nil {
		return err
	}
	since := lo.SliceToMap(before, func(h HoldRow) (identity, time.Time) { return identify(h.Kind, h.Operation), h.Since })
	var batch pgx.Batch
	for _, h := range plan.Holds {
		first, known := since[identify(h.Kind, h.Operation)]
		batch.Queue(`
			INSERT INTO holds (school_id, chat_type, chat_key, kind, operation, faults, since)
			VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, now()))`,
			id, t, h.Operation.Chat, h.Kind, h.Operation, lo.Ternary(h.Faults == nil, []school.FaultCode{}, h.Faults),
			lo.Ternary(known, &first, nil))
	}
	batch.Queue(`
		INSERT INTO hold_sets (school_id, chat_type, digest) VALUES ($1, $2, $3)
		ON CONFLICT (school_id, chat_type) DO UPDATE SET digest = excluded.digest`, id, t, plan.HoldsDigest())
	return sendBatch(ctx, tx, &batch)
}
