package accounts

import (
	"errors"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// start is the Portal's time of the first reading of the tests; ours is a second later.
var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

func linked(identity string, account school.AccountID, at int) portal.Link {
	return portal.Link{Identity: identity, Account: account, At: minute(at)}
}

func unlinked(identity string, at int) portal.Link { return linked(identity, 0, at) }

// complete is a reading of all links, changes one of what has changed, both in some minute.
func complete(at int, links ...portal.Link) Reading {
	return Reading{Complete: true, Links: links, Total: len(links), AsOf: minute(at), ReadAt: minute(at).Add(time.Second)}
}

func changes(at int, links ...portal.Link) Reading {
	r := complete(at, links...)
	r.Complete = false
	return r
}

// taken are the links after some readings.
func taken(t require.TestingT, readings ...Reading) Links {
	var l Links
	for _, r := range readings {
		l = takenOn(t, l, r)
	}
	return l
}

// takenOn are the links after one more reading.
func takenOn(t require.TestingT, l Links, r Reading) Links {
	next, _, err := l.Take(r, Options{})
	require.NoError(t, err)
	return next
}

// accountsOf are the accounts known, 0 for links that were undone.
func accountsOf(l Links) map[string]school.AccountID {
	return lo.MapValues(l.Known, func(link Link, _ string) school.AccountID { return link.Account })
}

// refused takes a reading that must not be taken, and gives the error.
func refused(t *testing.T, l Links, r Reading) *BadReadError {
	t.Helper()
	after, change, err := l.Take(r, Options{})
	require.Equal(t, l, after)
	require.Zero(t, change)
	bad, ok := errors.AsType[*BadReadError](err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, bad.Problem)
	require.NotEmpty(t, bad.Advice)
	return bad
}
