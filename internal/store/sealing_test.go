package store_test

import (
	"os"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/store"
)

// bytesNotSealed are the columns of bytes that hold nothing secret, and why.
var bytesNotSealed = map[string]string{
	"retired_keys.prefix": "the id of a key, which every value says",

	"spans.trace_id":  "random bytes that name a trace",
	"spans.span_id":   "random bytes that name a span",
	"spans.parent_id": "random bytes that name a span",
}

// TestEveryColumnOfBytesIsAccountedFor: what is sealed and not in the registry is lost at the next
// rotation of keys.
func TestEveryColumnOfBytesIsAccountedFor(t *testing.T) {
	t.Parallel()
	_, url := setupAt(t)
	conn := raw(t, url)
	columns := texts(t, conn, `
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND data_type = 'bytea' ORDER BY 1`)
	sealed := lo.Values(store.SealedKinds())
	require.ElementsMatch(t, columns, append(sealed, lo.Keys(bytesNotSealed)...),
		"a sealed column belongs into sealedColumns; one that is not sealed into bytesNotSealed, with the reason")
	require.Len(t, lo.Uniq(sealed), len(sealed))

	keys := texts(t, conn, `
		SELECT c.table_name || '.' || string_agg(k.column_name, ',' ORDER BY k.ordinal_position)
		FROM information_schema.table_constraints c JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name)
		WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_schema = current_schema() GROUP BY c.table_name`)
	for _, key := range store.SealedKeys() {
		require.Contains(t, keys, key, "a value is sealed for its row's primary key, in its order")
	}
}

func TestEveryKindOfValueIsInTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/keys.md")
	require.NoError(t, err)
	for kind := range store.SealedKinds() {
		require.Equal(t, 2, strings.Count(string(manual), "`"+kind+"`"), "%s: what it is, and how to have it anew when its key is lost", kind)
	}
}
