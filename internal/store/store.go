package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/rollcall-edu/rollcall/internal/secret"
)

// Store is the way to the database. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
	keys *secret.Keyring
}

// NotFoundError says that something is not registered, and how to register it.
type NotFoundError struct{ What, ID, Advice string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("there is no %s %q: %s", e.What, e.ID, e.Advice)
}

// ErrNoDatabase says that no database is configured.
var ErrNoDatabase = errors.New("no database: set ROLLCALL_DATABASE_URL, e.g. postgres://rollcall@127.0.0.1:5432/rollcall")

// connections is how many a process opens at the most, unless the URL says otherwise with
// pool_max_conns: a worker keeps some for its locks, and runs many activities besides.
const connections = 20

// Open connects to the database. Keys may be nil for commands that touch nothing sealed.
func Open(ctx context.Context, url string, keys *secret.Keyring) (*Store, error) {
	if url == "" {
		return nil, ErrNoDatabase
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// pgx's own message masks the password, but not every malformed URL is recognised.
		return nil, errors.New("ROLLCALL_DATABASE_URL is not a PostgreSQL URL: want postgres://user:password@host:port/database")
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "rollcall"
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = connections
	}
	config.ConnConfig.Tracer = statementTracer()
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return &Store{pool: pool, keys: keys}, nil
}

// Close ends all connections.
func (s *Store) Close() { s.pool.Close() }

func (s *Store) tx(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, f)
}

// one collects exactly one row, or nil where there is none.
func one[T any](rows pgx.Rows, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return row, err
}

// all collects every row.
func all[T any](rows pgx.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// sendBatch sends a batch and reports its first error.
func sendBatch(ctx context.Context, tx pgx.Tx, batch *pgx.Batch) error {
	if batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, batch).Close()
}

// Duplicate tells whether an error is PostgreSQL's complaint about a unique value.
func Duplicate(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23505"
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Lock tries to take the database-wide lock of that name, to be the only one that does
// something. It gives nil where another process has it; else release must be called, and the
// lock is lost with its connection, which Held asks after.
func (s *Store) Lock(ctx context.Context, name string) (*Lock, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	var taken bool
	err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, "rollcall/"+name).Scan(&taken)
	if err != nil || !taken {
		conn.Release()
		return nil, err
	}
	return &Lock{conn: conn}, nil
}

// Lock is a lock that is held.
type Lock struct{ conn *pgxpool.Conn }

// Held tells whether the lock is still held.
func (l *Lock) Held(ctx context.Context) bool { return l.conn.Ping(ctx) == nil }

// releasing is how long the giving back of a lock may take: after that it is given back by the server, which notices that the connection
// has ended.
const releasing = 2 * time.Second

// Release gives the lock back, so that the next one to ask has it, and ends its connection.
func (l *Lock) Release() {
	ctx, cancel := context.WithTimeout(context.Background(), releasing)
	defer cancel()
	conn := l.conn.Hijack()
	_, _ = conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	_ = conn.Close(ctx)
}
