package secret_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

func newKeyring(t *testing.T) *secret.Keyring {
	t.Helper()
	raw, err := secret.New()
	require.NoError(t, err)
	k, err := secret.Parse(raw)
	require.NoError(t, err)
	return k
}

func TestSealedValueOpensOnlyWithItsKeyAndContext(t *testing.T) {
	t.Parallel()
	k := newKeyring(t)
	plain := []byte("a token")
	sealed, err := k.Seal(plain, secret.Context("token", "school-1"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "a token")

	opened, err := k.Open(sealed, secret.Context("token", "school-1"))
	require.NoError(t, err)
	require.Equal(t, plain, opened)

	_, err = k.Open(sealed, secret.Context("token", "school-2"))
	require.ErrorContains(t, err, "does not open")
	_, err = newKeyring(t).Open(sealed, secret.Context("token", "school-1"))
	require.ErrorContains(t, err, "does not open")
}

func TestContextPartsDoNotRunTogether(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, secret.Context("ab", "c"), secret.Context("a", "bc"))
}

func TestFromEnvironment(t *testing.T) {
	raw, err := secret.New()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "keyset.json")
	require.NoError(t, os.WriteFile(file, raw, 0o600))

	cases := []struct {
		name, inline, file, problem string
	}{
		{"nothing set", "", "", "rollcall keys new"},
		{"both set", string(raw), file, "keep one"},
		{"inline", string(raw), "", ""},
		{"file", "", file, ""},
		{"missing file", "", file + ".missing", "no such file"},
		{"not a keyset", "{}", "", secret.EnvKeyset},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(secret.EnvKeyset, c.inline)
			t.Setenv(secret.EnvKeysetFile, c.file)
			k, err := secret.FromEnvironment()
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.NotNil(t, k)
		})
	}
}

func TestParseNeverQuotesItsInput(t *testing.T) {
	t.Parallel()
	_, err := secret.Parse([]byte(`{"primaryKeyId": "looks-like-a-key"}`))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "looks-like-a-key")
}
