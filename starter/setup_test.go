package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/pgcluster/pgtest"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// bench runs the command line with everything it reads and writes in the test's hands.
type bench struct {
	t        *testing.T
	in       string
	now      time.Time
	settings config.Config
	keys     *secret.Keyring
	client   client.Client
	rest     time.Duration
	patience time.Duration
	// out and err are what the last command wrote.
	out, err string
}

// setup gives a command line without database and Temporal.
func setup(t *testing.T) *bench {
	t.Helper()
	raw, err := secret.New()
	require.NoError(t, err)
	keys, err := secret.Parse(raw)
	require.NoError(t, err)
	return &bench{t: t, keys: keys, rest: secret.Rest, patience: patience, now: time.Date(2026, 10, 15, 9, 30, 0, 0, time.UTC)}
}

// setupDatabase gives a command line on a fresh database, with its schema.
func setupDatabase(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	b.settings = config.Config{DatabaseURL: pgtest.Database(t), LogLevel: "error", LogFormat: "text"}
	b.ok("migrate", "--skip-temporal")
	return b
}

// register registers the district d, the feed f (nothing is there yet) and the school s.
func (b *bench) register() {
	b.t.Helper()
	b.ok("district", "add", "d", "--name", "Невский район")
	b.ok("feed", "add", "f", "--district", "d", "--location", b.t.TempDir()+"/export")
	b.ok("school", "add", "s", "--district", "d", "--feed", "f", "--source-id", "org-1", "--name", "Школа № 17")
}

// store opens the bench's database beside the command line.
func (b *bench) store() *store.Store {
	b.t.Helper()
	st, err := store.Open(b.t.Context(), b.settings.DatabaseURL, b.keys)
	require.NoError(b.t, err)
	b.t.Cleanup(st.Close)
	return st
}

// run runs one command and gives its exit code.
func (b *bench) run(args ...string) int {
	return b.runContext(b.t.Context(), args...)
}

func (b *bench) runContext(ctx context.Context, args ...string) int {
	b.t.Helper()
	var out, problem bytes.Buffer
	a := &app{
		in: strings.NewReader(b.in), out: &out, err: &problem, format: formatTable,
		now:  func() time.Time { return b.now },
		rest: b.rest, patience: b.patience,
		login: func() string { return "operator" },
		settings: func() (config.Config, error) {
			if b.settings.DatabaseURL == "" {
				return config.Config{}, errors.New("ROLLCALL_DATABASE_URL is not set")
			}
			return b.settings, nil
		},
		keys: func() (*secret.Keyring, error) {
			if b.keys == nil {
				return nil, secret.ErrNoKeyset
			}
			return b.keys, nil
		},
		dial: func(context.Context, *slog.Logger) (client.Client, error) {
			if b.client == nil {
				return nil, errors.New("no Temporal server answers at 127.0.0.1:7233")
			}
			return b.client, nil
		},
	}
	code := a.execute(ctx, args)
	b.out, b.err = out.String(), problem.String()
	return code
}

// ok runs a command that must succeed and gives what it printed.
func (b *bench) ok(args ...string) string {
	b.t.Helper()
	require.Equal(b.t, exitOK, b.run(args...), "rollcall %v: %s", args, b.err)
	return b.out
}

// refused runs a command that must end with that exit code, and print nothing but an error on one
// line, which it gives.
func (b *bench) refused(code int, args ...string) string {
	b.t.Helper()
	require.Equal(b.t, code, b.run(args...), "rollcall %v: %s%s", args, b.out, b.err)
	require.Empty(b.t, b.out)
	require.True(b.t, strings.HasPrefix(b.err, "rollcall: "), "%q", b.err)
	require.Equal(b.t, 1, strings.Count(b.err, "\n"), "%q", b.err)
	return b.err
}

// decode runs a command that must succeed with JSON output.
func decode[T any](b *bench, args ...string) T {
	b.t.Helper()
	var v T
	decoder := json.NewDecoder(strings.NewReader(b.ok(append(args, "-o", "json")...)))
	decoder.DisallowUnknownFields()
	require.NoError(b.t, decoder.Decode(&v))
	return v
}

// golden compares with a file of testdata; UPDATE_GOLDEN=1 writes it instead.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "no golden file: make it with UPDATE_GOLDEN=1")
	require.Equal(t, string(want), got)
}

// written is a view as text, and as JSON.
func written(t *testing.T, v view) (text, asJSON string) {
	t.Helper()
	var out bytes.Buffer
	a := &app{out: &out, format: formatTable}
	require.NoError(t, a.show(v))
	text = out.String()
	out.Reset()
	a.format = formatJSON
	require.NoError(t, a.show(v))
	return text, out.String()
}
