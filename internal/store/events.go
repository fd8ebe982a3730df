package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

const (
	// eventsKept is how long an event is known again: far longer than a messenger repeats one.
	eventsKept = 24 * time.Hour
	// ownEcho is how long after a pass what the community did is taken for that pass's doing.
	ownEcho = time.Minute
	// streamFresh is how long a stream of events counts as alive after it was last heard of.
	streamFresh = time.Minute
)

// TakeEvent takes an event of a school's messenger and tells whether it is new. As one act it is
// remembered, its chat counts as unread, and a reading of it is asked for through the outbox. A chat that the mirror does not
// know becomes a standing when the community is let in, and is nobody's concern otherwise; no reading is asked for what a pass
// of ours is doing itself.
func (s *Store) TakeEvent(ctx context.Context, id school.ID, e messenger.Event) (fresh bool, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO events (school_id, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, e.ID)
		fresh = err == nil && tag.RowsAffected() > 0
		if !fresh {
			return err
		}
		rows, err := tx.Query(ctx, `
			UPDATE chats SET verified_at = NULL WHERE school_id = $1 AND ref = $2 AND NOT ($3 AND EXISTS (
				SELECT FROM (SELECT finished_at FROM passes WHERE school_id = $1 ORDER BY epoch DESC LIMIT 1) newest
				WHERE coalesce(finished_at, now()) > now() - $4::interval))
			RETURNING key`, id, e.Chat, e.Own, ownEcho)
		if err != nil {
			return err
		}
		keys, err := pgx.CollectRows(rows, pgx.RowTo[chats.Key])
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return takeStanding(ctx, tx, id, e)
		}
		return want(ctx, tx, []school.ID{id}, "event", reconcile.Scope{Chats: keys}, true, "messenger event")
	})
	return fresh, err
}

// PruneEvents forgets events that are too old to come again.
func (s *Store) PruneEvents(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM events WHERE taken_at < now() - $1::interval`, eventsKept)
	return err
}

// Listening is a school whose events are to be listened to by long poll.
type Listening struct {
	School     school.ID
	Messenger  messenger.Protocol
	Community  int64
	TokenSetAt time.Time
}

// Listenings lists the schools that have long poll on and a token, by id.
func (s *Store) Listenings(ctx context.Context) ([]Listening, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT school_id AS school, messenger, coalesce(community_id, 0) AS community, token_set_at FROM communities
		WHERE long_poll AND token IS NOT NULL ORDER BY school_id`)
	return all[Listening](rows, err)
}

// StreamBegan records that a school's events are heard from now on, and not known before.
func (s *Store) StreamBegan(ctx context.Context, id school.ID) error {
	_, err := s.pool.Exec(ctx, `UPDATE communities SET events_since = now(), events_until = now() WHERE school_id = $1 AND long_poll`, id)
	return err
}

// StreamConfirmed records that all of a school's events until now have been taken.
func (s *Store) StreamConfirmed(ctx context.Context, id school.ID) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE communities SET events_since = coalesce(events_since, now()), events_until = now() WHERE school_id = $1 AND long_poll`, id)
	return err
}

// SetEventsMarker records that the events of a school's community up to a marker have been taken. One of another community than the school
// has by now is not heard.
func (s *Store) SetEventsMarker(ctx context.Context, id school.ID, community int64, marker string) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE communities SET events_marker = nullif($3, '')
		WHERE school_id = $1 AND community_id = $2 AND events_marker IS DISTINCT FROM nullif($3, '')`, id, community, marker)
	return err
}

// EventsProven tells whether every event of a school since then has been taken: the stream had no
// gap, and is alive. VK tells of no rights given or taken by hand: that there were none is not proven. Nothing is proven of MAX, which
// keeps updates for a time that it does not tell, and does not say what went by.
func (s *Store) EventsProven(ctx context.Context, id school.ID, since time.Time) (bool, error) {
	var proven bool
	err := s.pool.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM communities
			WHERE school_id = $1 AND messenger = 'vk' AND long_poll AND events_since <= $2 AND events_until > now() - $3::interval)`,
		id, since, streamFresh).Scan(&proven)
	return proven, err
}

// Pacer is a gate for requests that belong to no pass: it paces them like all of the token, and
// lets no pass overtake them.
type Pacer struct {
	store  *Store
	school school.ID
}

// Pacer makes the gate of a school's requests outside passes.
func (s *Store) Pacer(id school.ID) *Pacer { return &Pacer{store: s, school: id} }

// Pass implements messenger.Gate.
func (p *Pacer) Pass(ctx context.Context) error {
	for {
		var epoch int64
		err := p.store.pool.QueryRow(ctx, `SELECT epoch FROM communities WHERE school_id = $1`, p.school).Scan(&epoch)
		if err == pgx.ErrNoRows {
			return noSchool(p.school)
		}
		if err != nil {
			return err
		}
		// Fenced is only who meets the very moment in which a pass begins.
		if err := p.store.Gate(p.school, epoch).Pass(ctx); messenger.CodeOf(err) != messenger.CodeFenced {
			return err
		}
	}
}
