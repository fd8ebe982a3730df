package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/calls"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Who tells of calls.
const (
	callsFromFeed = "feed"
	callsFromPush = "push"
)

// TakeCalls takes in what a push said of calls at a time, as one act with asking for their pass. A call
// that was pushed belongs to the pushes: the feed says no more about it. What a later push has said
// stands.
func (s *Store) TakeCalls(ctx context.Context, id school.ID, said time.Time, told []school.Call) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		// Also where it says nothing new: the feed must not take back what a push stands for.
		_, err := tx.Exec(ctx, `
			UPDATE calls SET source = $2, said_at = greatest(said_at, $4)
			WHERE (school_id, id) IN (SELECT school_id, id FROM calls WHERE school_id = $1 AND id = ANY($3) ORDER BY id FOR UPDATE)
				AND (source <> $2 OR digest = ANY($5))`,
			id, callsFromPush, callIDs(told), said, lo.Map(told, func(c school.Call, _ int) string { return calls.Digest(c) }))
		if err != nil {
			return err
		}
		changed, err := s.holdCalls(ctx, tx, id, saying{source: callsFromPush, at: &said}, told)
		if err != nil || !changed {
			return err
		}
		able, err := ableToPass(ctx, tx, []school.ID{id})
		if err != nil {
			return err
		}
		return want(ctx, tx, able, "event", reconcile.Scope{Calls: true}, false, "pushed calls")
	})
}

// ableToPass are those of some schools that can have a pass: who has no token or no roster yet is asked
// for once there are both.
func ableToPass(ctx context.Context, tx pgx.Tx, ids []school.ID) ([]school.ID, error) {
	rows, err := tx.Query(ctx, `
		SELECT s.id FROM schools s JOIN communities c ON c.school_id = s.id
		WHERE s.id = ANY($1) AND c.token IS NOT NULL AND s.snapshot IS NOT NULL ORDER BY 1`, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[school.ID])
}

// saying is who says something of calls, and when; a feed says it now.
type saying struct {
	source string
	at     *time.Time
}

// takeFeedCalls takes in all calls that a feed tells of: of those that it told of before and does
// not any more, none takes place.
func (s *Store) takeFeedCalls(ctx context.Context, tx pgx.Tx, id school.ID, told []school.Call) error {
	if _, err := s.holdCalls(ctx, tx, id, saying{source: callsFromFeed}, told); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE calls SET cancelled = true, held_at = now()
		WHERE school_id = $1 AND source = $2 AND NOT cancelled AND ends_at > now() AND id <> ALL($3)`,
		id, callsFromFeed, callIDs(told))
	return err
}

func callIDs(told []school.Call) []string {
	return lo.Map(told, func(c school.Call, _ int) string { return string(c.ID) })
}

// holdCalls takes in what is said of calls, and tells whether any of it is new. Of a call that is
// not known, its end or its cancellation is no news. A cancelled call that takes place after all gets
// another room: the first may be closed already.
func (s *Store) holdCalls(ctx context.Context, tx pgx.Tx, id school.ID, by saying, told []school.Call) (changed bool, err error) {
	news, err := newsOf(ctx, tx, id, told)
	if err != nil {
		return false, err
	}
	for _, c := range news {
		sealed, err := s.sealJSON(c, sealedCall, string(id), string(c.ID))
		if err != nil {
			return false, err
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO calls (school_id, id, source, sealed, digest, ends_at, cancelled, said_at)
			SELECT $1, $2, $3, $4, $5, $6, $7, $9
			WHERE NOT $7 AND $6 > now() OR EXISTS (SELECT FROM calls WHERE school_id = $1 AND id = $2)
			ON CONFLICT (school_id, id) DO UPDATE SET source = excluded.source, sealed = excluded.sealed, digest = excluded.digest,
				ends_at = excluded.ends_at, cancelled = excluded.cancelled, held_at = now(), said_at = excluded.said_at, done_at = NULL,
				room = CASE WHEN calls.cancelled AND NOT excluded.cancelled THEN NULL ELSE calls.room END
			WHERE (calls.digest <> excluded.digest OR calls.cancelled <> excluded.cancelled)
				AND NOT (calls.source = $8 AND excluded.source <> $8) AND NOT coalesce(calls.said_at > excluded.said_at, false)`,
			id, c.ID, by.source, sealed, calls.Digest(c), c.Ends, c.Cancelled, callsFromPush, by.at)
		if err != nil {
			return false, fmt.Errorf("hold a call: %w", err)
		}
		changed = changed || tag.RowsAffected() > 0
	}
	return changed, nil
}

// newsOf leaves out the calls that are held as they are told, and gives the others by id: so that
// two who tell of the same calls do not wait for each other.
func newsOf(ctx context.Context, tx pgx.Tx, id school.ID, told []school.Call) ([]school.Call, error) {
	type row struct {
		ID        school.CallID
		Digest    string
		Cancelled bool
	}
	if len(told) == 0 {
		return nil, nil
	}
	held, err := all[row](tx.Query(ctx, `SELECT id, digest, cancelled FROM calls WHERE school_id = $1 AND id = ANY($2)`, id, callIDs(told)))
	if err != nil {
		return nil, err
	}
	known := lo.KeyBy(held, func(r row) school.CallID { return r.ID })
	news := lo.Filter(told, func(c school.Call, _ int) bool {
		r, ok := known[c.ID]
		return !ok || r.Digest != calls.Digest(c) || r.Cancelled != c.Cancelled
	})
	slices.SortFunc(news, func(a, b school.Call) int { return cmp.Compare(a.ID, b.ID) })
	return news, nil
}

const callColumns = `id, sealed, held_at, cancelled, room, posted, coalesce(shown, '') AS shown, coalesce(shown_in, '') AS shown_in, shown_at,
	lag, held_lag, coalesce(problem, '') AS problem, done_at FROM calls`

type callRow struct {
	ID           school.CallID
	Sealed       []byte
	HeldAt       time.Time
	Cancelled    bool
	Room         []byte
	Posted       []byte
	Shown        string
	ShownIn      string
	ShownAt      *time.Time
	Lag, HeldLag *time.Duration
	Problem      string
	DoneAt       *time.Time
}

// OpenCalls gives the calls about which something is still to be done, now or later, by id.
func (s *Store) OpenCalls(ctx context.Context, id school.ID) ([]calls.State, error) {
	return s.calls(ctx, id, ` WHERE school_id = $1 AND done_at IS NULL ORDER BY id`)
}

// Calls gives a school's calls of the last days, the latest first.
func (s *Store) Calls(ctx context.Context, id school.ID) ([]calls.State, error) {
	return s.calls(ctx, id, ` WHERE school_id = $1 ORDER BY ends_at DESC, id LIMIT 500`)
}

func (s *Store) calls(ctx context.Context, id school.ID, where string) ([]calls.State, error) {
	rows, err := all[callRow](s.pool.Query(ctx, `SELECT `+callColumns+where, id))
	if err != nil {
		return nil, err
	}
	states := make([]calls.State, len(rows))
	for i, r := range rows {
		if states[i], err = s.openCall(id, r); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func (s *Store) openCall(id school.ID, r callRow) (calls.State, error) {
	state := calls.State{
		HeldAt: r.HeldAt, Shown: r.Shown, ShownIn: r.ShownIn, ShownAt: r.ShownAt, Lag: r.Lag, HeldLag: r.HeldLag, Problem: r.Problem, DoneAt: r.DoneAt,
	}
	if err := s.openJSON(&state.Call, r.Sealed, sealedCall, string(id), string(r.ID)); err != nil {
		return state, err
	}
	state.Call.Cancelled = r.Cancelled
	if r.Room != nil {
		state.Room = &messenger.Room{}
		if err := s.openJSON(state.Room, r.Room, sealedRoom, string(id), string(r.ID)); err != nil {
			return state, err
		}
	}
	if r.Posted != nil {
		state.Posted = &calls.Posted{}
		return state, s.openJSON(state.Posted, r.Posted, sealedPosted, string(id), string(r.ID))
	}
	return state, nil
}

// SetRoom records the room that was made for a call. Where another one has been recorded already, that
// one stays, and is given: a call has one room.
func (s *Store) SetRoom(ctx context.Context, id school.ID, call school.CallID, room messenger.Room) (messenger.Room, error) {
	sealed, err := s.sealJSON(room, sealedRoom, string(id), string(call))
	if err != nil {
		return room, err
	}
	var kept []byte
	err = s.pool.QueryRow(ctx, `
		UPDATE calls SET room = coalesce(room, $3) WHERE school_id = $1 AND id = $2 RETURNING room`, id, call, sealed).Scan(&kept)
	if err != nil {
		return room, err
	}
	return room, s.openJSON(&room, kept, sealedRoom, string(id), string(call))
}

// ClearRoom records that a call's room is closed.
func (s *Store) ClearRoom(ctx context.Context, id school.ID, call school.CallID) error {
	return s.setCall(ctx, id, call, `room = NULL`)
}

// SetPosted records the message that announces a call; nil is none any more.
func (s *Store) SetPosted(ctx context.Context, id school.ID, call school.CallID, p *calls.Posted) error {
	if p == nil {
		return s.setCall(ctx, id, call, `posted = NULL`)
	}
	sealed, err := s.sealJSON(p, sealedPosted, string(id), string(call))
	if err != nil {
		return err
	}
	return s.setCall(ctx, id, call, `posted = $3`, sealed)
}

// SetAsked records that the Portal is asked to show a call in an organisation: it may, from now on. One
// that was put away meanwhile is open again, for it has to be taken down.
func (s *Store) SetAsked(ctx context.Context, id school.ID, call school.CallID, organisation string) error {
	return s.setCall(ctx, id, call, `shown = $3, shown_in = $4, done_at = NULL`, calls.Asked, organisation)
}

// SetShown records what the Portal shows of a call; "" is nothing. One that was put away while it was
// being shown is open again. The wait until it was first shown
// is measured here, from its publication (zero: not known; one that is still to come is no wait) and
// from our taking it in.
func (s *Store) SetShown(ctx context.Context, id school.ID, call school.CallID, digest string, published time.Time) error {
	if digest == "" {
		return s.setCall(ctx, id, call, `shown = NULL, shown_in = NULL`)
	}
	return s.setCall(ctx, id, call, `shown = $3, done_at = NULL, shown_at = coalesce(shown_at, now()), held_lag = coalesce(held_lag, now() - held_at),
		lag = coalesce(lag, greatest(now() - coalesce($4::timestamptz, held_at), interval '0'))`, digest, lo.EmptyableToPtr(published))
}

// SetCallProblem records the code of what keeps a call from being seen; "" is nothing.
func (s *Store) SetCallProblem(ctx context.Context, id school.ID, call school.CallID, code string) error {
	return s.setCall(ctx, id, call, `problem = nullif($3, '')`, code)
}

// CloseCall records that nothing more is to be done about a call, unless it says something else by
// now than at the time given.
func (s *Store) CloseCall(ctx context.Context, id school.ID, call school.CallID, heldAt time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE calls SET done_at = now(), problem = NULL WHERE school_id = $1 AND id = $2 AND held_at = $3`, id, call, heldAt)
	return err
}

func (s *Store) setCall(ctx context.Context, id school.ID, call school.CallID, set string, args ...any) error {
	_, err := s.pool.Exec(ctx, `UPDATE calls SET `+set+` WHERE school_id = $1 AND id = $2`, append([]any{id, call}, args...)...)
	return err
}

// CallsOver lists the schools that have calls that are over and not yet put away, and that can have a
// pass.
func (s *Store) CallsOver(ctx context.Context) ([]school.ID, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT DISTINCT x.school_id FROM calls x
		JOIN schools s ON s.id = x.school_id AND s.snapshot IS NOT NULL
		JOIN communities c ON c.school_id = x.school_id AND c.token IS NOT NULL
		WHERE x.done_at IS NULL AND x.ends_at <= now() ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[school.ID])
}

// WantCalls asks for a pass over a school's calls.
func (s *Store) WantCalls(ctx context.Context, id school.ID, requestedBy string) error {
	return s.Want(ctx, id, "event", reconcile.Scope{Calls: true}, false, requestedBy)
}

// CallLag is how long a school's calls of the last week took to be seen on the Portal.
type CallLag struct {
	Calls int
	// P50 and P95 are from publication, HeldP95 from our taking a call in.
	P50, P95, HeldP95 time.Duration
}

// CallLag measures a school's calls; nil where none was shown.
func (s *Store) CallLag(ctx context.Context, id school.ID) (*CallLag, error) {
	lag, err := one[CallLag](s.pool.Query(ctx, `
		SELECT count(*)::int AS calls, percentile_cont(0.5) WITHIN GROUP (ORDER BY lag) AS p50,
			percentile_cont(0.95) WITHIN GROUP (ORDER BY lag) AS p95, percentile_cont(0.95) WITHIN GROUP (ORDER BY held_lag) AS held_p95
		FROM calls WHERE school_id = $1 AND shown_at > now() - interval '7 days' AND lag IS NOT NULL HAVING count(*) > 0`, id))
	return lag, err
}
