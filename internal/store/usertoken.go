package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// SetUserToken stores the token of a person, sealed, with which rooms for a school's video calls are
// made; "" takes it away. If the school has a roster, a pass over its calls is asked for.
func (s *Store) SetUserToken(ctx context.Context, id school.ID, token string) error {
	row, err := s.School(ctx, id)
	if err != nil {
		return err
	}
	var sealed []byte
	if token != "" {
		if sealed, err = s.seal([]byte(token), sealedUserToken, string(id)); err != nil {
			return err
		}
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE communities SET user_token = $2, user_token_refused = NULL WHERE school_id = $1`, id, sealed)
		if err != nil || row.Snapshot == "" || token == "" {
			return err
		}
		return want(ctx, tx, []school.ID{id}, "event", reconcile.Scope{Calls: true}, false, "new user token")
	})
}

// UserToken opens the token with which a school's rooms are made, and gives the code with which it
// was refused last. Both are "" where there is none.
func (s *Store) UserToken(ctx context.Context, id school.ID) (token string, refused messenger.Code, err error) {
	type row struct {
		Sealed  []byte
		Refused messenger.Code
	}
	found, err := one[row](s.pool.Query(ctx, `
		SELECT user_token AS sealed, coalesce(user_token_refused, '') AS refused FROM communities WHERE school_id = $1 AND user_token IS NOT NULL`, id))
	if err != nil || found == nil {
		return "", "", err
	}
	plain, err := s.open(found.Sealed, sealedUserToken, string(id))
	return string(plain), found.Refused, err
}

// SetUserTokenRefused remembers the code with which the messenger refused a token, unless another one
// has been set meanwhile.
func (s *Store) SetUserTokenRefused(ctx context.Context, id school.ID, token string, code messenger.Code) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var sealed []byte
		err := tx.QueryRow(ctx, `SELECT user_token FROM communities WHERE school_id = $1 FOR UPDATE`, id).Scan(&sealed)
		if err != nil || sealed == nil {
			return err
		}
		current, err := s.open(sealed, sealedUserToken, string(id))
		if err != nil || string(current) != token {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE communities SET user_token_refused = $2 WHERE school_id = $1`, id, string(code))
		return err
	})
}

// SetCallsSecret stores the secret that signs calls pushed for a school, sealed. An earlier one is no
// longer good.
func (s *Store) SetCallsSecret(ctx context.Context, id school.ID, secret string) error {
	if _, err := s.School(ctx, id); err != nil {
		return err
	}
	sealed, err := s.seal([]byte(secret), sealedCallsSecret, string(id))
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `UPDATE communities SET calls_secret = $2 WHERE school_id = $1`, id, sealed)
	return err
}

// CallsSecret opens the secret that signs calls pushed for a school; "" if there is no such school,
// or it has none.
func (s *Store) CallsSecret(ctx context.Context, id school.ID) (string, error) {
	type row struct{ Sealed []byte }
	found, err := one[row](s.pool.Query(ctx, `SELECT calls_secret AS sealed FROM communities WHERE school_id = $1 AND calls_secret IS NOT NULL`, id))
	if err != nil || found == nil {
		return "", err
	}
	secret, err := s.open(found.Sealed, sealedCallsSecret, string(id))
	return string(secret), err
}
