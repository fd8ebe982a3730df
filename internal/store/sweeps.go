package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// SweepBegin is what is recorded when a sweep over a district begins.
type SweepBegin struct {
	// ID names the sweep: it is the id of its workflow's first run.
	ID          string
	WorkflowID  string
	District    school.DistrictID
	Trigger     string
	RequestedBy string
}

// BeginSweep records that a sweep has begun and gives the number of the district's schools; a
// NotFoundError if the district is not registered. It may be told so twice.
func (s *Store) BeginSweep(ctx context.Context, b SweepBegin) (schools int, err error) {
	if _, err := s.District(ctx, b.District); err != nil {
		return 0, err
	}
	err = s.pool.QueryRow(ctx, `
		INSERT INTO sweeps (id, workflow_id, district_id, trigger, requested_by, schools)
		SELECT $1, $2, $3, $4, $5, count(*) FROM schools WHERE district_id = $3
		ON CONFLICT (id) DO UPDATE SET schools = excluded.schools
		RETURNING schools`,
		b.ID, b.WorkflowID, b.District, b.Trigger, b.RequestedBy).Scan(&schools)
	return schools, err
}

// EndSweep records that a sweep has ended, how many schools were counted in the end, and the report.
func (s *Store) EndSweep(ctx context.Context, id string, schools int, report any) error {
	_, err := s.pool.Exec(ctx, `UPDATE sweeps SET finished_at = now(), schools = $2, report = $3 WHERE id = $1`, id, schools, report)
	return err
}

// SchoolsPage gives the ids of a district's schools that follow a school, "" being before the first,
// in the order of ids, and how many come after them.
func (s *Store) SchoolsPage(ctx context.Context, district school.DistrictID, after school.ID, limit int) (page []school.ID, left int, err error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id, count(*) OVER ()::int FROM schools WHERE district_id = $1 AND id > $2 ORDER BY id LIMIT $3`, district, after, limit)
	if err != nil {
		return nil, 0, err
	}
	var id school.ID
	var all int
	_, err = pgx.ForEachRow(rows, []any{&id, &all}, func() error {
		page = append(page, id)
		return nil
	})
	return page, all - len(page), err
}

// StaleSchool is a school with the time when its last good pass ended, nil if there was none.
type StaleSchool struct {
	School   school.ID
	LastGood *time.Time
}

// StalestSchools gives those of a district's schools whose last good pass is longest ago, the
// longest first. A pass is good that was about the whole school and ended in-step, changed or
// held. Schools without a token are left out: there is nothing yet to be in step.
func (s *Store) StalestSchools(ctx context.Context, district school.DistrictID, limit int) ([]StaleSchool, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT s.id AS school, p.finished_at AS last_good
		FROM schools s JOIN communities c ON c.school_id = s.id
		LEFT JOIN LATERAL (
			SELECT finished_at FROM passes
			WHERE school_id = s.id AND outcome IN ('in-step', 'changed', 'held') AND scope = '{}'
			ORDER BY epoch DESC LIMIT 1) p ON true
		WHERE s.district_id = $1 AND c.token IS NOT NULL
		ORDER BY p.finished_at NULLS FIRST, s.id LIMIT $2`, district, limit)
	return all[StaleSchool](rows, err)
}

// SweepRow is a recorded sweep.
type SweepRow struct {
	ID          string
	WorkflowID  string
	District    school.DistrictID
	Trigger     string
	RequestedBy string
	Schools     int
	StartedAt   time.Time
	// FinishedAt is nil while the sweep is running, and where it was cut off.
	FinishedAt *time.Time
	Report     json.RawMessage
}

const sweepColumns = `id, workflow_id, district_id AS district, trigger, requested_by, schools, started_at, finished_at, report FROM sweeps`

// Sweeps gives a district's newest sweeps, newest first.
func (s *Store) Sweeps(ctx context.Context, district school.DistrictID, limit int) ([]SweepRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+sweepColumns+` WHERE district_id = $1 ORDER BY started_at DESC, id LIMIT $2`, district, limit)
	return all[SweepRow](rows, err)
}

// unfinishedSweeps is how many sweeps that have not ended are looked at: at most one is running as
// a rule, and the others were cut off.
const unfinishedSweeps = 20

// UnfinishedSweeps gives a district's newest sweeps that have not ended, newest first. They are
// running, or were cut off: only Temporal knows.
func (s *Store) UnfinishedSweeps(ctx context.Context, district school.DistrictID) ([]SweepRow, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+sweepColumns+` WHERE district_id = $1 AND finished_at IS NULL ORDER BY started_at DESC, id LIMIT $2`, district, unfinishedSweeps)
	return all[SweepRow](rows, err)
}
