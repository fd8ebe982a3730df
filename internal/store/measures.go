package store

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// Measures tells how each district stands, with one query. What a good pass is, and which schools count,
// StalestSchools says; a school that was never gone through is as old as its registration.
func (s *Store) Measures(ctx context.Context) ([]telemetry.Measures, error) {
	return all[telemetry.Measures](s.pool.Query(ctx, `
		WITH school AS (
			SELECT s.district_id, c.refused IS NOT NULL AS refused, last.outcome = 'failed' AS troubled,
				now() - coalesce(good.finished_at, s.created_at) AS age, now() - l.read_at AS links_age
			FROM schools s JOIN communities c ON c.school_id = s.id
			LEFT JOIN account_links l ON l.school_id = s.id
			LEFT JOIN LATERAL (
				SELECT finished_at FROM passes
				WHERE school_id = s.id AND outcome IN ('in-step', 'changed', 'held') AND scope = '{}'
				ORDER BY epoch DESC LIMIT 1) good ON true
			LEFT JOIN LATERAL (
				SELECT outcome FROM passes WHERE school_id = s.id AND finished_at IS NOT NULL ORDER BY epoch DESC LIMIT 1) last ON true
			WHERE c.token IS NOT NULL),
		schools_of AS (
			SELECT district_id, count(*)::int AS schools, extract(epoch FROM max(age))::float8 AS freshness_age,
				(count(*) FILTER (WHERE age > interval '1 hour'))::int AS stale_hour, (count(*) FILTER (WHERE age > interval '1 day'))::int AS stale_day,
				(count(*) FILTER (WHERE troubled))::int AS troubled, (count(*) FILTER (WHERE refused))::int AS tokens_refused,
				extract(epoch FROM max(links_age))::float8 AS links_age
			FROM school GROUP BY 1),
		holds_of AS (
			SELECT s.district_id, count(*)::int AS holds FROM holds h JOIN schools s ON s.id = h.school_id WHERE h.state = 'waiting' GROUP BY 1),
		outbox_of AS (
			SELECT s.district_id, count(*)::int AS outbox, extract(epoch FROM now() - min(o.created_at))::float8 AS outbox_age
			FROM outbox o JOIN schools s ON s.id = o.school_id GROUP BY 1),
		feeds_of AS (
			SELECT district_id, extract(epoch FROM now() - min(accepted_at))::float8 AS feed_age,
				(count(*) FILTER (WHERE problem IS NOT NULL))::int AS feeds_troubled
			FROM feeds GROUP BY 1),
		sweeps_of AS (
			SELECT district_id, (count(*) FILTER (WHERE finished_at IS NULL AND started_at > now() - interval '2 days'))::int AS sweeps_running,
				extract(epoch FROM now() - max(finished_at))::float8 AS sweep_age
			FROM sweeps GROUP BY 1)
		SELECT d.id AS district, coalesce(schools, 0) AS schools, freshness_age, coalesce(stale_hour, 0) AS stale_hour,
			coalesce(stale_day, 0) AS stale_day, coalesce(troubled, 0) AS troubled, coalesce(tokens_refused, 0) AS tokens_refused, links_age,
			coalesce(holds, 0) AS holds, coalesce(outbox, 0) AS outbox, outbox_age,
			feed_age, coalesce(feeds_troubled, 0) AS feeds_troubled, coalesce(sweeps_running, 0) AS sweeps_running, sweep_age
		FROM districts d
		LEFT JOIN schools_of s ON s.district_id = d.id LEFT JOIN holds_of h ON h.district_id = d.id
		LEFT JOIN outbox_of o ON o.district_id = d.id LEFT JOIN feeds_of f ON f.district_id = d.id
		LEFT JOIN sweeps_of w ON w.district_id = d.id
		ORDER BY d.id`))
}
