package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// What the audit calls the acts on keys. Their subject is the key's id.
const (
	actAddKey     = "keys-add"
	actPromoteKey = "keys-promote"
	actReseal     = "keys-reseal"
	actRetireKey  = "keys-retire"
	actForgetKey  = "keys-forget"
)

const (
	// sweepPause is between two goings through the sealed values: who has read one until then has
	// opened it.
	sweepPause = time.Second
	// sweepsAtMost is after how many it is no accident any more that there are new ones to seal anew.
	sweepsAtMost = 10
	// restLook is how often it is looked at how long the file has rested.
	restLook = 250 * time.Millisecond
	// patience is how long a transaction of somebody else is waited for; a pass has none that takes so long.
	patience = 2 * time.Minute
)

// keyWork is work on the keys that nobody else does meanwhile: not on this file, not on this
// database.
type keyWork struct {
	a    *app
	st   *store.Store
	keys *secret.Keyring
	file *secret.File // nil where the keyset stays as it is
	lock *store.Lock
}

// openKeys begins work on the keys; with change the keyset itself is to be changed. It must be
// closed.
func (a *app) openKeys(ctx context.Context, change bool) (w *keyWork, err error) {
	w = &keyWork{a: a}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.keys, err = a.keys(); err != nil {
		return w, &usageError{err}
	}
	if change {
		if w.file, err = secret.LockFile(w.keys.File()); errors.Is(err, secret.ErrInline) {
			return w, &usageError{err}
		} else if err != nil {
			return w, err
		}
	}
	if err := w.keys.Reload(); err != nil {
		return w, err
	}
	if w.st, err = a.openWith(ctx, w.keys); err != nil {
		return w, err
	}
	if w.lock, err = w.st.Lock(ctx, "keys"); err == nil && w.lock == nil {
		err = secret.ErrLocked
	}
	return w, err
}

func (w *keyWork) close() {
	if w.lock != nil {
		w.lock.Release()
	}
	if w.st != nil {
		w.st.Close()
	}
	if w.file != nil {
		w.file.Unlock()
	}
}

// change changes the keyset file. The change and its act in the audit come before the file: what cannot
// be recorded is not done.
func (w *keyWork) change(ctx context.Context, act string, f func(raw []byte) ([]byte, []uint32, error)) error {
	err := w.file.Change(func(raw []byte) ([]byte, error) {
		changed, ids, err := f(raw)
		if err != nil {
			return nil, err
		}
		return changed, w.audit(ctx, act, ids...)
	})
	if err != nil {
		return err
	}
	return w.keys.Reload()
}

func (w *keyWork) audit(ctx context.Context, act string, ids ...uint32) error {
	for _, id := range ids {
		if err := w.st.Audit(ctx, w.a.login(), act, "", keyName(id)); err != nil {
			return err
		}
	}
	return nil
}

func (w *keyWork) add(ctx context.Context) (id uint32, err error) {
	err = w.change(ctx, actAddKey, func(raw []byte) (changed []byte, _ []uint32, err error) {
		changed, id, err = secret.AddKey(raw)
		return changed, []uint32{id}, err
	})
	return id, err
}

// promote makes a key the one that seals, also one that was to be taken away.
func (w *keyWork) promote(ctx context.Context, id uint32) error {
	return w.change(ctx, actPromoteKey, func(raw []byte) ([]byte, []uint32, error) {
		changed, err := secret.PromoteKey(raw, id)
		if err == nil {
			err = w.st.ReinstateKeys(ctx, []uint32{id})
		}
		return changed, []uint32{id}, err
	})
}

// reseal seals anew what another key than the primary one has sealed, until only what does not open
// is left. Whoever still seals with another key is waited for, but not for ever.
func (w *keyWork) reseal(ctx context.Context) (store.Resealed, error) {
	var all store.Resealed
	p := w.a.newProgress()
	defer p.clear()
	if err := w.audit(ctx, actReseal, w.keys.Primary()); err != nil {
		return all, err
	}
	moved := time.Now()
	for sweep := 1; ; sweep++ {
		before, err := w.elseSealed(ctx)
		if err != nil {
			return all, err
		}
		r, err := w.st.Reseal(ctx, func(done int) {
			if before > 0 {
				p.show(fmt.Sprintf("sealed anew: %d of %d", done, before))
			}
		})
		all.Values, all.Unopened = all.Values+r.Values, r.Unopened
		if err != nil {
			return all, err
		}
		left, err := w.elseSealed(ctx)
		if err != nil {
			return all, err
		}
		switch {
		case r.Values == 0 && left <= lo.SumBy(r.Unopened, func(u store.Unopened) int { return u.Values }):
			return all, nil
		case r.Values > 0 && sweep >= sweepsAtMost:
			return all, errors.New("another key than the primary one goes on sealing values: some process does not follow this keyset file " +
				"(it has another file, another machine's copy, or an older version): restart it with this one, then ask again")
		case r.Values > 0:
			moved = time.Now()
		default:
			writers, err := w.st.Writers(ctx)
			if err == nil && time.Since(moved) > w.a.patience {
				err = fmt.Errorf("%s cannot be sealed anew, because somebody holds %s: %s", valueCount(left), lo.Ternary(left == 1, "it", "them"), endThem(writers))
			}
			if err != nil {
				return all, err
			}
			p.show(fmt.Sprintf("waiting for %s that somebody is working on: %s", valueCount(left), sessions(writers)))
		}
		if err := sleep(ctx, sweepPause); err != nil {
			return all, err
		}
	}
}

// elseSealed counts the values that another key than the primary one has sealed.
func (w *keyWork) elseSealed(ctx context.Context) (int, error) {
	using, err := w.st.StillUsing(ctx)
	delete(using, w.keys.Primary())
	return lo.Sum(lo.Values(using)), err
}

// rest waits until the keyset file has not changed for so long that every process follows it, and
// tells whether that was still to come.
func (w *keyWork) rest(ctx context.Context) (waited bool, err error) {
	p := w.a.newProgress()
	defer p.clear()
	for {
		left, err := w.restLeft()
		if err != nil || left <= 0 {
			return waited, err
		}
		waited = true
		p.show(fmt.Sprintf("waiting %s, until every process is sure to follow", left.Round(time.Second)))
		if err := sleep(ctx, restLook); err != nil {
			return waited, err
		}
	}
}

func (w *keyWork) restLeft() (time.Duration, error) {
	age, err := w.file.Age()
	return w.a.rest - age, err
}

// retire takes those old keys away that nothing uses, and gives both. The database takes nothing more of
// theirs before it is counted what there is: so that nobody, with whatever keyset, seals with a key
// that is gone.
func (w *keyWork) retire(ctx context.Context) (retired []uint32, kept []keptKey, err error) {
	old := w.keys.Old()
	if len(old) == 0 {
		return nil, nil, nil
	}
	if err := w.st.RetireKeys(ctx, old); err != nil {
		return nil, nil, err
	}
	if err := w.awaitWriters(ctx); err != nil {
		return nil, nil, err
	}
	if !w.lock.Held(ctx) {
		return nil, nil, errors.New("the connection to the database was lost meanwhile: ask again")
	}
	using, err := w.st.StillUsing(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range old {
		if n := using[id]; n > 0 {
			kept = append(kept, keptKey{id, n})
		} else {
			retired = append(retired, id)
		}
	}
	if err := w.st.ReinstateKeys(ctx, lo.Map(kept, func(k keptKey, _ int) uint32 { return k.Key })); err != nil || len(retired) == 0 {
		return nil, kept, err
	}
	return retired, kept, w.change(ctx, actRetireKey, func(raw []byte) (_ []byte, _ []uint32, err error) {
		for _, id := range retired {
			if raw, err = secret.RemoveKey(raw, id); err != nil {
				return nil, nil, err
			}
		}
		return raw, retired, nil
	})
}

// awaitWriters waits for those who may have sealed something that nobody sees yet, but not for ever.
func (w *keyWork) awaitWriters(ctx context.Context) error {
	p := w.a.newProgress()
	defer p.clear()
	waiting, cancel := context.WithTimeout(ctx, w.a.patience)
	defer cancel()
	var last []store.Writer
	err := w.st.AwaitWriters(waiting, func(writers []store.Writer) {
		last = writers
		p.show("waiting for " + sessions(writers))
	})
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return errors.New("somebody may have sealed something that nobody sees yet: " + endThem(last))
	}
	return err
}

// endThem says what is to be done about writers who do not end.
func endThem(writers []store.Writer) string {
	return sessions(writers) + ": have it ended, by whoever runs it or with pg_terminate_backend, then ask again"
}

func sessions(writers []store.Writer) string {
	return strings.Join(lo.Map(writers, func(w store.Writer, _ int) string { return w.String() }), ", ")
}

// requireHere refuses to go on where processes on other machines are connected to the database,
// unless somebody says that they have the same keyset.
func (w *keyWork) requireHere(ctx context.Context, everywhere bool, advice string) error {
	if everywhere {
		return nil
	}
	machines, err := w.st.Elsewhere(ctx)
	if err != nil || len(machines) == 0 {
		return err
	}
	return usagef("processes are connected from elsewhere too (%s): %s", strings.Join(machines, ", "), advice)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func keyName(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

// readKeyID reads the id of a key.
func readKeyID(arg string) (uint32, error) {
	id, err := strconv.ParseUint(arg, 10, 32)
	if err != nil || id == 0 {
		return 0, usagef("%q is no key: keys are named by their numbers, see: rollcall keys list", arg)
	}
	return uint32(id), nil
}
