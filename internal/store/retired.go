package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

// stateRetiredKey is the SQLSTATE with which the database refuses a value of a retired key: ours, and not
// one of PostgreSQL's.
const stateRetiredKey = "RC001"

// KeyRetired tells whether the database refused a value because the key that sealed it has been retired.
// It was not written, and nothing is lost.
func KeyRetired(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == stateRetiredKey
}

// RetireKeys has the database refuse, from now on and whoever brings it, what these keys seal. What they
// have sealed before stays as it is, and opens.
func (s *Store) RetireKeys(ctx context.Context, ids []uint32) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO retired_keys (prefix) SELECT unnest($1::bytea[]) ON CONFLICT DO NOTHING`, prefixes(ids))
	return err
}

// ReinstateKeys lets these keys seal again.
func (s *Store) ReinstateKeys(ctx context.Context, ids []uint32) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM retired_keys WHERE prefix = ANY($1)`, prefixes(ids))
	return err
}

// CheckKeys is an error where nothing could be sealed, because the primary key of our keyset has been
// retired: it is a copy from before that. Without a keyset all is well.
func (s *Store) CheckKeys(ctx context.Context) error {
	if s.keys == nil {
		return nil
	}
	if err := s.keys.Reload(); err != nil {
		return err
	}
	primary := s.keys.Primary()
	var at time.Time
	err := s.pool.QueryRow(ctx, `SELECT retired_at FROM retired_keys WHERE prefix = $1`, secret.Prefix(primary)).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("key %d was retired on %s: %w", primary, at.UTC().Format("2 January 2006 15:04 MST"), secret.ErrRetired)
}

func prefixes(ids []uint32) [][]byte {
	return lo.Map(ids, func(id uint32, _ int) []byte { return secret.Prefix(id) })
}
