package accounts

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// many are links of n identities, linked long ago, from a number on.
func many(from, n int) []portal.Link {
	var links []portal.Link
	for i := from; i < from+n; i++ {
		links = append(links, linked(fmt.Sprintf("secret-%d", i), school.AccountID(7000+i), -9))
	}
	return links
}

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
			_, _, err := taken(t, known).Take(tc.reading, Options{AcceptDrop: true})
			require.Error(t, err, "only a drop is accepted")
		})
	}
}

func TestLossGuard(t *testing.T) {
	t.Parallel()
	undo := func(n int) []portal.Link {
		links := many(0, n)
		for i := range links {
			links[i].Account, links[i].At = 0, minute(8)
		}
		return links
	}
	move := func(n int) []portal.Link {
		links := many(0, n)
		for i := range links {
			links[i].Account, links[i].At = links[i].Account+100_000, minute(8)
		}
		return links
	}
	for name, tc := range map[string]struct {
		known   int
		reading Reading
		lost    int // 0 where the reading is taken
	}{
		"all of four":                             {4, complete(9), 0},
		"all of five":                             {5, complete(9), 5},
		"five of fifty":                           {50, complete(9, many(5, 45)...), 5},
		"five of fifty, and as many new":          {50, complete(9, many(5, 50)...), 5},
		"five of fifty-one":                       {51, complete(9, many(5, 46)...), 0},
		"nine of a hundred":                       {100, complete(9, many(9, 91)...), 0},
		"ten of a hundred":                        {100, complete(9, many(10, 90)...), 10},
		"changes: nine of a hundred":              {100, changes(9, undo(9)...), 0},
		"changes: ten of a hundred":               {100, changes(9, undo(10)...), 10},
		"links to other accounts, complete":       {100, complete(9, append(move(60), many(60, 40)...)...), 0},
		"links to other accounts, changes":        {100, changes(9, move(60)...), 0},
		"unlinks of whom the Portal never linked": {0, changes(9, undo(60)...), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := taken(t, complete(0, many(0, tc.known)...))
			if tc.lost == 0 {
				_, _, err := l.Take(tc.reading, Options{})
				require.NoError(t, err)
				return
			}

			bad := refused(t, l, tc.reading)

			require.Contains(t, bad.Error(), fmt.Sprintf("%d of %d linked identities", tc.lost, tc.known))
			require.Contains(t, bad.Error(), "rollcall accounts read SCHOOL --accept-drop")
			_, change, err := l.Take(tc.reading, Options{AcceptDrop: true})
			require.NoError(t, err)
			require.Len(t, change.Unlinked, tc.lost)
		})
	}
}

// Links undone before are no loss, nor do they make the share smaller.
func TestLossIsOfLinkedIdentities(t *testing.T) {
	t.Parallel()
	l := taken(t, complete(0, many(0, 44)...), complete(1, many(4, 40)...), complete(2, many(8, 36)...))

	_, _, err := l.Take(complete(3, many(12, 32)...), Options{})
	require.NoError(t, err)
	require.Contains(t, refused(t, l, complete(3, many(13, 31)...)).Error(), "5 of 36")
}
