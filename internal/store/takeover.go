package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// TakeOver ends a school's move, as one act: the chats that it had are left, and its successor's chats, holds, passes and
// community become its own. Its own history stays, and the successor's follows it: the epochs of its passes are counted on. Whatever is still
// under way for either is refused by the fence, and a pass that reads every chat is asked for. It does nothing if the
// school does not move (any more).
func (s *Store) TakeOver(ctx context.Context, id school.ID) error {
	row, err := s.School(ctx, id)
	if err != nil || row.Successor == "" {
		return err
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		var epoch int64
		err := tx.QueryRow(ctx, `SELECT epoch FROM communities WHERE school_id = $1 FOR UPDATE`, id).Scan(&epoch)
		if err != nil {
			return err
		}
		access, err := s.takeAccess(ctx, tx, row.Successor, id)
		if err == pgx.ErrNoRows {
			return nil // somebody was faster
		}
		if err != nil {
			return err
		}
		var batch pgx.Batch
		leaveChats(&batch, id)
		inherit(&batch, id, row.Successor, epoch)
		batch.Queue(`
			UPDATE communities c SET messenger = n.messenger, community_id = n.community_id, token_set_at = n.token_set_at, adding = n.adding,
				checked = n.checked, refused = n.refused, epoch = c.epoch + n.epoch + 1, next_request_at = n.next_request_at,
				long_poll = n.long_poll, events_since = NULL, events_until = NULL, events_marker = n.events_marker, confirmation = n.confirmation,
				user_token = NULL, user_token_refused = NULL, token = $3, callback_secret = $4
			FROM communities n WHERE c.school_id = $1 AND n.school_id = $2`, id, row.Successor, access.Token, access.CallbackSecret)
		// A room that the old messenger made stays good; what announces a call is in a chat that is left.
		batch.Queue(`UPDATE calls SET posted = NULL WHERE school_id = $1 AND done_at IS NULL`, id)
		batch.Queue(`DELETE FROM schools WHERE id = $1`, row.Successor)
		if err := sendBatch(ctx, tx, &batch); err != nil {
			return fmt.Errorf("take over from %s: %w", row.Successor, err)
		}
		return want(ctx, tx, []school.ID{id}, "event", struct{}{}, true, "moved")
	})
}

// access is the successor's way to its messenger, sealed for the school.
type access struct{ Token, CallbackSecret []byte }

func (s *Store) takeAccess(ctx context.Context, tx pgx.Tx, from, to school.ID) (access, error) {
	var sealed, resealed access
	err := tx.QueryRow(ctx, `SELECT token, callback_secret FROM communities WHERE school_id = $1 FOR UPDATE`, from).
		Scan(&sealed.Token, &sealed.CallbackSecret)
	if err != nil {
		return resealed, err
	}
	for _, x := range []struct {
		column sealedColumn
		from   []byte
		to     *[]byte
	}{{sealedToken, sealed.Token, &resealed.Token}, {sealedCallback, sealed.CallbackSecret, &resealed.CallbackSecret}} {
		if x.from == nil {
			continue
		}
		plain, err := s.open(x.from, x.column, string(from))
		if err != nil {
			return resealed, err
		}
		if *x.to, err = s.seal(plain, x.column, string(to)); err != nil {
			return resealed, err
		}
	}
	return resealed, nil
}

// leaveChats puts a school's chats among those that it has left. Who is in them is no concern of ours any more.
func leaveChats(batch *pgx.Batch, id school.ID) {
	batch.Queue(`
		INSERT INTO left_chats (school_id, messenger, ref, key, type, title, members)
		SELECT h.school_id, c.messenger, h.ref, h.key, h.type, h.title,
			(SELECT count(*) FROM chat_members m WHERE m.chat_id = h.id AND m.state = 'present')
		FROM chats h JOIN communities c ON c.school_id = h.school_id WHERE h.school_id = $1 AND h.ref IS NOT NULL
		ON CONFLICT (school_id, messenger, ref) DO UPDATE SET key = excluded.key, title = excluded.title, members = excluded.members, left_at = now()`, id)
	for _, table := range []string{"chats", "holds", "hold_sets", "standings", "events"} {
		batch.Queue(`DELETE FROM `+table+` WHERE school_id = $1`, id)
	}
}

// inherit makes what the successor has the school's.
func inherit(batch *pgx.Batch, id, from school.ID, epoch int64) {
	batch.Queue(`UPDATE requests SET school_id = $1, epoch = epoch + $3 WHERE school_id = $2 AND NOT EXISTS (
		SELECT FROM requests r WHERE r.school_id = $1 AND r.id = requests.id)`, id, from, epoch)
	for _, table := range []string{"passes", "plans", "spans"} {
		batch.Queue(`UPDATE `+table+` SET school_id = $1, epoch = epoch + $3 WHERE school_id = $2`, id, from, epoch)
	}
	for _, table := range []string{"chats", "holds", "hold_sets", "standings", "events", "outbox", "audit"} {
		batch.Queue(`UPDATE `+table+` SET school_id = $1 WHERE school_id = $2`, id, from)
	}
}
