package store

import (
	"context"
	"fmt"
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

// TakeCalls takes in calls that were pushed, as one act with asking for their pass. A call that was
// pushed belongs to the pushes: the feed says no more about it.
func (s *Store) TakeCalls(ctx context.Context, id school.ID, told []school.Call) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		// Also where it says nothing new: the feed must not take back what a push stands for.
		_, err := tx.Exec(ctx, `UPDATE calls SET source = $2 WHERE school_id = $1 AND id = ANY($3) AND source <> $2`,
			id, callsFromPush, callIDs(told))
		if err != nil {
			return err
		}
		changed, err := s.holdCalls(ctx, tx, id, callsFromPush, told)
		if err != nil || !changed {
			return err
		}
		return want(ctx, tx, []school.ID{id}, "event", reconcile.Scope{Calls: true}, false, "pushed calls")
	})
}

// takeFeedCalls takes in all calls that a feed tells of: of those that it told of before and does
// not any more, none takes place.
func (s *Store) takeFeedCalls(ctx context.Context, tx pgx.Tx, id school.ID, told []school.Call) error {
	if _, err := s.holdCalls(ctx, tx, id, callsFromFeed, told); err != nil {
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
// not known, its end or its cancellation is no news.
func (s *Store) holdCalls(ctx context.Context, tx pgx.Tx, id school.ID, source string, told []school.Call) (changed bool, err error) {
	for _, c := range told {
		sealed, err := s.sealJSON(c, "call", string(id), string(c.ID))
		if err != nil {
			return false, err
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO calls (school_id, id, source, sealed, digest, ends_at, cancelled)
			SELECT $1, $2, $3, $4, $5, $6, $7
			WHERE NOT $7 AND $6 > now() OR EXISTS (SELECT FROM calls WHERE school_id = $1 AND id = $2)
			ON CONFLICT (school_id, id) DO UPDATE SET source = excluded.source, sealed = excluded.sealed, digest = excluded.digest,
				ends_at = excluded.ends_at, cancelled = excluded.cancelled, held_at = now(), done_at = NULL
			WHERE (calls.digest <> excluded.digest OR calls.cancelled <> excluded.cancelled)
				AND NOT (calls.source = $8 AND excluded.source <> $8)`,
			id, c.ID, source, sealed, calls.Digest(c), c.Ends, c.Cancelled, callsFromPush)
		if err != nil {
			return false, fmt.Errorf("hold a call: %w", err)
		}
		changed = changed || tag.RowsAffected() > 0
	}
	return changed, nil
}

const callColumns = `id, sealed, held_at, cancelled, room, posted, coalesce(shown, '') AS shown, shown_at,
	lag, held_lag, coalesce(problem, '') AS problem, done_at FROM calls`

type callRow struct {
	ID           school.CallID
	Sealed       []byte
	HeldAt       time.Time
	Cancelled    bool
	Room         []byte
	Posted       []byte
	Shown        string
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
		HeldAt: r.HeldAt, Shown: r.Shown, ShownAt: r.ShownAt, Lag: r.Lag, HeldLag: r.HeldLag, Problem: r.Problem, DoneAt: r.DoneAt,
	}
	if err := s.openJSON(&state.Call, r.Sealed, "call", string(id), string(r.ID)); err != nil {
		return state, err
	}
	state.Call.Cancelled = r.Cancelled
	if r.Room != nil {
		state.Room = &messenger.Room{}
		if err := s.openJSON(state.Room, r.Room, "room", string(id), string(r.ID)); err != nil {
			return state, err
		}
	}
	if r.Posted != nil {
		state.Posted = &calls.Posted{}
		return state, s.openJSON(state.Posted, r.Posted, "posted", string(id), string(r.ID))
	}
	return state, nil
}

// SetRoom records the room that was made for a call. Where another one has been recorded already, that
// one stays, and is given: a call has one room.
func (s *Store) SetRoom(ctx context.Context, id school.ID, call school.CallID, room messenger.Room) (messenger.Room, error) {
	sealed, err := s.sealJSON(room, "room", string(id), string(call))
	if err != nil {
		return room, err
	}
	var kept []byte
	err = s.pool.QueryRow(ctx, `
		UPDATE calls SET room = coalesce(room, $3) WHERE school_id = $1 AND id = $2 RETURNING room`, id, call, sealed).Scan(&kept)
	if err != nil {
		return room, err
	}
	return room, s.openJSON(&room, kept, "room", string(id), string(call))
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
	sealed, err := s.sealJSON(p, "posted", string(id), string(call))
	if err != nil {
		return err
	}
	return s.setCall(ctx, id, call, `posted = $3`, sealed)
}

// SetAsked records that the Portal is asked to show a call: it may, from now on.
func (s *Store) SetAsked(ctx context.Context, id school.ID, call school.CallID) error {
	return s.setCall(ctx, id, call, `shown = $3`, calls.Asked)
}

// SetShown records what the Portal shows of a call; "" is nothing. The wait until it was first shown
// is measured here, from its publication (zero: not known; one that is still to come is no wait) and
// from our taking it in.
func (s *Store) SetShown(ctx context.Context, id school.ID, call school.CallID, digest string, published time.Time) error {
	if digest == "" {
		return s.setCall(ctx, id, call, `shown = NULL`)
	}
	return s.setCall(ctx, id, call, `shown = $3, shown_at = coalesce(shown_at, now()), held_lag = coalesce(held_lag, now() - held_at),
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

// CallsOver lists the schools that have calls that are over and not yet put away.
func (s *Store) CallsOver(ctx context.Context) ([]school.ID, error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT school_id FROM calls WHERE done_at IS NULL AND ends_at <= now() ORDER BY 1`)
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
