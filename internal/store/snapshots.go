package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

func (s *Store) saveSnapshot(ctx context.Context, tx pgx.Tx, x SchoolReading) error {
	sealed, err := s.sealRoster(x)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO snapshots (school_id, digest, sealed, people, classes, faults) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (school_id, digest) DO UPDATE
			SET sealed = excluded.sealed, faults = excluded.faults, created_at = now()`,
		x.School, x.Digest, sealed, len(x.Roster.People), len(x.Roster.Classes), len(x.Roster.Faults))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM snapshots WHERE school_id = $1 AND digest NOT IN (
			SELECT digest FROM snapshots WHERE school_id = $1 ORDER BY created_at DESC LIMIT $2)
		AND digest <> (SELECT coalesce(snapshot, '') FROM schools WHERE id = $1)`, x.School, snapshotsKept)
	return err
}

// Roster opens a school's snapshot. A snapshot that is no longer kept is a NotFoundError.
func (s *Store) Roster(ctx context.Context, id school.ID, digest string) (school.Roster, error) {
	return s.roster(ctx, s.pool, id, digest)
}

func (s *Store) roster(ctx context.Context, q querier, id school.ID, digest string) (school.Roster, error) {
	rows, err := q.Query(ctx, `SELECT sealed FROM snapshots WHERE school_id = $1 AND digest = $2`, id, digest)
	if err != nil {
		return school.Roster{}, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return school.Roster{}, err
	}
	if len(found) == 0 {
		return school.Roster{}, &NotFoundError{What: "roster snapshot", ID: digest, Advice: "only the last ones are kept; start a new pass"}
	}
	return s.openRoster(id, digest, found[0])
}

// SnapshotRow describes a roster without opening it.
type SnapshotRow struct {
	School                  school.ID
	Digest                  string
	People, Classes, Faults int
	// ConfirmedAt is when the last accepted reading found this roster.
	ConfirmedAt time.Time
}

// Snapshots describes the rosters in force, by school. Schools without one are absent.
func (s *Store) Snapshots(ctx context.Context) (map[school.ID]SnapshotRow, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT n.school_id AS school, n.digest, n.people, n.classes, n.faults, n.created_at AS confirmed_at
		FROM snapshots n JOIN schools s ON s.id = n.school_id AND s.snapshot = n.digest`)
	found, err := all[SnapshotRow](rows, err)
	return lo.KeyBy(found, func(r SnapshotRow) school.ID { return r.School }), err
}

func (s *Store) sealRoster(x SchoolReading) ([]byte, error) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if err := json.NewEncoder(zip).Encode(x.Roster); err != nil {
		return nil, fmt.Errorf("pack the roster: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("pack the roster: %w", err)
	}
	return s.seal(packed.Bytes(), sealedSnapshot, string(x.School), x.Digest)
}

func (s *Store) openRoster(id school.ID, digest string, sealed []byte) (school.Roster, error) {
	var roster school.Roster
	packed, err := s.open(sealed, sealedSnapshot, string(id), digest)
	if err != nil {
		return roster, err
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return roster, fmt.Errorf("unpack the roster: %w", err)
	}
	if err := json.NewDecoder(zip).Decode(&roster); err != nil {
		return roster, fmt.Errorf("unpack the roster: %w", err)
	}
	return roster, nil
}
