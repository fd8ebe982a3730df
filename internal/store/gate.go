package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
)

// Pacing of a token's requests.
const (
	// interval between two requests: just under VK's 20 in any second, with room for jitter; and maxInterval under MAX's 30.
	interval    = time.Second * 2 / 37
	maxInterval = time.Second * 2 / 55
	// patience is how long a request waits for its turn before its activity gives the slot back.
	patience = 2 * time.Second
)

// Gate is what every messenger request of one pass goes through: it holds the request back until
// the token's budget allows it, and refuses it once a later pass has begun, or once the activity
// that makes the request has been given to another worker.
type Gate struct {
	store    *Store
	school   school.ID
	epoch    int64
	activity string
	attempt  int32
}

// Gate makes the gate of a school's pass.
func (s *Store) Gate(id school.ID, epoch int64) *Gate {
	return &Gate{store: s, school: id, epoch: epoch}
}

// For makes the gate that of one attempt of an activity, and shuts it for the earlier ones.
func (g *Gate) For(ctx context.Context, activity string, attempt int32) (*Gate, error) {
	of := *g
	of.activity, of.attempt = activity, attempt
	if attempt <= 1 {
		return &of, nil // there is no earlier one
	}
	_, err := g.store.pool.Exec(ctx, `
		INSERT INTO attempts (school_id, activity, attempt) VALUES ($1, $2, $3)
		ON CONFLICT (school_id, activity) DO UPDATE SET attempt = greatest(attempts.attempt, excluded.attempt)`,
		g.school, activity, attempt)
	return &of, err
}

// Pass implements messenger.Gate with one statement on the token's row. The clock is the
// database's, so that workers need not agree on the time.
func (g *Gate) Pass(ctx context.Context) error {
	began := time.Now()
	cost, err := g.pass(ctx)
	switch code := messenger.CodeOf(err); {
	case err == nil:
		telemetry.GatePassed(ctx, "taken", time.Since(began), cost)
	case code != "":
		telemetry.GatePassed(ctx, string(code), time.Since(began), 0)
	case ctx.Err() == nil:
		telemetry.GatePassed(ctx, "error", time.Since(began), 0)
	}
	return err
}

// pass gives what the request has taken of the token's time.
func (g *Gate) pass(ctx context.Context) (cost time.Duration, err error) {
	var wait time.Duration
	var epoch int64
	var taken, overtaken bool
	err = g.store.pool.QueryRow(ctx, `
		WITH later AS (SELECT FROM attempts WHERE school_id = $1 AND activity = $5 AND attempt > $6),
		pace AS (SELECT CASE messenger WHEN 'max' THEN $7::interval ELSE $3::interval END AS cost FROM communities WHERE school_id = $1),
		slot AS (
			UPDATE communities SET next_request_at = greatest(next_request_at, clock_timestamp()) + cost FROM pace
			WHERE school_id = $1 AND epoch = $2 AND next_request_at <= clock_timestamp() + $4::interval
				AND NOT EXISTS (SELECT FROM later)
			RETURNING next_request_at - cost - clock_timestamp() AS wait, epoch, cost)
		SELECT wait, epoch, true, false, cost FROM slot
		UNION ALL
		SELECT next_request_at - clock_timestamp(), epoch, false, EXISTS (SELECT FROM later), interval '0' FROM communities
		WHERE school_id = $1 AND NOT EXISTS (SELECT FROM slot)`,
		g.school, g.epoch, interval, patience, g.activity, g.attempt, maxInterval).Scan(&wait, &epoch, &taken, &overtaken, &cost)
	switch {
	case err == pgx.ErrNoRows:
		return 0, noSchool(g.school)
	case err != nil:
		return 0, err
	case taken:
		return cost, sleep(ctx, wait)
	case epoch != g.epoch, overtaken:
		return 0, &messenger.Error{Code: messenger.CodeFenced}
	default:
		// Less than the patience is what the row said before others took their turns, while this
		// request waited for the row.
		return 0, &messenger.Error{Code: messenger.CodeBudget, RetryAfter: max(wait, patience)}
	}
}

// Check refuses as Pass does who has been overtaken, and takes nothing from the budget: for what is
// sent elsewhere than to the messenger.
func (g *Gate) Check(ctx context.Context) error {
	var stands bool
	err := g.store.pool.QueryRow(ctx, `
		SELECT epoch = $2 AND NOT EXISTS (SELECT FROM attempts WHERE school_id = $1 AND activity = $3 AND attempt > $4)
		FROM communities WHERE school_id = $1`, g.school, g.epoch, g.activity, g.attempt).Scan(&stands)
	if err == nil && !stands {
		err = &messenger.Error{Code: messenger.CodeFenced}
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
