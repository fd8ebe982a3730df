package store

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/adoption"
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// PlanRow is a stored plan.
type PlanRow struct {
	ID     int64
	School school.ID
	Epoch  int64
	Type   chats.Type
	// Part is 0 for the pass's own plan; others are urgent parts let through while it runs.
	Part int
	// Scope is what an urgent part is about.
	Scope    reconcile.Scope
	Snapshot string
	Digest   string
}

// OperationState is how far an operation of a stored plan has come.
type OperationState string

// The states of an operation.
const (
	OperationPending OperationState = "pending"
	OperationDone    OperationState = "done"
	OperationSkipped OperationState = "skipped" // cannot be done now, and that is no failure
	OperationFailed  OperationState = "failed"  // its code says why
)

// OperationRow is an operation of a stored plan.
type OperationRow struct {
	Seq int
	reconcile.Operation
	State OperationState
	Code  string
}

// SavePlan stores the plan of one chat type with its operations, numbered from 0 in their
// order, and brings the mirror's keys, notes and holds in line with it, as one act. Chats to be
// made get their record and the nonce by which they are found after a lost reply. A plan
// stored already for this pass is given back as it is: a retry must resume it. The plan of an
// urgent part takes what it covers out of the plans it was let through between.
func (s *Store) SavePlan(ctx context.Context, row PlanRow, plan reconcile.Plan, desired []chats.Chat) (id int64, existed bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		existed = false
		err := tx.QueryRow(ctx, `
			INSERT INTO plans (school_id, epoch, chat_type, part, snapshot, digest) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING RETURNING id`, row.School, row.Epoch, row.Type, row.Part, row.Snapshot, plan.Digest()).Scan(&id)
		if err == pgx.ErrNoRows {
			existed = true
			return tx.QueryRow(ctx, `SELECT id FROM plans WHERE school_id = $1 AND epoch = $2 AND chat_type = $3 AND part = $4`,
				row.School, row.Epoch, row.Type, row.Part).Scan(&id)
		}
		if err != nil {
			return err
		}
		if row.Part > 0 {
			if err := supersede(ctx, tx, row); err != nil {
				return err
			}
		}
		if err := insertOperations(ctx, tx, id, plan.Operations); err != nil {
			return err
		}
		if err := updateMirrorKeys(ctx, tx, row.School, plan, desired); err != nil {
			return err
		}
		return replaceHolds(ctx, tx, row, plan)
	})
	return id, existed, err
}

// CodeSuperseded is the code of an operation that an urgent part has planned anew.
const CodeSuperseded = "superseded"

// supersede takes out of the earlier plans of the pass what the part covers, as far as it is still to
// be done in chats that are made.
func supersede(ctx context.Context, tx pgx.Tx, row PlanRow) error {
	_, err := tx.Exec(ctx, `
		UPDATE plan_operations o SET state = 'skipped', code = $5, done_at = now()
		FROM plans p, chats c
		WHERE p.id = o.plan_id AND p.school_id = $1 AND p.epoch = $2 AND p.chat_type = $3 AND p.part < $4 AND o.state = 'pending'
			AND c.school_id = $1 AND c.key = o.chat_key AND c.ref IS NOT NULL
			AND (o.chat_key = ANY($6) OR o.person_id <> '' AND o.person_id = ANY($7))`,
		row.School, row.Epoch, row.Type, row.Part, CodeSuperseded,
		lo.Map(row.Scope.Chats, func(k chats.Key, _ int) string { return string(k) }),
		lo.Map(row.Scope.People, func(p school.PersonID, _ int) string { return string(p) }))
	if err != nil {
		return fmt.Errorf("supersede what the urgent part covers: %w", err)
	}
	return nil
}

func insertOperations(ctx context.Context, tx pgx.Tx, plan int64, operations []reconcile.Operation) error {
	columns := []string{"plan_id", "seq", "chat_key", "step", "kind", "account", "person_id", "title", "rule", "reasons"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"plan_operations"}, columns,
		pgx.CopyFromSlice(len(operations), func(i int) ([]any, error) {
			o := operations[i]
			reasons := lo.Ternary(o.Reasons == nil, []chats.Reason{}, o.Reasons)
			return []any{plan, i, string(o.Chat), int(o.Step), string(o.Kind), int64(o.Account), string(o.Person), o.Title, string(o.Rule), reasons}, nil
		}))
	if err != nil {
		return fmt.Errorf("store the plan's operations: %w", err)
	}
	return nil
}

// updateMirrorKeys gives chats their new keys, class ids and years, and members their notes.
func updateMirrorKeys(ctx context.Context, tx pgx.Tx, id school.ID, plan reconcile.Plan, desired []chats.Chat) error {
	var batch pgx.Batch
	for _, r := range plan.Rekeys {
		batch.Queue(`UPDATE chats SET key = $3, year = $4 WHERE school_id = $1 AND key = $2`, id, r.From, r.To, r.Year)
	}
	for _, d := range desired {
		batch.Queue(`UPDATE chats SET class_id = $3, year = $4 WHERE school_id = $1 AND key = $2 AND (class_id, year) <> ($3, $4)`,
			id, d.Key, d.Class, d.Year)
	}
	byKey := lo.KeyBy(desired, func(c chats.Chat) chats.Key { return c.Key })
	for _, o := range plan.Operations {
		d := byKey[o.Chat]
		if o.Kind == reconcile.Ask {
			askFor(&batch, id, d)
		}
		if o.Kind != reconcile.Create {
			continue
		}
		batch.Queue(`
			INSERT INTO chats (school_id, key, type, class_id, year, state, title, nonce)
			VALUES ($1, $2, $3, $4, $5, 'creating', $6, $6) ON CONFLICT (school_id, key) DO NOTHING`,
			id, d.Key, d.Type, d.Class, d.Year, d.Title+" · "+rand.Text())
	}
	for _, n := range plan.Notes {
		batch.Queue(`
			UPDATE chat_members m SET person_id = $4, reasons = $5 FROM chats c
			WHERE c.id = m.chat_id AND c.school_id = $1 AND c.key = $2 AND m.account = $3`,
			id, n.Chat, n.Account, n.Person, n.Reasons)
	}
	return sendBatch(ctx, tx, &batch)
}

// askFor asks people for a chat, with a code. One that is gone is asked for anew, under another code: whoever was in it will have to come
// again.
func askFor(batch *pgx.Batch, id school.ID, d chats.Chat) {
	batch.Queue(`
		DELETE FROM chat_members WHERE chat_id IN (SELECT id FROM chats WHERE school_id = $1 AND key = $2 AND state = 'gone')`, id, d.Key)
	batch.Queue(`
		INSERT INTO chats AS c (school_id, key, type, class_id, year, state, title, nonce, code)
		VALUES ($1, $2, $3, $4, $5, 'awaited', $6, '', $7)
		ON CONFLICT (school_id, key) DO UPDATE SET state = 'awaited', ref = NULL, title = excluded.title, code = excluded.code,
			link = NULL, problem = NULL, lacks = '{}', verified_at = NULL WHERE c.state = 'gone'`,
		id, d.Key, d.Type, d.Class, d.Year, d.Title, adoption.NewCode())
}

// PendingOperations gives the operations of a plan from one sequence number to another,
// inclusive, that are still to be done and belong to one of the steps, in their order.
func (s *Store) PendingOperations(ctx context.Context, plan int64, from, to int, steps ...reconcile.Step) ([]OperationRow, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT o.seq, o.chat_key AS chat, p.chat_type AS type, o.step, o.kind, o.account, o.person_id AS person, o.title,
			o.rule, o.reasons, o.state, coalesce(o.code, '') AS code
		FROM plan_operations o JOIN plans p ON p.id = o.plan_id
		WHERE o.plan_id = $1 AND o.seq BETWEEN $2 AND $3 AND o.step = ANY($4) AND o.state = 'pending'
		ORDER BY o.seq`, plan, from, to, lo.Map(steps, func(s reconcile.Step, _ int) int { return int(s) }))
	return all[OperationRow](rows, err)
}

// Operations gives all operations of a plan in their order.
func (s *Store) Operations(ctx context.Context, plan int64) ([]OperationRow, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT o.seq, o.chat_key AS chat, p.chat_type AS type, o.step, o.kind, o.account, o.person_id AS person, o.title,
			o.rule, o.reasons, o.state, coalesce(o.code, '') AS code
		FROM plan_operations o JOIN plans p ON p.id = o.plan_id WHERE o.plan_id = $1 ORDER BY o.seq`, plan)
	return all[OperationRow](rows, err)
}
