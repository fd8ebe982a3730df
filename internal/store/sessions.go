package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"
)

// lookAgain is how long somebody else's transaction is left alone before it is asked after.
const lookAgain = 200 * time.Millisecond

// Writer is a session with an open transaction that has written, or locked rows, where sealed values are.
type Writer struct {
	Session     int32
	Application string
	// Since is when its transaction began, by the database's clock, and For how long ago that is.
	Since time.Time
	For   time.Duration

	// Wrote: it has written, or may have, and not only locked rows.
	Wrote bool
	// Transaction names it, as long as it lasts.
	Transaction string
}

// String names a writer to whoever has to end it.
func (w Writer) String() string {
	return fmt.Sprintf("session %d (%s), in one transaction for %s", w.Session, lo.CoalesceOrEmpty(w.Application, "unnamed"), w.For.Round(time.Second))
}

// Writers lists them, the oldest first.
func (s *Store) Writers(ctx context.Context) ([]Writer, error) {
	tables := lo.Uniq(lo.Map(sealedColumns, func(c sealedColumn, _ int) string { return c.table }))
	return all[Writer](s.pool.Query(ctx, `
		SELECT l.pid AS session, coalesce(a.application_name, '') AS application, coalesce(a.xact_start, now()) AS since,
			coalesce(clock_timestamp() - a.xact_start, '0') AS "for",
			bool_or(l.mode = 'RowExclusiveLock') AS wrote, l.virtualtransaction AS transaction
		FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'relation' AND l.mode IN ('RowShareLock', 'RowExclusiveLock') AND l.granted AND l.pid <> pg_backend_pid()
			AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND l.relation IN (SELECT to_regclass(t) FROM unnest($1::text[]) t)
		GROUP BY l.pid, a.application_name, a.xact_start, l.virtualtransaction ORDER BY since, session`, tables))
}

// AwaitWriters waits until every transaction is over that has written by now where sealed values
// are: what it has sealed, and nobody else can see yet, is counted from then on. Now and then it tells
// whom it waits for.
func (s *Store) AwaitWriters(ctx context.Context, waiting func([]Writer)) error {
	var waitFor []string
	for first := true; ; first = false {
		writers, err := s.Writers(ctx)
		if err != nil {
			return err
		}
		writers = lo.Filter(writers, func(w Writer, _ int) bool { return w.Wrote && (first || lo.Contains(waitFor, w.Transaction)) })
		if len(writers) == 0 {
			return nil
		}
		waitFor = lo.Map(writers, func(w Writer, _ int) string { return w.Transaction })
		waiting(writers)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// Elsewhere lists the machines, but this one, from which processes are connected to the database under
// our name; "the database's own machine" is one of them. Sessions of a role that ours may not look at are listed
// by that role: they may be from anywhere.
func (s *Store) Elsewhere(ctx context.Context) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
		WITH session AS (
			SELECT pid, usename, application_name, pg_has_role(usesysid, 'USAGE') OR pg_has_role('pg_read_all_stats', 'USAGE') AS visible,
				CASE WHEN client_addr IS NULL OR client_addr <<= '127.0.0.0/8' OR client_addr = '::1'
					THEN 'the database''s own machine' ELSE host(client_addr) END AS machine
			FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL)
		SELECT DISTINCT machine FROM session
		WHERE visible AND application_name = current_setting('application_name')
			AND machine <> (SELECT machine FROM session WHERE pid = pg_backend_pid())
		UNION SELECT DISTINCT 'role ' || usename || ', which this one may not look at' FROM session WHERE NOT visible
		ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
