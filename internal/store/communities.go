package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// SetToken stores a school's community id and token, sealed. A new token starts with a clean
// slate: not refused, and what it may do is to be found out. If the school has a roster, a pass
// is asked for.
func (s *Store) SetToken(ctx context.Context, id school.ID, community int64, token string) error {
	row, err := s.School(ctx, id)
	if err != nil {
		return err
	}
	sealed, err := s.seal([]byte(token), "token", string(id))
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE communities SET community_id = $2, token = $3, token_set_at = now(), adding = '', checked = false, refused = NULL
			WHERE school_id = $1`, id, community, sealed)
		if err != nil || row.Snapshot == "" {
			return err
		}
		return want(ctx, tx, []school.ID{id}, "event", struct{}{}, false, "new token")
	})
}

// Community is a school's access to the messenger.
type Community struct {
	ID     int64
	Token  string
	Adding reconcile.Adding
	// Checked tells that the token was found to be this community's.
	Checked bool
}

// Community opens a school's token; nil if none has been set.
func (s *Store) Community(ctx context.Context, id school.ID) (*Community, error) {
	type row struct {
		CommunityID int64
		Token       []byte
		Adding      reconcile.Adding
		Checked     bool
	}
	rows, err := s.pool.Query(ctx, `
		SELECT coalesce(community_id, 0) AS community_id, token, adding, checked FROM communities WHERE school_id = $1`, id)
	found, err := one[row](rows, err)
	if err != nil || found == nil || found.Token == nil {
		return nil, err
	}
	token, err := s.open(found.Token, "token", string(id))
	if err != nil {
		return nil, err
	}
	return &Community{ID: found.CommunityID, Token: string(token), Adding: found.Adding, Checked: found.Checked}, nil
}

// SetAdding remembers whether a school's token may add people.
func (s *Store) SetAdding(ctx context.Context, id school.ID, adding reconcile.Adding) error {
	_, err := s.pool.Exec(ctx, `UPDATE communities SET adding = $2 WHERE school_id = $1 AND adding <> $2`, id, adding)
	return err
}

// SetChecked remembers that a school's token was found to be its community's.
func (s *Store) SetChecked(ctx context.Context, id school.ID) error {
	_, err := s.pool.Exec(ctx, `UPDATE communities SET checked = true WHERE school_id = $1`, id)
	return err
}

// SetRefused remembers the code with which the messenger refused the token; "" forgets it.
func (s *Store) SetRefused(ctx context.Context, id school.ID, code messenger.Code) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE communities SET refused = nullif($2, '') WHERE school_id = $1 AND refused IS DISTINCT FROM nullif($2, '')`, id, string(code))
	return err
}

// Pacing of a token's requests.
const (
	// interval between two requests: just under VK's 20 in any second, with room for jitter.
	interval = time.Second * 2 / 37
	// patience is how long a request waits for its turn before its activity gives the slot back.
	patience = 2 * time.Second
)

// Gate is what every messenger request of one pass goes through: it holds the request back until
// the token's budget allows it, and refuses it once a later pass has begun.
type Gate struct {
	store  *Store
	school school.ID
	epoch  int64
}

// Gate makes the gate of a school's pass.
func (s *Store) Gate(id school.ID, epoch int64) *Gate {
	return &Gate{store: s, school: id, epoch: epoch}
}

// Pass implements messenger.Gate with one statement on the token's row. The clock is the
// database's, so that workers need not agree on the time.
func (g *Gate) Pass(ctx context.Context) error {
	var wait time.Duration
	var epoch int64
	var taken bool
	err := g.store.pool.QueryRow(ctx, `
		WITH slot AS (
			UPDATE communities SET next_request_at = greatest(next_request_at, clock_timestamp()) + $3::interval
			WHERE school_id = $1 AND epoch = $2 AND next_request_at <= clock_timestamp() + $4::interval
			RETURNING next_request_at - $3::interval - clock_timestamp() AS wait, epoch)
		SELECT wait, epoch, true FROM slot
		UNION ALL
		SELECT next_request_at - clock_timestamp(), epoch, false FROM communities
		WHERE school_id = $1 AND NOT EXISTS (SELECT FROM slot)`,
		g.school, g.epoch, interval, patience).Scan(&wait, &epoch, &taken)
	switch {
	case err != nil:
		return err
	case taken:
		return sleep(ctx, wait)
	case epoch != g.epoch:
		return &messenger.Error{Code: messenger.CodeFenced}
	default:
		return &messenger.Error{Code: messenger.CodeBudget, RetryAfter: max(wait, 0)}
	}
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
