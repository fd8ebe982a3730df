package accounts

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBadReadings(t *testing.T) {
	t.Parallel()
	known := complete(5, linked("secret-ann", 7001, 0), linked("secret-bob", 7002, 0))
	with := func(r Reading, change func(*Reading)) Reading {
		change(&r)
		return r
	}
	for name, tc := range map[string]struct {
		reading Reading
		says    string
	}{
		"fewer than there are": {with(changes(9), func(r *Reading) { r.Total = 2 }), "0 links were read, and the Portal says that there are 2"},
		"more than there are":  {with(complete(9, linked("secret-ann", 7001, 0)), func(r *Reading) { r.Total = 0 }), "1 links were read"},
		"older than the last":  {changes(4), "older than the last one"},
		"complete, and older":  {complete(4, known.Links...), "older than the last one"},
		"of no time":           {with(changes(9), func(r *Reading) { r.AsOf = time.Time{} }), "does not say of when it is"},
		"an account of nobody": {changes(9, linked("secret-ann", -7001, 8)), "1 of 1 links have no identity"},
		"nobody's account":     {changes(9, linked("", 7001, 8), linked("secret-ann", 7001, 8)), "1 of 2 links have no identity"},
		"two accounts": {
			complete(9, linked("secret-ann", 7001, 0), linked("secret-ann", 7002, 0), linked("secret-ann", 7001, 1)),
			"1 of 1 identities have several accounts",
		},
		"linked and unlinked":   {changes(9, linked("secret-ann", 7001, 7), unlinked("secret-ann", 8)), "1 of 1 identities have several accounts"},
		"in a complete reading": {complete(9, linked("secret-ann", 7001, 7), unlinked("secret-ann", 8)), "1 of 1 identities have several accounts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := refused(t, taken(t, known), tc.reading)

			require.Contains(t, bad.Error(), tc.says)
			require.NotContains(t, bad.Error(), "secret", "no identities")
			require.NotContains(t, bad.Error(), "700", "no accounts")
			_, _, err := taken(t, known).Take(tc.reading, Options{AcceptLoss: 1000})
			require.Error(t, err, "only a loss is accepted")
			require.Zero(t, bad.Loss)
		})
	}
}
