package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// KeepSpans stores spans that have ended.
func (s *Store) KeepSpans(ctx context.Context, spans []telemetry.Span) error {
	columns := []string{"school_id", "epoch", "trace_id", "span_id", "parent_id", "name", "started_at", "duration", "status", "attributes"}
	_, err := s.pool.CopyFrom(ctx, pgx.Identifier{"spans"}, columns, pgx.CopyFromSlice(len(spans), func(i int) ([]any, error) {
		of := spans[i]
		var epoch *int64
		if of.Epoch > 0 {
			epoch = &of.Epoch
		}
		var parent []byte
		if of.ParentID.IsValid() {
			parent = of.ParentID[:]
		}
		return []any{of.School, epoch, of.TraceID[:], of.SpanID[:], parent, of.Name, of.StartedAt, of.Duration, of.Code, of.Attributes}, nil
	}))
	return err
}

// PassSpans gives what is kept of a pass, by start: its own spans; those that do not say which pass they
// belong to and lie within it; and those that asked for it, by the ids of its requests. Until is when the
// pass ended, or now.
func (s *Store) PassSpans(ctx context.Context, id school.ID, epoch int64, requests []string, until time.Time) ([]telemetry.Span, error) {
	type row struct {
		Epoch                     int64
		TraceID, SpanID, ParentID []byte
		Name                      string
		StartedAt                 time.Time
		Duration                  time.Duration
		Status                    string
		Attributes                map[string]any
	}
	rows, err := all[row](s.pool.Query(ctx, `
		WITH own AS (SELECT * FROM spans WHERE school_id = $1 AND epoch = $2),
		begun AS (SELECT min(started_at) AS at FROM own),
		loose AS (
			SELECT * FROM spans l WHERE school_id = $1 AND epoch IS NULL AND CASE
				WHEN attributes ? 'rollcall.requests' THEN attributes->'rollcall.requests' ?| $3
				-- attempts that failed before the pass had a number
				WHEN EXISTS (SELECT FROM own o WHERE o.attributes->'temporalRunID' = l.attributes->'temporalRunID'
					AND o.attributes->'temporalActivityID' = l.attributes->'temporalActivityID') THEN true
				ELSE started_at BETWEEN (SELECT at FROM begun) AND $4 END)
		SELECT coalesce(epoch, 0) AS epoch, trace_id, span_id, parent_id, name, started_at, duration, status, attributes
		FROM (SELECT * FROM own UNION ALL SELECT * FROM loose) found ORDER BY started_at, span_id`, id, epoch, requests, until))
	spans := make([]telemetry.Span, len(rows))
	for i, r := range rows {
		spans[i] = telemetry.Span{
			Pass: telemetry.Pass{School: id, Epoch: r.Epoch}, TraceID: trace.TraceID(r.TraceID), SpanID: trace.SpanID(r.SpanID),
			Name: r.Name, StartedAt: r.StartedAt, Duration: r.Duration, Code: r.Status, Attributes: r.Attributes,
		}
		copy(spans[i].ParentID[:], r.ParentID)
	}
	return spans, err
}

// PassRequest is a request that a pass has served.
type PassRequest struct {
	ID          string
	Trigger     string
	RequestedBy string
	// ReceivedAt is when the pass took it up.
	ReceivedAt time.Time
}

// PassRequests gives the requests of a pass, the urgent parts' among them, by id. They are kept for 30
// days.
func (s *Store) PassRequests(ctx context.Context, id school.ID, epoch int64) ([]PassRequest, error) {
	return all[PassRequest](s.pool.Query(ctx, `
		SELECT id, trigger, requested_by, received_at FROM requests WHERE school_id = $1 AND epoch = $2 ORDER BY received_at, id`, id, epoch))
}

// Pass gives a recorded pass of a school, the newest for epoch 0; nil if there is none.
func (s *Store) Pass(ctx context.Context, id school.ID, epoch int64) (*PassRow, error) {
	return one[PassRow](s.pool.Query(ctx, `
		SELECT `+passColumns+` WHERE school_id = $1 AND (epoch = $2 OR $2 = 0) ORDER BY epoch DESC LIMIT 1`, id, epoch))
}

// PruneSpans deletes the spans that are older than what is kept, and gives how many there were.
func (s *Store) PruneSpans(ctx context.Context, kept time.Duration) (gone int64, err error) {
	for {
		tag, err := s.pool.Exec(ctx, `
			DELETE FROM spans WHERE ctid = ANY (ARRAY (SELECT ctid FROM spans WHERE started_at < now() - $1::interval LIMIT $2))`, kept, pruneAtATime)
		gone += tag.RowsAffected()
		if err != nil || tag.RowsAffected() < pruneAtATime {
			return gone, err
		}
	}
}
