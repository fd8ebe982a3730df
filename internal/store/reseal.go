package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

const (
	// resealAtATime is how many rows are sealed anew, and kept locked, at once: for some
	// milliseconds.
	resealAtATime = 50
	// unopenedNamed is how many rows of a kind that do not open are named.
	unopenedNamed = 5
)

// SealedCount tells how many values of a kind a key has sealed. Key is 0 for what no keyset sealed.
type SealedCount struct {
	Kind   string
	Key    uint32
	Values int
}

// SealedBy counts the sealed values by kind and key, in that order, all at one moment.
func (s *Store) SealedBy(ctx context.Context) ([]SealedCount, error) {
	type row struct {
		Kind   string
		Prefix []byte
		Values int
	}
	parts := lo.Map(sealedColumns, func(c sealedColumn, _ int) string {
		return fmt.Sprintf(`SELECT '%[1]s' AS kind, substring(%[2]s FOR 5) AS prefix FROM %[3]s WHERE %[2]s IS NOT NULL`, c.kind, c.name, c.table)
	})
	rows, err := all[row](s.pool.Query(ctx, `SELECT kind, prefix, count(*)::int AS values FROM (`+
		strings.Join(parts, ` UNION ALL `)+`) x GROUP BY 1, 2 ORDER BY 1, 2`))
	if err != nil {
		return nil, err
	}
	var counts []SealedCount
	for _, r := range rows {
		key := secret.KeyIDOf(r.Prefix)
		if last := len(counts) - 1; last >= 0 && counts[last].Kind == r.Kind && counts[last].Key == key {
			counts[last].Values += r.Values
			continue
		}
		counts = append(counts, SealedCount{r.Kind, key, r.Values})
	}
	return counts, nil
}

// StillUsing counts the sealed values by the id of their key. Keys without a value are absent.
func (s *Store) StillUsing(ctx context.Context) (map[uint32]int, error) {
	counts, err := s.SealedBy(ctx)
	using := map[uint32]int{}
	for _, c := range counts {
		using[c.Key] += c.Values
	}
	return using, err
}

// Resealed is what came of sealing anew.
type Resealed struct {
	Values int
	// Unopened are the values that do not open, by kind and key; they are left as they are.
	Unopened []Unopened
}

// Unopened are values of a kind that do not open, although their key may be in the keyset.
type Unopened struct {
	SealedCount
	// Rows name the first few by their keys.
	Rows []string
}

// note takes a value in that does not open.
func (r *Resealed) note(kind string, key uint32, row []string) {
	i := slices.IndexFunc(r.Unopened, func(u Unopened) bool { return u.Kind == kind && u.Key == key })
	if i < 0 {
		i = len(r.Unopened)
		r.Unopened = append(r.Unopened, Unopened{SealedCount: SealedCount{Kind: kind, Key: key}})
	}
	u := &r.Unopened[i]
	u.Values++
	if len(u.Rows) < unopenedNamed {
		u.Rows = append(u.Rows, strings.Join(row, "/"))
	}
}

// Reseal goes through all sealed values once and seals those anew that another key than the primary
// one has sealed. It holds few rows at a time, and passes over those that somebody else is working
// on: they are found the next time. It may be ended at any moment and begun again; it also says what was
// done until an error. Progress is told after every few values, with how many have been sealed anew.
func (s *Store) Reseal(ctx context.Context, progress func(done int)) (Resealed, error) {
	var r Resealed
	if s.keys == nil {
		return r, secret.ErrNoKeyset
	}
	if err := s.keys.Reload(); err != nil {
		return r, err
	}
	if !s.keys.Marks() {
		return r, secret.ErrUnmarked
	}
	for _, c := range sealedColumns {
		var after []string
		for more := true; more; {
			before := r.Values
			err := s.tx(ctx, func(tx pgx.Tx) (err error) {
				after, err = s.resealSome(ctx, tx, c, after, &r)
				return err
			})
			if err != nil {
				r.Values = before
				return r, fmt.Errorf("seal the %s values anew: %w", c.kind, err)
			}
			more = after != nil
			progress(r.Values)
		}
	}
	return r, nil
}

// resealSome seals some values of a column anew, in the order of their rows' keys. It begins behind a
// row, nil is the first one, and gives how far it came, nil at the end.
//
// It never waits for a row: whoever waits for one of its rows cannot be one whom it waits for. The lock
// is the weakest that keeps the value as it is; rows that refer to this one can still be made.
func (s *Store) resealSome(ctx context.Context, tx pgx.Tx, c sealedColumn, after []string, r *Resealed) ([]string, error) {
	args := []any{secret.Prefix(s.keys.Primary()), resealAtATime}
	var behind string
	if after != nil {
		behind = ` AND (` + c.keyList() + `) > (` + placeholders(len(args), len(c.key)) + `)`
		args = append(args, lo.ToAnySlice(after)...)
	}
	type row struct {
		Key    []string
		Sealed []byte
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(`
		SELECT ARRAY[%[1]s] AS key, %[2]s AS sealed FROM %[3]s WHERE %[2]s IS NOT NULL AND substring(%[2]s FOR 5) <> $1%[4]s
		ORDER BY %[5]s LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED`,
		strings.Join(lo.Map(c.key, func(k string, _ int) string { return k + "::text" }), ", "), c.name, c.table, behind, c.keyList()), args...)
	found, err := all[row](rows, err)
	if err != nil {
		return nil, err
	}
	update := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE (%s) = (%s)`, c.table, c.name, c.keyList(), placeholders(1, len(c.key)))
	var batch pgx.Batch
	var unopened []row
	for _, f := range found {
		plain, err := s.open(f.Sealed, c, f.Key...)
		if errors.Is(err, secret.ErrDoesNotOpen) {
			unopened = append(unopened, f)
			continue
		}
		if err != nil {
			return nil, err
		}
		sealed, err := s.seal(plain, c, f.Key...)
		if err != nil {
			return nil, err
		}
		batch.Queue(update, append([]any{sealed}, lo.ToAnySlice(f.Key)...)...)
	}
	if err := sendBatch(ctx, tx, &batch); err != nil {
		return nil, err
	}
	r.Values += batch.Len()
	for _, f := range unopened {
		r.note(c.kind, secret.KeyIDOf(f.Sealed), f.Key)
	}
	if len(found) < resealAtATime {
		return nil, nil
	}
	return found[len(found)-1].Key, nil
}

// Forget gives up what a key has sealed that nobody has any more, so that it can be had anew, and tells
// how many values that were; no more of them are taken. A proxy is not given up. A key that the keyset
// holds is refused.
func (s *Store) Forget(ctx context.Context, key uint32) (forgotten int64, err error) {
	if s.keys == nil {
		return 0, secret.ErrNoKeyset
	}
	if err := s.keys.Reload(); err != nil {
		return 0, err
	}
	if slices.Contains(s.keys.KeyIDs(), key) {
		return 0, fmt.Errorf("the keyset holds key %d: what it has sealed is not lost", key)
	}
	if err := s.RetireKeys(ctx, []uint32{key}); err != nil {
		return 0, err
	}
	prefix := secret.Prefix(key)
	err = s.tx(ctx, func(tx pgx.Tx) error {
		forgotten = 0
		_, err := tx.Exec(ctx, `
			UPDATE schools s SET snapshot = NULL FROM snapshots n
			WHERE n.school_id = s.id AND n.digest = s.snapshot AND substring(n.sealed FOR 5) = $1`, prefix)
		if err != nil {
			return err
		}
		for _, c := range sealedColumns {
			act := ``
			switch c.lost {
			case lostValue:
				act = `UPDATE ` + c.table + ` SET ` + c.name + ` = NULL`
			case lostRow:
				act = `DELETE FROM ` + c.table
			case lostNever:
				continue
			}
			tag, err := tx.Exec(ctx, act+` WHERE substring(`+c.name+` FOR 5) = $1`, prefix)
			if err != nil {
				return err
			}
			forgotten += tag.RowsAffected()
		}
		return nil
	})
	return forgotten, err
}

// placeholders gives n placeholders, behind so many others.
func placeholders(behind, n int) string {
	return strings.Join(lo.Times(n, func(i int) string { return fmt.Sprintf("$%d", behind+i+1) }), ", ")
}
