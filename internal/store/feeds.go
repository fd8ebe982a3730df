package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// FeedRow is a registered feed with what is known about it.
type FeedRow struct {
	ID       school.FeedID
	District school.DistrictID
	// Location is a folder or zip file, as the workers see it.
	Location string
	// Fingerprint is that of the file set read last, whatever came of it.
	Fingerprint string
	// Receipt is the importer's memory of the last accepted reading, nil before the first.
	Receipt    json.RawMessage
	AcceptedAt *time.Time
	ReadAt     *time.Time
	// Problem is why the last reading was not accepted, nil if it was.
	Problem *Problem
}

const feedColumns = `id, district_id AS district, location, fingerprint, receipt, accepted_at, read_at, problem FROM feeds`

// AddFeed registers a feed, or changes where a registered one lies.
func (s *Store) AddFeed(ctx context.Context, id school.FeedID, district school.DistrictID, location string) error {
	if _, err := s.District(ctx, district); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, `
		INSERT INTO feeds (id, district_id, location) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET district_id = excluded.district_id, location = excluded.location`,
		id, district, location)
	return err
}

// Feeds lists all feeds by id.
func (s *Store) Feeds(ctx context.Context) ([]FeedRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+feedColumns+` ORDER BY id`)
	return all[FeedRow](rows, err)
}

// Feed finds a feed; a NotFoundError if it is not registered.
func (s *Store) Feed(ctx context.Context, id school.FeedID) (FeedRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+feedColumns+` WHERE id = $1`, id)
	row, err := one[FeedRow](rows, err)
	if err == nil && row == nil {
		err = &NotFoundError{What: "feed", ID: string(id), Advice: "register it with: rollcall feed add"}
	}
	if err != nil {
		return FeedRow{}, err
	}
	return *row, nil
}

// Reading is what came of reading a feed.
type Reading struct {
	Feed        school.FeedID
	Fingerprint string
	// Receipt and Schools are set where the reading was accepted.
	Receipt json.RawMessage
	Schools []SchoolReading
	// Problem is set where it was not.
	Problem *Problem
}

// SchoolReading is one school's part: a roster, or why there is none.
type SchoolReading struct {
	School  school.ID
	Roster  *school.Roster
	Digest  string
	Problem *Problem
}

// snapshotsKept is how many snapshots of a school are kept, the one in force included.
const snapshotsKept = 10

// SaveReading stores a reading as one act and gives the schools that are behind: whose snapshot
// in force no pass over the whole school has worked from. So a school that changed is named
// again until its pass has begun, whatever was lost on the way. Their passes are asked for
// through the outbox in the same act. A reading that was not accepted leaves everything but the feed's own record alone.
func (s *Store) SaveReading(ctx context.Context, r Reading) (behind []school.ID, err error) {
	err = s.tx(ctx, func(tx pgx.Tx) error {
		if r.Problem != nil {
			_, err := tx.Exec(ctx, `UPDATE feeds SET fingerprint = $2, read_at = now(), problem = $3 WHERE id = $1`,
				r.Feed, r.Fingerprint, r.Problem)
			return err
		}
		for _, x := range r.Schools {
			if err := s.saveSchoolReading(ctx, tx, x); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `
			UPDATE feeds SET fingerprint = $2, receipt = $3, read_at = now(), accepted_at = now(), problem = NULL WHERE id = $1`,
			r.Feed, r.Fingerprint, r.Receipt)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT s.id FROM schools s WHERE s.feed_id = $1 AND s.snapshot IS DISTINCT FROM (
				SELECT p.snapshot FROM passes p
				WHERE p.school_id = s.id AND p.scope = '{}' AND p.snapshot IS NOT NULL ORDER BY p.epoch DESC LIMIT 1)
			ORDER BY s.id`, r.Feed)
		if err != nil {
			return err
		}
		if behind, err = pgx.CollectRows(rows, pgx.RowTo[school.ID]); err != nil {
			return err
		}
		return wantBehind(ctx, tx, r.Feed, behind)
	})
	return behind, err
}

// wantBehind asks for a pass of those schools that can have one: without a token there is nothing
// to do yet.
func wantBehind(ctx context.Context, tx pgx.Tx, feed school.FeedID, behind []school.ID) error {
	rows, err := tx.Query(ctx, `SELECT school_id FROM communities WHERE school_id = ANY($1) AND token IS NOT NULL ORDER BY 1`, behind)
	if err != nil {
		return err
	}
	able, err := pgx.CollectRows(rows, pgx.RowTo[school.ID])
	if err != nil {
		return err
	}
	return want(ctx, tx, able, "event", struct{}{}, false, "feed/"+string(feed))
}

func (s *Store) saveSchoolReading(ctx context.Context, tx pgx.Tx, x SchoolReading) error {
	if x.Problem != nil {
		_, err := tx.Exec(ctx, `UPDATE schools SET problem = $2 WHERE id = $1`, x.School, x.Problem)
		return err
	}
	if err := s.saveSnapshot(ctx, tx, x); err != nil {
		return err
	}
	var successor bool
	err := tx.QueryRow(ctx, `
		UPDATE schools SET snapshot = $2, problem = NULL WHERE id = $1 RETURNING successor_of IS NOT NULL`, x.School, x.Digest).Scan(&successor)
	if err != nil || successor { // whose calls are the school's that it takes over from
		return err
	}
	if err := s.takeFeedCalls(ctx, tx, x.School, x.Roster.Calls); err != nil {
		return err
	}
	// A reading that began before the school moved knows nothing of its successor.
	next := SchoolReading{Roster: x.Roster, Digest: x.Digest}
	err = tx.QueryRow(ctx, `SELECT id FROM schools WHERE successor_of = $1 AND snapshot IS DISTINCT FROM $2`, x.School, x.Digest).Scan(&next.School)
	if err == pgx.ErrNoRows {
		return nil
	}
	if err != nil {
		return err
	}
	return s.saveSchoolReading(ctx, tx, next)
}
