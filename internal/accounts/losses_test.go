package accounts

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
			require.Equal(t, tc.lost, bad.Loss)
			_, _, err := l.Take(tc.reading, Options{AcceptLoss: tc.lost - 1})
			require.ErrorContains(t, err, fmt.Sprintf("would be unlinked, and %d were accepted", tc.lost-1))
			_, change, err := l.Take(tc.reading, Options{AcceptLoss: tc.lost})
			require.NoError(t, err)
			require.Len(t, change.Unlinked, tc.lost)
		})
	}
}

// without are changes that undo the links of some of many, from a number on.
func without(at, from, n int) Reading {
	links := many(from, n)
	for i := range links {
		links[i].Account, links[i].At = 0, minute(at)
	}
	return changes(at, links...)
}

// A Portal that loses a few links at a time is not believed for ever.
func TestLossesAreCountedOverADay(t *testing.T) {
	t.Parallel()
	const day = 24 * 60
	l := taken(t, complete(0, many(0, 100)...), without(10, 0, 4), without(11, 4, 4))
	require.Equal(t, Losses{Since: minute(10).Add(time.Second), Linked: 100, Lost: 8}, l.Losses)
	bad := refused(t, l, without(12, 8, 2))
	require.Contains(t, bad.Problem, "10 of 100 linked identities would be unlinked within a day, 2 of them now")
	require.Equal(t, 2, bad.Loss)
	require.Contains(t, refused(t, l, complete(12, many(12, 88)...)).Problem, "12 of 100 linked identities would be unlinked within a day, 4 of them now")

	l, change, err := l.Take(without(12, 8, 1), Options{})
	require.NoError(t, err)
	require.Len(t, change.Unlinked, 1, "9 of 100 are plausible")
	refused(t, l, without(day+9, 9, 4))
	l, _, err = l.Take(without(day+10, 9, 4), Options{})
	require.NoError(t, err)
	require.Equal(t, Losses{Since: minute(day + 10).Add(time.Second), Linked: 91, Lost: 4}, l.Losses, "a day later they are counted anew")
}

func TestAnAcceptedLossBeginsTheCountAnew(t *testing.T) {
	t.Parallel()
	l := taken(t, complete(0, many(0, 100)...), without(10, 0, 9))
	bad := refused(t, l, without(11, 9, 3))
	_, _, err := l.Take(without(12, 9, 4), Options{AcceptLoss: bad.Loss})
	require.ErrorContains(t, err, "13 of 100 linked identities would be unlinked within a day, 4 of them now, and 3 were accepted")
	l, _, err = l.Take(without(12, 9, 3), Options{AcceptLoss: bad.Loss})
	require.NoError(t, err)
	require.Zero(t, l.Losses)
	l, _, err = l.Take(without(13, 12, 8), Options{})
	require.NoError(t, err)
	require.Equal(t, Losses{Since: minute(13).Add(time.Second), Linked: 88, Lost: 8}, l.Losses)
	refused(t, l, without(14, 20, 1))
}

// Links made since are no loss of what there was, and links that came back were lost all the same.
func TestWhichLossesCount(t *testing.T) {
	t.Parallel()
	l := taken(t, complete(0, many(0, 40)...), without(10, 0, 1))
	for i := range 8 {
		at := 20 + 2*i
		l = takenOn(t, l, changes(at, linked(fmt.Sprintf("new-%d", i), school.AccountID(900+i), at)))
		l = takenOn(t, l, changes(at+1, unlinked(fmt.Sprintf("new-%d", i), at+1)))
	}
	require.Equal(t, 1, l.Losses.Lost, "linked and unlinked within the day")

	for at := 50; at < 60; at += 2 {
		l = takenOn(t, l, changes(at, linked("secret-0", 7000, at)))
		l = takenOn(t, l, without(at+1, 0, 1))
	}
	require.Equal(t, 1, l.Losses.Lost, "the same one, again and again")
	for i := 1; i < 4; i++ {
		l = takenOn(t, l, without(60+2*i, i, 1))
		l = takenOn(t, l, changes(61+2*i, linked(fmt.Sprintf("secret-%d", i), school.AccountID(7000+i), 61+2*i)))
	}
	require.Equal(t, 4, l.Losses.Lost)
	require.Contains(t, refused(t, l, without(70, 4, 1)).Problem, "5 of 40")
	require.Equal(t, 4, takenOn(t, l, changes(71, unlinked("nobody", 71))).Losses.Lost, "whom the Portal never linked")
}

func TestLossesAreJSON(t *testing.T) {
	t.Parallel()
	l := taken(t, complete(0, many(0, 20)...), without(1, 0, 3))
	raw, err := json.Marshal(l)
	require.NoError(t, err)
	var back Links
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, l, back)
	require.Equal(t, 3, back.Losses.Lost)
}

// Whatever a Portal says within a day, of those linked before fewer than are implausible become unlinked.
func TestWithinADayFewAreUnlinked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "linked")
		first := complete(0, many(0, n)...)
		l := taken(t, first)
		for at := range rapid.IntRange(1, 40).Draw(t, "readings") {
			from := rapid.IntRange(0, n-1).Draw(t, "from")
			r := without(at+1, from, rapid.IntRange(1, n-from).Draw(t, "undone"))
			if rapid.Bool().Draw(t, "again") {
				r = changes(at+1, many(from, 1)...)
				r.Links[0].At = minute(at + 1)
			}
			if next, _, err := l.Take(r, Options{}); err == nil {
				l = next
			}
		}
		gone := 0
		for _, link := range first.Links {
			if l.Known[link.Identity].Account == 0 {
				gone++
			}
		}
		require.False(t, implausible(gone, n), "%d of %d", gone, n)
	})
}
