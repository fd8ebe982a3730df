package main

import (
	"context"
	"crypto/rand"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/school"
)

func newSchoolSetCallsPush(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "set-calls-push SCHOOL",
		Short: "Let whoever publishes a school's video calls tell Rollcall of them",
		Long: `Makes a new secret for a school and prints it, this once, with an example. Whoever
knows it can tell the workers' endpoint of the school's video calls, and can cancel
them; they are announced and shown on the Portal at once. An earlier secret is no
longer good. Without any of this calls are read from calls.csv beside the roster.

A push is a POST with two headers: the time in seconds of Unix time, which must
be within 5 minutes of now, and "sha256=" with the HMAC-SHA256, in hexadecimal,
of that time, a dot and the body. The body is JSON: a list of 1 to 100 calls, of
which all are taken or none. What a call may say is in docs/calls.md; what became
of the calls is shown by "rollcall calls".`,
		Example: "  rollcall school set-calls-push school-17",
		Args:    names("SCHOOL"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runSetCallsPush(ctx, a, school.ID(args[0])) }),
	}
}

func runSetCallsPush(ctx context.Context, a *app, id school.ID) error {
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := schoolItself(ctx, st, id, "set it"); err != nil {
		return err
	}
	secret := rand.Text()
	if err := st.SetCallsSecret(ctx, id, secret); err != nil {
		return err
	}
	return a.show(callsPushView{School: id, Path: events.CallsPath(id), Secret: secret})
}

// callsPushView is a school's new secret for pushed calls. It is shown once.
type callsPushView struct {
	School school.ID `json:"school"`
	Path   string    `json:"path"`
	Secret string    `json:"secret"`
}

// exampleCalls is the body of a push.
const exampleCalls = `{"calls": [{"id": "vc-1001", "title": "Алгебра, урок 3", "class": "5a-algebra", "teacher": "10077",
  "startsAt": "2026-09-14T10:00:00+03:00", "endsAt": "2026-09-14T10:45:00+03:00", "publishedAt": "2026-09-14T09:40:00+03:00"}]}`

func (v callsPushView) text(p *page) {
	showPush(p, "school "+string(v.School), v.Secret, "publish a call", pushExample(v.Path, exampleCalls))
}
