package main

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func newFeedSetPush(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "set-push FEED",
		Short: "Let whoever writes a feed's files say that they have changed",
		Long: `Makes a new secret for a feed and prints it, this once, with an example. Whoever
knows it can tell the workers' endpoint that the roster has changed; the feed
is then read as soon as its files have come to rest. An earlier secret is no
longer good. Without any of this changed files are noticed within seconds where
a worker can see them; a push is for storage where changes are seen late.

A push is a POST with two headers: the time in seconds of Unix time, which must
be within 5 minutes of now, and "sha256=" with the HMAC-SHA256, in hexadecimal,
of that time, a dot and the body. The body is empty or JSON, and not looked at.`,
		Example: "  rollcall feed set-push nevsky",
		Args:    names("FEED"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runSetPush(ctx, a, school.FeedID(args[0])) }),
	}
}

func runSetPush(ctx context.Context, a *app, id school.FeedID) error {
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	secret := rand.Text()
	if err := st.SetPushSecret(ctx, id, secret); err != nil {
		return err
	}
	return a.show(pushView{Feed: id, Path: events.FeedPath(id), Secret: secret})
}

// pushView is a feed's new secret. It is shown once.
type pushView struct {
	Feed   school.FeedID `json:"feed"`
	Path   string        `json:"path"`
	Secret string        `json:"secret"`
}

func (v pushView) text(p *page) {
	p.line("the secret of feed %s, which is not shown again: %s", v.Feed, v.Secret)
	p.gap()
	p.line("To say that the roster has changed, with the secret in SECRET and the endpoint (%s) at URL:", config.EnvEventsAddress)
	p.gap()
	for line := range strings.Lines(pushExample(v.Path)) {
		p.line("  %s", strings.TrimRight(line, "\n"))
	}
}

// pushExample is a push as a shell makes it.
func pushExample(path string) string {
	return `now=$(date +%s)
signature=$(printf '%s.' "$now" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d ' ' -f 1)
curl -fsS -X POST "$URL` + path + `" -H "` + events.HeaderTimestamp + `: $now" -H "` + events.HeaderSignature + `: sha256=$signature"
`
}
