package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/trouble"
)

// The exit codes, as the help of the root command documents them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitIncomplete  = 2
	exitUsage       = 3
	exitInterrupted = 130
)

// usageError says that the command cannot be run as it was given, or as things are configured.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// errIncomplete ends a command that did what it could, and whose output says what is left.
var errIncomplete = errors.New("something is left to be done: see above")

// errStoppedWaiting ends a command that was interrupted while it waited for an answer.
var errStoppedWaiting = errors.New("interrupted while waiting: what a worker has taken up is carried out all the same")

// finish reports the error that a command ended with and gives the exit code.
func (a *app) finish(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errIncomplete):
		return exitIncomplete
	case ctx.Err() != nil:
		message := "interrupted"
		if errors.Is(err, errStoppedWaiting) {
			message = errStoppedWaiting.Error()
		}
		fmt.Fprintln(a.err, "rollcall:", message)
		return exitInterrupted
	}
	fmt.Fprintln(a.err, "rollcall:", clean(trouble.Explain(err)))
	return exitCode(err)
}

func exitCode(err error) int {
	_, usage := errors.AsType[*usageError](err)
	_, unknown := errors.AsType[*store.NotFoundError](err)
	if usage || unknown || errors.Is(err, store.ErrNoDatabase) || errors.Is(err, secret.ErrNoKeyset) {
		return exitUsage
	}
	return exitFailed
}
