package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestSetEventsByLongPoll(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	keys := b.keys
	b.keys = nil // nothing sealed is touched
	require.Equal(t, ""+
		"school s: long poll is on, callbacks are off\n"+
		"nobody can listen without a token: set it with: rollcall school set-token s\n", b.ok("school", "set-events", "s", "--long-poll", "on"))
	b.keys, b.in = keys, "token"
	b.ok("school", "set-token", "s", "--community-id", "1001")
	require.Equal(t, "school s: long poll is on, callbacks are off\n", b.ok("school", "set-events", "s", "--long-poll", "on"))
	listenings, err := b.store().Listenings(t.Context())
	require.NoError(t, err)
	require.Len(t, listenings, 1)
	v := decode[eventsView](b, "school", "set-events", "s", "--long-poll", "off")
	require.Equal(t, eventsView{School: "s", Messenger: messenger.VK, Path: "/vk/s"}, v)
	require.Contains(t, b.refused(exitUsage, "school", "set-events", "nope", "--long-poll", "on"), `no school "nope"`)
}

func TestSetEventsByCallback(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	callback := func() *store.Callback {
		t.Helper()
		c, err := b.store().Callback(t.Context(), "s")
		require.NoError(t, err)
		return c
	}
	set := []string{"school", "set-events", "s", "--callback", "--confirmation", "62dfc19d"}
	b.in = "hush-hush\n"
	require.Contains(t, b.refused(exitUsage, set...), "rollcall school set-token s")
	b.ok("school", "set-token", "s", "--community-id", "1001")
	shown := b.ok(set...)
	require.Contains(t, shown, "callbacks are on")
	require.Contains(t, shown, "https://HOST/vk/s")
	require.Contains(t, shown, "ROLLCALL_EVENTS_ADDRESS")
	require.NotContains(t, shown+b.err, "hush")
	require.Equal(t, &store.Callback{Messenger: messenger.VK, Community: 1001, Confirmation: "62dfc19d", Secret: "hush-hush"}, callback())

	for _, in := range []string{"", "hush hush", strings.Repeat("hush", 20)} {
		b.in = in
		message := b.refused(exitUsage, set...)
		require.Contains(t, message, "secret key")
		require.NotContains(t, message, "hush")
	}
	keys := b.keys
	b.in, b.keys = "hush", nil
	require.Contains(t, b.refused(exitUsage, set...), "no keyset")
	b.keys = keys
	require.NotNil(t, callback())
	require.Contains(t, b.ok("school", "set-events", "s", "--callback=false"), "callbacks are off")
	require.Nil(t, callback())
}

func TestSetEventsThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"s":                   "nothing to set",
		"s --long-poll maybe": "on or off",
		"s --callback":        "--confirmation",
		"s --confirmation 62dfc19d --long-poll on":                 "goes with --callback",
		"s --address https://rollcall.example":                     "goes with --callback",
		"s --callback --address rollcall.example":                  "https URL",
		"s --callback --address https://u:p@rollcall.example":      "https URL",
		"s --callback --address https://x --confirmation 62dfc19d": "on VK, or --address on MAX",
		"s --callback=false --confirmation 62dfc19d":               "goes with --callback",
		"s --callback --confirmation <html>":                       "letters and digits",
		"s --callback --confirmation " + strings.Repeat("x", 101):  "letters and digits",
		"":                    "SCHOOL is missing",
		"s secret --callback": "one argument too many",
	} {
		b := setup(t)
		b.in = "hush"
		require.Contains(t, b.refused(exitUsage, append([]string{"school", "set-events"}, strings.Fields(args)...)...), want, args)
	}
}

func TestSetPush(t *testing.T) {
	t.Parallel()
	b := setupDatabase(t)
	b.register()
	v := decode[pushView](b, "feed", "set-push", "f")
	stored, err := b.store().PushSecret(t.Context(), "f")
	require.NoError(t, err)
	require.Equal(t, pushView{Feed: "f", Path: "/feeds/f", Secret: stored}, v)
	require.GreaterOrEqual(t, len(v.Secret), 26)

	shown := b.ok("feed", "set-push", "f")
	again, err := b.store().PushSecret(t.Context(), "f")
	require.NoError(t, err)
	require.NotEqual(t, stored, again, "each time another")
	require.Equal(t, 1, strings.Count(shown, again))
	require.NotContains(t, shown, "$body", "it has none")
	for _, part := range []string{"openssl dgst -sha256 -hmac", `"$URL/feeds/f"`, "X-Rollcall-Timestamp: $now", "X-Rollcall-Signature: sha256=$signature"} {
		require.Contains(t, shown, part)
	}
	require.Contains(t, b.refused(exitUsage, "feed", "set-push", "nope"), `no feed "nope"`)
	b.keys = nil
	require.Contains(t, b.refused(exitUsage, "feed", "set-push", "f"), "no keyset")
}
