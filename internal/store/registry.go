package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// AddDistrict registers a district, or changes the name and titles of a registered one. A time
// zone and a nightly that are "" are left as they are, or as the schema has them; see
// SetDistrictTimes.
func (s *Store) AddDistrict(ctx context.Context, d school.District) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var batch pgx.Batch
		batch.Queue(`
			INSERT INTO districts (id, name, titles) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, titles = excluded.titles`,
			d.ID, d.Name, d.Titles)
		batch.Queue(`
			UPDATE districts SET time_zone = coalesce(nullif($2, ''), time_zone), nightly = coalesce(nullif($3, ''), nightly) WHERE id = $1`,
			d.ID, d.TimeZone, d.Nightly)
		return sendBatch(ctx, tx, &batch)
	})
}

// SetDistrictTimes sets a district's time zone, and when all its schools are gone through: a
// cron expression, "" for never. A NotFoundError if the district is not registered.
func (s *Store) SetDistrictTimes(ctx context.Context, id school.DistrictID, timeZone, nightly string) error {
	if err := errors.Join(school.CheckTimeZone(timeZone), school.CheckNightly(nightly)); err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE districts SET time_zone = $2, nightly = $3 WHERE id = $1`, id, timeZone, nightly)
	if err == nil && tag.RowsAffected() == 0 {
		err = noDistrict(id)
	}
	return err
}

const districtColumns = `id, name, titles, time_zone, nightly FROM districts`

// Districts lists all districts by id.
func (s *Store) Districts(ctx context.Context) ([]school.District, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+districtColumns+` ORDER BY id`)
	return all[school.District](rows, err)
}

// District finds a district; a NotFoundError if it is not registered.
func (s *Store) District(ctx context.Context, id school.DistrictID) (school.District, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+districtColumns+` WHERE id = $1`, id)
	d, err := one[school.District](rows, err)
	if err == nil && d == nil {
		err = noDistrict(id)
	}
	if err != nil {
		return school.District{}, err
	}
	return *d, nil
}

func noDistrict(id school.DistrictID) error {
	return &NotFoundError{What: "district", ID: string(id), Advice: "register it with: rollcall district add"}
}

// AddSchool registers a school, or changes a registered one. Its community token and its
// schedule are set apart. What the Portal has said of another organisation is forgotten.
func (s *Store) AddSchool(ctx context.Context, x school.School) error {
	if _, err := s.District(ctx, x.District); err != nil {
		return err
	}
	if _, err := s.Feed(ctx, x.Feed); err != nil {
		return err
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		// A reading of links that is being taken is waited for, and the next one waits: it sees the change.
		if _, err := tx.Exec(ctx, `SELECT FROM schools WHERE id = $1 FOR NO KEY UPDATE`, x.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			DELETE FROM account_links l USING schools s WHERE s.id = l.school_id AND s.id = $1 AND `+organisation("s")+` <> $2`,
			x.ID, x.Organisation())
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO schools (id, district_id, feed_id, source_id, name, subject_chats, portal_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET district_id = excluded.district_id, feed_id = excluded.feed_id,
				source_id = excluded.source_id, name = excluded.name, subject_chats = excluded.subject_chats, portal_id = excluded.portal_id`,
			x.ID, x.District, x.Feed, x.SourceID, x.Name, x.SubjectChats, x.PortalID)
		if Duplicate(err) {
			return fmt.Errorf("school %q: another school of feed %q has the source id %q already", x.ID, x.Feed, x.SourceID)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO communities (school_id) VALUES ($1) ON CONFLICT DO NOTHING`, x.ID); err != nil {
			return err
		}
		return alike(ctx, tx, x.ID)
	})
}

// organisation is School.Organisation of a row of schools.
func organisation(table string) string {
	return fmt.Sprintf("coalesce(nullif(%[1]s.portal_id, ''), %[1]s.source_id)", table)
}

// Organisation gives what the Portal calls a school. Where it would call another school the same, nothing can
// be said to belong to either: a *portal.Error with CodeShared. A NotFoundError if the school is not registered.
func (s *Store) Organisation(ctx context.Context, id school.ID) (string, error) {
	type row struct {
		Organisation string
		Other        *school.ID
	}
	found, err := one[row](s.pool.Query(ctx, `
		SELECT `+organisation("s")+` AS organisation,
			(SELECT min(o.id) FROM schools o WHERE o.id <> s.id AND o.successor_of IS NULL AND s.successor_of IS NULL AND `+organisation("o")+` = `+organisation("s")+`) AS other
		FROM schools s WHERE s.id = $1`, id))
	if err == nil && found == nil {
		err = noSchool(id)
	}
	if err != nil {
		return "", err
	}
	if found.Other != nil {
		return "", &portal.Error{Code: portal.CodeShared, Act: "tell schools apart", Advice: fmt.Sprintf(
			"schools %s and %s have the same organisation there, so that nothing is read or published for either: "+
				"say what it calls each: rollcall school add … --portal-id", min(id, *found.Other), max(id, *found.Other))}
	}
	return found.Organisation, nil
}

// SchoolRow is a registered school with what is known about it.
type SchoolRow struct {
	school.School
	// SuccessorOf is the school that this one is to take over from, and Successor the one that is to take over from this one, both
	// "" where the school does not move.
	SuccessorOf, Successor school.ID
	// Schedule says when the school is gone through, in the district's TimeZone.
	Schedule       school.Schedule
	TimeZone       string
	DistrictTitles school.Titles
	// Messenger is where the school's chats live.
	Messenger messenger.Protocol
	// CommunityID is 0 and TokenSet false until the token is set; Refused is the code with
	// which the messenger refused the token last.
	CommunityID int64
	TokenSet    bool
	// TokenTried tells that the messenger has taken the token for this community's.
	TokenTried bool
	Refused    string
	Adding     string
	Epoch      int64
	// Snapshot is the digest of the roster in force, "" if none was ever read.
	Snapshot string
	// Problem is why the last reading was not taken over, nil if it was.
	Problem *Problem
}

// both are the school and, while it moves, its successor.
func (r SchoolRow) both() []school.ID {
	if r.Successor == "" {
		return []school.ID{r.ID}
	}
	return []school.ID{r.ID, r.Successor}
}

// Origin is the school whose account links and organisation count: of a successor, that which it takes over from.
func (r SchoolRow) Origin() school.ID { return cmp.Or(r.SuccessorOf, r.ID) }

// Problem is the trouble of a feed or of a school's roster, as it is stored and shown.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

const schoolColumns = `
	s.id, s.district_id AS district, s.feed_id AS feed, s.source_id, s.name, s.subject_chats, s.portal_id, s.schedule, d.time_zone,
	d.titles AS district_titles, c.messenger, coalesce(c.community_id, 0) AS community_id, c.token IS NOT NULL AS token_set, c.checked AS token_tried,
	coalesce(c.refused, '') AS refused, c.adding, c.epoch, coalesce(s.successor_of, '') AS successor_of,
	coalesce((SELECT n.id FROM schools n WHERE n.successor_of = s.id), '') AS successor, coalesce(s.snapshot, '') AS snapshot, s.problem
	FROM schools s JOIN districts d ON d.id = s.district_id JOIN communities c ON c.school_id = s.id`

// Schools lists schools by id; of one district where the id is not empty.
func (s *Store) Schools(ctx context.Context, district school.DistrictID) ([]SchoolRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+schoolColumns+` WHERE $1 = '' OR s.district_id = $1 ORDER BY s.id`, district)
	return all[SchoolRow](rows, err)
}

// SchoolsOfFeed lists a feed's registered schools by id.
func (s *Store) SchoolsOfFeed(ctx context.Context, feed school.FeedID) ([]SchoolRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+schoolColumns+` WHERE s.feed_id = $1 ORDER BY s.id`, feed)
	return all[SchoolRow](rows, err)
}

// School finds a school; a NotFoundError if it is not registered.
func (s *Store) School(ctx context.Context, id school.ID) (SchoolRow, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+schoolColumns+` WHERE s.id = $1`, id)
	row, err := one[SchoolRow](rows, err)
	if err == nil && row == nil {
		err = noSchool(id)
	}
	if err != nil {
		return SchoolRow{}, err
	}
	return *row, nil
}

// SetSchedule sets when a school is gone through; a NotFoundError if it is not registered.
func (s *Store) SetSchedule(ctx context.Context, id school.ID, schedule school.Schedule) error {
	if err := schedule.Validate(); err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, `UPDATE schools SET schedule = $2 WHERE id = $1 OR successor_of = $1`, id, schedule)
	if err == nil && tag.RowsAffected() == 0 {
		err = noSchool(id)
	}
	return err
}

func noSchool(id school.ID) error {
	return &NotFoundError{What: "school", ID: string(id), Advice: "see: rollcall school list; register it with: rollcall school add"}
}
