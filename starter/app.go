package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/telemetry"
	"github.com/rollcall-edu/rollcall/internal/temporal"
)

// app is what the commands share: where they read and write, and how they get at the
// configuration, the database and Temporal.
type app struct {
	in       io.Reader
	out, err io.Writer
	format   format
	now      func() time.Time
	login    func() string
	settings func() (config.Config, error)
	environ  func() []string // what settings are read from
	keys     func() (*secret.Keyring, error)
	dial     func(context.Context, *slog.Logger) (client.Client, error)
	// rest is how long a key must not have been primary before it may be taken away, and patience how
	// long somebody else's transaction is waited for then.
	rest, patience time.Duration
	// started tells that a command's own code has been reached.
	started bool
}

// newApp gives the app of this process. The settings are read once, before anybody else looks at the
// environment: what only the settings file has is there from then on.
func newApp() *app {
	environ := os.Environ()
	settings, misset := config.FromEnvironment()
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, format: formatTable,
		now: time.Now, login: login(settings.Operator, user.Current, os.Getenv, os.Stderr), dial: temporal.Dial, rest: secret.Rest, patience: patience,
		settings: func() (config.Config, error) { return settings, misset },
		environ:  func() []string { return environ },
		keys: func() (*secret.Keyring, error) {
			keys, err := secret.FromEnvironment()
			if err != nil && misset != nil {
				err = misset // which may be why
			}
			return keys, err
		},
	}
}

// execute runs the command that the arguments name and gives the exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		err = &usageError{err} // cobra's own refusals: flags, arguments, unknown commands
	}
	return a.finish(ctx, err)
}

// runs adapts a command's function to cobra.
func (a *app) runs(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.started = true
		return f(cmd.Context(), args)
	}
}

// open opens the database for what is not sealed. The store must be closed.
func (a *app) open(ctx context.Context) (*store.Store, error) {
	return a.openWith(ctx, nil)
}

// openSealed opens the database with the keyset: for rosters, tokens and links.
func (a *app) openSealed(ctx context.Context) (*store.Store, error) {
	keys, err := a.keys()
	if err != nil {
		return nil, &usageError{err}
	}
	return a.openWith(ctx, keys)
}

// openAsFar opens the database with the keyset where one is configured, and tells whether it is.
func (a *app) openAsFar(ctx context.Context) (st *store.Store, sealed bool, err error) {
	keys, err := a.keys()
	if err != nil && !errors.Is(err, secret.ErrNoKeyset) {
		return nil, false, &usageError{err}
	}
	st, err = a.openWith(ctx, keys)
	return st, keys != nil, err
}

func (a *app) openWith(ctx context.Context, keys *secret.Keyring) (*store.Store, error) {
	settings, err := a.settings()
	if err != nil {
		return nil, &usageError{err}
	}
	return store.Open(ctx, settings.DatabaseURL, keys)
}

// temporal connects to the Temporal server. The client must be closed.
func (a *app) temporal(ctx context.Context) (client.Client, error) {
	settings, err := a.settings()
	if err != nil {
		return nil, &usageError{err}
	}
	return a.dial(ctx, telemetry.Logger(a.err, settings.LogLevel, settings.LogFormat))
}

// login gives the operator's name, as it is recorded with requests and in the audit: the one that is set, else that of
// the account on this machine. Where there is neither, as in a container whose user is a mere number, that is said
// on w when the name is first asked for.
func login(set string, account func() (*user.User, error), variable func(string) string, w io.Writer) func() string {
	return sync.OnceValue(func() string {
		name := cmp.Or(set, accountName(account), variable("USER"), variable("USERNAME"))
		if name == "" {
			name = nobody
			fmt.Fprintf(w, "rollcall: who you are is not known here, and is recorded as %q: say it with %s\n", name, config.EnvOperator)
		}
		return name
	})
}

// nobody stands in the audit for an operator who is not known.
const nobody = "unknown"

// accountName is the name of the account that this process runs as, "" where it has none.
func accountName(account func() (*user.User, error)) string {
	u, err := account()
	if err != nil {
		return ""
	}
	return u.Username
}
