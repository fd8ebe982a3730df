package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
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
	fmt.Fprintln(a.err, "rollcall:", explain(err))
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

// explain says what is wrong and what to do, in a line or two. What drivers and servers say
// is replaced where it would need an expert to read it, or may quote what was sent.
func explain(err error) string {
	if e, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return e.Message()
	}
	if _, ok := errors.AsType[*temporal.CanceledError](err); ok {
		return "somebody cancelled the run that served the request: what was done until then stands; ask again"
	}
	if e, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return connecting(e)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused(e)
	}
	if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return "the Temporal server has no such namespace: create it, or set TEMPORAL_NAMESPACE to one that it has"
	}
	if e, ok := errors.AsType[*serviceerror.Unavailable](err); ok && !strings.HasPrefix(err.Error(), "no Temporal server") {
		return "the Temporal server does not answer (" + e.Message + "): check that it runs, then ask again"
	}
	return clean(strings.TrimSpace(err.Error()))
}

// SQLSTATE codes that have an advice of their own.
const (
	stateUndefinedTable  = "42P01"
	stateUndefinedColumn = "42703"
	stateNoDatabase      = "3D000"
	stateBadPassword     = "28P01"
	stateBadUser         = "28000"
)

func connecting(e *pgconn.ConnectError) string {
	where := fmt.Sprintf("%s:%d", e.Config.Host, e.Config.Port)
	if cause, ok := errors.AsType[*pgconn.PgError](e); ok {
		switch cause.Code {
		case stateNoDatabase:
			return fmt.Sprintf("the PostgreSQL server at %s has no database %q: create it, or change %s", where, e.Config.Database, config.EnvDatabaseURL)
		case stateBadPassword, stateBadUser:
			return fmt.Sprintf("the PostgreSQL server at %s refuses the login: check user and password in %s", where, config.EnvDatabaseURL)
		}
	}
	return fmt.Sprintf("the database cannot be reached at %s: check that PostgreSQL runs, and %s", where, config.EnvDatabaseURL)
}

func refused(e *pgconn.PgError) string {
	switch e.Code {
	case stateUndefinedTable, stateUndefinedColumn:
		return "the database has not this version's schema: run: rollcall migrate"
	default:
		return "the database refused a statement (SQLSTATE " + e.Code + "): see the server's log"
	}
}
