// Package trouble puts errors into words for the person who runs a program.
package trouble

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/samber/lo"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// Explain says what is wrong and what to do, in a line or two for each of several errors. What drivers and servers say
// is replaced where it would need an expert to read it, or may quote what was sent.
func Explain(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return strings.Join(lo.Map(joined.Unwrap(), func(e error, _ int) string { return Explain(e) }), "\n")
	}
	if e, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return e.Message()
	}
	if _, ok := errors.AsType[*temporal.CanceledError](err); ok {
		return "somebody cancelled the run that served the request: what was done until then stands; ask again"
	}
	if e, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return connecting(e)
	}
	if store.KeyRetired(err) {
		return secret.ErrRetired.Error()
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
	return strings.TrimSpace(err.Error())
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
