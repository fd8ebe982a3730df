package calls_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/calls"
)

func TestText(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 9, day, hour, minute, 0, 0, time.UTC) }
	for name, tc := range map[string]struct {
		starts, ends time.Time
		when         string
	}{
		"in the zone of the district": {at(14, 7, 0), at(14, 7, 45), "14.09.2026 10:00–10:45"},
		"over midnight":               {at(14, 20, 30), at(14, 21, 15), "14.09.2026 23:30–15.09.2026 00:15"},
		"until midnight":              {at(14, 20, 30), at(14, 21, 0), "14.09.2026 23:30–15.09.2026 00:00"},
		"over UTC's midnight only":    {at(14, 23, 30), at(15, 0, 30), "15.09.2026 02:30–03:30"},
		"a day later at that hour":    {at(14, 7, 0), at(15, 7, 0), "14.09.2026 10:00–15.09.2026 10:00"},
	} {
		c := lesson()
		c.Starts, c.Ends = tc.starts, tc.ends
		require.Equal(t, "Видеозвонок: Алгебра, урок 3\n"+tc.when+"\nhttps://calls.example/join/abc", announced(c).Text(), name)
	}
}

func TestTheLinkOfACall(t *testing.T) {
	t.Parallel()
	require.Empty(t, item(noLink).Link())
	require.Equal(t, "https://vk.com/call/join/r", item(noLink, roomMade).Link())
	require.Equal(t, "https://calls.example/join/abc", item(roomMade).Link(), "the teacher's own goes before it")
	require.Contains(t, item(noLink, roomMade).Text(), "https://vk.com/call/join/r")
}

func TestDigest(t *testing.T) {
	t.Parallel()
	one, other := item(), item()
	require.Equal(t, calls.Digest(one.Published()), calls.Digest(other.Published()))
	require.Regexp(t, `^[0-9a-f]{32}$`, calls.Digest(one.Published()))
	retitled(&other)
	require.NotEqual(t, calls.Digest(one.Published()), calls.Digest(other.Published()))
	require.NotEqual(t, calls.Asked, calls.Digest(one.Published()))
}
