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
	// State is what was decided, by whom and when ("" and nil while it waits).
	State     reconcile.Decision
	DecidedBy string
	DecidedAt *time.Time
}

func (h HoldRow) identity() reconcile.HoldID { return h.hold().ID() }

// Approvable is reconcile.Hold's.
func (h HoldRow) Approvable() bool { return h.hold().Approvable() }

func (h HoldRow) hold() reconcile.Hold { return reconcile.Hold{Kind: h.Kind, Operation: h.Operation} }

const holdColumns = `id, kind, operation, faults, since, state, decided_by, decided_at FROM holds`

// Holds lists what is held in a school, by chat.
func (s *Store) Holds(ctx context.Context, id school.ID) ([]HoldRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+holdColumns+` WHERE school_id = $1 ORDER BY chat_key, id`, id)
	return all[HoldRow](rows, err)
}

// HoldCounts counts the holds that wait for a word, by school. Schools where none does are absent.
func (s *Store) HoldCounts(ctx context.Context) (map[school.ID]int, error) {
	type row struct {
		School school.ID
		N      int
	}
	rows, err := s.pool.Query(ctx, `SELECT school_id AS school, count(*)::int AS n FROM holds WHERE state = 'waiting' GROUP BY 1`)
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

// replaceHolds makes the stored holds of a chat type those of the plan. What was held before keeps
// its id, its age and what was decided on it; what was approved stays until it is done.
func replaceHolds(ctx context.Context, tx pgx.Tx, p PlanRow, plan reconcile.Plan) error {
	id, t := p.School, p.Type
	if err := lockHolds(ctx, tx, id); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT `+holdColumns+` WHERE school_id = $1 AND chat_type = $2`, id, t)
	before, err := all[HoldRow](rows, err)
	if err != nil {
		return err
	}
	known := lo.KeyBy(before, HoldRow.identity)
	// An approved operation may meet another guard, and is held by that one then.
	held := lo.Map(plan.Holds, func(h reconcile.Hold, _ int) reconcile.Operation { return h.Operation })
	due := lo.SliceToMap(append(held, plan.Operations...), func(o reconcile.Operation) (reconcile.HoldID, bool) {
		o.Rule = lo.Ternary(o.Rule == reconcile.RuleApproved, "", o.Rule)
		return reconcile.Hold{Operation: o}.ID(), true
	})
	var batch pgx.Batch
	kept := map[int64]bool{}
	for _, h := range plan.Holds {
		if row, there := known[h.ID()]; there {
			kept[row.ID] = true
			batch.Queue(`UPDATE holds SET operation = $2, faults = $3 WHERE id = $1`, row.ID, h.Operation, faultsOf(h))
			continue
		}
		batch.Queue(`INSERT INTO holds (school_id, chat_type, chat_key, kind, operation, faults) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, t, h.Operation.Chat, h.Kind, h.Operation, faultsOf(h))
	}
	for _, row := range before {
		operation := reconcile.Hold{Operation: row.Operation}.ID()
		toCome := row.State == reconcile.DecisionApproved && (due[operation] || !p.Scope.Whole())
		if !kept[row.ID] && !toCome {
			batch.Queue(`DELETE FROM holds WHERE id = $1`, row.ID)
		}
	}
	batch.Queue(`
		INSERT INTO hold_sets (school_id, chat_type, digest) VALUES ($1, $2, $3)
		ON CONFLICT (school_id, chat_type) DO UPDATE SET digest = excluded.digest`, id, t, plan.HoldsDigest())
	return sendBatch(ctx, tx, &batch)
}

func faultsOf(h reconcile.Hold) []school.FaultCode {
	return lo.Ternary(h.Faults == nil, []school.FaultCode{}, h.Faults)
}
