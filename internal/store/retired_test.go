package store_test

import (
	"slices"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// TestADeadKeySealsNothing: a process with a copy of the keyset from before the rotation writes nothing that nobody
// could open, and what was there stands.
func TestADeadKeySealsNothing(t *testing.T) {
	t.Parallel()
	s := newSafe(t)
	ctx := t.Context()
	_, keys := s.process(t)
	first := keys.Primary()
	asleep := s.copyOf(t) // a machine that is off during the rotation
	require.NoError(t, asleep.CheckKeys(ctx))

	s.newPrimary(t)
	reseal(t, s.st)
	require.NoError(t, s.st.RetireKeys(ctx, []uint32{first}))
	require.NoError(t, s.st.RetireKeys(ctx, []uint32{first}), "once more is the same")
	s.removeKey(t, first)

	require.ErrorIs(t, asleep.CheckKeys(ctx), secret.ErrRetired)
	refused := func(err error) {
		t.Helper()
		require.True(t, store.KeyRetired(err), "%v", err)
	}
	refused(asleep.SetToken(ctx, "s", 42, "another"))
	refused(asleep.SetUserToken(ctx, "s", "another"))
	refused(asleep.SetPushSecret(ctx, "f", "another"))
	e := asleep.NewEffects()
	e.TitleSet(s.chats["s"], "Учителя")
	e.LinkRead(s.chats["s"], "https://vk.me/join/another")
	refused(e.Record(ctx))
	mirror, err := s.st.Mirror(ctx, "s")
	require.NoError(t, err)
	require.Equal(t, "Учителя", mirror[0].Title, "the link takes nothing else with it")
	s.requireAllOpens(t, s.st)

	require.NoError(t, s.st.CheckKeys(ctx))
	require.NoError(t, s.st.ReinstateKeys(ctx, []uint32{first}))
	require.NoError(t, asleep.CheckKeys(ctx))
	require.NoError(t, asleep.SetToken(ctx, "s", 42, "another"))
	keyless, err := store.Open(ctx, s.url, nil)
	require.NoError(t, err)
	defer keyless.Close()
	require.NoError(t, keyless.CheckKeys(ctx))
}

// TestEverySealedColumnIsGuarded: the database itself looks at what goes into each of them.
func TestEverySealedColumnIsGuarded(t *testing.T) {
	t.Parallel()
	_, url := setupAt(t)
	guarded := texts(t, raw(t, url), `
		SELECT c.relname || '.' || a.attname FROM pg_trigger t
		JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(t.tgattr::int2[])
		WHERE t.tgfoid = 'refuse_retired_key'::regproc AND t.tgenabled = 'O' AND t.tgtype = 1 + 2 + 4 + 16
			AND pg_get_triggerdef(t.oid) LIKE '%WHEN (sealed_by_retired_key(new.' || a.attname || '))%'`)
	sealed := lo.Values(store.SealedKinds())
	slices.Sort(sealed)
	slices.Sort(guarded)
	require.Equal(t, sealed, guarded, "a new sealed column needs a trigger as in migration 0006")
}
