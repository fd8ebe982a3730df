package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// outboxChannel is notified, with a school's id, of each new row of the outbox.
const outboxChannel = "rollcall_outbox"

// Wanted is a request for a pass that waits in the outbox to be handed to the school's lane.
type Wanted struct {
	ID          int64
	Trigger     string
	Scope       json.RawMessage
	Verify      bool
	RequestedBy string
	CreatedAt   time.Time
}

// Want puts a request for a pass into the outbox. The scope is stored as JSON.
func (s *Store) Want(ctx context.Context, id school.ID, trigger string, scope any, verify bool, requestedBy string) error {
	return s.tx(ctx, func(tx pgx.Tx) error { return want(ctx, tx, []school.ID{id}, trigger, scope, verify, requestedBy) })
}

// want is Want for several schools, as part of the transaction that makes their passes needed.
func want(ctx context.Context, tx pgx.Tx, ids []school.ID, trigger string, scope any, verify bool, requestedBy string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO outbox (school_id, trigger, scope, verify, requested_by) SELECT unnest($1::text[]), $2, $3, $4, $5`,
		ids, trigger, scope, verify, requestedBy)
	if err == nil {
		_, err = tx.Exec(ctx, `SELECT pg_notify($1, '')`, outboxChannel)
	}
	if err != nil {
		return fmt.Errorf("put a request into the outbox: %w", err)
	}
	return nil
}

// Waiting lists the schools that have requests in the outbox, the longest waiting first.
func (s *Store) Waiting(ctx context.Context) ([]school.ID, error) {
	rows, err := s.pool.Query(ctx, `SELECT school_id FROM outbox GROUP BY school_id ORDER BY min(id)`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[school.ID])
}

// Relay hands all requests of a school that are in the outbox over, and takes them out if hand
// succeeds. Several workers may relay at once: what one is handing over the others do not see. A
// worker that dies after handing over leaves the requests to be handed over again.
func (s *Store) Relay(ctx context.Context, id school.ID, hand func(context.Context, []Wanted) error) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE school_id = $1 ORDER BY id FOR UPDATE SKIP LOCKED)
			RETURNING id, trigger, scope, verify, requested_by, created_at`, id)
		found, err := all[Wanted](rows, err)
		if err != nil || len(found) == 0 {
			return err
		}
		return hand(ctx, found)
	})
}

// ListenOutbox calls woken whenever something has been put into the outbox, until the context
// ends or the connection is lost. Wake-ups may be merged.
func (s *Store) ListenOutbox(ctx context.Context, woken func()) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack() // a listening connection is not given back
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, `LISTEN `+outboxChannel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		woken()
	}
}
