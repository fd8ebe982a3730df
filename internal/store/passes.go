package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// Asked is a request for a pass, as it is recorded.
type Asked struct {
	ID          string
	Trigger     string
	RequestedBy string
}

// PassBegin is what is recorded when a pass begins.
type PassBegin struct {
	School school.ID
	// Request is the id of the request it serves; of several merged, the most urgent one's.
	Request     string
	Trigger     string
	RequestedBy string
	Verify      bool
	Scope       any
	Requests    []Asked
}

// BeginPass raises the school's epoch, so that whatever is left of earlier passes is refused
// by the fence, and records the pass and its requests. It gives the epoch; a NotFoundError if the
// school is not registered. A pass begun already for the same request is given again; any
// other that was left open is closed as failed.
func (s *Store) BeginPass(ctx context.Context, p PassBegin) (epoch int64, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			SELECT p.epoch FROM passes p JOIN communities c ON c.school_id = p.school_id AND c.epoch = p.epoch
			WHERE p.school_id = $1 AND p.request_id = $2 AND p.finished_at IS NULL`, p.School, p.Request).Scan(&epoch)
		if err != pgx.ErrNoRows {
			return err
		}
		err = tx.QueryRow(ctx, `UPDATE communities SET epoch = epoch + 1 WHERE school_id = $1 RETURNING epoch`, p.School).Scan(&epoch)
		if err == pgx.ErrNoRows {
			return &NotFoundError{What: "school", ID: string(p.School), Advice: "see: rollcall school list; register it with: rollcall school add"}
		}
		if err != nil {
			return err
		}
		var batch pgx.Batch
		batch.Queue(`DELETE FROM attempts WHERE school_id = $1`, p.School) // the epoch shuts all of them out
		batch.Queue(`UPDATE passes SET finished_at = now(), outcome = 'failed' WHERE school_id = $1 AND finished_at IS NULL`, p.School)
		batch.Queue(`
			INSERT INTO passes (school_id, epoch, request_id, trigger, requested_by, verify, scope, requests)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			p.School, epoch, p.Request, p.Trigger, p.RequestedBy, p.Verify, p.Scope, len(p.Requests))
		for _, r := range p.Requests {
			batch.Queue(`
				INSERT INTO requests (id, school_id, trigger, requested_by, epoch) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (school_id, id) DO UPDATE SET epoch = excluded.epoch`,
				r.ID, p.School, r.Trigger, r.RequestedBy, epoch)
		}
		return sendBatch(ctx, tx, &batch)
	})
	return epoch, err
}

// SetPassSnapshot records which snapshot a pass works from.
func (s *Store) SetPassSnapshot(ctx context.Context, id school.ID, epoch int64, digest string) error {
	_, err := s.pool.Exec(ctx, `UPDATE passes SET snapshot = $3 WHERE school_id = $1 AND epoch = $2`, id, epoch, digest)
	return err
}

// OperationCount counts the operations of a pass that ended in one way.
type OperationCount struct {
	Kind  string
	State OperationState
	Code  string
	N     int
}

// CountOperations counts the operations of a pass, or of an urgent part of it, by kind, state and
// code.
func (s *Store) CountOperations(ctx context.Context, id school.ID, epoch int64, part int) ([]OperationCount, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT o.kind, o.state, coalesce(o.code, '') AS code, count(*)::int AS n
		FROM plan_operations o JOIN plans p ON p.id = o.plan_id
		WHERE p.school_id = $1 AND p.epoch = $2 AND p.part = $3 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, id, epoch, part)
	return all[OperationCount](rows, err)
}

// EndPass records a pass's outcome, with its report, and answers its requests. Epoch 0 is a pass
// whose beginning was not confirmed: it may stand open under one of its requests' ids.
//
// An urgent part of a pass ends with AnswerRequests alone.
func (s *Store) EndPass(ctx context.Context, id school.ID, epoch int64, outcome string, problem, report any, requests []Asked) error {
	ended := map[string]time.Duration{}
	err := s.tx(ctx, func(tx pgx.Tx) error {
		var batch pgx.Batch
		batch.Queue(`
			UPDATE passes SET finished_at = now(), outcome = $3, report = $4
			WHERE school_id = $1 AND (epoch = $2 OR $2 = 0 AND finished_at IS NULL AND request_id = ANY($5))
			RETURNING trigger, now() - started_at`,
			id, epoch, outcome, report, lo.Map(requests, func(r Asked, _ int) string { return r.ID })).Query(took(ended))
		answer(&batch, id, outcome, problem, requests)
		return sendBatch(ctx, tx, &batch)
	})
	if err == nil {
		for trigger, took := range ended {
			telemetry.PassEnded(ctx, outcome, trigger, took)
		}
	}
	return err
}

// took collects how long passes took, by what asked for them.
func took(ended map[string]time.Duration) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var trigger string
		var took time.Duration
		_, err := pgx.ForEachRow(rows, []any{&trigger, &took}, func() error {
			ended[trigger] = took
			return nil
		})
		return err
	}
}

// AnswerRequests records the outcome of requests that were served by a part of a pass.
func (s *Store) AnswerRequests(ctx context.Context, id school.ID, outcome string, problem any, requests []Asked) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var batch pgx.Batch
		answer(&batch, id, outcome, problem, requests)
		return sendBatch(ctx, tx, &batch)
	})
}

func answer(batch *pgx.Batch, id school.ID, outcome string, problem any, requests []Asked) {
	for _, r := range requests {
		batch.Queue(`
			INSERT INTO requests (id, school_id, trigger, requested_by, outcome, problem, answered_at)
			SELECT $1, $2, $3, $4, $5, $6, now() WHERE EXISTS (SELECT FROM schools WHERE id = $2)
			ON CONFLICT (school_id, id) DO UPDATE SET outcome = excluded.outcome, problem = excluded.problem, answered_at = now()`,
			r.ID, id, r.Trigger, r.RequestedBy, outcome, problem)
	}
}

// RequestReply is what became of a request for a pass.
type RequestReply struct {
	// Outcome is that of the pass that served the request, "" until it has ended.
	Outcome string
	// Problem is why the pass failed, nil if it did not.
	Problem *Problem
}

// RequestReply gives what became of a request, nil while no pass has taken it up.
func (s *Store) RequestReply(ctx context.Context, id school.ID, request string) (*RequestReply, error) {
	rows, err := s.pool.Query(ctx, `SELECT coalesce(outcome, '') AS outcome, problem FROM requests WHERE school_id = $1 AND id = $2`, id, request)
	return one[RequestReply](rows, err)
}

// RequestOutcome gives the outcome of the pass that served a request, "" while there is none.
func (s *Store) RequestOutcome(ctx context.Context, id school.ID, request string) (string, error) {
	reply, err := s.RequestReply(ctx, id, request)
	return lo.FromPtr(reply).Outcome, err
}

// PassRow is a recorded pass.
type PassRow struct {
	School      school.ID
	Epoch       int64
	Trigger     string
	RequestedBy string
	Verify      bool
	Snapshot    *string
	Requests    int
	StartedAt   time.Time
	FinishedAt  *time.Time
	Outcome     *string
	Report      json.RawMessage
}

const passColumns = `school_id AS school, epoch, trigger, requested_by, verify, snapshot, requests, started_at, finished_at, outcome, report FROM passes`

// LastPasses gives the newest pass of each school, by school.
func (s *Store) LastPasses(ctx context.Context) (map[school.ID]PassRow, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT p.* FROM schools s CROSS JOIN LATERAL (SELECT `+passColumns+` WHERE school_id = s.id ORDER BY epoch DESC LIMIT 1) p`)
	found, err := all[PassRow](rows, err)
	last := make(map[school.ID]PassRow, len(found))
	for _, p := range found {
		last[p.School] = p
	}
	return last, err
}

// Passes gives a school's newest passes, newest first.
func (s *Store) Passes(ctx context.Context, id school.ID, limit int) ([]PassRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+passColumns+` WHERE school_id = $1 ORDER BY epoch DESC LIMIT $2`, id, limit)
	return all[PassRow](rows, err)
}

// Progress counts a school's pending and ended operations of its newest pass.
func (s *Store) Progress(ctx context.Context, id school.ID) (ended, total int, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE o.state <> 'pending'), count(*)
		FROM plan_operations o JOIN plans p ON p.id = o.plan_id
		WHERE p.school_id = $1 AND p.epoch = (SELECT epoch FROM communities WHERE school_id = $1)`, id).Scan(&ended, &total)
	return ended, total, err
}
