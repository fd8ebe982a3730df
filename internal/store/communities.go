package store

import (
	"context"

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
	sealed, err := s.seal([]byte(token), sealedToken, string(id))
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
	token, err := s.open(found.Token, sealedToken, string(id))
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
