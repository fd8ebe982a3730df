package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// SetLongPoll has a worker listen to a school's events by long poll, or not any more. What was
// proven of the stream until then is forgotten.
func (s *Store) SetLongPoll(ctx context.Context, id school.ID, on bool) error {
	if _, err := s.School(ctx, id); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, `
		UPDATE communities SET long_poll = $2, events_since = NULL, events_until = NULL WHERE school_id = $1 AND long_poll <> $2`, id, on)
	return err
}

// EventWays tells how a school's events are learnt of.
func (s *Store) EventWays(ctx context.Context, id school.ID) (longPoll, callback bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT long_poll, callback_secret IS NOT NULL FROM communities WHERE school_id = $1`, id).Scan(&longPoll, &callback)
	return longPoll, callback, err
}

// ErrNoCommunity says that a school's community has to be known first.
var ErrNoCommunity = errors.New("the school's community is not known")

// SetCallback stores what a school's callback needs: the string that confirms the address, and the
// secret that every event carries, sealed. Both empty end it.
func (s *Store) SetCallback(ctx context.Context, id school.ID, confirmation, secret string) error {
	row, err := s.School(ctx, id)
	if err != nil {
		return err
	}
	var sealed []byte
	if secret != "" {
		if row.CommunityID == 0 {
			return fmt.Errorf("%w: set it with its token: rollcall school set-token %s", ErrNoCommunity, id)
		}
		if sealed, err = s.seal([]byte(secret), sealedCallback, string(id)); err != nil {
			return err
		}
	}
	_, err = s.pool.Exec(ctx, `UPDATE communities SET confirmation = $2, callback_secret = $3 WHERE school_id = $1`, id, confirmation, sealed)
	return err
}

// Callback is what is known of a school's callback.
type Callback struct {
	Messenger    messenger.Protocol
	Community    int64
	Confirmation string
	Secret       string
}

// Callback opens what a school's callback needs; nil if there is no such school or callback.
func (s *Store) Callback(ctx context.Context, id school.ID) (*Callback, error) {
	type row struct {
		Messenger    messenger.Protocol
		Community    int64
		Confirmation string
		Sealed       []byte
	}
	rows, err := s.pool.Query(ctx, `
		SELECT messenger, coalesce(community_id, 0) AS community, confirmation, callback_secret AS sealed FROM communities
		WHERE school_id = $1 AND callback_secret IS NOT NULL`, id)
	found, err := one[row](rows, err)
	if err != nil || found == nil {
		return nil, err
	}
	secret, err := s.open(found.Sealed, sealedCallback, string(id))
	if err != nil {
		return nil, err
	}
	return &Callback{Messenger: found.Messenger, Community: found.Community, Confirmation: found.Confirmation, Secret: string(secret)}, nil
}

// SetPushSecret stores the secret that signs "the roster has changed" for a feed, sealed. An earlier
// one is no longer good.
func (s *Store) SetPushSecret(ctx context.Context, feed school.FeedID, secret string) error {
	if _, err := s.Feed(ctx, feed); err != nil {
		return err
	}
	sealed, err := s.seal([]byte(secret), sealedPush, string(feed))
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `UPDATE feeds SET push_secret = $2 WHERE id = $1`, feed, sealed)
	return err
}

// PushSecret opens a feed's secret; "" if there is no such feed, or it has none.
func (s *Store) PushSecret(ctx context.Context, feed school.FeedID) (string, error) {
	type row struct{ Sealed []byte }
	rows, err := s.pool.Query(ctx, `SELECT push_secret AS sealed FROM feeds WHERE id = $1 AND push_secret IS NOT NULL`, feed)
	found, err := one[row](rows, err)
	if err != nil || found == nil {
		return "", err
	}
	secret, err := s.open(found.Sealed, sealedPush, string(feed))
	return string(secret), err
}
