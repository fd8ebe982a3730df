package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// SetToken stores a school's community id and token, sealed. A new token starts with a clean
// slate: not refused, and what it may do is to be found out. If the school has a roster, a pass
// is asked for. A SharedError if the community is a bot, and another school's.
func (s *Store) SetToken(ctx context.Context, id school.ID, community int64, token string) error {
	row, err := s.School(ctx, id)
	if err != nil {
		return err
	}
	if err := s.onlyHere(ctx, id, row.Messenger, community); err != nil {
		return err
	}
	sealed, err := s.seal([]byte(token), sealedToken, string(id))
	if err != nil {
		return err
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			UPDATE communities SET community_id = $2, token = $3, token_set_at = now(), adding = '', checked = false, refused = NULL,
				events_marker = CASE WHEN community_id = $2 THEN events_marker END
			WHERE school_id = $1`, id, community, sealed)
		if err != nil || row.Snapshot == "" {
			return err
		}
		return want(ctx, tx, []school.ID{id}, "event", struct{}{}, false, "new token")
	})
}

// SharedError says that a bot is another school's already. Of a chat that such a bot is let into nobody could say whose it is.
type SharedError struct {
	Bot   int64
	Other school.ID
}

func (e *SharedError) Error() string {
	return fmt.Sprintf("bot %d is school %s's: each school has a bot of its own", e.Bot, e.Other)
}

// onlyHere refuses a bot that another school has, on a messenger where people let bots into chats.
func (s *Store) onlyHere(ctx context.Context, id school.ID, on messenger.Protocol, bot int64) error {
	if on.MakesChats() {
		return nil
	}
	shared := &SharedError{Bot: bot}
	err := s.pool.QueryRow(ctx, `
		SELECT school_id FROM communities WHERE messenger = $1 AND community_id = $2 AND school_id <> $3 ORDER BY 1 LIMIT 1`,
		on, bot, id).Scan(&shared.Other)
	if err == pgx.ErrNoRows {
		return nil
	}
	if err != nil {
		return err
	}
	return shared
}

// MovedError says that a school's chats would have to move to be on another messenger.
type MovedError struct {
	School   school.ID
	From, To messenger.Protocol
	// Chats is how many there are.
	Chats int
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("school %s has %d chats on %s: they cannot be taken along to %s. They are made anew there, and the old ones left, by: "+
		"rollcall school move %s --to %s --community-id N", e.School, e.Chats, e.From.Name(), e.To.Name(), e.School, e.To)
}

// SetMessenger chooses where a school's chats are to live. Another messenger than before is another community, whose
// token is to be set, and other events: on one that does not make chats they are listened to, because nothing else
// tells of a chat that somebody made. A MovedError if the school has chats already.
func (s *Store) SetMessenger(ctx context.Context, id school.ID, to messenger.Protocol) error {
	row, err := s.School(ctx, id)
	if err != nil || row.Messenger == to {
		return err
	}
	if row.Successor != "" || row.SuccessorOf != "" {
		return &MoveError{fmt.Sprintf("school %s moves: see: rollcall school move %s", id, row.Origin())}
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		// A pass under way is shut out: it would make chats on the other messenger.
		if _, err := tx.Exec(ctx, `UPDATE communities SET epoch = epoch + 1 WHERE school_id = $1`, id); err != nil {
			return err
		}
		var chats int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM chats WHERE school_id = $1 AND (ref IS NOT NULL OR asked_at IS NOT NULL)`, id).Scan(&chats); err != nil {
			return err
		}
		if chats > 0 {
			return &MovedError{School: id, From: row.Messenger, To: to, Chats: chats}
		}
		var batch pgx.Batch
		batch.Queue(`DELETE FROM chats WHERE school_id = $1`, id)
		batch.Queue(`DELETE FROM standings WHERE school_id = $1`, id)
		batch.Queue(`
			UPDATE communities SET messenger = $2, community_id = NULL, token = NULL, token_set_at = NULL, adding = '', checked = false,
				refused = NULL, user_token = NULL, user_token_refused = NULL, confirmation = '', callback_secret = NULL,
				long_poll = $3, events_since = NULL, events_until = NULL, events_marker = NULL
			WHERE school_id = $1`, id, to, !to.MakesChats())
		return sendBatch(ctx, tx, &batch)
	})
}

// Community is a school's access to the messenger.
type Community struct {
	Messenger messenger.Protocol
	ID        int64
	Token     string
	Adding    reconcile.Adding
	// Checked tells that the token was found to be this community's.
	Checked bool
	// EventsMarker is from where on its events are to be told by long poll, "" from now on.
	EventsMarker string
}

// Community opens a school's token; nil if none has been set.
func (s *Store) Community(ctx context.Context, id school.ID) (*Community, error) {
	type row struct {
		Messenger   messenger.Protocol
		CommunityID int64
		Token       []byte
		Adding      reconcile.Adding
		Checked     bool
		Marker      string
	}
	rows, err := s.pool.Query(ctx, `
		SELECT messenger, coalesce(community_id, 0) AS community_id, token, adding, checked, coalesce(events_marker, '') AS marker FROM communities WHERE school_id = $1`, id)
	found, err := one[row](rows, err)
	if err != nil || found == nil || found.Token == nil {
		return nil, err
	}
	token, err := s.open(found.Token, sealedToken, string(id))
	if err != nil {
		return nil, err
	}
	return &Community{Messenger: found.Messenger, ID: found.CommunityID, Token: string(token), Adding: found.Adding, Checked: found.Checked, EventsMarker: found.Marker}, nil
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
