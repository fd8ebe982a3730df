package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// Measures tells how each district stands: nobody's, and not nil, where no district is registered. What a good
// pass is, and which schools count, StalestSchools says.
func (s *Store) Measures(ctx context.Context) ([]telemetry.Measures, error) {
	districts, err := s.measuredDistricts(ctx)
	if err != nil {
		return nil, err
	}
	schools, err := s.measuredSchools(ctx)
	if err != nil {
		return nil, err
	}
	return measure(districts, schools), nil
}

// measuredDistrict is what the database can count of a district.
type measuredDistrict struct {
	telemetry.Measures
	TimeZone, Nightly string
	// SweptAt is when the last sweep ended, or the district was registered if there was none.
	SweptAt time.Time
	// Now is the database's time.
	Now time.Time
}

// measuredDistricts leaves out what nobody waits for: holds of schools that are paused, and feeds that no
// other school has.
func (s *Store) measuredDistricts(ctx context.Context) ([]measuredDistrict, error) {
	rows, err := s.pool.Query(ctx, `
		WITH awake AS (SELECT id, feed_id FROM schools WHERE coalesce(schedule->>'paused', '') = ''),
		holds_of AS (
			SELECT s.district_id, count(*)::int AS holds FROM holds h JOIN schools s ON s.id = h.school_id
			WHERE h.state = 'waiting' AND s.id IN (SELECT id FROM awake) GROUP BY 1),
		outbox_of AS (
			SELECT s.district_id, count(*)::int AS outbox, extract(epoch FROM now() - min(o.created_at))::float8 AS outbox_age
			FROM outbox o JOIN schools s ON s.id = o.school_id GROUP BY 1),
		feeds_of AS (
			SELECT district_id, extract(epoch FROM now() - min(accepted_at))::float8 AS feed_age,
				(count(*) FILTER (WHERE problem IS NOT NULL))::int AS feeds_troubled
			FROM feeds WHERE id IN (SELECT feed_id FROM awake) GROUP BY 1),
		sweeps_of AS (
			SELECT district_id, (count(*) FILTER (WHERE finished_at IS NULL AND started_at > now() - interval '2 days'))::int AS sweeps_running,
				max(finished_at) AS swept_at
			FROM sweeps GROUP BY 1)
		SELECT d.id AS district, coalesce(holds, 0) AS holds, coalesce(outbox, 0) AS outbox, outbox_age,
			feed_age, coalesce(feeds_troubled, 0) AS feeds_troubled, coalesce(sweeps_running, 0) AS sweeps_running,
			extract(epoch FROM now() - swept_at)::float8 AS sweep_age,
			d.time_zone, d.nightly, coalesce(swept_at, d.created_at) AS swept_at, now() AS now
		FROM districts d
		LEFT JOIN holds_of h ON h.district_id = d.id LEFT JOIN outbox_of o ON o.district_id = d.id
		LEFT JOIN feeds_of f ON f.district_id = d.id LEFT JOIN sweeps_of w ON w.district_id = d.id
		ORDER BY d.id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByNameLax[measuredDistrict]) // the other measures are of its schools
}

// measuredSchool is how a school with a token stands.
type measuredSchool struct {
	District school.DistrictID
	Schedule school.Schedule
	// Good is when its last good pass ended, or it got its token if there was none.
	Good              time.Time
	Troubled, Refused bool
	// LinksReadAt is when its account links were read last, nil is never; UnreadSince is since when they
	// cannot be, nil where nothing is wrong.
	LinksReadAt, UnreadSince *time.Time
}

func (s *Store) measuredSchools(ctx context.Context) ([]measuredSchool, error) {
	return all[measuredSchool](s.pool.Query(ctx, `
		SELECT s.district_id AS district, s.schedule, coalesce(good.finished_at, greatest(s.created_at, c.token_set_at)) AS good,
			coalesce(last.outcome = 'failed', false) AS troubled, c.refused IS NOT NULL AS refused, l.read_at AS links_read_at,
			CASE WHEN l.problem IS NOT NULL THEN coalesce(l.read_at, greatest(s.created_at, c.token_set_at)) END AS unread_since
		FROM schools s JOIN communities c ON c.school_id = s.id
		LEFT JOIN account_links l ON l.school_id = s.id
		LEFT JOIN LATERAL (
			SELECT finished_at FROM passes
			WHERE school_id = s.id AND outcome IN ('in-step', 'changed', 'held') AND scope = '{}'
			ORDER BY epoch DESC LIMIT 1) good ON true
		LEFT JOIN LATERAL (
			SELECT outcome FROM passes WHERE school_id = s.id AND finished_at IS NOT NULL ORDER BY epoch DESC LIMIT 1) last ON true
		WHERE c.token IS NOT NULL`))
}

// measure adds what is known of the schools, by each one's own clock.
func measure(districts []measuredDistrict, schools []measuredSchool) []telemetry.Measures {
	of := lo.GroupBy(schools, func(s measuredSchool) school.DistrictID { return s.District })
	known := clocks{}
	return lo.Map(districts, func(d measuredDistrict, _ int) telemetry.Measures {
		m := d.Measures
		for _, s := range of[m.District] {
			s.addTo(&m, known.of(s.Schedule, d.Nightly, d.TimeZone), d.Now)
		}
		if nightly := known.cron(d.Nightly, d.TimeZone); nightly != nil {
			due := nightly(d.SweptAt)
			m.SweepOverdue = lo.ToPtr(0.0)
			if !due.IsZero() {
				oldest(&m.SweepOverdue, d.Now, due)
			}
		}
		return m
	})
}

// addTo counts a school. One that is paused rests because somebody said so, with the reason: nothing is
// expected of it.
func (s measuredSchool) addTo(m *telemetry.Measures, next clock, now time.Time) {
	m.Schools++
	if s.Schedule.Paused != "" {
		m.Paused++
		return
	}
	count := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	count(&m.Troubled, s.Troubled)
	count(&m.TokensRefused, s.Refused)
	count(&m.Unasked, next == nil)
	count(&m.StaleHours, late(next, s.Good, staleHours, now))
	count(&m.StaleDay, late(next, s.Good, staleDay, now))
	oldest(&m.FreshnessAge, now, s.Good)
	if s.LinksReadAt != nil {
		oldest(&m.LinksAge, now, *s.LinksReadAt)
	}
	if s.UnreadSince != nil {
		oldest(&m.LinksUnread, now, *s.UnreadSince)
	}
}

// oldest raises an age, in seconds, to the time that has gone by since.
func oldest(age **float64, now, since time.Time) {
	*age = lo.ToPtr(max(lo.FromPtr(*age), now.Sub(since).Seconds()))
}

const (
	// staleHours and staleDay lie at the least between the two times that a stale school has missed. A day is
	// a little less than one, for what comes every night.
	staleHours = 3 * time.Hour
	staleDay   = 20 * time.Hour
	// passTime is how long the second of them may take.
	passTime = time.Hour
	// longestRound is the longest time from one round of a continuous school to the next, in trouble too.
	longestRound = time.Hour
)

// late tells whether a school has missed two of its own times since its last good pass, with at least so much
// between them. Of a single one a failed pass tells; and who misses the last one of a week is
// not late before the week that follows, for nobody could do anything about it.
func late(next clock, good time.Time, apart time.Duration, now time.Time) bool {
	if next == nil {
		return false
	}
	missed := next(good)
	if !missed.IsZero() {
		missed = next(missed.Add(apart))
	}
	return !missed.IsZero() && now.After(missed.Add(passTime))
}

// clock gives the first of a school's times after another, zero where none comes. Nil is a school that no
// clock asks for.
type clock func(after time.Time) time.Time

// clocks are cron expressions that have been understood, by zone: most schools share a few.
type clocks map[[2]string]clock

// of is a school's clock. Those that are off have the district's nightly alone.
func (c clocks) of(s school.Schedule, nightly, zone string) clock {
	every := func(d time.Duration) clock { return func(after time.Time) time.Time { return after.Add(d) } }
	switch {
	case s.Every > 0:
		return every(time.Duration(s.Every))
	case s.Continuous:
		return every(longestRound)
	case s.Cron != "":
		return c.cron(s.Cron, zone)
	default:
		return c.cron(nightly, zone)
	}
}

// cron is nil where an expression is "", or cannot be understood: then no schedule is kept for it either.
func (c clocks) cron(expression, zone string) clock {
	key := [2]string{expression, zone}
	if known, ok := c[key]; ok {
		return known
	}
	c[key] = nil
	times, err := school.ParseCron(expression)
	if err != nil {
		return nil
	}
	if at, err := time.LoadLocation(zone); err == nil {
		c[key] = func(after time.Time) time.Time { return times.Next(after, at) }
	}
	return c[key]
}
