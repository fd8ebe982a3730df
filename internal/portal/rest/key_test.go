package rest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal/rest"
)

func TestAKeyFileIsRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as issued":         "key_id=key-1\nsecret=SECRET=/+ x\n",
		"no end":            "key_id=key-1\nsecret=SECRET=/+ x",
		"the other way":     "secret=SECRET=/+ x\nkey_id=key-1\n",
		"of another system": "\ufeffkey_id = key-1\r\nsecret = SECRET=/+ x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, secret, err := rest.ReadKey(write(t, text))
			require.NoError(t, err)
			require.Equal(t, []string{"key-1", "SECRET=/+ x"}, []string{id, secret})
		})
	}
}

func TestABadKeyFileIsNotQuoted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"empty":            {"", "key_id"},
		"no secret":        {"key_id=key-1\n", "secret"},
		"an empty secret":  {"key_id=key-1\nsecret=\n", "secret"},
		"no id":            {"secret=SECRET\n", "key_id"},
		"the secret alone": {"key_id=key-1\nSECRET\n", "line 2"},
		"a comment":        {"key_id=key-1\nsecret=SECRET\n# SECRET\n", "line 3"},
		"twice":            {"key_id=key-1\nsecret=SECRET\nsecret=SECRET2\n", "line 3"},
		"an id of words":   {"key_id=SECRET one\nsecret=SECRET\n", "key_id"},
		"another file":     {"key_id=" + strings.Repeat("SECRET", 20_000), "too big"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := rest.ReadKey(write(t, tt.text))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "SECRET")
		})
	}
	_, _, err := rest.ReadKey(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = rest.ReadKey(t.TempDir())
	require.ErrorContains(t, err, "cannot be read")
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal.key")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
