package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/sandbox"
	"github.com/rollcall-edu/rollcall/internal/sandbox/portal"
)

// sandboxServer is the sandbox behind a listener.
type sandboxServer struct {
	url   string
	world *sandbox.Server
	http  *http.Server
	log   *os.File
	ended chan error
}

func openSandbox(dir, logFile string, wanted int) (*sandboxServer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p, err := port.Use(wanted, "the sandbox", "--sandbox-port")
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.NewTextHandler(log, nil))
	world, err := sandbox.Open(sandbox.Options{Dir: dir, Logger: logger})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	listener, err := net.Listen("tcp4", port.Address(p))
	if err != nil {
		return nil, errors.Join(err, world.Close(), log.Close())
	}
	s := &sandboxServer{
		url:   "http://" + listener.Addr().String(),
		world: world,
		http: &http.Server{
			Handler:           world,
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		},
		log:   log,
		ended: make(chan error, 1),
	}
	go func() { s.ended <- s.http.Serve(listener) }()
	return s, nil
}

// letIn makes a key that the sandbox's Portal takes, or has it take the one of an earlier start.
func (s *sandboxServer) letIn(keyFile string) error {
	if _, err := os.Stat(keyFile); errors.Is(err, os.ErrNotExist) {
		key := fmt.Sprintf("key_id=rollcall\nsecret=%s\n", rand.Text())
		if err := os.WriteFile(keyFile, []byte(key), 0o600); err != nil {
			return err
		}
	}
	id, secret, err := rest.ReadKey(keyFile)
	if err != nil {
		return err
	}
	_, err = s.world.Portal.RegisterKey(portal.Key{ID: id, Secret: secret})
	return err
}

// drain is how long requests under way may take to end; a reader of the request log can wait for minutes.
const drain = 2 * time.Second

func (s *sandboxServer) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = s.http.Close()
	}
	if served := <-s.ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serve: %w", served))
	}
	return errors.Join(err, s.world.Close(), s.log.Close())
}
