package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)
	require.Empty(t, ago(nil, now))
	for age, want := range map[time.Duration]string{
		-time.Minute:            "just now", // the database's clock is ahead
		59 * time.Second:        "just now",
		time.Minute:             "1 min ago",
		59 * time.Minute:        "59 min ago",
		47*time.Hour + 1:        "47 h ago",
		48 * time.Hour:          "2 days ago",
		400*24*time.Hour + 3600: "400 days ago",
	} {
		moment := now.Add(-age)
		require.Equal(t, want, ago(&moment, now), age)
	}
}
