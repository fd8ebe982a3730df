package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// A school moves to another messenger by a successor: a school of its own, of the same roster and the same account links,
// whose chats are made there while the old ones stay in step. When they are all there, the school takes over
// its chats and its community, and the successor is gone. Until then it can be dropped.

// MoveError says why a move cannot be begun, or taken back.
type MoveError struct{ Problem string }

func (e *MoveError) Error() string { return e.Problem }

// SuccessorID is the id of the successor that a school has while it moves. It is none that a school can be registered
// under.
func SuccessorID(id school.ID, to messenger.Protocol) school.ID { return id + "." + school.ID(to) }

// BeginMove has a school move: it gives it a successor on another messenger, with a community and its token there, and asks for the
// successor's first pass. A MoveError if the school moves already, is there already, or is a successor itself.
func (s *Store) BeginMove(ctx context.Context, id school.ID, to messenger.Protocol, community int64, token string) (school.ID, error) {
	row, err := s.School(ctx, id)
	if err != nil {
		return "", err
	}
	switch {
	case row.SuccessorOf != "":
		return "", &MoveError{fmt.Sprintf("%s is the successor of %s: move that one", id, row.SuccessorOf)}
	case row.Successor != "":
		return "", &MoveError{fmt.Sprintf("school %s moves already: see: rollcall school move %s", id, id)}
	case row.Messenger == to:
		return "", &MoveError{fmt.Sprintf("school %s is on %s already", id, to.Name())}
	}
	if err := s.onlyHere(ctx, id, to, community); err != nil {
		return "", err
	}
	next := SuccessorID(id, to)
	sealed, err := s.seal([]byte(token), sealedToken, string(next))
	if err != nil {
		return "", err
	}
	err = s.tx(ctx, func(tx pgx.Tx) error {
		// A reading of the feed that is being taken is waited for, and the next one waits: it sees the successor.
		var digest string
		if err := tx.QueryRow(ctx, `SELECT coalesce(snapshot, '') FROM schools WHERE id = $1 FOR UPDATE`, id).Scan(&digest); err != nil {
			return err
		}
		var batch pgx.Batch
		// What is left of an earlier move that was taken back is of passes with the same numbers.
		batch.Queue(`DELETE FROM spans WHERE school_id = $1`, next)
		batch.Queue(`
			INSERT INTO schools (id, district_id, feed_id, source_id, name, subject_chats, portal_id, schedule, successor_of)
			SELECT $2, district_id, feed_id, source_id, name, subject_chats, portal_id, schedule, id FROM schools WHERE id = $1`, id, next)
		batch.Queue(`
			INSERT INTO communities (school_id, messenger, community_id, token, token_set_at, long_poll) VALUES ($1, $2, $3, $4, now(), $5)`,
			next, to, community, sealed, !to.MakesChats())
		if err := sendBatch(ctx, tx, &batch); err != nil || digest == "" {
			return err
		}
		roster, err := s.roster(ctx, tx, id, digest)
		if err != nil {
			return err
		}
		if err := s.saveSchoolReading(ctx, tx, SchoolReading{School: next, Roster: &roster, Digest: digest}); err != nil {
			return err
		}
		return want(ctx, tx, []school.ID{next}, "event", struct{}{}, false, "move")
	})
	if Duplicate(err) {
		return "", &MoveError{fmt.Sprintf("school %s moves already: see: rollcall school move %s", id, id)}
	}
	return next, err
}

// alike has a successor be what the school is.
func alike(ctx context.Context, tx pgx.Tx, id school.ID) error {
	_, err := tx.Exec(ctx, `
		UPDATE schools n SET district_id = s.district_id, feed_id = s.feed_id, source_id = s.source_id, name = s.name,
			subject_chats = s.subject_chats, portal_id = s.portal_id
		FROM schools s WHERE s.id = $1 AND n.successor_of = s.id`, id)
	return err
}

// CancelMove takes a move back, and asks for a pass, so that the Portal shows the chats that stay. A MoveError if the school does not
// move, or the first of its chats has been left.
func (s *Store) CancelMove(ctx context.Context, id school.ID) error {
	row, err := s.School(ctx, id)
	if err != nil {
		return err
	}
	if row.Successor == "" {
		return &MoveError{fmt.Sprintf("school %s does not move", id)}
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockMove(ctx, tx, id); err != nil {
			return err
		}
		var leaving bool
		if err := tx.QueryRow(ctx, leavingQuery, id).Scan(&leaving); err != nil {
			return err
		}
		if leaving {
			return &MoveError{fmt.Sprintf("school %s is leaving its chats on %s: people have been told, and it cannot be taken back any more", id, row.Messenger.Name())}
		}
		tag, err := tx.Exec(ctx, `DELETE FROM schools WHERE id = $1 AND successor_of = $2`, row.Successor, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return &MoveError{fmt.Sprintf("school %s has moved meanwhile", id)}
		}
		return want(ctx, tx, []school.ID{id}, "event", struct{}{}, false, "move taken back")
	})
}

// lockMove has the steps of a school's move wait for each other.
func lockMove(ctx context.Context, tx pgx.Tx, id school.ID) error {
	_, err := tx.Exec(ctx, `SELECT FROM communities WHERE school_id = $1 FOR UPDATE`, id)
	return err
}

// Leaving tells whether a school is leaving its chats: whether its move cannot be taken back any more.
func (s *Store) Leaving(ctx context.Context, id school.ID) (bool, error) {
	var leaving bool
	err := s.pool.QueryRow(ctx, leavingQuery, id).Scan(&leaving)
	return leaving, err
}

const leavingQuery = `SELECT EXISTS (SELECT FROM chats WHERE school_id = $1 AND farewell IS NOT NULL)`

// Farewell is a chat that is to be left, with the random id of its last message.
type Farewell struct {
	ID       int64
	Ref      messenger.ChatRef
	Key      chats.Key
	RandomID int32
}

// Farewells records random ids, made by random, for the last messages of all chats of a school that the messenger gives access to, and gives
// those that have not been sent. From the first on, the move cannot be taken back. There are none if the school does not move (any more); a later
// pass than that of the epoch has the last word.
func (s *Store) Farewells(ctx context.Context, id school.ID, epoch int64, random func() int32) ([]Farewell, error) {
	var due []Farewell
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if err := lockMove(ctx, tx, id); err != nil {
			return err
		}
		var stands bool
		err := tx.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM communities WHERE school_id = $1 AND epoch = $2) AND EXISTS (SELECT FROM schools WHERE successor_of = $1)`,
			id, epoch).Scan(&stands)
		if err == nil && !stands {
			err = &messenger.Error{Code: messenger.CodeFenced}
		}
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT id, ref, key, coalesce(farewell, 0) AS random_id FROM chats
			WHERE school_id = $1 AND ref IS NOT NULL AND state = 'live' AND farewell_at IS NULL ORDER BY key FOR UPDATE`, id)
		if due, err = all[Farewell](rows, err); err != nil {
			return err
		}
		var batch pgx.Batch
		for i := range due {
			if due[i].RandomID == 0 {
				due[i].RandomID = random()
				batch.Queue(`UPDATE chats SET farewell = $2 WHERE id = $1`, due[i].ID, due[i].RandomID)
			}
		}
		return sendBatch(ctx, tx, &batch)
	})
	return due, err
}

// FarewellSaid records that the last message is in its chat, or cannot get there.
func (s *Store) FarewellSaid(ctx context.Context, chat int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE chats SET farewell_at = now() WHERE id = $1`, chat)
	return err
}

// LeftChat is a chat on a messenger that a school has left.
type LeftChat struct {
	Messenger messenger.Protocol
	Ref       messenger.ChatRef
	Key       chats.Key
	Type      chats.Type
	Title     string
	Members   int
	LeftAt    time.Time
}

// LeftChats lists the chats that a school has left, the latest first.
func (s *Store) LeftChats(ctx context.Context, id school.ID) ([]LeftChat, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT messenger, ref, key, type, title, members, left_at FROM left_chats WHERE school_id = $1 ORDER BY left_at DESC, key`, id)
	return all[LeftChat](rows, err)
}

// TellOrigin asks for a pass of the school that a successor is to take over from: it shows the new chats, and takes over when all of
// them are there. It does nothing for a school that is no successor.
func (s *Store) TellOrigin(ctx context.Context, successor school.ID) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT successor_of FROM schools WHERE id = $1 AND successor_of IS NOT NULL`, successor)
		if err != nil {
			return err
		}
		origin, err := pgx.CollectRows(rows, pgx.RowTo[school.ID])
		if err != nil {
			return err
		}
		return want(ctx, tx, origin, "event", struct{}{}, false, "chats on the other messenger")
	})
}
