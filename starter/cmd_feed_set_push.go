package main

import (
	"context"
	"crypto/rand"

	"github.com/spf13/cobra"

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
	showPush(p, "feed "+string(v.Feed), v.Secret, "say that the roster has changed", pushExample(v.Path, ""))
}
