package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// startTimeout bounds a start, with recovery after a crash included.
const startTimeout = 2 * time.Minute

// Options say where and how the server runs.
type Options struct {
	// Dir is the cluster's folder, created when missing; it must be empty or hold a cluster of ours.
	Dir string
	// Port to listen on; 0 takes a free one.
	Port int
	// Fsync keeps committed data through a crash of the machine. Without it the server is faster and a
	// crash of the machine may cost the whole cluster: right for tests.
	Fsync bool
	// Ephemeral removes Dir, and ends the server, when this process ends, however it ends.
	Ephemeral bool
	// Settings are further server settings by name; they win over ours.
	Settings map[string]string
	// Log receives notes for people; nil discards them. The server's own log is in LogFile.
	Log io.Writer
}

// Cluster is a running server. Its methods may be called from several goroutines.
type Cluster struct {
	home     *home
	server   *server
	port     int
	password string

	stopOnce sync.Once
	stopErr  error
}

// Start brings the server up, making its data folder first when there is none, and returns when it answers.
// The context bounds the start only.
//
// Errors to tell apart: *MissingError, *PortTakenError, *InUseError.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	owner, err := serverOwner()
	if err != nil {
		return nil, err
	}
	home, err := openHome(opts.Dir, owner, opts.Log)
	if err != nil {
		return nil, err
	}
	c := &Cluster{home: home}
	if err := c.start(ctx, owner, opts); err != nil {
		return nil, errors.Join(err, c.Stop(ctx))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, o owner, opts Options) error {
	var err error
	if opts.Ephemeral {
		if c.home.reaper, err = startReaper(c.home); err != nil {
			return err
		}
	}
	major, err := c.home.major()
	if err != nil {
		return err
	}
	inst, err := findInstallation(ctx, major, searchPlaces())
	if err != nil {
		return err
	}
	if err := initialise(ctx, c.home, inst, o, opts); err != nil {
		return err
	}
	if err := c.home.clearRemains(ctx); err != nil {
		return err
	}
	if c.password, err = c.home.password(); err != nil {
		return err
	}
	return c.serve(ctx, inst, o, opts)
}

// remainsPause is the pause before another try while what a crash has left still ends.
const remainsPause = 100 * time.Millisecond

// serve starts the process and waits for its first answer. A free port that was taken between the choice
// and the server's bind is chosen again. The processes of a server that crashed notice that after a moment: they are
// waited for.
func (c *Cluster) serve(ctx context.Context, inst installation, o owner, opts Options) error {
	for attempt := 1; ; attempt++ {
		port, err := choosePort(opts.Port)
		if err != nil {
			return err
		}
		if c.server, err = launch(c.home, inst, o, port, opts); err != nil {
			return err
		}
		c.port = port
		err = c.awaitReady(ctx)
		if _, taken := errors.AsType[*PortTakenError](err); taken && opts.Port == 0 && attempt < 5 {
			continue
		}
		if errors.Is(err, errRemains) {
			select {
			case <-time.After(remainsPause):
				continue
			case <-ctx.Done():
			}
		}
		return err
	}
}

// choosePort checks that the port is free, or finds one that is.
func choosePort(port int) (int, error) {
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return 0, &PortTakenError{Port: port}
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (c *Cluster) awaitReady(ctx context.Context) error {
	var answer error
	err := pollUntil(ctx, func() bool {
		answer = c.ping(ctx)
		return answer == nil || c.server.ended()
	})
	switch {
	case err != nil:
		return fmt.Errorf("PostgreSQL did not answer in time (last: %w); see %s", answer, c.LogFile())
	case answer == nil:
		return nil
	}
	if _, err := choosePort(c.port); err != nil {
		return err
	}
	last := lastLines(c.LogFile(), 5)
	err = fmt.Errorf("PostgreSQL ended while starting; the end of %s:\n%s", c.LogFile(), last)
	if strings.Contains(last, inMemory) {
		return fmt.Errorf("%w: %w", errRemains, err)
	}
	return err
}

// errRemains says that processes of a server that crashed have not ended yet, which PostgreSQL sees by their memory, and says as
// inMemory.
var errRemains = errors.New("processes of a server that crashed still run")

const inMemory = "pre-existing shared memory block"

func (c *Cluster) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// DSN returns the address of one database, with the password in it.
func (c *Cluster) DSN(database string) string {
	dsn := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, c.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

// Port returns the port the server listens on.
func (c *Cluster) Port() int { return c.port }

// Dir returns the cluster's folder, which is not Options.Dir when the server's account could not reach that.
func (c *Cluster) Dir() string { return c.home.dir }

// LogFile returns where the server logs.
func (c *Cluster) LogFile() string { return c.home.logFile() }

// Done is closed when the server has ended, by Stop or by itself.
func (c *Cluster) Done() <-chan struct{} { return c.server.done }

// CreateDatabase creates a database; one that exists is left as it is.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && alreadyThere(pgErr) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// alreadyThere knows both answers: a plain duplicate, and the loser of a race (the catalogue's unique index).
func alreadyThere(err *pgconn.PgError) bool {
	const duplicateDatabase, uniqueViolation = "42P04", "23505"
	return err.Code == duplicateDatabase || err.Code == uniqueViolation
}

// Stop shuts the server down and waits for its end; open connections are cut. When the context ends before
// the server does, it is ended by harder means and an error says so. Later calls return the first result.
func (c *Cluster) Stop(ctx context.Context) error {
	c.stopOnce.Do(func() { c.stopErr = c.stop(ctx) })
	return c.stopErr
}

func (c *Cluster) stop(ctx context.Context) error {
	var err error
	if c.server != nil {
		err = c.server.stop(ctx)
	}
	if c.home.reaper != nil {
		err = errors.Join(err, c.home.reaper.finish())
	}
	return errors.Join(err, c.home.release())
}
