package secret_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

func parsed(t *testing.T, raw []byte) *secret.Keyring {
	t.Helper()
	k, err := secret.Parse(raw)
	require.NoError(t, err)
	return k
}

func TestKeysAreAddedPromotedAndRemoved(t *testing.T) {
	t.Parallel()
	raw, err := secret.New()
	require.NoError(t, err)
	first := parsed(t, raw).Primary()
	sealed := sealWith(t, parsed(t, raw))

	raw, second, err := secret.AddKey(raw)
	require.NoError(t, err)
	k := parsed(t, raw)
	require.Equal(t, first, k.Primary(), "a new key only opens")
	require.Equal(t, []uint32{second}, k.Waiting())
	require.Empty(t, k.Old())
	raw, third, err := secret.AddKey(raw)
	require.NoError(t, err)

	raw, err = secret.PromoteKey(raw, second)
	require.NoError(t, err)
	k = parsed(t, raw)
	require.Equal(t, second, k.Primary())
	require.Equal(t, []uint32{first}, k.Old())
	require.Equal(t, []uint32{third}, k.Waiting())
	requireOpens(t, k, sealed)
	again, err := secret.PromoteKey(raw, second)
	require.NoError(t, err)
	require.Equal(t, raw, again)

	_, err = secret.RemoveKey(raw, second)
	require.ErrorIs(t, err, secret.ErrPrimary)
	raw, err = secret.RemoveKey(raw, first)
	require.NoError(t, err)
	require.Equal(t, []uint32{second, third}, parsed(t, raw).KeyIDs())
	_, err = parsed(t, raw).Open(sealed, someContext)
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)

	var none *secret.NoKeyError
	_, err = secret.RemoveKey(raw, first)
	require.ErrorAs(t, err, &none)
	_, err = secret.PromoteKey(raw, first)
	require.ErrorAs(t, err, &none)
	require.ErrorContains(t, err, "rollcall keys list")
}

func TestKeysThatCannotBeToldApartAreNotRotated(t *testing.T) {
	t.Parallel()
	raw, err := secret.New()
	require.NoError(t, err)
	raw = []byte(strings.Replace(string(raw), "TINK", "RAW", 1))
	require.False(t, parsed(t, raw).Marks())
	_, _, err = secret.AddKey(raw)
	require.ErrorIs(t, err, secret.ErrUnmarked)
}

func TestWhatIsNoKeysetIsNotChangedNorQuoted(t *testing.T) {
	t.Parallel()
	raw := []byte(`{"key": "looks-like-a-key"}`)
	_, _, err := secret.AddKey(raw)
	require.ErrorContains(t, err, "rollcall keys new")
	require.NotContains(t, err.Error(), "looks-like-a-key")
	_, err = secret.PromoteKey(raw, 1)
	require.Error(t, err)
	_, err = secret.RemoveKey(raw, 1)
	require.Error(t, err)
}
