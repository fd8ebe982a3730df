package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// How long is kept what nobody works from any more.
const (
	plansKept    = 30 * 24 * time.Hour  // plans with their operations, and requests
	callsKept    = 30 * 24 * time.Hour  // calls that are over and put away
	passesKept   = 365 * 24 * time.Hour // passes and sweeps with their reports
	auditKept    = 365 * 24 * time.Hour
	pruneAtATime = 10_000
)

// Prune deletes what has been kept long enough: plans, requests and calls after 30 days, passes, sweeps and
// the audit after a year. The newest pass of each school stays, with its plans. It gives how many rows
// went, operations not counted, and deletes a bounded number at once.
func (s *Store) Prune(ctx context.Context) (int64, error) {
	var gone int64
	for _, step := range []struct {
		what string
		sql  string
		kept time.Duration
	}{
		{"plans", `DELETE FROM plans WHERE id IN (
			SELECT p.id FROM plans p JOIN communities c ON c.school_id = p.school_id
			WHERE p.created_at < now() - $1::interval AND p.epoch < c.epoch LIMIT $2)`, plansKept},
		{"requests", `DELETE FROM requests WHERE (school_id, id) IN (
			SELECT school_id, id FROM requests WHERE answered_at < now() - $1::interval LIMIT $2)`, plansKept},
		{"calls", `DELETE FROM calls WHERE (school_id, id) IN (
			SELECT school_id, id FROM calls WHERE done_at IS NOT NULL AND ends_at < now() - $1::interval LIMIT $2)`, callsKept},
		{"passes", `DELETE FROM passes WHERE (school_id, epoch) IN (
			SELECT p.school_id, p.epoch FROM passes p JOIN communities c ON c.school_id = p.school_id
			WHERE p.finished_at < now() - $1::interval AND p.epoch < c.epoch LIMIT $2)`, passesKept},
		{"sweeps", `DELETE FROM sweeps WHERE id IN (SELECT id FROM sweeps WHERE started_at < now() - $1::interval LIMIT $2)`, passesKept},
		{"audit", `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < now() - $1::interval LIMIT $2)`, auditKept},
	} {
		err := s.tx(ctx, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, step.sql, step.kept, pruneAtATime)
			gone += tag.RowsAffected()
			return err
		})
		if err != nil {
			return gone, fmt.Errorf("delete old %s: %w", step.what, err)
		}
	}
	return gone, nil
}
