package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	for args, want := range map[string]string{
		"school check":                     "s\tШкола № 17",
		"school set-token":                 "s\tШкола № 17",
		"status":                           "s\tШкола № 17",
		"resync":                           "s\tШкола № 17",
		"holds approve":                    "s\tШкола № 17",
		"schedule set":                     "s\tШкола № 17",
		"district report":                  "d\tНевский район",
		"district set":                     "d\tНевский район",
		"schedule list --district":         "d\tНевский район",
		"school add x --district":          "d\tНевский район",
		"feed read":                        "f\t",
		"feed set-push":                    "f\t",
		"feed check":                       "f\t",
		"school add x --district d --feed": "f\t",
		"status -o":                        "json",
		"doct":                             "",
		"school check s":                   "",
		"school add":                       "",
		"workers promote":                  "",
		"completion":                       "bash\t",
		"help":                             "doctor\t",
	} {
		argv := append([]string{"__complete"}, strings.Fields(args)...)
		said := b.ok(append(argv, "")...)
		if want == "" {
			require.NotRegexp(t, "^[a-z]\t", said, args)
			continue
		}
		require.Contains(t, said, want, args)
	}
	require.Contains(t, b.ok("completion", "bash"), "__start_rollcall")
}

func TestCompletionIsSilentInTrouble(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NotContains(t, b.ok("__complete", "status", ""), "\t", "without settings")
	b.settings.DatabaseURL = "postgres://127.0.0.1:1/rollcall"
	require.NotContains(t, b.ok("__complete", "status", ""), "\t", "without a database")
	require.NotContains(t, b.err, "127.0.0.1")
	b = setupDatabase(t)
	b.execute(`DROP SCHEMA public CASCADE`)
	require.NotContains(t, b.ok("__complete", "status", ""), "\t", "without a schema")
}
