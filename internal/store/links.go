package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/accounts"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// LinksState tells how the reading of a school's account links stands.
type LinksState struct {
	School school.ID
	// Linked counts the links known.
	Linked int
	// AsOf is the Portal's time of the last reading that was taken, ReadAt ours; CompleteAt is when
	// all links were read last. Nil is never.
	AsOf, ReadAt, CompleteAt *time.Time
	// Problem is why the last reading was not taken, nil if it was.
	Problem *Problem
	// RefusedLoss is how many undone links may be accepted since a reading was refused for them, 0 if
	// none was; see SetLinksRefused.
	RefusedLoss int
}

const linksStateColumns = `school_id AS school, linked, as_of, read_at, complete_at, problem, coalesce(refused_loss, 0) AS refused_loss FROM account_links`

// LinksState gives how the reading of a school's account links stands; the zero state where none
// was tried.
func (s *Store) LinksState(ctx context.Context, id school.ID) (LinksState, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+linksStateColumns+` WHERE school_id = $1`, id)
	found, err := one[LinksState](rows, err)
	if err != nil || found == nil {
		return LinksState{School: id}, err
	}
	return *found, nil
}

// AccountLinks opens a school's account links; the zero Links before the first reading.
func (s *Store) AccountLinks(ctx context.Context, id school.ID) (accounts.Links, error) {
	row, err := one[linksRow](s.pool.Query(ctx, linksQuery, id))
	if err != nil || row == nil {
		return accounts.Links{}, err
	}
	return s.openLinks(id, *row)
}

// linksRow is the sealed document; its times are columns, which change at every reading.
type linksRow struct {
	Sealed           []byte
	AsOf, CompleteAt *time.Time
}

const linksQuery = `SELECT sealed, as_of, complete_at FROM account_links WHERE school_id = $1`

func (s *Store) openLinks(id school.ID, row linksRow) (accounts.Links, error) {
	var links accounts.Links
	if row.Sealed == nil {
		return links, nil
	}
	if err := s.openJSON(&links, row.Sealed, sealedAccountLinks, string(id)); err != nil {
		return links, err
	}
	links.AsOf, links.CompleteAt = lo.FromPtr(row.AsOf), lo.FromPtr(row.CompleteAt)
	return links, nil
}

// LinksTaken says what came of a reading of account links.
type LinksTaken struct {
	// Overtaken tells that another reading was taken since this one began, and this one was not.
	Overtaken bool
	Change    accounts.Change
	// People are those whose link changed, as the roster in force knows them.
	People []school.PersonID
}

// LinksReading is a reading of a school's account links, and from where it began.
type LinksReading struct {
	accounts.Reading
	// Organisation is what the Portal was asked about.
	Organisation string
	// Since is the AsOf of the state that it began from, nil before the first.
	Since *time.Time
}

// TakeLinks takes a reading of a school's account links over: as one act it is stored, and, with
// ask, a pass for whom it concerns is asked for through the outbox. The reading must have begun
// from the state that is still in force, and be of what the Portal still calls the school. Whom the
// roster needs is found out here. A bad reading is an *accounts.BadReadError, and changes nothing.
func (s *Store) TakeLinks(ctx context.Context, id school.ID, r LinksReading, o accounts.Options, ask bool) (LinksTaken, error) {
	var taken LinksTaken
	err := s.tx(ctx, func(tx pgx.Tx) error {
		taken = LinksTaken{}
		var called string
		if err := tx.QueryRow(ctx, `SELECT `+organisation("s")+` FROM schools s WHERE s.id = $1 FOR SHARE`, id).Scan(&called); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO account_links (school_id) VALUES ($1) ON CONFLICT DO NOTHING`, id); err != nil {
			return err
		}
		row, err := one[linksRow](tx.Query(ctx, linksQuery+` FOR UPDATE`, id))
		if err != nil {
			return err
		}
		if called != r.Organisation || lo.FromPtr(row.AsOf).UnixMicro() != lo.FromPtr(r.Since).UnixMicro() {
			taken.Overtaken = true
			return nil
		}
		links, err := s.openLinks(id, *row)
		if err != nil {
			return err
		}
		if o.Needed, err = s.needed(ctx, tx, id, links, r.Reading); err != nil {
			return err
		}
		if links, taken.Change, err = links.Take(r.Reading, o); err != nil {
			return err
		}
		same := row.Sealed != nil && len(taken.Change.Identities()) == 0
		if err := s.saveLinks(ctx, tx, id, links, same); err != nil {
			return err
		}
		return s.wantLinked(ctx, tx, id, &taken, ask)
	})
	return taken, err
}

// needed gives the identities that the roster in force has, for the first complete reading of a day; else
// nil, and nothing is forgotten. That is seldom enough to open the roster.
func (s *Store) needed(ctx context.Context, tx pgx.Tx, id school.ID, links accounts.Links, r accounts.Reading) (map[string]bool, error) {
	const day = 24 * time.Hour
	if !r.Complete || r.ReadAt.Truncate(day).Equal(links.CompleteAt.Truncate(day)) {
		return nil, nil
	}
	roster, err := s.rosterInForce(ctx, tx, id)
	if err != nil || roster == nil {
		return nil, err
	}
	return lo.SliceToMap(roster.People, func(p school.Person) (string, bool) { return p.Portal, true }), nil
}

// rosterInForce opens the roster in force, nil where there is none.
func (s *Store) rosterInForce(ctx context.Context, tx pgx.Tx, id school.ID) (*school.Roster, error) {
	var digest string
	err := tx.QueryRow(ctx, `SELECT coalesce(snapshot, '') FROM schools WHERE id = $1`, id).Scan(&digest)
	if err != nil || digest == "" {
		return nil, err
	}
	roster, err := s.roster(ctx, tx, id, digest)
	return &roster, err
}

// saveLinks saves links, or, where nobody's link has changed, that they were read.
func (s *Store) saveLinks(ctx context.Context, tx pgx.Tx, id school.ID, links accounts.Links, same bool) error {
	completeAt := lo.EmptyableToPtr(links.CompleteAt)
	if same {
		_, err := tx.Exec(ctx, `
			UPDATE account_links SET as_of = $2, read_at = now(), complete_at = $3, problem = NULL, refused_loss = NULL
			WHERE school_id = $1`,
			id, links.AsOf, completeAt)
		return err
	}
	// The times are columns.
	sealed, err := s.sealJSON(accounts.Links{Known: links.Known, Losses: links.Losses}, sealedAccountLinks, string(id))
	if err != nil {
		return err
	}
	linked := lo.CountBy(lo.Values(links.Known), func(l accounts.Link) bool { return l.Account > 0 })
	_, err = tx.Exec(ctx, `
		UPDATE account_links
		SET sealed = $2, linked = $3, as_of = $4, read_at = now(), complete_at = $5, problem = NULL, refused_loss = NULL
		WHERE school_id = $1`, id, sealed, linked, links.AsOf, completeAt)
	return err
}

// linkedAtOnce is how many people with a changed link are asked for by name; more are the school's
// matter.
const linkedAtOnce = 20

// wantLinked finds out whom a change concerns, and asks for their pass.
func (s *Store) wantLinked(ctx context.Context, tx pgx.Tx, id school.ID, taken *LinksTaken, ask bool) error {
	identities := taken.Change.Identities()
	if len(identities) == 0 && !taken.Change.First {
		return nil
	}
	roster, err := s.rosterInForce(ctx, tx, id)
	if err != nil || roster == nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		SELECT s.id FROM schools s JOIN communities c ON c.school_id = s.id
		WHERE c.token IS NOT NULL AND (s.id = $1 AND $2 OR s.successor_of = $1) ORDER BY 1`, id, ask)
	if err != nil {
		return err
	}
	able, err := pgx.CollectRows(rows, pgx.RowTo[school.ID])
	if err != nil {
		return err
	}
	taken.People = accounts.People(*roster, identities)
	var scope reconcile.Scope
	switch {
	case len(taken.People) == 0 && !taken.Change.First:
		return nil
	case !taken.Change.First && len(taken.People) <= linkedAtOnce:
		scope.People = taken.People
	}
	return want(ctx, tx, able, "event", scope, false, "account links")
}

// SetLinksProblem records why a reading of a school's account links was not taken.
func (s *Store) SetLinksProblem(ctx context.Context, id school.ID, p Problem) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO account_links (school_id, problem) VALUES ($1, $2)
		ON CONFLICT (school_id) DO UPDATE SET problem = excluded.problem`, id, p)
	return err
}

// SetLinksRefused records a reading that was not taken because it would undo so many links. What may be
// accepted is what somebody has been shown last; what nobody has been shown only makes it less.
func (s *Store) SetLinksRefused(ctx context.Context, id school.ID, p Problem, loss int, shown bool) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO account_links AS l (school_id, problem, refused_loss) VALUES ($1, $2, $3)
		ON CONFLICT (school_id) DO UPDATE SET problem = excluded.problem,
			refused_loss = CASE WHEN $4 THEN excluded.refused_loss ELSE least(l.refused_loss, excluded.refused_loss) END`,
		id, p, loss, shown)
	return err
}

// LinkedSchool is a school whose account links are looked at. Proxied tells that it is behind a proxy.
type LinkedSchool struct {
	ID      school.ID
	Proxied bool
}

// LinksDue lists the schools whose account links are to be looked at between passes too: those that
// are gone through continuously, and have a token and a roster; by id. A successor has those of the school that it takes over from.
func (s *Store) LinksDue(ctx context.Context) ([]LinkedSchool, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT s.id, c.proxy IS NOT NULL AS proxied FROM schools s JOIN communities c ON c.school_id = s.id AND c.token IS NOT NULL
		WHERE s.snapshot IS NOT NULL AND s.successor_of IS NULL AND (s.schedule->>'continuous')::boolean AND coalesce(s.schedule->>'paused', '') = '' ORDER BY s.id`)
	return all[LinkedSchool](rows, err)
}
