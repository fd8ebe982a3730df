package secret_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

var someContext = secret.Context("token", "school-1")

// keysetFile gives the path of a fresh keyset.
func keysetFile(t *testing.T) string {
	t.Helper()
	raw, err := secret.New()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "keyset.json")
	require.NoError(t, os.WriteFile(path, raw, 0o640))
	return path
}

func follow(t *testing.T, path string) *secret.Keyring {
	t.Helper()
	k, err := secret.FromFile(path)
	require.NoError(t, err)
	return k
}

// change changes a keyset file as a command does.
func change(t *testing.T, path string, f func(raw []byte) ([]byte, error)) {
	t.Helper()
	file, err := secret.LockFile(path)
	require.NoError(t, err)
	defer file.Unlock()
	require.NoError(t, file.Change(f))
}

func addKey(t *testing.T, path string) (id uint32) {
	t.Helper()
	change(t, path, func(raw []byte) (changed []byte, err error) {
		changed, id, err = secret.AddKey(raw)
		return changed, err
	})
	return id
}

func promote(t *testing.T, path string, id uint32) {
	t.Helper()
	change(t, path, func(raw []byte) ([]byte, error) { return secret.PromoteKey(raw, id) })
}

func remove(t *testing.T, path string, id uint32) {
	t.Helper()
	change(t, path, func(raw []byte) ([]byte, error) { return secret.RemoveKey(raw, id) })
}

func sealWith(t *testing.T, k *secret.Keyring) []byte {
	t.Helper()
	sealed, err := k.Seal([]byte("hush"), someContext)
	require.NoError(t, err)
	return sealed
}

func requireOpens(t *testing.T, k *secret.Keyring, sealed []byte) {
	t.Helper()
	plain, err := k.Open(sealed, someContext)
	require.NoError(t, err)
	require.Equal(t, "hush", string(plain))
}

func TestASealedValueNamesItsKey(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	sealed := sealWith(t, k)
	require.Equal(t, k.Primary(), secret.KeyIDOf(sealed))
	require.Equal(t, secret.Prefix(k.Primary()), sealed[:5])
	require.Equal(t, []uint32{k.Primary()}, k.KeyIDs())
	require.True(t, k.Marks())
	for _, none := range [][]byte{nil, {1, 2, 3}, {0, 1, 2, 3, 4, 5}, []byte("plain text")} {
		require.Zero(t, secret.KeyIDOf(none))
	}
}

func TestARunningKeyringFollowsARotation(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	k := follow(t, path)
	first := k.Primary()
	before := sealWith(t, k)
	now := time.Now()
	k.At(now)

	second := addKey(t, path)
	promote(t, path, second)
	require.Equal(t, first, secret.KeyIDOf(sealWith(t, k)), "it looks once a second only")
	k.At(now.Add(secret.LookEvery))
	after := sealWith(t, k)
	require.Equal(t, second, secret.KeyIDOf(after))
	require.Equal(t, []uint32{first, second}, k.KeyIDs())
	require.Equal(t, []uint32{first}, k.Old())
	require.Empty(t, k.Waiting())
	requireOpens(t, k, before)

	remove(t, path, first)
	require.NoError(t, k.Reload())
	require.Equal(t, []uint32{second}, k.KeyIDs())
	requireOpens(t, k, after)
	_, err := k.Open(before, someContext)
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)
}

func TestWhatDoesNotOpenIsTriedWithTheFileAsItIsNow(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	behind := follow(t, path)
	behind.At(time.Now()) // it will never be time to look
	promote(t, path, addKey(t, path))
	sealed := sealWith(t, follow(t, path))
	requireOpens(t, behind, sealed)
	require.Equal(t, secret.KeyIDOf(sealed), behind.Primary(), "it has learnt all of it")
}

func TestABrokenFileKeepsTheKeysAndIsTold(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	k := follow(t, path)
	now := time.Now()
	k.At(now)
	sealed := sealWith(t, k)
	other := sealWith(t, newKeyring(t))
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(`{"key": "looks-like-a-key"`), 0o640))

	require.ErrorContains(t, k.Reload(), "not a Tink keyset")
	requireOpens(t, k, sealed)
	_, err = k.Open(other, someContext)
	require.ErrorIs(t, err, secret.ErrDoesNotOpen)
	require.ErrorContains(t, err, "cannot be read any more")
	require.NotContains(t, err.Error(), "looks-like-a-key")

	k.At(now.Add(secret.BlindFor - time.Second))
	requireOpens(t, k, sealWith(t, k))
	k.At(now.Add(secret.BlindFor + time.Second))
	_, err = k.Seal([]byte("hush"), someContext)
	require.ErrorContains(t, err, "cannot be read any more", "the key may have been retired meanwhile")
	requireOpens(t, k, sealed)
	require.NoError(t, os.Remove(path))
	require.ErrorContains(t, k.Reload(), "no such file")
	requireOpens(t, k, sealed)

	require.NoError(t, os.WriteFile(path, good, 0o640))
	k.At(now.Add(time.Hour))
	requireOpens(t, k, sealWith(t, k))
	require.NoError(t, k.Reload())
}

func TestAKeysetThatIsInNoFileStaysAsItIs(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	require.Empty(t, k.File())
	require.NoError(t, k.Reload())
	_, err := secret.LockFile(k.File())
	require.ErrorIs(t, err, secret.ErrInline)
	require.ErrorContains(t, err, secret.EnvKeysetFile)
}

func TestAKeyringIsSharedDuringRotations(t *testing.T) {
	t.Parallel()
	path := keysetFile(t)
	k := follow(t, path)
	done := make(chan struct{})
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for more := true; more; {
				select {
				case <-done:
					more = false
				default:
				}
				sealed, err := k.Seal([]byte("hush"), someContext)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := k.Open(sealed, someContext); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		id := addKey(t, path)
		promote(t, path, id)
		requireOpens(t, k, sealWith(t, follow(t, path)))
	}
	close(done)
	workers.Wait()
	require.Len(t, k.KeyIDs(), 21)
}
