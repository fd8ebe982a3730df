package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/secret"
)

// vault is a command line whose keyset is in a file, and sealed values of some schools.
type vault struct {
	*bench
	file    string
	schools []string
	first   uint32
}

func setupVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{bench: setupDatabase(t), file: filepath.Join(t.TempDir(), "keyset.json"), schools: []string{"s", "s2", "s3"}}
	require.NoError(t, os.WriteFile(v.file, []byte(v.ok("keys", "new")), 0o600))
	v.keys = v.fresh()
	v.first = v.keys.Primary()
	v.register()
	for _, id := range v.schools[1:] {
		v.ok("school", "add", id, "--district", "d", "--feed", "f", "--source-id", id, "--name", "Школа "+id)
	}
	for _, id := range v.schools {
		v.in = "token-of-" + id
		v.ok("school", "set-token", id, "--community-id", "1")
	}
	return v
}

// fresh reads the keyset as a process does that starts now.
func (v *vault) fresh() *secret.Keyring {
	v.t.Helper()
	keys, err := secret.FromFile(v.file)
	require.NoError(v.t, err)
	return keys
}

// requireAllOpens opens all values with the keyset file as it is now.
func (v *vault) requireAllOpens() {
	v.t.Helper()
	v.keys = v.fresh()
	st := v.store()
	for _, id := range v.schools {
		community, err := st.Community(v.t.Context(), school.ID(id))
		require.NoError(v.t, err)
		require.Equal(v.t, "token-of-"+id, community.Token)
	}
}

// rested is a vault whose keyset file has not changed for long enough.
func (v *vault) rested(f func()) {
	v.t.Helper()
	v.rest = 0
	defer func() { v.rest = secret.Rest }()
	f()
}

// rotate rotates without a minute's rest.
func (v *vault) rotate() (view keysView) {
	v.t.Helper()
	v.rest = 50 * time.Millisecond
	defer func() { v.rest = secret.Rest }()
	return decode[keysView](v.bench, "keys", "rotate")
}

// list gives the roles of the keys, and how many values each has sealed.
func (v *vault) list() map[uint32]string {
	v.t.Helper()
	require.Contains(v.t, []int{exitOK, exitIncomplete}, v.run("keys", "list", "-o", "json"), v.err)
	var view keyListView
	require.NoError(v.t, json.Unmarshal([]byte(v.out), &view))
	return lo.SliceToMap(view.Keys, func(k keyView) (uint32, string) { return k.Key, k.Role + " " + valueCount(k.Values) })
}

// audited gives the acts on keys, in order.
func (v *vault) audited() []string {
	v.t.Helper()
	conn, err := pgx.Connect(v.t.Context(), v.settings.DatabaseURL)
	require.NoError(v.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(v.t.Context())) }()
	rows, err := conn.Query(v.t.Context(), `SELECT actor || ' ' || act || ' ' || subject FROM audit WHERE act LIKE 'keys-%' ORDER BY id`)
	require.NoError(v.t, err)
	acts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(v.t, err)
	return acts
}

func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	before := contents(t, v.file)
	view := v.rotate()
	second := view.Added
	require.NotZero(t, second)
	require.Equal(t, keysView{
		Added: second, Promoted: second, Primary: second, Resealed: 3, Retired: []uint32{v.first}, Kept: []keptKey{}, Unopened: []unopenedView{},
	}, view)
	require.Equal(t, map[uint32]string{second: "primary 3 values"}, v.list())
	v.requireAllOpens()
	acts := lo.Uniq(v.audited())
	require.Equal(t, []string{
		"operator keys-add " + keyName(second), "operator keys-promote " + keyName(second), "operator keys-reseal " + keyName(second),
		"operator keys-retire " + keyName(v.first),
	}, acts)

	v.rested(func() { v.ok("keys", "rotate") })
	third := v.fresh().Primary()
	require.Equal(t, []uint32{third}, v.fresh().KeyIDs())
	require.Contains(t, v.out, "key "+keyName(second)+": taken away")
	v.requireAllOpens()
	require.Contains(t, v.ok("keys", "list"), keyName(third)+"  primary  3       token 3")
	for _, raw := range [][]byte{before, contents(t, v.file)} {
		var keyset struct {
			Key []struct{ KeyData struct{ Value string } }
		}
		require.NoError(t, json.Unmarshal(raw, &keyset))
		require.NotEmpty(t, keyset.Key[0].KeyData.Value)
		require.NotContains(t, v.out+v.err+strings.Join(v.audited(), ""), keyset.Key[0].KeyData.Value)
	}
}

// contents gives what is in a file.
func contents(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return raw
}

// TestAnInterruptedRotationIsFinished: it ends somewhere between two of its steps, and goes on from
// there with the key that it has made.
func TestAnInterruptedRotationIsFinished(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*vault){
		"a key is made": func(v *vault) { v.ok("keys", "add") },
		"the key seals": func(v *vault) { v.ok("keys", "add"); v.ok("keys", "promote") },
		"some is sealed anew": func(v *vault) {
			v.ok("keys", "add")
			v.ok("keys", "promote")
			v.in = "token-of-s2"
			v.ok("school", "set-token", "s2", "--community-id", "1")
		},
		"all is sealed anew": func(v *vault) { v.ok("keys", "add"); v.ok("keys", "promote"); v.ok("keys", "reseal") },
		"in the midst of a file": func(v *vault) {
			v.ok("keys", "add")
			require.NoError(v.t, os.WriteFile(v.file+".new", []byte("half a key"), 0o600))
		},
		"while it waits": func(v *vault) {
			ctx, cancel := context.WithCancel(v.t.Context())
			st := v.store()
			go func() {
				defer cancel()
				for ctx.Err() == nil {
					if using, err := st.StillUsing(ctx); err != nil || len(using) == 1 && using[v.first] == 0 {
						return
					}
				}
			}()
			require.Equal(v.t, exitInterrupted, v.runContext(ctx, "keys", "rotate"))
			require.Contains(v.t, v.err, "goes on from here")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := setupVault(t)
			begin(v)
			made := lo.Without(v.fresh().KeyIDs(), v.first)
			require.Len(t, made, 1)
			v.requireAllOpens()

			view := v.rotate()
			require.True(t, view.Resumed)
			require.Zero(t, view.Added)
			require.Equal(t, made[0], view.Primary)
			require.Equal(t, []uint32{v.first}, view.Retired)
			require.Equal(t, map[uint32]string{made[0]: "primary 3 values"}, v.list())
			require.NoFileExists(t, v.file+".new")
			v.requireAllOpens()
		})
	}
}

func TestTwoDoNotChangeTheKeysAtOnce(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	file, err := secret.LockFile(v.file)
	require.NoError(t, err)
	for _, command := range []string{"rotate", "add", "promote", "retire"} {
		require.Contains(t, v.refused(exitFailed, "keys", command), "another command is changing the keys")
	}
	file.Unlock()
	lock, err := v.store().Lock(t.Context(), "keys") // as on another machine, with a copy of the file
	require.NoError(t, err)
	for _, command := range []string{"rotate", "add", "promote", "retire", "reseal"} {
		require.Contains(t, v.refused(exitFailed, "keys", command), "another command is changing the keys")
	}
	lock.Release()
	v.ok("keys", "add")
}

func TestKeysAreRotatedByCopies(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	there := filepath.Join(t.TempDir(), "copy.json")
	distribute := func() { require.NoError(t, os.WriteFile(there, contents(t, v.file), 0o600)) }
	distribute()
	other, err := secret.FromFile(there)
	require.NoError(t, err)
	read := func() {
		t.Helper()
		v.keys = other
		community, err := v.store().Community(t.Context(), "s")
		require.NoError(t, err)
		require.Equal(t, "token-of-s", community.Token)
		v.keys = v.fresh()
	}
	require.Contains(t, v.refused(exitFailed, "keys", "promote"), "rollcall keys add")
	require.Contains(t, v.ok("keys", "retire"), "nothing to do")

	require.Contains(t, v.ok("keys", "add"), "next: copy the keyset file to every machine; then: rollcall keys promote")
	distribute()
	read()
	second := v.fresh().Waiting()[0]
	require.Equal(t, map[uint32]string{v.first: "primary 3 values", second: "waiting 0 values"}, v.list())
	v.ok("keys", "promote")
	require.Contains(t, v.refused(exitFailed, "keys", "retire"), "has changed just now")
	v.rested(func() {
		require.Contains(t, v.refused(exitFailed, "keys", "retire"), "is in use by 3 values: first: rollcall keys reseal")
	})
	require.Equal(t, map[uint32]string{v.first: "old 3 values", second: "primary 0 values"}, v.list())
	distribute()
	read()
	require.Contains(t, v.ok("keys", "reseal"), "3 values sealed anew with key "+keyName(second))
	read()
	require.Contains(t, v.ok("keys", "reseal"), "there is nothing to do")
	v.rested(func() { require.Equal(t, []uint32{v.first}, decode[keysView](v.bench, "keys", "retire").Retired) })
	distribute()
	read()
	v.requireAllOpens()
}

// TestAnOldCopyOfTheKeysetSealsNothing: a machine that slept through a rotation is told so, and what it would
// have sealed for nobody to open is not written.
func TestAnOldCopyOfTheKeysetSealsNothing(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	asleep, err := secret.Parse(contents(t, v.file))
	require.NoError(t, err)
	v.rotate()
	v.keys, v.in = asleep, "token-of-nobody"
	require.Contains(t, v.refused(exitFailed, "school", "set-token", "s2", "--community-id", "1"), "is a copy from before the keys were rotated")
	v.requireAllOpens()

	v.ok("keys", "add") // and back to a key that was marked, and never taken away
	v.keys = v.fresh()
	second, third := v.keys.Primary(), v.keys.Waiting()[0]
	require.NoError(t, v.store().RetireKeys(t.Context(), []uint32{third}))
	v.ok("keys", "promote")
	require.Equal(t, 3, decode[keysView](v.bench, "keys", "reseal").Resealed)
	require.Equal(t, map[uint32]string{second: "old 0 values", third: "primary 3 values"}, v.list())
}

// TestWhoStandsInTheWayOfARotationIsNamed: nobody is waited for without an end, or without a word.
func TestWhoStandsInTheWayOfARotationIsNamed(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	v.patience = 1500 * time.Millisecond
	conn, err := pgx.Connect(t.Context(), v.settings.DatabaseURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) })
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `UPDATE communities SET confirmation = 'x' WHERE school_id = 's'`)
	require.NoError(t, err)
	who := fmt.Sprintf("session %d (unnamed), in one transaction for ", conn.PgConn().PID())
	v.ok("keys", "add")
	v.ok("keys", "promote")
	require.Equal(t, exitFailed, v.run("keys", "reseal"))
	require.Contains(t, v.err, "1 value cannot be sealed anew, because somebody holds it: "+who)
	require.Contains(t, v.err, "pg_terminate_backend")
	v.rested(func() { require.Equal(t, exitFailed, v.run("keys", "retire")) })
	require.Contains(t, v.err, "… waiting for "+who)
	require.Contains(t, v.err, "somebody may have sealed something that nobody sees yet: "+who)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, []uint32{v.first}, v.rotate().Retired)
	v.requireAllOpens()
}

func TestAKeyIsPromotedByItsID(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	v.ok("keys", "add")
	v.ok("keys", "add")
	waiting := v.fresh().Waiting()
	require.Contains(t, v.refused(exitUsage, "keys", "promote"), "2 keys wait")
	require.Contains(t, v.refused(exitUsage, "keys", "promote", "the-new-one"), "is no key")
	require.Contains(t, v.refused(exitFailed, "keys", "promote", "4294967295"), "holds no key")
	v.ok("keys", "promote", keyName(waiting[1]))
	require.Equal(t, waiting[1], v.fresh().Primary())
	v.ok("keys", "promote", keyName(v.first))
	require.Equal(t, v.first, v.fresh().Primary(), "and back")
	v.requireAllOpens()
}

func TestAKeysetInTheEnvironmentIsNotRotated(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	inline, err := secret.Parse(contents(t, v.file))
	require.NoError(t, err)
	v.keys = inline
	for _, command := range []string{"rotate", "add", "promote", "retire"} {
		message := v.refused(exitUsage, "keys", command)
		require.Contains(t, message, secret.EnvKeysetFile)
		require.Contains(t, message, "docs/keys.md")
	}
	v.ok("keys", "reseal")
	require.Equal(t, map[uint32]string{v.first: "primary 3 values"}, v.list())
	v.keys = nil
	require.Contains(t, v.refused(exitUsage, "keys", "rotate"), secret.EnvKeysetFile)
}

func TestALostKey(t *testing.T) {
	t.Parallel()
	v := setupVault(t)
	require.NoError(t, os.WriteFile(v.file, []byte(v.ok("keys", "new")), 0o600))
	v.keys = v.fresh()
	second := v.keys.Primary()
	require.Equal(t, map[uint32]string{v.first: "missing 3 values", second: "primary 0 values"}, v.list())
	require.Equal(t, exitIncomplete, v.run("keys", "list"))
	require.Equal(t, exitIncomplete, v.run("keys", "reseal"))
	require.Contains(t, v.out, "does not open: 3 values of kind token, key "+keyName(v.first)+": s, s2, s3")
	v.rested(func() { require.Equal(t, exitIncomplete, v.run("keys", "rotate"), v.err) })
	require.Contains(t, v.out, "key "+keyName(second)+": taken away")

	require.Contains(t, v.refused(exitUsage, "keys", "forget", keyName(v.first)), "lost")
	require.Contains(t, v.refused(exitUsage, "keys", "forget", keyName(v.first), "--lost=false"), "for good")
	require.Contains(t, v.refused(exitFailed, "keys", "forget", keyName(v.fresh().Primary()), "--lost"), "is not lost")
	require.Contains(t, v.ok("keys", "forget", keyName(v.first), "--lost"), "3 values given up")
	require.Contains(t, v.audited(), "operator keys-forget "+keyName(v.first))
	require.Equal(t, map[uint32]string{v.fresh().Primary(): "primary 0 values"}, v.list())
	v.in = "token-anew"
	v.ok("school", "set-token", "s", "--community-id", "1")
}
