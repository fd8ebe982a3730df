package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

func TestExitCodesAndMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code int
		want string
	}{
		"nothing":          {nil, exitOK, ""},
		"incomplete":       {fmt.Errorf("x: %w", errIncomplete), exitIncomplete, ""},
		"any failure":      {errors.New("it is broken"), exitFailed, "rollcall: it is broken\n"},
		"several lines":    {errors.Join(errors.New("one"), errors.New("two")), exitFailed, "rollcall: one two\n"},
		"usage":            {usagef("say %q", "what"), exitUsage, "rollcall: say \"what\"\n"},
		"unknown":          {&store.NotFoundError{What: "school", ID: "x", Advice: "see"}, exitUsage, "rollcall: there is no school \"x\": see\n"},
		"no database":      {store.ErrNoDatabase, exitUsage, "rollcall: " + store.ErrNoDatabase.Error() + "\n"},
		"no keyset":        {fmt.Errorf("plan: %w", secret.ErrNoKeyset), exitUsage, "rollcall: plan: " + secret.ErrNoKeyset.Error() + "\n"},
		"a failed pass":    {fmt.Errorf("update: %w", temporal.NewApplicationError("set a token", "TokenMissing")), exitFailed, "rollcall: set a token\n"},
		"a cancelled run":  {temporal.NewCanceledError(), exitFailed, "rollcall: somebody cancelled the run that served the request: what was done until then stands; ask again\n"},
		"no schema":        {fmt.Errorf("x: %w", &pgconn.PgError{Code: "42P01", Message: "relation"}), exitFailed, "rollcall: the database has not this version's schema: run: rollcall migrate\n"},
		"another SQLSTATE": {&pgconn.PgError{Code: "22P02", Message: "invalid input: Иванов"}, exitFailed, "rollcall: the database refused a statement (SQLSTATE 22P02): see the server's log\n"},
		"Temporal away":    {serviceerror.NewUnavailable("connection refused"), exitFailed, "rollcall: the Temporal server does not answer (connection refused): check that it runs, then ask again\n"},
		"no namespace":     {serviceerror.NewNamespaceNotFound("x"), exitFailed, "rollcall: the Temporal server has no such namespace: create it, or set TEMPORAL_NAMESPACE to one that it has\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var problem bytes.Buffer
			require.Equal(t, c.code, (&app{err: &problem}).finish(t.Context(), c.err))
			require.Equal(t, c.want, problem.String())
		})
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for err, want := range map[error]string{
		errStoppedWaiting: "rollcall: " + errStoppedWaiting.Error() + "\n",
		context.Canceled:  "rollcall: interrupted\n",
	} {
		var problem bytes.Buffer
		require.Equal(t, exitInterrupted, (&app{err: &problem}).finish(ctx, err))
		require.Equal(t, want, problem.String())
	}
	require.Equal(t, exitOK, (&app{}).finish(ctx, nil), "done all the same")
}

func TestDatabaseThatCannotBeReached(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.DatabaseURL = "postgres://rollcall:hunter2@127.0.0.1:1/rollcall?connect_timeout=5"
	message := b.refused(exitFailed, "status")
	require.Contains(t, message, "cannot be reached at 127.0.0.1:1")
	require.NotContains(t, message, "hunter2")
}

func TestDatabaseThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.settings.DatabaseURL = strings.Replace(pgtest.Database(t), "/rollcall_test_", "/absent_", 1)
	require.Contains(t, b.refused(exitFailed, "status"), `has no database "absent_`)
}
