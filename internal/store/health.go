package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

// Server is what the database server says of itself.
type Server struct {
	// Major is its version's first number, and Version all of it in words.
	Major   int
	Version string
	// Now is its clock.
	Now time.Time
}

// Server asks the server for its version and its time.
func (s *Store) Server(ctx context.Context) (Server, error) {
	var x Server
	err := s.pool.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'), clock_timestamp()`).Scan(&x.Major, &x.Version, &x.Now)
	return x, err
}

// Schema is how the database's schema stands against this program's.
type Schema struct {
	// Version is the last migration that was applied, 0 for none.
	Version int64
	// Pending are this program's that were not applied, and Newer the applied ones that it does not know.
	Pending, Newer []int64
}

// Schema compares, without changing anything.
func (s *Store) Schema(ctx context.Context) (Schema, error) {
	known, err := knownMigrations()
	if err != nil {
		return Schema{}, err
	}
	var applied []int64
	var there bool
	if err := s.pool.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&there); err != nil {
		return Schema{}, err
	}
	if there {
		rows, err := s.pool.Query(ctx, `SELECT version_id FROM goose_db_version WHERE is_applied AND version_id > 0 ORDER BY 1`)
		if err != nil {
			return Schema{}, err
		}
		if applied, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return Schema{}, err
		}
	}
	return Schema{Version: lo.LastOr(applied, 0), Pending: lo.Without(known, applied...), Newer: lo.Without(applied, known...)}, nil
}

// knownMigrations are the versions of this program's migrations, in their order.
func knownMigrations() ([]int64, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var known []int64
	for _, file := range files {
		number, _, _ := strings.Cut(strings.TrimPrefix(file, "migrations/"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the migration %s has no number", file)
		}
		known = append(known, version)
	}
	slices.Sort(known)
	return known, nil
}

// TrySealed opens one value of each kind that is sealed, and gives the kinds of which there are values, and
// those whose value does not open. What was sealed is looked at by nobody.
func (s *Store) TrySealed(ctx context.Context) (kinds, unopened []string, err error) {
	type row struct {
		Key    []string
		Sealed []byte
	}
	for _, c := range sealedColumns {
		rows, err := s.pool.Query(ctx, fmt.Sprintf(`SELECT ARRAY[%s] AS key, %s AS sealed FROM %s WHERE %[2]s IS NOT NULL LIMIT 1`,
			strings.Join(lo.Map(c.key, func(k string, _ int) string { return k + "::text" }), ", "), c.name, c.table))
		found, err := one[row](rows, err)
		if err != nil {
			return nil, nil, err
		}
		if found == nil {
			continue
		}
		kinds = append(kinds, c.kind)
		_, err = s.open(found.Sealed, c, found.Key...)
		if errors.Is(err, secret.ErrDoesNotOpen) {
			unopened, err = append(unopened, c.kind), nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return kinds, unopened, nil
}

// Backlog is what waits in the outbox: how many requests, and how long the oldest has waited by the
// database's clock.
func (s *Store) Backlog(ctx context.Context) (requests int, oldest time.Duration, err error) {
	var seconds float64
	err = s.pool.QueryRow(ctx, `
		SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM outbox`).Scan(&requests, &seconds)
	return requests, time.Duration(seconds * float64(time.Second)), err
}

// Behind lists the schools with a token whose snapshot in force no pass over the whole school has worked from.
func (s *Store) Behind(ctx context.Context) ([]school.ID, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT s.id FROM schools s JOIN communities c ON c.school_id = s.id
		WHERE c.token IS NOT NULL AND s.snapshot IS DISTINCT FROM (
			SELECT p.snapshot FROM passes p
			WHERE p.school_id = s.id AND p.scope = '{}' AND p.snapshot IS NOT NULL ORDER BY p.epoch DESC LIMIT 1)
		ORDER BY s.id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[school.ID])
}
